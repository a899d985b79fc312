import { attributeType } from '../stun/attribute-type.ts';
import type { Action } from './action.ts';
import { decodeAddressFamily } from './address-family.ts';
import { badRequest } from './allocate.ts';
import type { Allocation } from './allocation.ts';
import { end, remainingSeconds, wakeFor } from './lifecycle.ts';
import { decodeLifetime, encodeLifetime, grantedLifetimeSeconds } from './lifetime.ts';
import { attributeOf, refuse, type SignedRequest, succeed } from './reply.ts';
import type { TurnState } from './state.ts';

/** RFC 8656 §7.3: a new lifetime, or the end. */
export function refresh(state: TurnState, request: SignedRequest, allocation: Allocation): Action[] {
  const family = attributeOf(request, attributeType.requestedAddressFamily)?.value;
  const wish = attributeOf(request, attributeType.lifetime)?.value;
  const wishedSeconds = wish === undefined ? undefined : decodeLifetime(wish);
  if (wish !== undefined && wishedSeconds === undefined) return [refuse(state, request, badRequest)];
  if (family !== undefined && decodeAddressFamily(family) !== allocation.family) {
    return [refuse(state, request, { code: 443, phrase: 'Peer Address Family Mismatch' })];
  }
  const { nowMs } = request;
  const granted = grantedLifetimeSeconds(wishedSeconds);
  if (granted === 0) {
    const ended = end(state, allocation, {
      reason: 'released',
      detail: 'The client ended the allocation.',
      nowMs,
    });
    return [ended, succeed(state, request, [{ type: attributeType.lifetime, value: encodeLifetime(0) }])];
  }
  allocation.expiresMs = nowMs + granted * 1000;
  wakeFor(state, allocation, nowMs);
  const seconds = remainingSeconds(state, allocation, nowMs);
  return [succeed(state, request, [{ type: attributeType.lifetime, value: encodeLifetime(seconds) }])];
}
