import { setTimeout as wait } from 'node:timers/promises';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import type { ControlPlaneClient } from './control-plane-client.ts';

/** Past these the oldest is let go, and the control plane is asked instead. */
const LIVE_COUNT_MAX = 100_000;
const ENDED_COUNT_MAX = 200_000;
/** An account's legs of one session; a call has two. */
const ACCOUNT_COUNT_MAX = 16;
/** Longer than any credential can name a session that ended. */
const ENDED_KEEP_MS = LIFETIME_SECONDS_MAX * 1_000;
/** Anybody can name a session, before the password is proven: so many questions about strangers' are open at once. */
const QUESTION_COUNT_MAX = 256;
/** Signaling's word of a new leg may still be on the way. Shorter in all than a client waits (RFC 8489 §6.2.1). */
const pausesMs = [200, 400, 800];

export interface LiveSession {
  readonly sessionId: string;
  /** Of its legs. */
  readonly accountIds: readonly string[];
}

/** Whether an account may relay for a session. `foreign`: no leg of it is the account's, if there is such a session. */
export type Standing = 'live' | 'ended' | 'foreign' | 'away';

interface RegisterOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly nowMs?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** What a relay knows of sessions: what signaling said of them, and behind it the control plane. */
export class SessionRegister {
  readonly #options: RegisterOptions;
  readonly #live = new Map<string, ReadonlySet<string>>();
  readonly #endedMs = new Map<string, number>();
  #questionCount = 0;

  constructor(options: RegisterOptions) {
    this.#options = options;
  }

  opened({ sessionId, accountIds }: LiveSession): void {
    if (this.#endedMs.has(sessionId)) return;
    const known = this.#live.get(sessionId) ?? [];
    this.#live.delete(sessionId);
    this.#live.set(sessionId, new Set([...known, ...accountIds].slice(0, ACCOUNT_COUNT_MAX)));
    for (const oldest of this.#live.keys()) {
      if (this.#live.size <= LIVE_COUNT_MAX) break;
      this.#live.delete(oldest);
    }
  }

  ended(sessionId: string): void {
    const nowMs = this.#nowMs();
    this.#live.delete(sessionId);
    this.#endedMs.delete(sessionId);
    this.#endedMs.set(sessionId, nowMs);
    for (const [oldest, endedMs] of this.#endedMs) {
      if (this.#endedMs.size <= ENDED_COUNT_MAX && nowMs - endedMs < ENDED_KEEP_MS) break;
      this.#endedMs.delete(oldest);
    }
  }

  async standing(sessionId: string, accountId: string): Promise<Standing> {
    const told = this.#told(sessionId, accountId);
    if (told !== undefined) return told;
    if (this.#questionCount >= QUESTION_COUNT_MAX) return 'away';
    this.#questionCount += 1;
    try {
      return await this.#ask(sessionId, accountId);
    } finally {
      this.#questionCount -= 1;
    }
  }

  /** While the control plane is away, what signaling said still holds. */
  async #ask(sessionId: string, accountId: string): Promise<Standing> {
    const { client, pause = wait } = this.#options;
    let answer: Standing = 'away';
    for (const pauseMs of [...pausesMs, undefined]) {
      const asked = await client.call('sessionStanding', { sessionId, accountId }).catch(() => undefined);
      answer = asked?.standing ?? 'away';
      const told = this.#told(sessionId, accountId);
      if (told !== undefined) return told;
      if (answer === 'live' || answer === 'ended') return answer;
      if (pauseMs !== undefined) await pause(pauseMs);
    }
    return this.#told(sessionId, accountId) ?? answer;
  }

  /** What signaling said; undefined when it did not speak of this account's part in it. */
  #told(sessionId: string, accountId: string): 'live' | 'ended' | undefined {
    if (this.#endedMs.has(sessionId)) return 'ended';
    return this.#live.get(sessionId)?.has(accountId) ? 'live' : undefined;
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }
}
