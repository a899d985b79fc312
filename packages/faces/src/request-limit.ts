import { platformError, ServiceError } from '@patchbay/kit/errors';
import type { LimitedRequest, Platform, Principal } from './platform.ts';

interface Limited extends LimitedRequest {
  readonly principal: Principal;
  /** Where rate-limit headers go. */
  readonly responseHeaders: Headers;
}

/** Counts a request, says in its answer how its caller stands, and refuses it if it is one too many. */
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
    `At most ${rate.limit} requests at once, and ${rate.perMinuteMax} a minute.`,
  );
  throw new ServiceError({
    ...refused.fields,
    rule: 'requests',
    level: 'platform',
    retryAfterMs: rate.retryAfterMs,
  });
}
