import type { SafeResponse } from '../outgoing/safe-request.ts';

/** What became of one attempt. */
export type PushOutcome =
  /** The push service has it. Whether the browser does, it does not say. */
  | { readonly kind: 'accepted' }
  /** Nobody is there any more, and never will be: the subscription or token is to be removed. */
  | { readonly kind: 'gone' }
  /** The same message would be refused again. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No answer is no proof that it was not taken: after `timeout`, `connect_failed` or `response_cut` it may come twice. */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfterMs?: number };

/** What the answer of a push service means, where the service says nothing closer. */
export function outcomeOf({ status, error, retryAfterMs }: SafeResponse): PushOutcome {
  if (status === undefined) {
    const reason = error ?? 'connect_failed';
    return { kind: reason === 'address_forbidden' ? 'refused' : 'later', reason };
  }
  // The status is what counts: an answer that was cut off behind it says nothing else.
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 404 || status === 410) return { kind: 'gone' };
  const reason = `status_${status}`;
  if (status !== 408 && status !== 429 && status < 500) return { kind: 'refused', reason };
  return { kind: 'later', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
