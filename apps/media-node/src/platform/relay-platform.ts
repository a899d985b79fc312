import { setTimeout as wait } from 'node:timers/promises';
import type { InternalRequest } from '@patchbay/domain/fleet/internal-api';
import { type UsageRecord as SpooledUsage, userEndpointId } from '@patchbay/domain/metering/usage-record';
import { platformErrors } from '@patchbay/kit/errors';
import type { Effective } from '@patchbay/protocol/credential/effective';
import { endings } from '@patchbay/protocol/signaling/codes';
import type { SpentLimit } from '@patchbay/protocol/turn/action';
import type { Grant, Limit, Resolution } from '@patchbay/protocol/turn/grant';
import type { RelayEvent, RelayLog, RelayPlatform } from '../relay/platform.ts';
import type { UsageRecord } from '../relay/usage-record.ts';
import { boundedClient } from './concurrency-limit.ts';
import type { ControlPlaneClient } from './control-plane-client.ts';
import type { CredentialResolver, ResolvedCredential } from './credential-resolver.ts';
import type { RelayFrame } from './node-link.ts';
import type { SessionRegister } from './session-register.ts';
import type { Spool } from './spool.ts';

/** A record before it has its id: the spool gives it. */
export type UsageDraft = Omit<SpooledUsage, 'id'>;

export interface RelayPlatformOptions {
  readonly resolver: CredentialResolver;
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly sessions: Pick<SessionRegister, 'standing'>;
  readonly spool: Pick<Spool<UsageDraft>, 'isFull' | 'checkpoint' | 'tick'> & {
    append(record: UsageDraft, key?: string): unknown;
  };
  readonly tell: (frame: RelayFrame) => void;
  readonly log: RelayLog;
}

type CountUse = InternalRequest<'countUse'>;
/** Shorter in all than a client waits for the answer to its Allocate (RFC 8489 §6.2.1). */
const joinPausesMs = [200, 400, 800];

/** Connects the relay to accounts, spool and signaling. */
export function createRelayPlatform({
  resolver,
  client,
  sessions,
  spool,
  tell,
  log,
}: RelayPlatformOptions): RelayPlatform {
  // Whoever knows the id of a key can name credentials of it that were never minted.
  const lookups = boundedClient(client);
  async function isClientAdmitted({
    isFirstSeen,
    credentialId,
    ...use
  }: CountUse & { readonly isFirstSeen: boolean; readonly credentialId: string }): Promise<boolean> {
    const claim = isFirstSeen ? { ...use, restartsCredentialId: credentialId } : use;
    return (await client.call('countUse', claim)).isAdmitted;
  }

  /** Signaling joins a session to the use of its connection as the call starts: its word may still be on the way. */
  async function isSessionAdmitted(use: CountUse): Promise<boolean> {
    for (const pauseMs of [...joinPausesMs, undefined]) {
      if ((await client.call('countUse', use)).isAdmitted) return true;
      if (pauseMs !== undefined) await wait(pauseMs);
    }
    return false;
  }

  return {
    isFamiliar: (username) => resolver.isFamiliar(username),

    async resolveCredential(username) {
      if (spool.isFull) throw new Error('The spool is full: nothing new is taken until it is uploaded.');
      const resolved = await resolver.resolveUsername(username, {
        verifier: 'relay',
        service: 'network-discovery',
        // One answer serves all clients that bring the username: the core holds each address against the grant.
        sourceIp: undefined,
      });
      if (resolved.kind === 'away') throw new Error(resolved.detail);
      if (resolved.kind === 'refused') return toRefusal(resolved);
      const grant = await toGrant(resolved, lookups);
      const ofSession = await refusalOfSession(grant, sessions);
      return ofSession ?? { ok: true, password: resolved.password, grant };
    },

    async countUse({ counterId, usesMax, grant, ...claim }) {
      const { accountId, sessionId, credentialId } = grant;
      const use = { accountId, prefixId: prefixIdOf(counterId), usesMax, isContinuation: false };
      const isAdmitted =
        sessionId === undefined
          ? await isClientAdmitted({ ...use, ...claim, credentialId })
          : await isSessionAdmitted({ ...use, clientKey: `session:${sessionId}` });
      if (isAdmitted) return { ok: true };
      const limit = grant.limits.find((held) => held.counterId === counterId);
      if (limit !== undefined && limit.outcome !== 'end') return { ok: true, reachedCounterId: counterId };
      return { ok: false, code: 403, reason: 'credential.used_up', isSpent: true };
    },

    recordUsage(record) {
      spool.append(withoutKey(record), record.key);
    },

    checkpointUsage(records) {
      spool.checkpoint(records.map((record) => [record.key, withoutKey(record)] as const));
      spool.tick().catch((error: unknown) => log.error({ error }, 'The spool cannot be written.'));
    },

    reportEvent(event) {
      const { sessionId, accountId, credentialId } = event.grant;
      const { type, ...told } = event;
      const allocationId = 'allocationId' in told ? told.allocationId : undefined;
      log.info({ event: type, allocationId, accountId, credentialId, sessionId }, type);
      const frame = toFrame(event);
      if (frame !== undefined) tell(frame);
    },
  };
}

function withoutKey({ key: _key, ...record }: UsageRecord): UsageDraft {
  const quantities = record.quantities.map(({ dimensions, ...quantity }) => ({
    ...quantity,
    dimensions: { ...dimensions },
  }));
  return { ...record, quantities };
}

