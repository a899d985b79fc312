import { readRefusalText } from '@patchbay/domain/policy/decide';
import type { EndReason, ServerMessage } from '@patchbay/protocol/signaling/messages';
import type { Client } from './clients.ts';
import type { ConnectedSeconds } from './connected-seconds.ts';
import type { SecondsLimit } from './principal.ts';
import type { Reasons } from './reasons.ts';
import { legsOf, type Session } from './session.ts';
import type { SessionRecords } from './session-records.ts';

export interface SessionLimitsPorts {
  readonly reasons: Reasons;
  readonly seconds: ConnectedSeconds;
  readonly log: SessionRecords['log'];
  send(client: Client, message: ServerMessage): void;
  end(session: Session, reason: EndReason, nowMs: number): void;
}

export interface ReachedLimit {
  readonly limit: string;
  readonly outcome: SecondsLimit['outcome'];
  /** Of a limit of policies: the setting that is used up. */
  readonly rule?: string | undefined;
}

/** The setting of policies that the words of an end name. */
export const ruleIn = (detail = ''): string | undefined => readRefusalText(detail)?.setting;

/** Limits on the time of running sessions and of credentials (ACC-7): each is reached once, told to all parties, and may end it. */
export class SessionLimits {
  readonly #ports: SessionLimitsPorts;

  constructor(ports: SessionLimitsPorts) {
    this.#ports = ports;
  }

  enforceSeconds(session: Session, startedAtMs: number, nowMs: number): void {
    for (const leg of legsOf(session)) {
      for (const limit of leg.client.principal.limits.seconds) {
        const key = `${leg.legId}:${limit.prefixId}:${limit.counts}:${limit.outcome}`;
        const usedMs =
          limit.counts === 'session'
            ? nowMs - startedAtMs
            : this.#ports.seconds.usedMs(limit.prefixId, nowMs);
        if (usedMs < limit.seconds * 1_000 || session.limitsReached.has(key)) continue;
        session.limitsReached.add(key);
        if (this.#reachSeconds(session, limit, nowMs) === 'ended') return;
      }
    }
  }

  #reachSeconds(session: Session, limit: SecondsLimit, nowMs: number): 'ended' | 'continues' {
    const code = limit.counts === 'session' ? 'limit.session_seconds' : 'limit.credential_seconds';
    this.announce(session, { limit: code, outcome: limit.outcome }, nowMs);
    if (limit.outcome !== 'end') return 'continues';
    this.#ports.end(
      session,
      this.#ports.reasons.ending(code, `The limit of ${limit.seconds} seconds is reached.`),
      nowMs,
    );
    return 'ended';
  }

  announce(session: Session, { rule, ...reached }: ReachedLimit, nowMs: number): void {
    const data = rule === undefined ? reached : { ...reached, rule };
    this.#ports.log(session, nowMs, { type: 'limit.reached', data });
    for (const { client } of legsOf(session)) {
      this.#ports.send(client, { type: 'limitReached', sessionId: session.sessionId, ...reached });
    }
  }
}
