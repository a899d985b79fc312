import type { CallPorts } from './call-ports.ts';
import { EndedSessions, ownerOfLine, targetLegsOf } from './ended-sessions.ts';
import type { RelayLineNotice } from './platform.ts';
import { legsOf, type Session } from './session.ts';
import { nextEvent } from './session-log.ts';

/** Lines that a relay has for the log of a session, and the sessions that they may still come for. */
export class RelayLines {
  readonly #ports: Pick<CallPorts, 'changed' | 'send' | 'appendSessionEvent'>;
  readonly #ended = new EndedSessions();

  constructor(ports: Pick<CallPorts, 'changed' | 'send' | 'appendSessionEvent'>) {
    this.#ports = ports;
  }

  /** Of a session that ends now. */
  keep(session: Session, nowMs: number): void {
    this.#ended.keep(session, nowMs);
  }

  sweep(nowMs: number): void {
    this.#ended.sweep(nowMs);
  }

  /**
   * A line of a relay, for a session that runs or ended just now. Its bytes a relay counts alone; time and uses signaling
   * counts itself, and has said what it says.
   */
  take(
    { sessionId, line, ...of }: RelayLineNotice,
    session: Session | undefined,
    nowMs: number,
  ): 'logged' | 'dropped' {
    const target = session ?? this.#ended.find(sessionId);
    const legs = session === undefined ? this.#ended.find(sessionId)?.legs : targetLegsOf(session);
    const owner = legs && ownerOfLine(legs, of);
    if (target === undefined || owner === undefined) return 'dropped';
    const { accountId: legAccountId, leg } = owner;
    if (line.type === 'limit.reached') {
      const { limit, max, outcome } = line.data;
      if (!limit.endsWith('_bytes')) return 'dropped';
      // Allocations that count together reach a limit together, and it is reached once.
      const key = `${legAccountId}:${limit}:${max}:${outcome}`;
      if (session?.limitsReached.has(key) === true) return 'dropped';
      session?.limitsReached.add(key).add(relayLimitKey(limit, outcome));
      for (const { client } of session === undefined ? [] : legsOf(session)) {
        if (client.principal.accountId === legAccountId)
          this.#ports.send(client, { type: 'limitReached', sessionId, limit, outcome });
      }
    }
    // Two clocks: a line is neither of a time before its session nor of one to come.
    const atMs = Math.min(nowMs, Math.max(of.atMs, target.createdAtMs));
    if (session !== undefined) this.#ports.changed(session);
    const { type, data } = line;
    const at = leg === undefined ? { legAccountId } : { leg };
    this.#ports.appendSessionEvent(nextEvent(target, atMs, { type, data, ...at }));
    return 'logged';
  }
}

/** Kept beside those that signaling counts: a relay says a limit and then the end that it brings. */
export const relayLimitKey = (limit: string, outcome: string) => `relay:${limit}:${outcome}`;
