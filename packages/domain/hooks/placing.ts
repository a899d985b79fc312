import type { PlatformEvent } from './platform-event.ts';
import { isSubscribed, type Subscription } from './subscription.ts';

/** An event, and the webhooks that are told of it. */
export interface PlacedEvent {
  readonly eventId: string;
  readonly webhookIds: readonly string[];
}

/**
 * The order in which events that arrived get their positions, and who is told of each. They stay in the order of their
 * arrival, but those of one session change places among themselves: each comes after those that the session's log has
 * before it (HKS-2).
 * @param above webhooks of an account and of those above it.
 */
export function placed(
  arrived: readonly PlatformEvent[],
  above: (accountId: string) => readonly Subscription[],
): readonly PlacedEvent[] {
  const bySession = new Map(
    [...Map.groupBy(arrived, ({ sessionId }) => sessionId)].map(([sessionId, events]) => [
      sessionId,
      events.toSorted((left, right) => (left.sessionSequence ?? 0) - (right.sessionSequence ?? 0)).values(),
    ]),
  );
  const ordered = arrived.map((event) =>
    event.sessionId === undefined ? event : (bySession.get(event.sessionId)?.next().value ?? event),
  );
  return ordered.map((event) => ({
    eventId: event.id,
    webhookIds: above(event.accountId)
      .filter((subscription) => isSubscribed(subscription, event))
      .map(({ webhookId }) => webhookId),
  }));
}
