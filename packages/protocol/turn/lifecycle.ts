import { ipToText } from '../stun/ip-address.ts';
import { transportAddressKey } from '../stun/transport-address.ts';
import type { Action, EndReason, SpentLimit } from './action.ts';
import type { AddressFamily } from './address-family.ts';
import type { Allocation, Permission } from './allocation.ts';
import type { BitRate, FlowLimits } from './data-path.ts';
import { type Grant, type GrantedRate, type GrantedTerms, holdersOf, type LimitOutcome } from './grant.ts';
import { type TurnState, wakeBy } from './state.ts';

/** How long a client can learn why its allocation ended. */
const endingKeepMs = 60_000;
const endingCountMax = 10_000;
/** Without a burst of its own, a bit rate passes a quarter of a second at once, and one large datagram at least. */
const burstSecondsDefault = 0.25;
const burstBytesMin = 1_500;

/** Takes a new allocation into the tables. */
export function enter(state: TurnState, allocation: Allocation, nowMs: number): void {
  state.byId.set(allocation.id, allocation);
  state.byClient.set(allocation.clientKey, allocation);
  for (const holder of Object.values(holdersOf(allocation.credential.grant)))
    state.countByHolder.set(holder, (state.countByHolder.get(holder) ?? 0) + 1);
  for (const { limit, counterKey } of allocation.limits) {
    if (limit.kind !== 'seconds') continue;
    state.times.join(counterKey, allocation.sessionKey, { usedMs: limit.used * 1000, nowMs });
  }
}

/** Takes an allocation out of the tables, whether it lived or failed: neither uses quota any more (T9). */
export function leave(
  state: TurnState,
  allocation: Allocation,
  at: { readonly nowMs: number; readonly isReleased?: boolean },
): void {
  const { nowMs, isReleased = false } = at;
  state.byId.delete(allocation.id);
  state.byClient.delete(allocation.clientKey);
  for (const { address } of allocation.relayed.values()) state.relayed.delete(transportAddressKey(address));
  for (const holder of Object.values(holdersOf(allocation.credential.grant))) {
    const left = (state.countByHolder.get(holder) ?? 1) - 1;
    if (left > 0) state.countByHolder.set(holder, left);
    else state.countByHolder.delete(holder);
  }
  for (const { limit, counterKey, keepMs } of allocation.limits) {
    if (limit.kind === 'seconds') state.times.leave(counterKey, allocation.sessionKey, { keepMs, nowMs });
    if (limit.kind === 'uses')
      state.uses.leave(limit.counterId, ipToText(allocation.client.address.ip), { isReleased, nowMs });
  }
}

/** Ends an allocation. What its client asks next is answered with the reason. */
export function end(
  state: TurnState,
  allocation: Allocation,
  why: {
    readonly reason: EndReason;
    readonly detail: string;
    readonly nowMs: number;
    readonly spent?: SpentLimit;
  },
): Action {
  const { reason, detail, nowMs, spent } = why;
  leave(state, allocation, { nowMs, isReleased: reason === 'released' });
  if (reason !== 'released') {
    if (state.endings.size >= endingCountMax) {
      const [oldest] = state.endings.keys();
      if (oldest !== undefined) state.endings.delete(oldest);
    }
    state.endings.set(allocation.clientKey, { phrase: detail, untilMs: nowMs + endingKeepMs });
  }
  const allocationId = allocation.id;
  return allocation.pending === undefined
    ? { type: 'ended', allocationId, reason, detail, atMs: nowMs, ...(spent === undefined ? {} : { spent }) }
    : { type: 'closeRelay', allocationId };
}

/**
 * Gives up one relayed address of a dual allocation, with its permissions and channels. Those of the other family, and
 * what the allocation has used of its limits, stay as they are (RFC 8656 §8.1).
 */
export function giveUpFamily(state: TurnState, allocation: Allocation, family: AddressFamily): Action {
  const { id, relayed, permissions, channels, channelsByPeer } = allocation;
  const given = relayed.get(family);
  if (given !== undefined) state.relayed.delete(transportAddressKey(given.address));
  relayed.delete(family);
  for (const table of [permissions, channels, channelsByPeer] as readonly Map<unknown, Permission>[])
    for (const [key, held] of table) if (held.family === family) table.delete(key);
  return { type: 'closeFamily', allocationId: id, family };
}

