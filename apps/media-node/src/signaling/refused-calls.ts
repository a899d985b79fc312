import type { SignalingRefusalCode as RefusalCode } from '@patchbay/protocol/signaling/codes';
import type { ClientMessageOf, Problem } from '@patchbay/protocol/signaling/messages';
import { Repeats } from '../platform/repeats.ts';
import type { Client } from './clients.ts';
import type { SessionEvent } from './platform.ts';
import { type LoggedLeg, type LoggedSession, nextEvent } from './session-log.ts';

/** One client is recorded with one code once in this time. */
export const refusedWindowMs = 10_000;
export const refusedCountMax = 10_000;
export const refusedPerAccountMax = 100;

interface RefusedCall {
  readonly session: LoggedSession;
  readonly leg: LoggedLeg;
  readonly code: RefusalCode;
}

/**
 * Calls that were refused, each as a session that ended at once: so whoever placed one finds it, and why (MET-7). They
 * stand in the caller's account and name what the caller named, so nobody else learns of them, nor the caller of anybody.
 */
export class RefusedCalls {
  readonly #ports: {
    newId(prefix: 'ses' | 'leg'): string;
    appendSessionEvent(event: SessionEvent): void;
  };
  readonly #repeats = new Repeats<RefusedCall>({
    windowMs: refusedWindowMs,
    countMax: refusedCountMax,
    countPerOwnerMax: refusedPerAccountMax,
  });

  constructor(ports: {
    newId(prefix: 'ses' | 'leg'): string;
    appendSessionEvent(event: SessionEvent): void;
  }) {
    this.#ports = ports;
  }

  record(
    client: Client,
    frame: ClientMessageOf<'call'>,
    at: { readonly code: RefusalCode; readonly problem: Problem; readonly nowMs: number },
  ): void {
    const { accountId, identity } = client.principal;
    const { code, nowMs } = at;
    // By identity, which outlives a connection: who comes again and again is one client.
    const key = `${accountId}\n${identity}\n${code}`;
    this.#repeats.note(key, accountId, { nowMs, first: () => this.#begin(client, frame, at) });
  }

  tick(nowMs: number): void {
    this.#tell(nowMs, this.#repeats.over(nowMs));
  }

  /** The node goes: what came again until now is said now. */
  stop(nowMs: number): void {
    this.#tell(nowMs, this.#repeats.over(Number.POSITIVE_INFINITY));
  }

  #tell(nowMs: number, over: ReturnType<Repeats<RefusedCall>['over']>): void {
    for (const { kept, repeatCount } of over) {
      const { session, leg, code } = kept;
      const data = { code, repeatCount };
      this.#ports.appendSessionEvent(nextEvent(session, nowMs, { type: 'refusal.repeated', leg, data }));
    }
  }

  #begin(
    { principal }: Client,
    { to, media, mode = 'auto' }: ClientMessageOf<'call'>,
    {
      code,
      problem,
      nowMs,
    }: { readonly code: RefusalCode; readonly problem: Problem; readonly nowMs: number },
  ): RefusedCall {
    const { identity } = principal;
    const leg: LoggedLeg = { legId: this.#ports.newId('leg'), client: { principal } };
    const session: LoggedSession = { sessionId: this.#ports.newId('ses'), logSequence: 0, caller: leg };
    const reason = { code, detail: problem.detail ?? problem.title, helpUrl: problem.type };
    const lines = [
      nextEvent(session, nowMs, { type: 'session.created', leg, data: { to, media, mode, identity } }),
      nextEvent(session, nowMs, { type: 'leg.left', leg, data: { reason: code } }),
      nextEvent(session, nowMs, { type: 'session.ended', data: { reason, connectedMs: 0 } }),
    ];
    for (const line of lines) this.#ports.appendSessionEvent(line);
    return { session, leg, code };
  }
}
