import { platformError, type ServiceError } from '@patchbay/kit/errors';
import { callerIdOf, type Repeatable } from './idempotency.ts';
import type { IdempotentRequest, Platform, Principal } from './platform.ts';

export interface OnceCall {
  readonly repeatable?: Repeatable | undefined;
  readonly principal: Principal;
  readonly accountId: string | undefined;
  readonly responseHeaders: Headers;
}

/** Nothing of a request stays that a repeat took over. */
export const takenOver = (): ServiceError =>
  platformError('request.in_progress', 'This took so long that a repeat has begun anew.');

/**
 * One effect for each key: a repeat gets the first answer; a refusal or failure is not kept. Whoever calls this has found
 * that the caller may ask: a repeat is a request like any other, and gets an answer only where a first one would.
 * @param work Does the change, and calls `kept` with its answer in the transaction of the change.
 */
export async function answerOnce<Answer>(
  { idempotency }: Platform,
  { repeatable, principal, accountId, responseHeaders }: OnceCall,
  work: (kept: (answer: Answer) => Promise<void>) => Promise<Answer>,
): Promise<Answer> {
  if (repeatable === undefined) return work(async () => {});
  const { key } = repeatable;
  const begun = await idempotency.begin(entryOf(repeatable, principal, accountId));
  switch (begun.kind) {
    case 'replay':
      responseHeaders.set('idempotent-replayed', 'true');
      return JSON.parse(begun.answer.body) as Answer;
    case 'mismatch':
      throw platformError(
        'request.idempotency_mismatch',
        `Idempotency-Key ${key} came with another request before.`,
      );
    case 'in_progress':
      throw platformError(
        'request.in_progress',
        'The first request with this key has not been answered yet.',
      );
    case 'fresh':
      try {
        return await work(async (answer) => {
          if (await idempotency.complete(begun.claim, { status: 200, body: JSON.stringify(answer) })) return;
          throw takenOver();
        });
      } catch (error) {
        await idempotency.abandon(begun.claim);
        throw error;
      }
  }
}

/**
 * Strangers have nothing that tells one from another, so that theirs is found by all that was sent: only who sends the same
 * again, a new account's password among it, gets the same answer.
 */
function entryOf(
  { key, route, fingerprint }: Repeatable,
  principal: Principal,
  accountId: string | undefined,
): IdempotentRequest {
  const { actor } = principal;
  const callerId = callerIdOf(principal);
  return {
    callerId: actor.kind === 'stranger' ? `${callerId} ${fingerprint}` : callerId,
    accountId: accountId ?? (actor.kind === 'key' ? actor.accountId : undefined),
    route,
    key,
    fingerprint,
  };
}