/** RFC 8489 §9.2.4: who cannot be authenticated gets 401; RFC 8656 §7.2: who may not, 403. */
function toRefusal({ code }: Pick<Extract<ResolvedCredential, { kind: 'refused' }>, 'code'>): Resolution {
  return { ok: false, code: platformErrors[code].status === 403 ? 403 : 401, reason: code };
}

/** A session's id proves nothing: anybody can narrow to it. It has to live, and a leg of it to be the account's (C1). */
async function refusalOfSession(
  { sessionId, accountId }: Grant,
  sessions: RelayPlatformOptions['sessions'],
): Promise<Resolution | undefined> {
  if (sessionId === undefined) return undefined;
  const standing = await sessions.standing(sessionId, accountId);
  if (standing === 'live') return undefined;
  if (standing === 'away') throw new Error('Nobody can say now whose the session is.');
  return toRefusal({ code: 'credential.session_not_allowed' });
}

async function toGrant(
  { effective, key, accountId, credentialId }: Extract<ResolvedCredential, { kind: 'ok' }>,
  client: Pick<ControlPlaneClient, 'call'>,
): Promise<Grant> {
  const { applicationId, identity, session, bitRate, sourceCidrs, peerCidrs } = effective;
  return {
    accountId,
    credentialId,
    credentialPrefixIds: effective.prefixIds,
    keyId: key.keyId,
    limits: await limitsOf(effective, { accountId, credentialId, client }),
    endsAtMs: Math.min(effective.expiresAtMs, key.expiresAtMs ?? Number.POSITIVE_INFINITY),
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(identity === undefined ? {} : { identity, endpointId: userEndpointId(identity) }),
    ...(session?.startsWith('ses_') ? { sessionId: session } : {}),
    ...(sourceCidrs === undefined ? {} : { sourceCidrs }),
    ...(peerCidrs === undefined ? {} : { peerCidrs }),
    ...(bitRate === undefined
      ? {}
      : { bitRateBitsPerSecond: bitRate.bitsPerSecond, burstBytes: bitRate.burstBytes }),
  };
}

interface Frame {
  readonly accountId: string;
  readonly credentialId: string;
  readonly client: Pick<ControlPlaneClient, 'call'>;
}

/** Each limit with what was used of it before, on this relay's earlier boots and on others. */
async function limitsOf(
  { limits, prefixIds }: Effective,
  { accountId, credentialId, client }: Frame,
): Promise<readonly Limit[]> {
  const isTotal = limits.some(({ kind, counts }) => counts === 'total' && kind !== 'uses');
  const { items } = isTotal
    ? await client.call('consumed', { accountId, credentialId, prefixIds: [...prefixIds] })
    : { items: [] };
  return limits.map(({ prefixId, kind, max, counts, outcome }, index) => {
    const consumed = counts === 'total' ? items.find((item) => item.prefixId === prefixId) : undefined;
    const used = usedOf(kind, consumed);
    return { counterId: `${prefixId}.${index}`, kind, max, used, counts, outcome };
  });
}

function usedOf(kind: Limit['kind'], consumed: { bytes: number; milliseconds: number } | undefined): number {
  if (consumed === undefined) return 0;
  switch (kind) {
    case 'bytes':
      return consumed.bytes;
    case 'seconds':
      return consumed.milliseconds / 1000;
    case 'uses':
      return 0;
  }
}

const prefixIdOf = (counterId: string) => counterId.slice(0, counterId.lastIndexOf('.'));

/** What signaling has to know of an allocation of a session. */
function toFrame(event: RelayEvent): RelayFrame | undefined {
  const { sessionId, accountId, credentialId, credentialPrefixIds = [credentialId] } = event.grant;
  if (sessionId === undefined) return undefined;
  const credentialIds = [...credentialPrefixIds];
  const head = { type: 'allocationEnded' as const, sessionId, accountId, credentialIds };
  if (event.type === 'allocation.refused') return { ...head, cause: 'limit', ...reasonOf(event.spent) };
  if (event.type !== 'allocation.ended') return undefined;
  const told = { ...head, detail: event.detail };
  switch (event.reason) {
    case 'limit-bytes':
    case 'limit-seconds':
      return { ...told, cause: 'limit', ...(event.spent === undefined ? {} : reasonOf(event.spent)) };
    case 'credential-ended':
      return { ...told, cause: 'limit', code: 'credential.expired' };
    case 'revoked':
      return { ...told, cause: 'revoked', code: 'credential.revoked' };
    case 'account-suspended':
      return { ...told, cause: 'revoked', code: 'account.suspended' };
    case 'session-ended':
      // Signaling hears of it as this relay did, and knows the reason.
      return { ...told, cause: 'released' };
    case 'relay-stopped':
      return { ...told, cause: 'lost' };
    case 'released':
    case 'expired':
      return { ...told, cause: event.reason };
  }
}

/** The stable code of a limit that is spent, and its words. */
function reasonOf({ kind, counts, max }: SpentLimit): { readonly code: string; readonly detail: string } {
  if (kind === 'uses') return { code: 'credential.used_up', detail: endings['credential.used_up'] };
  const scope = counts === 'session' ? 'session' : 'credential';
  return { code: `limit.${scope}_${kind}`, detail: `The limit of ${max} ${kind} is reached.` };
}
