import { ipToText } from '@patchbay/protocol/stun/ip-address';
import { transportAddressToText } from '@patchbay/protocol/stun/transport-address';
import type { Action } from '@patchbay/protocol/turn/action';
import type { FlowTotals } from '@patchbay/protocol/turn/data-path';
import { declaredModalityOf, isDeclared } from './declared-media.ts';
import type { RelayEvent } from './platform.ts';
import type { ModalityChange } from './usage-meter.ts';

type ActionOf<T extends Action['type']> = Extract<Action, { type: T }>;

/** Knows which allocations live, and tells the platform what becomes of them. */
export interface LiveAllocations {
  readonly count: number;
  started(action: ActionOf<'allocated'>): void;
  mediaStarted(action: ActionOf<'mediaStarted'>): void;
  limitReached(action: ActionOf<'limitReached'>): void;
  modalityChanged(change: ModalityChange): void;
  /** Tells of an allocation that never lived, though whoever asked for it has a credential. */
  refused(action: ActionOf<'attempted'>): void;
  ended(action: ActionOf<'ended'>, totals: FlowTotals): void;
  /** Settles when none is left. */
  whenEmpty(): Promise<void>;
}

export function createLiveAllocations(
  reportEvent: (event: RelayEvent) => void,
  nowMs: () => number,
): LiveAllocations {
  const live = new Map<string, ActionOf<'allocated'>>();
  /** Allocations of which it was told that they carry what they did not declare: it is told once. */
  const undeclared = new Set<string>();
  let waiting: (() => void)[] = [];
  /** What all events of an allocation have; nothing for one that has ended already. */
  const headOf = (allocationId: string, atMs: number) => {
    const facts = live.get(allocationId);
    return facts === undefined ? undefined : { atMs, allocationId, grant: facts.grant };
  };
  return {
    get count() {
      return live.size;
    },
    started(action) {
      const { allocationId, client, relayed, family, grant, atMs } = action;
      live.set(allocationId, action);
      const [first, other] = relayed.map(transportAddressToText);
      reportEvent({
        type: 'allocation.started',
        atMs,
        allocationId,
        grant,
        clientIp: ipToText(client.address.ip),
        clientAddress: transportAddressToText(client.address),
        relayedAddress: first ?? '',
        ...(other === undefined ? {} : { relayedAddressOtherFamily: other }),
        addressFamily: family,
      });
    },
    mediaStarted({ allocationId }) {
      const head = headOf(allocationId, nowMs());
      if (head !== undefined) reportEvent({ type: 'media.started', ...head });
    },
    limitReached({ allocationId, counterId, kind, outcome }) {
      const head = headOf(allocationId, nowMs());
      if (head !== undefined) reportEvent({ type: 'limit.reached', ...head, counterId, kind, outcome });
    },
    modalityChanged({ allocationId, modality, previousModality, segment, atMs }) {
      const head = headOf(allocationId, atMs);
      if (head === undefined) return;
      reportEvent({ type: 'allocation.changed', ...head, modality, previousModality, segment });
      if (isDeclared(head.grant, modality) || undeclared.has(allocationId)) return;
      undeclared.add(allocationId);
      const declared = declaredModalityOf(head.grant);
      reportEvent({ type: 'media.undeclared', ...head, declared, observed: modality });
    },
    refused({ kind, outcome, grant, client, code: stunCode, reason = '', spent }) {
      if (kind !== 'relay' || outcome !== 'refused') return;
      if (grant === undefined || client === undefined || stunCode === undefined) return;
      reportEvent({
        type: 'allocation.refused',
        atMs: nowMs(),
        grant,
        clientIp: ipToText(client.address.ip),
        stunCode,
        reason,
        ...(spent === undefined ? {} : { spent }),
      });
    },
    ended({ allocationId, reason, spent, detail, atMs }, totals) {
      const head = headOf(allocationId, atMs);
      const cause = { reason, detail, ...(spent === undefined ? {} : { spent }) };
      const startedAtMs = live.get(allocationId)?.atMs ?? atMs;
      if (head !== undefined)
        reportEvent({ type: 'allocation.ended', ...head, startedAtMs, ...cause, totals });
      live.delete(allocationId);
      undeclared.delete(allocationId);
      if (live.size > 0) return;
      for (const tell of waiting) tell();
      waiting = [];
    },
    whenEmpty: () =>
      live.size === 0 ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve)),
  };
}
