import type { UsageRecord as SpooledUsage } from '@patchbay/domain/metering/usage-record';
import type { Effective } from '@patchbay/protocol/credential/effective';
import type { Grant, Limit, Resolution } from '@patchbay/protocol/turn/grant';
import type { RelayEvent, RelayLog, RelayPlatform } from '../relay/platform.ts';
import type { UsageRecord } from '../relay/usage-record.ts';
import type { ControlPlaneClient } from './control-plane-client.ts';
import type { CredentialResolver, ResolvedCredential } from './credential-resolver.ts';
import type { RelayFrame } from './node-link.ts';
import type { Spool } from './spool.ts';

/** A record before it has its id: the spool gives it. */
export type UsageDraft = Omit<SpooledUsage, 'id'>;

export interface RelayPlatformOptions {
  readonly resolver: CredentialResolver;
  readonly client: ControlPlaneClient;
  readonly spool: Spool<UsageDraft>;
  readonly tell: (frame: RelayFrame) => void;
  readonly log: RelayLog;
}

/** Connects the relay to accounts, spool and signaling. */
export function createRelayPlatform({
  resolver,
  client,
  spool,
  tell,
  log,
}: RelayPlatformOptions): RelayPlatform {
  return {
    async resolveCredential(username) {
      if (spool.isFull) throw new Error('The spool is full: nothing new is taken until it is uploaded.');
      const resolved = await resolver.resolveUsername(username, {
        service: 'network-discovery',
        sourceIp: undefined,
      });
      if (resolved.kind === 'away') throw new Error(resolved.detail);
      if (resolved.kind === 'refused') return toRefusal(resolved);
      return { ok: true, password: resolved.password, grant: await toGrant(resolved, client) };
    },

    async countUse({ counterId, clientKey, usesMax, grant }) {
      const { isAdmitted } = await client.call('countUse', {
        accountId: grant.accountId,
        prefixId: prefixIdOf(counterId),
        clientKey: grant.sessionId === undefined ? clientKey : `session:${grant.sessionId}`,
        usesMax,
        isContinuation: false,
      });
      return isAdmitted ? { ok: true } : { ok: false, code: 403, reason: 'credential.used_up' };
    },

    recordUsage: (record) => spool.append(withoutKey(record), record.key),

    checkpointUsage(records) {
      spool.checkpoint(records.map((record) => [record.key, withoutKey(record)] as const));
      spool.tick().catch((error: unknown) => log.error({ error }, 'The spool cannot be written.'));
    },

    reportEvent(event) {
      const { sessionId, accountId, credentialId } = event.grant;
      log.info(
        { event: event.type, allocationId: event.allocationId, accountId, credentialId, sessionId },
        event.type,
      );
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
function toRefusal({ code }: Extract<ResolvedCredential, { kind: 'refused' }>): Resolution {
  const isForbidden = code === 'account.suspended' || code.endsWith('_not_allowed');
  return { ok: false, code: isForbidden ? 403 : 401, reason: code };
}

async function toGrant(
  { effective, key, accountId, credentialId }: Extract<ResolvedCredential, { kind: 'ok' }>,
  client: ControlPlaneClient,
): Promise<Grant> {
  const { applicationId, identity, session, bitRate, peerCidrs } = effective;
  return {
    accountId,
    credentialId,
    credentialPrefixIds: effective.prefixIds,
    keyId: key.keyId,
    limits: await limitsOf(effective, { accountId, credentialId, client }),
    endsAtMs: Math.min(effective.expiresAtMs, key.expiresAtMs ?? Number.POSITIVE_INFINITY),
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(identity === undefined ? {} : { identity }),
    ...(session?.startsWith('ses_') ? { sessionId: session } : {}),
    ...(peerCidrs === undefined ? {} : { peerCidrs }),
    ...(bitRate === undefined
      ? {}
      : { bitRateBitsPerSecond: bitRate.bitsPerSecond, burstBytes: bitRate.burstBytes }),
  };
}

interface Frame {
  readonly accountId: string;
  readonly credentialId: string;
  readonly client: ControlPlaneClient;
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
  const { sessionId } = event.grant;
  if (event.type !== 'allocation.ended' || sessionId === undefined) return undefined;
  const told = { type: 'allocationEnded', sessionId, detail: event.detail } as const;
  switch (event.reason) {
    case 'limit-bytes':
      return { ...told, cause: 'limit', code: 'limit.session_bytes' };
    case 'limit-seconds':
      return { ...told, cause: 'limit', code: 'limit.session_seconds' };
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
