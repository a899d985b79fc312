import { setTimeout as wait } from 'node:timers/promises';
import type { InternalRequest, InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { type UsageRecord as SpooledUsage, userEndpointId } from '@patchbay/domain/metering/usage-record';
import { platformErrors } from '@patchbay/kit/errors';
import type { Effective } from '@patchbay/protocol/credential/effective';
import type { Grant, GrantedRate, Limit, Resolution } from '@patchbay/protocol/turn/grant';
import type { RelayEvent, RelayLog, RelayPlatform } from '../relay/platform.ts';
import type { UsageRecord } from '../relay/usage-record.ts';
import type { BareSessions } from './bare-sessions.ts';
import type { CarriedLines } from './carried-lines.ts';
import { boundedClient } from './concurrency-limit.ts';
import type { ControlPlaneClient } from './control-plane-client.ts';
import type { CredentialResolver, ResolvedCredential } from './credential-resolver.ts';
import type { RelayFrame } from './node-link.ts';
import { causeOfEnd, causeOfLimit } from './relay-lines.ts';
import type { SessionRegister } from './session-register.ts';
import { settledWithin } from './settled-within.ts';
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
  /** The sessions of those whose credential names none. */
  readonly bare: Pick<BareSessions, 'hear' | 'recorded' | 'sessionIdOf'>;
  /** The logs of the others, which signaling holds. */
  readonly lines: Pick<CarriedLines, 'hear'>;
  readonly tell: (frame: RelayFrame) => void;
  readonly log: RelayLog;
}

type CountUse = InternalRequest<'countUse'>;
/** One answer serves all clients that bring the username: the core holds each address against the grant. */
const relayUse = { verifier: 'relay', service: 'network-discovery', sourceIp: undefined } as const;
/** Shorter in all than a client waits for the answer to its Allocate (RFC 8489 §6.2.1). */
const joinPausesMs = [200, 400, 800];

/** The same: after it a session is served without knowing what it used elsewhere. */
const CONSUMED_WAIT_MS = 1_500;

