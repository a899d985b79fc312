import type { NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import {
  BUS_PATH,
  type InternalCall,
  type InternalResponse,
  internalApi,
  matchInternal,
  NODE_LIVE_MS,
  nodeRoles,
} from '@patchbay/domain/fleet/internal-api';
import { accountLevels, applicationLevels } from '@patchbay/domain/policy/snapshot-levels';
import type { SessionKind } from '@patchbay/domain/sessions/session-log';
import { servicesMintedWith } from '@patchbay/faces/minting-scopes';
import { invalidRequest } from '@patchbay/faces/refused-fields';
import { readBody } from '@patchbay/faces/request-body';
import { toResponse } from '@patchbay/faces/rest';
import { createRequestId } from '@patchbay/faces/trpc';
import { errorPagePath, platformError, ServiceError } from '@patchbay/kit/errors';
import type { z } from 'zod';
import { withoutDatabase } from './availability.ts';
import { busStream } from './bus-stream.ts';
import { channelHandlers } from './channel-calls.ts';
import type { ControlPlane } from './compose.ts';
import { applicationCapsOf, credentialCapsOf, endpointCapsOf } from './credential-caps.ts';
import { rootOf } from './failure-log.ts';
import { presenceHandlers } from './presence-work.ts';
import { roomHandlers } from './room-calls.ts';

type Handlers = {
  readonly [C in Exclude<InternalCall, 'enrol'>]: (
    request: z.output<(typeof internalApi)[C]['request']>,
    node: NodeRecord,
  ) => Promise<InternalResponse<C>>;
};

/** Sessions and accounts named in one message to live pages. */
const COMMITTED_COUNT_MAX = 1_000;

/** Serves /internal/v1 to enrolled nodes. What is not signed by one of them is refused before it is read any further. */
export function serveInternal(control: ControlPlane, request: Request): Promise<Response> {
  return control.answering(() => served(control, request));
}

async function served(control: ControlPlane, request: Request): Promise<Response> {
  const requestId = createRequestId();
  const response = await answered(control, request, requestId);
  response.headers.set('x-request-id', requestId);
  return response;
}

async function answered(control: ControlPlane, request: Request, requestId: string): Promise<Response> {
  try {
    return await answer(control, request);
  } catch (cause) {
    const known = withoutDatabase(cause);
    const error =
      known instanceof ServiceError
        ? known
        : platformError('platform.internal', 'The platform failed.', cause);
    if (error.fields.status >= 500)
      control.log.error({ requestId, error: rootOf(cause) }, 'An internal call failed.');
    return toResponse(error, { requestId, baseUrl: control.env.PATCHBAY_URL });
  }
}

async function answer(control: ControlPlane, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const { text, body } = await readBody(request);
  if (request.method === 'GET' && pathname === BUS_PATH) {
    await authenticated(control, request, text);
    const lastEventId = request.headers.get('last-event-id');
    return busStream(control.bus, { lastEventId, signal: request.signal });
  }
  const match = matchInternal(request.method, pathname);
  if (match === undefined)
    throw platformError('request.unknown_path', `There is no ${request.method} ${pathname}.`);
  const { call, fields } = match;
  // A stranger learns nothing of what the calls look like; who enrols has a token in place of a signature.
  const node = call === 'enrol' ? undefined : await authenticated(control, request, text);
  const given = request.method === 'GET' ? Object.fromEntries(searchParams) : (body as object);
  const parsed = internalApi[call].request.safeParse({ ...given, ...fields });
  if (!parsed.success) throw invalidRequest(parsed.error.issues);
  if (call === 'enrol' || node === undefined) {
    return Response.json(await enrol(control, parsed.data as z.output<typeof internalApi.enrol.request>));
  }
  const handler = handlersOf(control)[call] as (request: unknown, node: NodeRecord) => Promise<unknown>;
  return Response.json(await handler(parsed.data, node));
}

async function authenticated(control: ControlPlane, request: Request, body: string): Promise<NodeRecord> {
  const node = await control.nodes.authenticate(request, body);
  if (node === undefined) throw platformError('auth.missing', 'This is not signed by an enrolled node.');
  return node;
}

async function enrol(
  { fleet }: ControlPlane,
  { joinToken, name, roles, region, publicKey }: z.output<typeof internalApi.enrol.request>,
): Promise<InternalResponse<'enrol'>> {
  const bytes = Uint8Array.from(Buffer.from(publicKey, 'base64url'));
  const node = await fleet.enrol({ joinToken, name, roles, region, publicKey: bytes });
  if (node === undefined) throw platformError('auth.missing', 'The join token is unknown, used or expired.');
  return { nodeId: node.id };
}

/** What sessions hold and do not use is free again when they end: a few seconds are worth a try. */
const HELD_RETRY_MS = 5_000;

const idsOf = (chain: readonly { readonly id: string }[]) => chain.map(({ id }) => id);

/** Signaling holds calls. A relay holds what comes to it without one, and has no word in anybody's calls. */
function sessionKindHeldBy(roles: NodeRecord['roles']): SessionKind | undefined {
  if (roles.includes('signaling')) return 'call';
  return roles.includes('relay') ? 'relay' : undefined;
}

function handlersOf({ fleet, internal, bus, log, channels, presence }: ControlPlane): Handlers {
  return {
    ...channelHandlers(internal.channels),
    ...presenceHandlers(internal.presence),
    ...roomHandlers(internal.rooms),

    async heartbeat({ boot, urls, load, isDraining, software }, { id: nodeId }) {
      await fleet.beat({ nodeId, boot, urls, load, isDraining, software });
      // Whoever was in a channel by a node that is gone is told off by those that are left.
      channels.lookAtNodes();
      presence.lookAtNodes();
      const platformAccountId = await internal.platformAccount();
      const listedAddressesVersion = await internal.addresses.version();
      return {
        ...(platformAccountId === undefined ? {} : { platformAccountId }),
        listedAddressesVersion,
      };
    },

    listAddresses: () => internal.addresses.latest(),

    async listNodes() {
      const nodes = await fleet.list();
      const roleOf = (text: string) => nodeRoles.filter((role) => role === text);
      return {
        items: nodes
          .filter(({ state }) => state !== 'removed')
          .map(({ id, roles, region, publicKey, boot, urls, state, lastHeartbeatAt }) => ({
            nodeId: id,
            roles: roles.flatMap(roleOf),
            region,
            publicKey: Buffer.from(publicKey).toString('base64url'),
            ...(boot === undefined ? {} : { boot }),
            urls: Object.fromEntries(Object.entries(urls).map(([use, list]) => [use, [...list]])),
            // One that drains lives: who is in a call through it still needs it.
            isLive: state !== 'joined' && Date.now() - (lastHeartbeatAt?.getTime() ?? 0) < NODE_LIVE_MS,
          })),
      };
    },

    async keySnapshot({ keyId }) {
      const snapshot = await internal.snapshots.keySnapshot(keyId);
      if (snapshot === undefined) throw platformError('resource.unknown', `There is no key ${keyId}.`);
      const { mode, mintKey, accountId, chain, state, expiresAtMs, scopes } = snapshot;
      return {
        keyId,
        mode,
        mintKey: Buffer.from(mintKey).toString('base64url'),
        accountId,
        chain: [...chain],
        isRevoked: state === 'revoked',
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
        mintsFor: [...servicesMintedWith(scopes)],
      };
    },

    async keysUsed({ keys }) {
      await internal.noteKeyUse(keys);
      return {};
    },

    async accountSnapshot({ accountId }, { region }) {
      const snapshot = await internal.snapshots.accountSnapshot(accountId);
      if (snapshot === undefined)
        throw platformError('resource.unknown', `There is no account ${accountId}.`);
      const { chain, configs } = snapshot;
      const caps = credentialCapsOf({ chain: idsOf(chain) }, configs);
      const policies = accountLevels({ chain: idsOf(chain), region }, snapshot.policies);
      const spent = [...(await internal.spentNow(accountId, policies.policy))];
      const capsByEndpoint = endpointCapsOf(idsOf(chain), configs, snapshot.endpointConfigs);
      const hasLogicNear = await internal.logic.isNear(accountId);
      const pagesUrl = new URL(errorPagePath(''), await internal.originOf(accountId)).href;
      return {
        ...{ accountId, chain: [...chain], caps, capsByEndpoint, ...policies },
        ...{ spent, hasLogicNear, pagesUrl },
      };
    },

    async applicationSnapshot(application) {
      const snapshot = await internal.snapshots.applicationSnapshot(application);
      if (snapshot === undefined)
        throw platformError('resource.unknown', `There is no application ${application.applicationId}.`);
      const { accountId, applicationId, chain, instanceTypes, configs } = snapshot;
      const caps = applicationCapsOf({ chain: idsOf(chain), applicationId, instanceTypes }, configs);
      const levels = applicationLevels(
        { chain: idsOf(chain), applicationId, instanceTypes },
        snapshot.policies,
      );
      return { accountId, applicationId, chain: [...chain], ...caps, ...levels };
    },

    async sessionStanding(session) {
      return { standing: await internal.sessionStanding(session) };
    },

    async listRevocations({ sinceMs }) {
      const revocations = await internal.credentials.revocationsSince(new Date(sinceMs));
      return {
        items: revocations.map(({ prefixId, keyId }) => (prefixId === undefined ? { keyId } : { prefixId })),
      };
    },

    async listSessionEnds() {
      const ends = await bus.kept('session.end');
      return { items: ends.map(({ sessionId, code, detail }) => ({ sessionId, code, detail })) };
    },

    async countUse({ accountId, prefixId, clientKey, usesMax, isContinuation, restartsCredentialId }) {
      // Nobody else can have these keys, and so whoever comes with one is the client that was counted.
      const isRestart = clientKey.startsWith('session:') || clientKey.startsWith('client:');
      const isAdmitted = await internal.credentials.admitUse({
        accountId,
        prefixId,
        clientKey,
        usesMax,
        isRestart,
        isContinuation,
        restartsCredentialId,
      });
      return { isAdmitted };
    },

    async watchEnds(request) {
      return { hasEnded: await internal.ends.watch(request) };
    },

    async claimSession({ accountId, services, ...subject }, { id: nodeId, region }) {
      const { holdId, isRunning } = subject;
      // First the money: what a policy refuses then gives it back, and what is out of money was never counted.
      if (!(await internal.spending.hold({ accountId, holdId, nodeId, services, isRunning }))) {
        const origin = { level: 'spending', accountId } as const;
        return { refusal: { setting: 'prepaidBalance', origin, retryAfterMs: HELD_RETRY_MS } };
      }
      const chain = idsOf(await internal.chainOf(accountId));
      const answer = await internal.claims.claim({ ...subject, chain, region, nodeId, nowMs: Date.now() });
      if (answer.isAdmitted) return {};
      await internal.spending.dropHold({ accountId, holdId, nodeId });
      const { budget, retryAfterMs } = answer;
      return { refusal: { setting: budget.setting, origin: budget.origin, retryAfterMs } };
    },

    async releaseSessions({ releasedIds, keptIds }, { id: nodeId }) {
      await internal.claims.release({ nodeId, releasedIds, keptIds });
      await internal.spending.releaseHolds({ nodeId, releasedIds, keptIds });
      return {};
    },

    async findLogic(called) {
      return await internal.logic.find(called);
    },

    async fetchLogic(request) {
      return await internal.logic.fetch(request);
    },

    async runCallback(delivery, { id: nodeId, roles }) {
      if (!roles.includes('jobs')) throw platformError('auth.scope', `Node ${nodeId} delivers nothing.`);
      return await internal.runDelivery(delivery);
    },

    async consumed(request) {
      return { items: [...(await internal.consumed(request))] };
    },

    async usage({ records }, { id: nodeId, region }) {
      const own = records.filter(({ id }) => id.nodeId === nodeId);
      if (own.length < records.length)
        throw platformError('auth.scope', 'A node reports its own usage alone.');
      const { freshCount, repeatedCount, conflicts, changes } = await internal.ingest(records);
      if (freshCount > 0) {
        const sessionIds = [...new Set(changes.flatMap(({ sessionId }) => sessionId ?? []))];
        const accountIds = [...new Set(changes.map(({ accountId }) => accountId))];
        const message = {
          type: 'usage.committed',
          accountIds: accountIds.slice(0, COMMITTED_COUNT_MAX),
          sessionIds: sessionIds.slice(0, COMMITTED_COUNT_MAX),
        } as const;
        // The usage is committed: a bus that cannot be written costs a live page one refresh, and no cent.
        await bus
          .publish(message)
          .catch((error: unknown) => log.warn({ error: String(error) }, 'Live pages were not told.'));
      }
      if (freshCount > 0) internal.spendingUsed(records);
      const used = [...new Set(changes.map(({ accountId }) => accountId))];
      for (const accountId of await internal.usageWatch.usedUp(used.map((id) => ({ accountId: id, region }))))
        await bus.publish({ type: 'account.changed', accountId });
      const changed = conflicts.filter(({ reason }) => reason === 'body_changed');
      const refused = conflicts
        .filter(({ reason }) => reason !== 'body_changed')
        .map(({ record, reason }) => ({
          index: records.indexOf(record),
          code: reason,
          detail: 'It is kept apart and not counted.',
        }));
      return { accepted: freshCount, duplicates: repeatedCount, conflicts: changed.length, refused };
    },

    async sessionEvents({ events }, { id: nodeId, roles }) {
      const kind = sessionKindHeldBy(roles);
      if (kind === undefined) throw platformError('auth.scope', `Node ${nodeId} holds no sessions.`);
      const { fresh, refusedSessionIds, unstorable } = await internal.ingestEvents({ nodeId, kind, events });
      for (const { sessionId, error } of unstorable)
        log.error({ nodeId, sessionId, err: error }, 'Session events cannot be stored.');
      if (refusedSessionIds.length > 0)
        log.error({ nodeId, refusedSessionIds }, 'Session events name a session that is not theirs.');
      return { accepted: fresh.length, duplicates: events.length - fresh.length };
    },

    async controlled({ orderId, answer }, { id: nodeId, roles }) {
      if (!roles.includes('signaling')) throw platformError('auth.scope', `Node ${nodeId} holds no calls.`);
      await bus.publish({ type: 'session.controlled', orderId, answer });
      return {};
    },

    async publish({ message }, { id: nodeId }) {
      // Whose key or credential is revoked, nodes are told; they do not say it.
      if (message.type !== 'session.end' && message.type !== 'node.changed') {
        throw platformError('auth.scope', `Node ${nodeId} may not publish ${message.type}.`);
      }
      await bus.publish(message);
      return {};
    },
  };
}
