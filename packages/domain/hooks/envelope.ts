import { z } from 'zod';
import type { PlatformEvent } from './platform-event.ts';

/** An event that has its place. */
export interface PlacedPlatformEvent extends PlatformEvent {
  readonly position: bigint;
}

/**
 * How a place in the log is told. It counts the events of all tenants, so only we read it (C20): whoever keeps a cursor goes on
 * from it, and learns nothing of how much happened in between.
 */
export interface EventCursors {
  seal(position: bigint): string;
  /** Undefined for what we did not seal. */
  open(cursor: string): bigint | undefined;
}

type Sealing = Pick<EventCursors, 'seal'>;

/** An event as accounts read it: the body of a webhook, and an item of the list of events. */
export const toEnvelope = (event: PlacedPlatformEvent, cursors: Sealing) => ({
  id: event.id as string,
  type: event.type,
  timestamp: new Date(event.atMs).toISOString(),
  cursor: cursorOf(event.position, cursors),
  accountId: event.accountId,
  ...(event.applicationId === undefined ? {} : { applicationId: event.applicationId }),
  ...(event.instanceType === undefined ? {} : { instanceType: event.instanceType }),
  ...(event.sessionId === undefined ? {} : { sessionId: event.sessionId }),
  ...(event.sessionSequence === undefined ? {} : { sessionSequence: event.sessionSequence }),
  data: event.data,
});

/** The bytes that are signed and sent, the same at each attempt: what an event says never changes. */
export const bodyOf = (event: PlacedPlatformEvent, cursors: Sealing): string =>
  JSON.stringify(toEnvelope(event, cursors));

/** Of several events, each as it would be alone. A webhook that asks for batches gets its one event in this shape, too. */
export const batchBodyOf = (events: readonly PlacedPlatformEvent[], cursors: Sealing): string =>
  JSON.stringify({ events: events.map((event) => toEnvelope(event, cursors)) });

/** Before the first event: anybody may begin there. */
const BEGINNING = '0';

export const cursorOf = (position: bigint, cursors: Sealing): string =>
  position === 0n ? BEGINNING : cursors.seal(position);

/** What {@link positionOf} reads: sealed, or, for one release more, the bare number that cursors were before. */
export const eventCursorSchema = z.string().regex(/^(\d{1,18}|[\w-]{22})$/, 'It is no cursor of an event.');

const bare = /^\d{1,18}$/;
export const isBareCursor = (cursor: string): boolean => cursor !== BEGINNING && bare.test(cursor);

export const positionOf = (cursor: string, cursors: EventCursors): bigint | undefined =>
  bare.test(cursor) ? BigInt(cursor) : cursors.open(cursor);
