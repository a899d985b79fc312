import type { Drawing, Drawn } from '@patchbay/adapters/prisma/request-rate';
import type { RateLimit } from '@patchbay/faces/platform';
import type { Rate } from './rate-limiter.ts';

const MINUTE_US = 60_000_000;
const CALLER_COUNT_MAX = 100_000;
/** Of a burst, what one process has in hand at most: what it does not use is missing to the others until the rate refills. */
const HELD_SHARE = 1 / 40;

/** What this process has in hand for a caller, and how the caller stood when it was drawn. */
interface Hand {
  left: number;
  aheadMs: number;
  atMs: number;
  /** While a draw is under way, whoever comes waits for it. */
  drawing: Promise<void> | undefined;
}

export interface SharedRateOptions extends Rate {
  /** Tells the rates of one platform apart: `requests`. */
  readonly name: string;
  readonly draw: (drawing: Drawing) => Promise<Drawn>;
}

/**
 * A burst, then an even rate, for each caller over all processes of the control plane: never more than the rate, whatever
 * process is asked, and a restart forgets nothing (C18). A process draws a few requests at a time, so of a burst at most a
 * fortieth lies unused in each. A caller that is refused costs the database nothing until it may come again.
 */
export class SharedRate {
  readonly #options: SharedRateOptions;
  readonly #hands = new Map<string, Hand>();
  readonly #intervalMs: number;
  readonly #wanted: number;

  constructor(options: SharedRateOptions) {
    this.#options = options;
    this.#intervalMs = MINUTE_US / 1_000 / options.perMinuteMax;
    this.#wanted = Math.max(1, Math.floor(options.burstMax * HELD_SHARE));
  }

  /** Counts a request, unless it is refused: to ask too often makes nobody wait longer. */
  async count(callerId: string, nowMs: number): Promise<RateLimit> {
    const hand = this.#handOf(callerId, nowMs);
    while (hand.left === 0) {
      if (hand.drawing === undefined && this.#waitMs(hand, nowMs) > 0) return this.#told(hand, nowMs, true);
      hand.drawing ??= this.#draw(callerId, hand, nowMs).finally(() => {
        hand.drawing = undefined;
      });
      await hand.drawing;
    }
    hand.left -= 1;
    return this.#told(hand, nowMs, false);
  }

  #handOf(callerId: string, nowMs: number): Hand {
    const found = this.#hands.get(callerId);
    // The rate has refilled since: what is left of it here was counted into that, and would come on top.
    if (found !== undefined && found.drawing === undefined && this.#aheadMs(found, nowMs) === 0)
      found.left = 0;
    const hand = found ?? { left: 0, aheadMs: 0, atMs: nowMs, drawing: undefined };
    this.#hands.delete(callerId);
    this.#hands.set(callerId, hand);
    for (const oldest of this.#hands.keys()) {
      if (this.#hands.size <= CALLER_COUNT_MAX) break;
      this.#hands.delete(oldest);
    }
    return hand;
  }

  async #draw(callerId: string, hand: Hand, nowMs: number): Promise<void> {
    const { name, burstMax, draw } = this.#options;
    const { granted, aheadMs } = await draw({
      caller: `${name} ${callerId}`,
      wanted: this.#wanted,
      burstMax,
      intervalUs: Math.ceil(this.#intervalMs * 1_000),
    });
    hand.left += granted;
    hand.aheadMs = aheadMs;
    hand.atMs = nowMs;
  }

  #aheadMs({ aheadMs, atMs }: Hand, nowMs: number): number {
    return Math.max(0, aheadMs - (nowMs - atMs));
  }

  /** Until one more fits into the burst. */
  #waitMs(hand: Hand, nowMs: number): number {
    return Math.max(0, this.#aheadMs(hand, nowMs) - (this.#options.burstMax - 1) * this.#intervalMs);
  }

  #told(hand: Hand, nowMs: number, isExceeded: boolean): RateLimit {
    const { perMinuteMax, burstMax } = this.#options;
    const aheadMs = this.#aheadMs(hand, nowMs);
    const held = hand.left * this.#intervalMs;
    return {
      isExceeded,
      perMinuteMax,
      limit: burstMax,
      windowMs: burstMax * this.#intervalMs,
      // What is in hand was counted when it was drawn, and can still come.
      remaining: Math.max(0, Math.min(burstMax, floorOf(burstMax - (aheadMs - held) / this.#intervalMs))),
      resetMs: Math.max(0, aheadMs - held),
      retryAfterMs: isExceeded ? Math.max(1, Math.ceil(this.#waitMs(hand, nowMs))) : 0,
    };
  }
}

/** The database counts whole microseconds: a whole number of requests may come out a little short of it. */
const floorOf = (requests: number): number => Math.floor(requests + 0.001);
