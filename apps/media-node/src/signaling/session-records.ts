import type { CallPorts } from './call-ports.ts';
import { connectedUntilMs } from './clients.ts';
import type { SessionEventType } from './platform.ts';
import { type Leg, legsOf, type Session } from './session.ts';
import { countOf, type LogLine, nextEvent, usageRecord } from './session-log.ts';

/** What stays of sessions: the lines of their logs (MET-7), and what each leg used (MET-1). */
export class SessionRecords {
  readonly #ports: Pick<CallPorts, 'region' | 'changed' | 'recordUsage' | 'appendSessionEvent'>;

  constructor(ports: Pick<CallPorts, 'region' | 'changed' | 'recordUsage' | 'appendSessionEvent'>) {
    this.#ports = ports;
  }

  /** Whoever leaves a session leaves the room that they are in. */
  leaveRoom(session: Session, leg: Leg, atMs: number): void {
    const { room } = leg;
    if (room === undefined) return;
    delete leg.room;
    this.log(session, atMs, { type: 'room.left', leg, data: { room, how: 'gone' } });
  }

  log<Type extends SessionEventType>(session: Session, atMs: number, line: LogLine<Type>): void {
    this.#ports.changed(session);
    this.#ports.appendSessionEvent(nextEvent(session, atMs, line));
  }

  /** That there is a session: counted once, for whoever created it. */
  countSession(session: Session, nowMs: number): void {
    const { region } = this.#ports;
    this.#ports.recordUsage(
      usageRecord({ session, leg: session.caller, region, fromMs: nowMs, toMs: nowMs }, [
        { meter: 'sessions', quantity: 1, dimensions: { kind: 'call' } },
      ]),
    );
  }

  /** Records what was used since the last time, up to now. */
  flushUsage(session: Session, nowMs: number): void {
    session.usageSinceMs = nowMs;
    this.#ports.changed(session);
    for (const leg of legsOf(session)) {
      const fromMs = leg.countedToMs;
      const toMs = Math.max(fromMs, connectedUntilMs(leg.client, nowMs));
      leg.countedToMs = toMs;
      const connectedMs =
        session.startedAtMs === undefined ? 0 : Math.max(0, toMs - Math.max(fromMs, session.startedAtMs));
      // Whoever orders it pays for it: to the other party's account it is no charge (LIV-0).
      const isCarried = session.bridge !== undefined && session.mode === 'media' && leg === session.caller;
      const quantities = [
        ...countOf('messages', leg.messageCount),
        ...countOf('connectedMs', connectedMs),
        ...countOf('mediaMs', isCarried ? connectedMs : 0),
      ];
      leg.messageCount = 0;
      if (quantities.length === 0) continue;
      const { region } = this.#ports;
      this.#ports.recordUsage(usageRecord({ session, leg, region, fromMs, toMs }, quantities));
    }
  }
}
