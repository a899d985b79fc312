import { createId, type Id } from '@patchbay/kit/ids';
import { declaredEventOf } from '../sessions/declared-events.ts';
import type { SessionEvent, SessionKind } from '../sessions/session-log.ts';

/** What happened, as an account is told of it: by webhook, by replay, in the dashboard (HKS-2). */
export interface PlatformEvent {
  readonly id: Id<'evt'>;
  /** As in `signaling.session.ended`: the service or domain that declares it, and the event. */
  readonly type: string;
  readonly accountId: string;
  /** When it happened, not when it was heard of. Milliseconds since 1970. */
  readonly atMs: number;
  readonly applicationId?: string | undefined;
  /** Of the application. */
  readonly instanceType?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Of the line of the session's log that says it. Events of one session are told in this order. */
  readonly sessionSequence?: number | undefined;
  /** The endpoints that it is about, by their identifiers, as far as its session knows them when it is told of. */
  readonly endpoints?: readonly string[] | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** Services that it came through, where it is read to be given to one more. Default 0. */
  readonly hopCount?: number | undefined;
}

/**
 * The event that a line of a session's log is, if it is one. Call it once for each line that is new: the id is made here.
 * The log that a relay keeps of a client without a call is told by its allocations alone: nobody made a session there.
 */
export function eventOfLine(line: SessionEvent, kind: SessionKind): PlatformEvent | undefined {
  const declared = declaredEventOf(line);
  if (declared === undefined) return undefined;
  const { service, name, accountId, atMs, payload } = declared;
  if (kind === 'relay' && service === 'signaling') return undefined;
  return {
    id: createId('evt', atMs),
    type: `${service}.${name}`,
    accountId,
    atMs,
    // The application is the session's owner's, and nobody else's to know (LIV-0).
    ...(accountId === line.accountId
      ? { applicationId: line.applicationId, instanceType: line.instanceType }
      : {}),
    sessionId: line.sessionId,
    sessionSequence: line.sequence,
    data: payload,
  };
}

/** The event that a handler tells of while it changes something. */
export const eventOfHandler = ({
  atMs,
  ...event
}: {
  readonly accountId: string;
  readonly type: string;
  readonly data: unknown;
  readonly atMs: number;
}): PlatformEvent => ({
  ...event,
  id: createId('evt', atMs),
  atMs,
  data: (event.data ?? {}) as PlatformEvent['data'],
});
