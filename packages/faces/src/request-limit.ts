import { platformError, ServiceError } from '@patchbay/kit/errors';
import type { CountedFor, LimitedRequest, Platform, Principal } from './platform.ts';

interface Limited extends LimitedRequest {
  readonly principal: Principal;
  /** Where rate-limit headers go. */
  readonly responseHeaders: Headers;
}

/**
 * Counts a request, says in its answer how its caller stands with the limit that is nearest to its end, and refuses it if it
 * is one too many.
 */
export async function limit(
  platform: Pick<Platform, 'rateLimit'>,
  { principal, responseHeaders, ...request }: Limited,
): Promise<void> {
  const { address, isRead, isFromOutside = false } = request;
  const rate = await platform.rateLimit(principal, { address, isRead, isFromOutside });
  const seconds = (ms: number) => Math.ceil(ms / 1_000);
  responseHeaders.set('ratelimit-limit', String(rate.limit));
  responseHeaders.set('ratelimit-remaining', String(rate.remaining));
  responseHeaders.set('ratelimit-reset', String(seconds(rate.resetMs)));
  responseHeaders.set('ratelimit-policy', `${rate.limit};w=${seconds(rate.windowMs)}`);
  if (!rate.isExceeded) return;
  const refused = platformError(
    'limit.exceeded',
    `${whoseText(rate.countedFor)}: at most ${rate.limit} request${rate.limit === 1 ? '' : 's'} at once, and ${evenRateText(rate.perMinuteMax)} after that.`,
  );
  throw new ServiceError({
    ...refused.fields,
    rule: 'requests',
    level: levelOf(rate.countedFor),
    retryAfterMs: rate.retryAfterMs,
  });
}

/** How many more are let through once the burst is used up, in the unit in which it is a whole number. */
const evenRateText = (perMinuteMax: number): string =>
  perMinuteMax % SECONDS_PER_MINUTE === 0
    ? `${perMinuteMax / SECONDS_PER_MINUTE} a second`
    : `${perMinuteMax} a minute`;

const SECONDS_PER_MINUTE = 60;

function whoseText(countedFor: CountedFor): string {
  switch (countedFor.kind) {
    case 'key':
      return 'This key';
    case 'credential':
      return 'This credential';
    case 'user':
      return 'One user';
    case 'address':
      return 'One network';
    case 'keys':
      return 'All keys of this account together';
    case 'credentials':
      return 'All credentials of this account together';
    case 'callbacks':
      return 'All callbacks of this account together';
    case 'tree':
      return 'This account with all below it';
    case 'treeAbove':
      return 'An account above with all below it';
  }
}

/** What is counted, by its id or, of what the caller may not see, its kind alone (C1). */
function levelOf(countedFor: CountedFor): string {
  switch (countedFor.kind) {
    case 'key':
      return countedFor.keyId;
    case 'keys':
    case 'credentials':
    case 'callbacks':
    case 'tree':
      return countedFor.accountId;
    case 'treeAbove':
      return 'account';
    case 'credential':
    case 'user':
    case 'address':
      return countedFor.kind;
  }
}
