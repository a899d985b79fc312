import { readRefusalText } from '@patchbay/domain/policy/decide';
import type { RelayLine } from '@patchbay/domain/sessions/relay-line';
import { endings } from '@patchbay/protocol/signaling/codes';
import type { EndReason, SpentLimit } from '@patchbay/protocol/turn/action';
import { relayEndings } from '@patchbay/protocol/turn/codes';
import type { RefusalEvent, RelayEvent } from '../relay/platform.ts';

/** A stable code, and its words. */
export interface Cause {
  readonly code: string;
  readonly detail: string;
}

/** The stable code of a limit that is spent, and its words. */
export function causeOfLimit({ kind, counts, max }: SpentLimit): Cause {
  if (kind === 'uses') return { code: 'credential.used_up', detail: endings['credential.used_up'] };
  const scope = counts === 'session' ? 'session' : 'credential';
  return { code: `limit.${scope}_${kind}`, detail: `The limit of ${max} ${kind} is reached.` };
}

const endCodes = {
  released: 'network-discovery.released',
  expired: 'network-discovery.expired',
  'credential-ended': 'credential.expired',
  'limit-bytes': 'limit.session_bytes',
  'limit-seconds': 'limit.session_seconds',
  revoked: 'credential.revoked',
  'policy-refused': 'policy.refused',
  'limit-exceeded': 'limit.exceeded',
  'balance-used-up': 'balance.used_up',
  'account-suspended': 'account.suspended',
  'account-closed': 'tenancy.account_closed',
  'session-ended': 'network-discovery.session_ended',
  'relay-stopped': 'network-discovery.relay_stopped',
} as const satisfies Readonly<Record<EndReason, string>>;

/** Why an allocation ended. */
export function causeOfEnd({
  reason,
  spent,
  detail,
}: Pick<Extract<RelayEvent, { type: 'allocation.ended' }>, 'reason' | 'spent' | 'detail'>): Cause {
  if (spent !== undefined) return causeOfLimit(spent);
  const code = endCodes[reason];
  const isOwnDoing = code === 'network-discovery.released' || code === 'network-discovery.expired';
  return { code, detail: isOwnDoing ? relayEndings[code] : detail };
}

/** The limit of policies that ended an allocation, as a line; undefined of any other end. */
export function policyLimitLineOf(
  event: Extract<RelayEvent, { type: 'allocation.ended' }>,
): Extract<RelayLine, { type: 'limit.reached' }> | undefined {
  const { allocationId, reason, detail } = event;
  if (reason !== 'limit-exceeded' && reason !== 'balance-used-up') return undefined;
  const rule = readRefusalText(detail)?.setting;
  const data = { allocationId, limit: endCodes[reason], outcome: 'end' as const };
  return { type: 'limit.reached', data: rule === undefined ? data : { ...data, rule } };
}

/** The platform's refusals are codes already, and may say more behind it; the core's have an RFC's words. */
const codeFirst = /^([a-z-]+\.[a-z_]+)(?:: (.+))?$/;

/** Why somebody whose credential is good was refused: the limit or the rule. */
export function causeOfRefusal({ stunCode, reason, spent }: RefusalEvent): Cause {
  if (spent !== undefined) return causeOfLimit(spent);
  const [, said, detail = reason] = codeFirst.exec(reason) ?? [];
  if (said !== undefined) return { code: said, detail };
  const code = refusalCodes[stunCode] ?? 'network-discovery.request_unfit';
  return { code, detail: reason };
}

const refusalCodes: Readonly<Record<number, string>> = {
  // The one rule of the core that refuses a credential itself: its time.
  403: 'credential.expired',
  486: 'network-discovery.quota',
  500: 'platform.unavailable',
  508: 'network-discovery.no_capacity',
};

/** The line that an event is in the log of its session; undefined of what is no line. */
export function lineOf(
  event: RelayEvent,
  { relayNodeId, endedBy }: { readonly relayNodeId: string; readonly endedBy?: Cause | undefined },
): RelayLine | undefined {
  switch (event.type) {
    case 'allocation.started': {
      const { type, allocationId, addressFamily, clientAddress, relayedAddress } = event;
      const { relayedAddressOtherFamily: other } = event;
      const path = { transport: 'udp', addressFamily, clientAddress, relayedAddress } as const;
      const dual = other === undefined ? {} : { relayedAddressOtherFamily: other };
      return { type, data: { allocationId, relayNodeId, ...path, ...dual } };
    }
    case 'allocation.refused': {
      const { type, stunCode } = event;
      return { type, data: { relayNodeId, stunCode, ...causeOfRefusal(event) } };
    }
    case 'limit.reached': {
      const { type, allocationId, counterId, outcome, grant } = event;
      const limit = grant.limits.find((held) => held.counterId === counterId);
      if (limit === undefined) return undefined;
      return { type, data: { allocationId, limit: causeOfLimit(limit).code, max: limit.max, outcome } };
    }
    case 'allocation.ended': {
      const { type, allocationId, totals, atMs, startedAtMs } = event;
      const { code: reason, detail } = endedBy ?? causeOfEnd(event);
      const { bytesIn, bytesOut } = totals;
      const lastedMs = Math.max(0, Math.floor(atMs) - Math.floor(startedAtMs));
      return {
        type,
        data: { allocationId, reason, detail: detail.slice(0, 500), bytesIn, bytesOut, lastedMs },
      };
    }
    case 'allocation.changed': {
      const { type, allocationId, modality, previousModality, segment } = event;
      return { type, data: { allocationId, modality, previousModality, segment } };
    }
    case 'media.undeclared': {
      const { type, allocationId, declared, observed } = event;
      return { type, data: { allocationId, declared, observed } };
    }
    case 'media.started':
      return undefined;
  }
}
