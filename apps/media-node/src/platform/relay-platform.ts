import { setTimeout as wait } from 'node:timers/promises';
import type { Spool } from '@patchbay/adapters/spool/spool';
import type { InternalRequest, InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { type UsageDraft, userEndpointId } from '@patchbay/domain/metering/usage-record';
import { credentialUses } from '@patchbay/domain/policy/credential-use';
import { countedRefusalCode, refusalText } from '@patchbay/domain/policy/decide';
import { featureName } from '@patchbay/kit/definition';
import type { Effective } from '@patchbay/protocol/credential/effective';
import {
  type Grant,
  type GrantedRate,
  type GrantedTerms,
  type Limit,
  policyCounterId,
  type Resolution,
  sessionKeyOf,
} from '@patchbay/protocol/turn/grant';
import type { UseAnswer } from '@patchbay/protocol/turn/pending-allocate';
import type { RelayEvent, RelayLog, RelayPlatform } from '../relay/platform.ts';
import type { UsageRecord } from '../relay/usage-record.ts';
import type { BareSessions } from './bare-sessions.ts';
import type { CarriedLines } from './carried-lines.ts';
import { boundedClient } from './concurrency-limit.ts';
import type { ControlPlaneClient } from './control-plane-client.ts';
import { endingOf } from './credential-policy.ts';
import { type CredentialResolver, endsOf, type ResolvedCredential } from './credential-resolver.ts';
import { isAddressName, type ListedAddresses } from './listed-addresses.ts';
import type { RelayFrame } from './node-link.ts';
import { nodeRefusal } from './node-refusal.ts';
import { causeOfEnd, causeOfLimit } from './relay-lines.ts';
import { type ClaimRefusal, holdIdOf, type SessionClaims } from './session-claims.ts';
import type { SessionRegister } from './session-register.ts';
import { settledWithin } from './settled-within.ts';

export interface RelayPlatformOptions {
  readonly resolver: CredentialResolver;
  readonly listed: Pick<ListedAddresses, 'find' | 'named'>;
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly sessions: Pick<SessionRegister, 'standing'>;
  readonly spool: Pick<Spool<UsageDraft>, 'isFull' | 'checkpoint' | 'tick'> & {
    append(record: UsageDraft, key?: string): unknown;
  };
  /** The sessions of those whose credential names none. */
  readonly bare: Pick<BareSessions, 'hear' | 'recorded' | 'sessionIdOf' | 'openKeysOf'>;
  /** What policies let begin over all relays. */
  readonly claims: Pick<SessionClaims, 'claim' | 'confirm'>;
  /** The logs of the others, which signaling holds. */
  readonly lines: Pick<CarriedLines, 'hear'>;
  readonly tell: (frame: RelayFrame) => void;
  readonly log: RelayLog;
}

type CountUse = InternalRequest<'countUse'>;
const relayIpv6 = featureName('network-discovery', 'relay-ipv6');
/** One answer serves all clients that bring the username: the core holds each address against the grant. */
const relayUse = {
  ...credentialUses.relay,
  optionalFeatures: [relayIpv6],
  sourceIp: undefined,
} as const;
/** Shorter in all than a client waits for the answer to its Allocate (RFC 8489 §6.2.1). */
const joinPausesMs = [200, 400, 800];

const notListed = {
  kind: 'refused',
  code: 'credential.revoked',
  detail: 'The address counts as its account no longer.',
} as const;

/** The same: after it a session is served without knowing what it used elsewhere. */
const CONSUMED_WAIT_MS = 1_500;

/** Connects the relay to accounts, spool and signaling. */
export function createRelayPlatform({
  resolver,
  listed,
  client,
  sessions,
  spool,
  bare,
  claims,
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

  /** A client's use of a credential here is a session, and one that is in no call is counted by nobody else. */
  async function claimedSession(grant: Grant, clientIp: string): Promise<UseAnswer> {
    const { accountId, applicationId, instanceType, endpointId: endpoint } = grant;
    const refusal = await claims.claim({
      accountId,
      applicationId,
      instanceType,
      endpoint,
      holdId: holdIdOf(sessionKeyOf(grant, clientIp)),
      services: [relayUse.service],
      isRunning: false,
    });
    if (refusal === undefined) return { ok: true };
    return { ok: false, code: 486, reason: phraseOf(refusal, accountId) };
  }

  async function endedByEvent({
    ends,
    accountId,
    keyId,
    credentialId,
  }: Grant): Promise<Extract<UseAnswer, { ok: false }> | undefined> {
    if (ends === undefined) return undefined;
    const { events, ...times } = ends;
    const refused = await resolver.refusalByEvent(credentialId, {
      accountId,
      keyId,
      ...times,
      ends: [...events],
    });
    if (refused === undefined) return undefined;
    if (refused.kind === 'away') throw new Error(refused.detail);
    return { ok: false, code: 403, reason: `${refused.code}: ${refused.detail}` };
  }

  const toDraft = (record: UsageRecord) =>
    draftOf(record, { sessionIdOf: (allocationId) => bare.sessionIdOf(allocationId) });

  const resolve = async (
    username: string,
    use: typeof relayUse & { readonly isRunning?: true },
  ): Promise<ResolvedCredential> => {
    if (!isAddressName(username)) return resolver.resolveUsername(username, use);
    const address = listed.named(username);
    return address === undefined ? notListed : resolver.resolveAddress(address, use);
  };

  return {
    isFamiliar: (username) => isAddressName(username) || resolver.isFamiliar(username),

    listed: (ip) => listed.find(ip),

    async resolveCredential(username) {
      if (spool.isFull) throw new Error('The spool is full: nothing new is taken until it is uploaded.');
      const resolved = await resolve(username, relayUse);
      if (resolved.kind === 'away') throw new Error(resolved.detail);
      if (resolved.kind === 'refused' && resolved.byPolicy !== undefined && resolved.password !== undefined)
        return { ok: true, password: resolved.password, grant: refusedGrant(resolved.byPolicy) };
      if (resolved.kind === 'refused') return toRefusal(resolved);
      const grant = await toGrant(resolved, { client: lookups, log });
      const ofSession = await refusalOfSession(grant, sessions);
      if (ofSession !== undefined) return { ...ofSession, password: resolved.password };
      return { ok: true, password: resolved.password, grant };
    },

    async reviewCredential(username) {
      const resolved = await resolve(username, { ...relayUse, isRunning: true });
      if (resolved.kind === 'away') throw new Error(resolved.detail);
      if (resolved.kind === 'refused') {
        const { detail, byPolicy } = resolved;
        if (byPolicy === undefined) return { ok: false, detail };
        const ending = endingOf(byPolicy);
        return { ok: false, detail: ending.detail, reason: endReasons[ending.code] };
      }
      if (resolved.policy.isCounted)
        for (const key of bare.openKeysOf(resolved.credentialId))
          await claims.claim({
            ...subjectOf(resolved),
            holdId: holdIdOf(key),
            services: [relayUse.service],
            isRunning: true,
          });
      return { ok: true, rate: rateOf(resolved.effective), terms: reviewedTermsOf(resolved) };
    },

    async countUse({ counterId, usesMax, grant, ...claim }) {
      if (counterId === policyCounterId) {
        const ended = await endedByEvent(grant);
        if (ended !== undefined) return ended;
        return grant.isCounted === true ? await claimedSession(grant, claim.clientKey) : { ok: true };
      }
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
        if (event.type === 'allocation.started')
          claims.confirm(holdIdOf(sessionKeyOf(event.grant, event.clientIp)));
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
  const { status } = nodeRefusal(code, '').fields;
  const refusal = { ok: false, code: status === 403 ? 403 : 401, reason: code } as const;
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

type Allowed = Extract<ResolvedCredential, { kind: 'ok' }>;

async function toGrant(
  resolved: Allowed,
  parts: Pick<RelayPlatformOptions, 'client' | 'log'>,
): Promise<Grant> {
  const { effective, accountId, credentialId, policy } = resolved;
  const { sourceCidrs, peerCidrs } = effective;
  const { sessionId } = sessionOf(effective);
  return {
    ...bareGrant(resolved),
    limits: await limitsOf(effective, { accountId, credentialId, sessionId, ...parts }),
    ...termsOf(resolved),
    // A call is counted by signaling, before it begins.
    ...(policy.isCounted && sessionId === undefined ? { isCounted: true } : {}),
    ...endsIn(resolved),
    ...(sourceCidrs === undefined ? {} : { sourceCidrs }),
    ...(peerCidrs === undefined ? {} : { peerCidrs }),
    ...rateOf(effective),
  };
}

function endsIn(resolved: Allowed): Pick<Grant, 'ends'> {
  const { ends: events, notBeforeMs, expiresAtMs } = endsOf(resolved);
  if (events.length === 0) return {};
  return { ends: { events, expiresAtMs, ...(notBeforeMs === undefined ? {} : { notBeforeMs }) } };
}

const sessionOf = ({ session }: Effective): { readonly sessionId?: string } =>
  session?.startsWith('ses_') ? { sessionId: session } : {};

/** Whose it is. */
function bareGrant({
  effective,
  key,
  accountId,
  credentialId,
}: Pick<Allowed, 'effective' | 'key' | 'accountId' | 'credentialId'>): Grant {
  const { applicationId, instanceType, identity, bandwidthClass, mediaKinds } = effective;
  return {
    accountId,
    credentialId,
    credentialPrefixIds: effective.prefixIds,
    keyId: key.keyId,
    limits: [],
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(identity === undefined ? {} : { identity, endpointId: userEndpointId(identity) }),
    ...(bandwidthClass === undefined ? {} : { bandwidthClass }),
    ...(mediaKinds === undefined ? {} : { mediaKinds }),
    ...sessionOf(effective),
  };
}

type ByPolicy = NonNullable<Extract<ResolvedCredential, { kind: 'refused' }>['byPolicy']>;

/** Nothing is allocated with it; but whose it is, is known, and so its owner reads of the refusal. */
const refusedGrant = (byPolicy: ByPolicy): Grant => ({
  ...bareGrant(byPolicy),
  refusal: { code: 403, phrase: `${byPolicy.code}: ${byPolicy.detail}` },
});

/** What follows policies while the allocation lives. */
function termsOf({ effective, key, policy }: Allowed): GrantedTerms {
  const { closesAtMs, sourceRules, withheldFeatures } = policy;
  const withoutIpv6 = withheldFeatures?.[relayIpv6]?.detail;
  const expiresAtMs = Math.min(effective.expiresAtMs, key.expiresAtMs ?? Number.POSITIVE_INFINITY);
  const isClosing = closesAtMs !== undefined && closesAtMs < expiresAtMs;
  return {
    endsAtMs: isClosing ? closesAtMs : expiresAtMs,
    ...(isClosing ? { endsBy: timesClosed } : {}),
    ...(sourceRules === undefined ? {} : { sourceRules }),
    ...(withoutIpv6 === undefined ? {} : { withheldFamilies: { ipv6: withoutIpv6 } }),
  };
}

function reviewedTermsOf(resolved: Allowed): GrantedTerms {
  const held = resolved.effective.limits.find(({ isOfPolicy }) => isOfPolicy === true);
  return { ...termsOf(resolved), ...(held === undefined ? {} : { sessionSecondsMax: held.max }) };
}

const endReasons = {
  'policy.refused': 'policy-refused',
  'limit.exceeded': 'limit-exceeded',
  'balance.used_up': 'balance-used-up',
} as const;

const timesClosed = {
  reason: 'policy-refused',
  detail: 'times does not allow it any longer.',
} as const;

const subjectOf = (allowed: Allowed) => {
  const { accountId, applicationId, instanceType, endpointId: endpoint } = bareGrant(allowed);
  return { accountId, applicationId, instanceType, endpoint };
};

const phraseOf = ({ setting, origin }: ClaimRefusal, accountId: string): string =>
  `${countedRefusalCode(setting)}: ${refusalText({ setting, origin, code: countedRefusalCode(setting) }, [accountId])}`;

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
  const limits = effective.limits.map(({ prefixId, isOfPolicy, ...limit }, index): Limit => {
    const ofPrefix = items.find((item) => item.prefixId === prefixId);
    const used = usedOf(limit.kind, limit.counts === 'total' ? ofPrefix : ofPrefix?.ofSession);
    if (isOfPolicy === true) return { ...ofPolicies(effective), ...limit, used };
    return { counterId: `${prefixId}.${index}`, ...limit, used };
  });
  // Signaling ends a call in time. What is in none is counted from its start on: it may be given less while it runs.
  const isWatched = frame.sessionId === undefined && !limits.some(({ isOfPolicy }) => isOfPolicy === true);
  return isWatched ? [...limits, ofPolicies(effective)] : limits;
}

/** How long policies let a session last: a counter of its own, whatever else the credential is limited to. */
const ofPolicies = ({ prefixIds, keyId }: Effective): Limit => ({
  counterId: `${prefixIds[0] ?? keyId}.policies`,
  kind: 'seconds',
  max: Number.POSITIVE_INFINITY,
  used: 0,
  counts: 'session',
  outcome: 'end',
  isOfPolicy: true,
});

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
    case 'limit-exceeded':
    case 'balance-used-up':
    case 'credential-ended':
      return { ...told, cause: 'limit', ...causeOfEnd(event) };
    case 'revoked':
    case 'policy-refused':
    case 'account-suspended':
    case 'account-closed':
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