/** What the data path is to enforce: the byte limits, and the tightest bit rate that applies by now. */
export function flowLimitsOf(state: TurnState, allocation: Allocation): FlowLimits {
  const { grant } = allocation.credential;
  const byteLimits = allocation.limits
    .filter(({ limit }) => limit.kind === 'bytes')
    .map(({ limit, counterKey, keepMs }) => ({
      counterKey,
      bytesMax: limit.max,
      bytesUsed: limit.used,
      outcome: limit.outcome,
      keepMs,
    }));
  const rates = allocation.limits
    .filter(({ isReached }) => isReached)
    .map(({ limit }) => rateAfter(state, limit.outcome))
    .concat(grant.bitRateBitsPerSecond ?? Number.POSITIVE_INFINITY);
  const bitsPerSecond = Math.min(...rates);
  if (bitsPerSecond === Number.POSITIVE_INFINITY) return { byteLimits };
  const isOwnRate = bitsPerSecond === grant.bitRateBitsPerSecond;
  const burstBytes = Math.max(
    burstBytesMin,
    (isOwnRate ? grant.burstBytes : undefined) ?? Math.ceil((bitsPerSecond / 8) * burstSecondsDefault),
  );
  const bitRate: BitRate = { bitsPerSecond, burstBytes };
  return { byteLimits, bitRate };
}

/** Gives an allocation another rate while it lives. One that is not open yet begins with it. */
export function reshape(
  state: TurnState,
  allocation: Allocation,
  {
    rate,
    terms,
    nowMs,
  }: { readonly rate: GrantedRate; readonly terms?: GrantedTerms; readonly nowMs: number },
): readonly Action[] {
  const { bitRateBitsPerSecond: _rate, burstBytes: _burst, ...grant } = allocation.credential.grant;
  allocation.credential = { ...allocation.credential, grant: { ...withTerms(grant, terms), ...rate } };
  if (terms !== undefined) limitSeconds(allocation, terms);
  wakeFor(state, allocation, nowMs);
  if (allocation.pending !== undefined) return [];
  return [{ type: 'limit', allocationId: allocation.id, limits: flowLimitsOf(state, allocation) }];
}

function withTerms(grant: Grant, terms: GrantedTerms | undefined): Grant {
  if (terms === undefined) return grant;
  const {
    endsAtMs: _endsAt,
    endsBy: _endsBy,
    sourceRules: _rules,
    withheldFamilies: _families,
    ...rest
  } = grant;
  const { sessionSecondsMax: _seconds, ...granted } = terms;
  return { ...rest, ...granted };
}

/**
 * Takes from an allocation what policies by now withhold: its relayed address of a family, or where it has no other, all of it
 * (POL-5). One that is not open yet asks for it anew.
 */
export function withhold(
  state: TurnState,
  allocation: Allocation,
  { withheldFamilies = {}, nowMs }: Pick<GrantedTerms, 'withheldFamilies'> & { readonly nowMs: number },
): { readonly isOver: boolean; readonly actions: readonly Action[] } {
  const { pending, relayed } = allocation;
  const held = pending?.families ?? [...relayed.keys()];
  const lost = held.filter((family) => withheldFamilies[family] !== undefined);
  const [first] = lost;
  if (first === undefined) return { isOver: false, actions: [] };
  if (pending === undefined && lost.length < held.length)
    return { isOver: false, actions: lost.map((family) => giveUpFamily(state, allocation, family)) };
  const detail = withheldFamilies[first] ?? '';
  return { isOver: true, actions: [end(state, allocation, { reason: 'policy-refused', detail, nowMs })] };
}

/** The session's time has been counted since it began: one that is older than it may be by now ends at once (POL-5). */
function limitSeconds(
  allocation: Allocation,
  { sessionSecondsMax = Number.POSITIVE_INFINITY }: GrantedTerms,
): void {
  for (const held of allocation.limits)
    if (held.limit.isOfPolicy === true) held.limit = { ...held.limit, max: sessionSecondsMax };
}

function rateAfter({ bounds }: TurnState, outcome: LimitOutcome): number {
  if (outcome === 'throttle') return bounds.throttledBitsPerSecond;
  return outcome === 'downgrade' ? bounds.downgradedBitsPerSecond : Number.POSITIVE_INFINITY;
}

