import type { SessionEventReport } from '@patchbay/domain/fleet/internal-api';

/** Lines that may come after the end of their session: they begin none. */
const lateTypes: ReadonlySet<string> = new Set([
  'allocation.started',
  'allocation.refused',
  'allocation.ended',
  'limit.reached',
  'refusal.repeated',
]);

/** What everybody is told whose session ended with the process that held it. */
export interface LostReason {
  readonly code: string;
  readonly detail: string;
  readonly helpUrl: string;
}

interface Unended {
  readonly last: SessionEventReport;
  /** Legs in the session, each with the account that its lines belong to. */
  readonly joined: ReadonlyMap<string, string | undefined>;
  readonly connectedAtMs: number | undefined;
}

/**
 * How the log of each running session goes on if this process is gone a moment from now: the legs leave and the session
 * ends. Kept in the spool beside the lines themselves, so that after a kill the next start reports it and no session
 * stays live for ever (MET-7).
 */
export class UnendedSessions {
  readonly #sessions = new Map<string, Unended>();
  readonly #reason: LostReason;

  constructor(reason: LostReason) {
    this.#reason = reason;
  }

  note(event: SessionEventReport): void {
    const { sessionId, type, legId, legAccountId } = event;
    if (type === 'session.ended') {
      this.#sessions.delete(sessionId);
      return;
    }
    const known = this.#sessions.get(sessionId);
    if (known === undefined && lateTypes.has(type)) return;
    const joined = new Map(known?.joined);
    if (type === 'leg.joined' && legId !== undefined) joined.set(legId, legAccountId);
    if (type === 'leg.left' && legId !== undefined) joined.delete(legId);
    const isConnected = type === 'mode.changed' && event.data.mode !== 'pending';
    const connectedAtMs = known?.connectedAtMs ?? (isConnected ? event.atMs : undefined);
    this.#sessions.set(sessionId, { last: event, joined, connectedAtMs });
  }

  /** The lines that would end each session, as of now, under keys for `Spool.checkpoint`. */
  *closings(nowMs: number): Iterable<readonly [key: string, line: SessionEventReport]> {
    for (const [sessionId, { last, joined, connectedAtMs }] of this.#sessions) {
      const { accountId, applicationId, instanceType, region } = last;
      const base = {
        sessionId,
        accountId,
        region,
        atMs: Math.max(nowMs, last.atMs),
        ...(applicationId === undefined ? {} : { applicationId }),
        ...(instanceType === undefined ? {} : { instanceType }),
      };
      let { sequence } = last;
      for (const [legId, legAccountId] of joined) {
        sequence += 1;
        const leg = { legId, ...(legAccountId === undefined ? {} : { legAccountId }) };
        const line = { ...base, ...leg, sequence, type: 'leg.left', data: { reason: this.#reason.code } };
        yield [`${sessionId} ${sequence}`, line];
      }
      sequence += 1;
      const reason = { ...this.#reason };
      const connectedMs = connectedAtMs === undefined ? 0 : base.atMs - connectedAtMs;
      yield [
        `${sessionId} ${sequence}`,
        { ...base, sequence, type: 'session.ended', data: { reason, connectedMs } },
      ];
    }
  }
}