/** Connects the relay to accounts, spool and signaling. */
export function createRelayPlatform({
  resolver,
  client,
  sessions,
  spool,
  bare,
  lines,
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

  const toDraft = (record: UsageRecord) =>
    draftOf(record, { sessionIdOf: (allocationId) => bare.sessionIdOf(allocationId) });

  return {
    isFamiliar: (username) => resolver.isFamiliar(username),

    async resolveCredential(username) {
      if (spool.isFull) throw new Error('The spool is full: nothing new is taken until it is uploaded.');
      const resolved = await resolver.resolveUsername(username, relayUse);
      if (resolved.kind === 'away') throw new Error(resolved.detail);
      if (resolved.kind === 'refused') return toRefusal(resolved);
      const grant = await toGrant(resolved, { client: lookups, log });
      const ofSession = await refusalOfSession(grant, sessions);
      if (ofSession !== undefined) return { ...ofSession, password: resolved.password };
      return { ok: true, password: resolved.password, grant };
    },

    async reviewCredential(username) {
      const resolved = await resolver.resolveUsername(username, { ...relayUse, isRunning: true });
      if (resolved.kind === 'away') throw new Error(resolved.detail);
      return resolved.kind === 'refused'
        ? { ok: false, detail: resolved.detail }
        : { ok: true, rate: rateOf(resolved.effective) };
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
      spool.append(toDraft(record), record.key);
      bare.recorded(record);
    },

    checkpointUsage(records) {
      spool.checkpoint(records.map((record) => [record.key, toDraft(record)] as const));
      spool.tick().catch((error: unknown) => log.error({ error }, 'The spool cannot be written.'));
    },

    reportEvent(event) {
      const { sessionId, accountId, credentialId } = event.grant;
      const { type, ...told } = event;
      const allocationId = 'allocationId' in told ? told.allocationId : undefined;
      log.info({ event: type, allocationId, accountId, credentialId, sessionId }, type);
      if (sessionId === undefined) {
        bare.hear(event);
        return;
      }
      // First the line, so that it stands in the log before the end that it may bring about.
      lines.hear(event, sessionId);
      const frame = toFrame(event);
      if (frame !== undefined) tell(frame);
    },
  };
}

function draftOf(
  { key: _key, allocationId, ...record }: UsageRecord,
  { sessionIdOf }: { readonly sessionIdOf: (allocationId: string) => string | undefined },
): UsageDraft {
  const sessionId = record.sessionId ?? (allocationId === undefined ? undefined : sessionIdOf(allocationId));
  const quantities = record.quantities.map(({ dimensions, ...quantity }) => ({
    ...quantity,
    dimensions: { ...dimensions },
  }));
  return { ...record, ...(sessionId === undefined ? {} : { sessionId }), quantities };
}

/** RFC 8489 §9.2.4: who cannot be authenticated gets 401; RFC 8656 §7.2: who may not, 403. */
function toRefusal({
  code,
  password,
}: Pick<Extract<ResolvedCredential, { kind: 'refused' }>, 'code' | 'password'>): Extract<
  Resolution,
  { ok: false }
> {
  const refusal = { ok: false, code: platformErrors[code].status === 403 ? 403 : 401, reason: code } as const;
  return password === undefined ? refusal : { ...refusal, password };
}

/** A session's id proves nothing: anybody can narrow to it. It has to live, and a leg of it to be the account's (C1). */
async function refusalOfSession(
  { sessionId, accountId }: Grant,
  sessions: RelayPlatformOptions['sessions'],
): Promise<Extract<Resolution, { ok: false }> | undefined> {
  if (sessionId === undefined) return undefined;
  const standing = await sessions.standing(sessionId, accountId);
  if (standing === 'live') return undefined;
  if (standing === 'away') throw new Error('Nobody can say now whose the session is.');
  return toRefusal({ code: 'credential.session_not_allowed' });
}

async function toGrant(
  { effective, key, accountId, credentialId }: Extract<ResolvedCredential, { kind: 'ok' }>,
  parts: Pick<RelayPlatformOptions, 'client' | 'log'>,
): Promise<Grant> {
  const { applicationId, identity, session, sourceCidrs, peerCidrs } = effective;
  const sessionId = session?.startsWith('ses_') ? session : undefined;
  return {
    accountId,
    credentialId,
    credentialPrefixIds: effective.prefixIds,
    keyId: key.keyId,
    limits: await limitsOf(effective, { accountId, credentialId, sessionId, ...parts }),
    endsAtMs: Math.min(effective.expiresAtMs, key.expiresAtMs ?? Number.POSITIVE_INFINITY),
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(identity === undefined ? {} : { identity, endpointId: userEndpointId(identity) }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(sourceCidrs === undefined ? {} : { sourceCidrs }),
    ...(peerCidrs === undefined ? {} : { peerCidrs }),
    ...rateOf(effective),
  };
}

const rateOf = ({ bitRate }: Effective): GrantedRate =>
  bitRate === undefined
    ? {}
    : { bitRateBitsPerSecond: bitRate.bitsPerSecond, burstBytes: bitRate.burstBytes };

interface LimitFrame extends Pick<RelayPlatformOptions, 'client' | 'log'> {
  readonly accountId: string;
  readonly credentialId: string;
  readonly sessionId: string | undefined;
}

type Consumed = InternalResponse<'consumed'>['items'];

/** Each limit with what was used of it before, on this relay's earlier boots and on others. */
async function limitsOf(effective: Effective, frame: LimitFrame): Promise<readonly Limit[]> {
  const items = await consumedOf(effective, frame);
  return effective.limits.map(({ prefixId, kind, max, counts, outcome }, index) => {
    const ofPrefix = items.find((item) => item.prefixId === prefixId);
    const used = usedOf(kind, counts === 'total' ? ofPrefix : ofPrefix?.ofSession);
    return { counterId: `${prefixId}.${index}`, kind, max, used, counts, outcome };
  });
}

async function consumedOf(
  { limits, prefixIds }: Effective,
  { accountId, credentialId, sessionId, client, log }: LimitFrame,
): Promise<Consumed> {
  const counting = limits.filter(({ kind }) => kind !== 'uses');
  const isTotal = counting.some(({ counts }) => counts === 'total');
  // What no session is named for is one client's time at this relay, and ends with it.
  if (!isTotal && (sessionId === undefined || counting.length === 0)) return [];
  const session = sessionId === undefined ? {} : { sessionId };
  const request = { accountId, credentialId, prefixIds: [...prefixIds], ...session };
  const asked = client.call('consumed', request).then(({ items }) => items);
  if (isTotal) return asked;
  // A session goes on while the control plane is away: its limit then counts from what this relay has seen itself.
  const unknown = (error: unknown): Consumed => {
    log.warn({ error: String(error), sessionId }, 'What a session has used elsewhere is not known.');
    return [];
  };
  const isAnswered = await settledWithin(asked, CONSUMED_WAIT_MS);
  return isAnswered ? asked.catch(unknown) : unknown('No answer came in time.');
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
  if (event.type === 'allocation.refused') {
    // Refused for anything else than a spent limit, the client may have more luck with its next try.
    return event.spent === undefined ? undefined : { ...head, cause: 'limit', ...causeOfLimit(event.spent) };
  }
  if (event.type !== 'allocation.ended') return undefined;
  const told = { ...head, detail: event.detail };
  switch (event.reason) {
    case 'limit-bytes':
    case 'limit-seconds':
    case 'credential-ended':
      return { ...told, cause: 'limit', ...causeOfEnd(event) };
    case 'revoked':
    case 'account-suspended':
      return { ...told, cause: 'revoked', ...causeOfEnd(event) };
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
