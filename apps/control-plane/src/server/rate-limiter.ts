import type { RateLimit } from '@patchbay/faces/platform';

const MINUTE_MS = 60_000;
const CALLER_COUNT_MAX = 100_000;

/**
 * The generic cell rate algorithm for each caller: a burst of a quarter of a minute's requests, then an even rate. Kept in
 * this process: with n processes behind a balancer a caller gets at most n times the rate.
 */
export class RateLimiter {
  /** When the next request of a caller would fit an even rate, in milliseconds. */
  readonly #arrivalsMs = new Map<string, number>();
  readonly #limit: number;
  readonly #intervalMs: number;
  readonly #burstMs: number;

  constructor(requestsPerMinuteMax: number) {
    this.#limit = requestsPerMinuteMax;
    this.#intervalMs = MINUTE_MS / requestsPerMinuteMax;
    this.#burstMs = MINUTE_MS / 4;
  }

  count(callerId: string, nowMs: number): RateLimit {
    const arrivalMs = Math.max(this.#arrivalsMs.get(callerId) ?? 0, nowMs);
    const isExceeded = arrivalMs - nowMs > this.#burstMs;
    const nextMs = isExceeded ? arrivalMs : arrivalMs + this.#intervalMs;
    this.#arrivalsMs.delete(callerId);
    this.#arrivalsMs.set(callerId, nextMs);
    for (const oldest of this.#arrivalsMs.keys()) {
      if (this.#arrivalsMs.size <= CALLER_COUNT_MAX) break;
      this.#arrivalsMs.delete(oldest);
    }
    const roomMs = Math.max(0, this.#burstMs - (nextMs - nowMs));
    return {
      isExceeded,
      limit: this.#limit,
      remaining: Math.floor(roomMs / this.#intervalMs),
      resetMs: isExceeded ? Math.ceil(arrivalMs - nowMs - this.#burstMs) : 0,
    };
  }
}
