import { attributeType } from '../stun/attribute-type.ts';
import { transportAddressKey } from '../stun/transport-address.ts';
import { encodeXorAddress } from '../stun/xor-address.ts';
import type { Action } from './action.ts';
import { encodeAddressErrorCode, familyOf } from './address-family.ts';
import { causeOf, noCapacity, openRelay, type Refusal, refusalOfFamily } from './allocate.ts';
import type { Allocation, PendingAllocate } from './allocation.ts';
import type { OpenedRelay } from './data-path.ts';
import { flowLimitsOf, leave, remainingSeconds, wakeFor } from './lifecycle.ts';
import { encodeLifetime, grantedLifetimeSeconds } from './lifetime.ts';
import { type AttributeDraft, clientKeyOf, refuse, type SignedRequest, succeed } from './reply.ts';
import { reservationKey, reservationMs } from './reservation.ts';
import { type TurnState, wakeBy } from './state.ts';

/** The request that a pending allocation has still to answer. */
function waitingRequest(allocation: Allocation, nowMs: number): SignedRequest | undefined {
  const { pending, client } = allocation;
  if (pending === undefined) return undefined;
  const { message, integrity } = pending;
  return { message, integrity, client, clientKey: clientKeyOf(client), nowMs };
}

/** Answers a waiting Allocate with an error and forgets it. */
function fail(
  state: TurnState,
  allocation: Allocation,
  failure: Refusal & { readonly nowMs: number },
): Action[] {
  const request = waitingRequest(allocation, failure.nowMs);
  if (request === undefined) return [];
  leave(state, allocation, failure);
  const { family, credential, client } = allocation;
  return [
    refuse(state, request, failure),
    {
      type: 'attempted',
      kind: 'relay',
      outcome: 'refused',
      ...causeOf(failure),
      grant: credential.grant,
      client,
      family,
    },
  ];
}

export type UseAnswer =
  /** `reachedCounterId`: a limit that has no use left, and whose outcome is another than the end (ACC-7). */
  | { readonly ok: true; readonly reachedCounterId?: string }
  /** `isSpent`: there is no use left. Otherwise the question could not be answered. */
  | { readonly ok: false; readonly code: number; readonly reason: string; readonly isSpent?: boolean };

/** The platform's answer about one use. The relayed address is opened when all uses are counted. */
export function useCounted(
  state: TurnState,
  allocation: Allocation,
  at: { answer: UseAnswer; nowMs: number },
): Action[] {
  const { pending } = allocation;
  if (pending === undefined || pending.usesToCount === 0) return [];
  const { answer, nowMs } = at;
  if (!answer.ok) {
    const { code, reason: phrase, isSpent } = answer;
    const limit = allocation.limits.find((held) => held.limit.kind === 'uses')?.limit;
    const spent = isSpent === true && limit !== undefined ? { spent: limit } : {};
    return fail(state, allocation, { code, phrase, nowMs, ...spent });
  }
  if (answer.reachedCounterId !== undefined) markReached(allocation, answer.reachedCounterId);
  pending.usesToCount--;
  return pending.usesToCount === 0 ? [openRelay(state, allocation, pending)] : [];
}

/** The outcome holds from the start: what is slowed begins slow. */
function markReached(allocation: Allocation, counterId: string): void {
  const held = allocation.limits.find(({ limit }) => limit.counterId === counterId);
  if (held === undefined) return;
  held.isReached = true;
  if (held.limit.outcome === 'downgrade') allocation.bandwidthClass = 'audio';
}

/** Said once the allocation lives: before there is nothing to speak of. */
const usesReached = ({ id, limits }: Allocation): readonly Action[] =>
  limits
    .filter(({ limit, isReached }) => limit.kind === 'uses' && isReached)
    .map(({ limit: { counterId, kind, outcome } }) => ({
      type: 'limitReached',
      allocationId: id,
      counterId,
      kind,
      outcome,
    }));

/** RFC 8656 §7.2, step 9: why only one family of a dual allocation was had. */
const familyErrors = (
  state: TurnState,
  { relayed, credential: { grant } }: Allocation,
  { families }: PendingAllocate,
): readonly AttributeDraft[] =>
  families
    .filter((family) => !relayed.has(family))
    .map((family) => {
      const error = refusalOfFamily(state, family, grant) ?? noCapacity;
      return { type: attributeType.addressErrorCode, value: encodeAddressErrorCode(family, error) };
    });

/** RFC 8656 §7.2, steps 8 and 9: the allocation lives from now, with the addresses that there were, or there was none. */
export function relayOpened(
  state: TurnState,
  allocation: Allocation,
  at: { readonly opened: OpenedRelay | undefined; readonly nowMs: number },
): Action[] {
  const { opened, nowMs } = at;
  const request = waitingRequest(allocation, nowMs);
  const { pending } = allocation;
  if (request === undefined || pending === undefined) return [];
  if (opened === undefined) return fail(state, allocation, { ...noCapacity, nowMs });
  const { relayed, reservationToken } = opened;
  const expiresMs = nowMs + grantedLifetimeSeconds(pending.wishedLifetimeSeconds || undefined) * 1000;
  for (const address of relayed) {
    allocation.relayed.set(familyOf(address.ip), { address, expiresMs });
    state.relayed.add(transportAddressKey(address));
  }
  allocation.family = familyOf(relayed[0].ip);
  allocation.pending = undefined;
  wakeFor(state, allocation, nowMs);
  const { id, client, family, bandwidthClass } = allocation;
  const { grant } = allocation.credential;
  const { transactionId } = request.message;
  const lifetimeSeconds = remainingSeconds(state, allocation, { expiresMs, nowMs });
  const attributes: AttributeDraft[] = [
    ...relayed.map((address) => ({
      type: attributeType.xorRelayedAddress,
      value: encodeXorAddress(address, transactionId),
    })),
    { type: attributeType.lifetime, value: encodeLifetime(lifetimeSeconds) },
    { type: attributeType.xorMappedAddress, value: encodeXorAddress(client.address, transactionId) },
    ...familyErrors(state, allocation, pending),
  ];
  if (reservationToken !== undefined) {
    const untilMs = nowMs + reservationMs;
    const { username } = allocation.credential;
    const reservation = { token: reservationToken, family, username, untilMs };
    state.reservations.set(reservationKey(reservationToken), reservation);
    wakeBy(state, untilMs);
    attributes.push({ type: attributeType.reservationToken, value: reservationToken });
  }
  return [
    { type: 'limit', allocationId: id, limits: flowLimitsOf(state, allocation) },
    { type: 'allocated', allocationId: id, client, family, relayed, grant, bandwidthClass, atMs: nowMs },
    ...usesReached(allocation),
    { type: 'attempted', kind: 'relay', outcome: 'succeeded', grant, family },
    succeed(state, request, attributes),
  ];
}
