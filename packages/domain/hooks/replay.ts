import type { PlatformEvent } from './platform-event.ts';
import { isSubscribed, type Subscription, testEventType } from './subscription.ts';

/** Those of these events that a replay sends: what the webhook hears of as it is set now, and no tries of it. */
export const replayedOf = <
  Event extends Pick<PlatformEvent, 'accountId' | 'type' | 'applicationId' | 'endpoints' | 'data'>,
>(
  events: readonly Event[],
  webhook: Subscription,
): readonly Event[] => events.filter((event) => event.type !== testEventType && isSubscribed(webhook, event));
