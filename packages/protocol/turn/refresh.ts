import { attributeType } from '../stun/attribute-type.ts';
import type { Action } from './action.ts';
import { decodeAddressFamily } from './address-family.ts';
import { badRequest } from './allocate.ts';
import type { Allocation } from './allocation.ts';
import { end, giveUpFamily, remainingSeconds, wakeFor } from './lifecycle.ts';
import { decodeLifetime, encodeLifetime, grantedLifetimeSeconds } from './lifetime.ts';
import { familyMismatch } from './peers.ts';
import { attributeOf, refuse, type SignedRequest, succeed } from './reply.ts';
import type { TurnState } from './state.ts';

/** RFC 8656 §8.2: a new lifetime, or the end, of the relayed address of the family that is named, or of all there are. */
export function refresh(state: TurnState, request: SignedRequest, allocation: Allocation): Action[] {
  const family = attributeOf(request, attributeType.requestedAddressFamily)?.value;
  const wish = attributeOf(request, attributeType.lifetime)?.value;
  const wishedSeconds = wish === undefined ? undefined : decodeLifetime(wish);
  if (wish !== undefined && wishedSeconds === undefined) return [refuse(state, request, badRequest)];
  const named = family === undefined ? undefined : decodeAddressFamily(family);
  if (family !== undefined && named === undefined) return [refuse(state, request, badRequest)];
  const meant = [...allocation.relayed].filter(([held]) => named === undefined || held === named);
  if (meant.length === 0) return [refuse(state, request, familyMismatch)];
  const { nowMs } = request;
  const succeedWith = (seconds: number) =>
    succeed(state, request, [{ type: attributeType.lifetime, value: encodeLifetime(seconds) }]);
  const granted = grantedLifetimeSeconds(wishedSeconds);
  if (granted === 0 && meant.length === allocation.relayed.size) {
    const detail = 'The client ended the allocation.';
    return [end(state, allocation, { reason: 'released', detail, nowMs }), succeedWith(0)];
  }
  if (granted === 0)
    return [...meant.map(([given]) => giveUpFamily(state, allocation, given)), succeedWith(0)];
  const expiresMs = nowMs + granted * 1000;
  for (const [, relayed] of meant) relayed.expiresMs = expiresMs;
  wakeFor(state, allocation, nowMs);
  return [succeedWith(remainingSeconds(state, allocation, { expiresMs, nowMs }))];
}
