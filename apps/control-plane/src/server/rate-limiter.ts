import type { RateStanding } from '@patchbay/faces/platform';

const MINUTE_MS = 60_000;
const CALLER_COUNT_MAX = 100_000;

export interface Rate {
  readonly perMinuteMax: number;
  /** What may come at once. */
  readonly burstMax: number;
}

/**
 * The generic cell rate algorithm for each caller: a burst, then an even rate. Kept in this process, for what may
 * differ from one to the next; what a caller may ask of the platform is a shared rate.
 */
export class RateLimiter {
  /** When the next request of a caller would fit an even rate, in milliseconds. */
  readonly #arrivalsMs = new Map<string, number>();
  readonly #rate: Rate;
  readonly #intervalMs: number;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#intervalMs = MINUTE_MS / rate.perMinuteMax;
  }

  /** How a caller stands, without counting anything. */
  standing(callerId: string, nowMs: number): RateStanding {
    const { perMinuteMax, burstMax } = this.#rate;
    const debtMs = Math.max(0, (this.#arrivalsMs.get(callerId) ?? 0) - nowMs);
    const remaining = Math.max(0, Math.floor(burstMax - debtMs / this.#intervalMs));
    const isExceeded = remaining < 1;
    const roomMs = (burstMax - 1) * this.#intervalMs;
    return {
      isExceeded,
      perMinuteMax,
      limit: burstMax,
      windowMs: burstMax * this.#intervalMs,
      remaining,
      resetMs: debtMs,
      retryAfterMs: isExceeded ? Math.ceil(debtMs - roomMs) : 0,
    };
  }

  /** Counts one request less. */
  takeBack(callerId: string): void {
    const arrivalMs = this.#arrivalsMs.get(callerId);
    if (arrivalMs !== undefined) this.#arrivalsMs.set(callerId, arrivalMs - this.#intervalMs);
  }

  /** Counts a request, unless it is refused: to ask too often makes nobody wait longer. */
  count(callerId: string, nowMs: number): RateStanding {
    const before = this.standing(callerId, nowMs);
    if (before.isExceeded) return before;
    this.#arrivalsMs.delete(callerId);
    this.#arrivalsMs.set(callerId, nowMs + before.resetMs + this.#intervalMs);
    for (const oldest of this.#arrivalsMs.keys()) {
      if (this.#arrivalsMs.size <= CALLER_COUNT_MAX) break;
      this.#arrivalsMs.delete(oldest);
    }
    return { ...this.standing(callerId, nowMs), isExceeded: false, retryAfterMs: 0 };
  }
}
