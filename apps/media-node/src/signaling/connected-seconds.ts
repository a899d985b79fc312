import { createTimeCounters } from '@patchbay/protocol/turn/time-counters';
import type { Leg, Session } from './session.ts';

/** A total is kept for as long as the SDK mints credentials for: a client that stays connected is not asked about again. */
const totalKeepMs = 48 * 3_600_000;
const sweepMs = 30_000;

/** Connected time of credentials over all their sessions: one that both legs have counts once (ACC-7). */
export class ConnectedSeconds {
  readonly #times = createTimeCounters();
  #sweptAtMs = 0;

  usedMs(prefixId: string, nowMs: number): number {
    return this.#times.usedMs(prefixId, nowMs);
  }

  /** Takes up a leg that counts already, with what it had used when that was saved. */
  restore(sessionId: string, leg: Leg, saved: { readonly totals: Totals; readonly savedAtMs: number }): void {
    for (const prefixId of leg.totalPrefixIds) {
      const at = { usedMs: saved.totals[prefixId] ?? 0, nowMs: saved.savedAtMs };
      this.#times.join(prefixId, sessionId, at);
    }
  }

  start({ sessionId }: Session, leg: Leg, nowMs: number): void {
    const totals = leg.client.principal.limits.seconds.filter(({ counts }) => counts === 'total');
    leg.totalPrefixIds = totals.map(({ prefixId }) => prefixId);
    for (const { prefixId, usedMs = 0 } of totals) this.#times.join(prefixId, sessionId, { usedMs, nowMs });
  }

  stop({ sessionId }: Session, leg: Leg, nowMs: number): void {
    const at = { keepMs: totalKeepMs, nowMs };
    for (const prefixId of leg.totalPrefixIds) this.#times.leave(prefixId, sessionId, at);
    leg.totalPrefixIds = [];
  }

  /** To be called often; it forgets now and then. */
  sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < sweepMs) return;
    this.#sweptAtMs = nowMs;
    this.#times.sweep(nowMs);
  }
}

type Totals = Readonly<Record<string, number>>;
