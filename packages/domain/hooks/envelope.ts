import type { PlatformEvent } from './platform-event.ts';

/** An event that has its place. */
export interface PlacedPlatformEvent extends PlatformEvent {
  readonly position: bigint;
}

/** An event as accounts read it: the body of a webhook, and an item of the list of events. */
export const toEnvelope = (event: PlacedPlatformEvent) => ({
  id: event.id as string,
  type: event.type,
  timestamp: new Date(event.atMs).toISOString(),
  cursor: cursorOf(event.position),
  accountId: event.accountId,
  ...(event.applicationId === undefined ? {} : { applicationId: event.applicationId }),
  ...(event.sessionId === undefined ? {} : { sessionId: event.sessionId }),
  ...(event.sessionSequence === undefined ? {} : { sessionSequence: event.sessionSequence }),
  data: event.data,
});

/** The bytes that are signed and sent, the same at each attempt: what an event says never changes. */
export const bodyOf = (event: PlacedPlatformEvent): string => JSON.stringify(toEnvelope(event));

/** Of several events, each as it would be alone. A webhook that asks for batches gets its one event in this shape, too. */
export const batchBodyOf = (events: readonly PlacedPlatformEvent[]): string =>
  JSON.stringify({ events: events.map(toEnvelope) });

export const cursorOf = (position: bigint): string => String(position);
/** What {@link positionOf} reads. */
export const cursorPattern = /^\d{1,18}$/;
export const positionOf = (cursor: string): bigint => BigInt(cursor);