/** Carries out what a reached limit says, for one allocation that holds it (ACC-7). */
export function reachLimits(
  state: TurnState,
  allocation: Allocation,
  at: { counterKey: string; nowMs: number },
): Action[] {
  const actions: Action[] = [];
  const allocationId = allocation.id;
  for (const held of allocation.limits) {
    if (held.counterKey !== at.counterKey || held.isReached) continue;
    held.isReached = true;
    const { counterId, kind, outcome } = held.limit;
    actions.push({ type: 'limitReached', allocationId, counterId, kind, outcome });
    if (outcome === 'end' && kind !== 'uses') {
      const detail = `The limit of ${held.limit.max} ${kind} is reached.`;
      const { counts, max } = held.limit;
      const spent = { kind, counts, max };
      actions.push(end(state, allocation, { reason: `limit-${kind}`, detail, nowMs: at.nowMs, spent }));
      return actions;
    }
    if (outcome === 'throttle' || outcome === 'downgrade') {
      actions.push({ type: 'limit', allocationId, limits: flowLimitsOf(state, allocation) });
    }
    if (outcome === 'downgrade' && allocation.bandwidthClass !== 'audio') {
      allocation.bandwidthClass = 'audio';
      actions.push({ type: 'classChanged', allocationId, bandwidthClass: 'audio', atMs: at.nowMs });
    }
  }
  return actions;
}

/** When something happens to the allocation by time alone. */
export function deadlineOf(state: TurnState, allocation: Allocation, nowMs: number): number {
  if (allocation.pending !== undefined) return allocation.pending.giveUpMs;
  let deadlineMs = Math.min(
    ...[...allocation.relayed.values()].map(({ expiresMs }) => expiresMs),
    allocation.credential.grant.endsAtMs ?? Number.POSITIVE_INFINITY,
  );
  for (const { limit, counterKey, isReached } of allocation.limits) {
    if (limit.kind !== 'seconds' || isReached) continue;
    deadlineMs = Math.min(deadlineMs, state.times.reachesAtMs(counterKey, limit.max * 1000, nowMs));
  }
  return deadlineMs;
}

/** RFC 8656 §7.2: seconds to tell the client of a relayed address, cut to what credential and time limits leave. */
export function remainingSeconds(
  state: TurnState,
  allocation: Allocation,
  { expiresMs, nowMs }: { readonly expiresMs: number; readonly nowMs: number },
): number {
  let endMs = Math.min(expiresMs, allocation.credential.grant.endsAtMs ?? Number.POSITIVE_INFINITY);
  for (const { limit, counterKey } of allocation.limits) {
    if (limit.kind !== 'seconds' || limit.outcome !== 'end') continue;
    endMs = Math.min(endMs, state.times.reachesAtMs(counterKey, limit.max * 1000, nowMs));
  }
  return Math.max(1, Math.ceil((endMs - nowMs) / 1000));
}

const credentialEnded = { reason: 'credential-ended', detail: 'The credential has ended.' } as const;

/** Ends or changes the allocation if its time has come. */
export function expire(state: TurnState, allocation: Allocation, nowMs: number): Action[] {
  const { grant } = allocation.credential;
  if (allocation.pending !== undefined) {
    // The platform or the socket never answered: the client's retransmissions ended long ago.
    if (allocation.pending.giveUpMs > nowMs) return [];
    leave(state, allocation, { nowMs });
    return [{ type: 'closeRelay', allocationId: allocation.id }];
  }
  if (grant.endsAtMs !== undefined && grant.endsAtMs <= nowMs) {
    return [end(state, allocation, { ...(grant.endsBy ?? credentialEnded), nowMs })];
  }
  const actions: Action[] = [];
  for (const { limit, counterKey, isReached } of allocation.limits) {
    if (limit.kind !== 'seconds' || isReached) continue;
    if (state.times.usedMs(counterKey, nowMs) < limit.max * 1000) continue;
    actions.push(...reachLimits(state, allocation, { counterKey, nowMs }));
    if (!state.byId.has(allocation.id)) return actions;
  }
  const { relayed } = allocation;
  const expired = [...relayed].filter(([, { expiresMs }]) => expiresMs <= nowMs);
  if (expired.length === relayed.size) {
    actions.push(
      end(state, allocation, { reason: 'expired', detail: 'The allocation was not refreshed.', nowMs }),
    );
  } else for (const [family] of expired) actions.push(giveUpFamily(state, allocation, family));
  return actions;
}

/** Makes sure the core wakes when the allocation's time comes. */
export function wakeFor(state: TurnState, allocation: Allocation, nowMs: number): void {
  wakeBy(state, deadlineOf(state, allocation, nowMs));
}
