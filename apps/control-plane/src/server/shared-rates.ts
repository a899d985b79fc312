import type { Drawing, Drawn } from '@patchbay/adapters/prisma/request-rate';
import type { RateStanding } from '@patchbay/faces/platform';
import type { Rate } from './rate-limiter.ts';

const MINUTE_MS = 60_000;
const CALLER_COUNT_MAX = 100_000;
/** Of a burst, what one process has in hand at most: what it does not use is missing to the others until the rate refills. */
const HELD_SHARE = 1 / 40;

/** A rate, and what follows from it for whoever draws. */
interface RateTerms extends Rate {
  readonly intervalMs: number;
  readonly heldMax: number;
}

export function termsOf({ perMinuteMax, burstMax }: Rate): RateTerms {
  const heldMax = Math.max(1, Math.floor(burstMax * HELD_SHARE));
  return { perMinuteMax, burstMax, intervalMs: MINUTE_MS / perMinuteMax, heldMax };
}

/** One of the callers that a request is counted for, and how often that one may come. */
export interface Counter {
  /** Tells the callers of all rates of one platform apart: `keys key_…`. */
  readonly caller: string;
  readonly terms: RateTerms;
}

/** How a request stands with the counter that is nearest to its end. */
export interface Standing<Of extends Counter = Counter> extends RateStanding {
  readonly counter: Of;
}

/** What this process has in hand for a caller, and how the caller stood when it was drawn. */
interface Hand {
  left: number;
  aheadMs: number;
  atMs: number;
  /** While a draw is under way, whoever comes waits for it. */
  drawing: Promise<void> | undefined;
}

interface Held<Of extends Counter = Counter> {
  readonly counter: Of;
  readonly hand: Hand;
}

/**
 * A burst, then an even rate, for each caller over all processes of the control plane: never more than the rate, whatever
 * process is asked, and a restart forgets nothing (C18). A process draws a few requests at a time, so of a burst at most a
 * fortieth lies unused in each. A caller that is refused costs the database nothing until it may come again.
 */
export class SharedRates {
  readonly #draw: (drawings: readonly Drawing[]) => Promise<readonly Drawn[]>;
  readonly #hands = new Map<string, Hand>();

  /** @param draw Answers for each drawing, in their order. */
  constructor(draw: (drawings: readonly Drawing[]) => Promise<readonly Drawn[]>) {
    this.#draw = draw;
  }

  /**
   * Counts a request for all of these, unless one of them refuses it: then it is counted for none, so to ask too often
   * makes nobody wait longer. What is missing in any hand is drawn for all of them in one question.
   */
  async count<Of extends Counter>(counters: readonly [Of, ...Of[]], nowMs: number): Promise<Standing<Of>> {
    const held = counters.map((counter) => ({ counter, hand: this.#handOf(counter, nowMs) }));
    for (;;) {
      const empty = held.filter(({ hand }) => hand.left === 0);
      if (empty.length === 0) break;
      const refusing = empty.filter((one) => one.hand.drawing === undefined && waitMs(one, nowMs) > 0);
      if (refusing.length > 0) return standingOf(refusing, nowMs, true);
      this.#drawFor(held, nowMs);
      await Promise.all(empty.map(({ hand }) => hand.drawing));
    }
    for (const { hand } of held) hand.left -= 1;
    return standingOf(held, nowMs, false);
  }

  #handOf({ caller }: Counter, nowMs: number): Hand {
    const found = this.#hands.get(caller);
    // The rate has refilled since: what is left of it here was counted into that, and would come on top.
    if (found !== undefined && found.drawing === undefined && aheadMs(found, nowMs) === 0) found.left = 0;
    const hand = found ?? { left: 0, aheadMs: 0, atMs: nowMs, drawing: undefined };
    this.#hands.delete(caller);
    this.#hands.set(caller, hand);
    for (const oldest of this.#hands.keys()) {
      if (this.#hands.size <= CALLER_COUNT_MAX) break;
      this.#hands.delete(oldest);
    }
    return hand;
  }

  /**
   * Draws for the hands that are empty, and fills up those that would be before these are again: else each of several
   * counters would ask at a time of its own.
   */
  #drawFor(held: readonly Held[], nowMs: number): void {
    const idle = held.filter(({ hand }) => hand.drawing === undefined);
    const empty = idle.filter(({ hand }) => hand.left === 0);
    if (empty.length === 0) return;
    const soon = Math.min(...empty.map(({ counter }) => counter.terms.heldMax));
    const drawn = idle.filter(({ hand }) => hand.left < soon);
    const drawing = this.#drawAll(drawn, nowMs).finally(() => {
      for (const { hand } of drawn) hand.drawing = undefined;
    });
    for (const { hand } of drawn) hand.drawing = drawing;
  }

  async #drawAll(held: readonly Held[], nowMs: number): Promise<void> {
    const drawings = held.map(({ counter: { caller, terms }, hand }) => ({
      caller,
      wanted: terms.heldMax - hand.left,
      burstMax: terms.burstMax,
      intervalUs: Math.ceil(terms.intervalMs * 1_000),
    }));
    const answers = await this.#draw(drawings);
    for (const [index, { hand }] of held.entries()) {
      const drawn = answers[index];
      if (drawn === undefined) throw new Error('The database drew nothing for a caller.');
      hand.left += drawn.granted;
      hand.aheadMs = drawn.aheadMs;
      hand.atMs = nowMs;
    }
  }
}

/** One rate of its own, whose callers are counted for nothing else. */
export class SharedRate {
  readonly #rates: SharedRates;
  readonly #name: string;
  readonly #terms: RateTerms;

  /** @param name Tells the rates of one platform apart: `sign-ins`. */
  constructor(rates: SharedRates, name: string, rate: Rate) {
    this.#rates = rates;
    this.#name = name;
    this.#terms = termsOf(rate);
  }

  count(callerId: string, nowMs: number): Promise<Standing> {
    return this.#rates.count([{ caller: `${this.#name} ${callerId}`, terms: this.#terms }], nowMs);
  }
}

const aheadMs = (hand: Hand, nowMs: number): number => Math.max(0, hand.aheadMs - (nowMs - hand.atMs));

/** Until one more fits into the burst. */
const waitMs = ({ hand, counter: { terms } }: Held, nowMs: number): number =>
  Math.max(0, aheadMs(hand, nowMs) - (terms.burstMax - 1) * terms.intervalMs);

/** Of what refuses, whatever does so for longest; else what is used up first, and of such the one that takes longest to come back. */
function standingOf<Of extends Counter>(
  held: readonly Held<Of>[],
  nowMs: number,
  isExceeded: boolean,
): Standing<Of> {
  const [nearest] = held
    .map((one) => standingWith(one, nowMs, isExceeded))
    .toSorted(
      (one, other) =>
        other.retryAfterMs - one.retryAfterMs ||
        one.remaining - other.remaining ||
        other.resetMs - one.resetMs,
    );
  if (nearest === undefined) throw new Error('A request was counted for nobody.');
  return nearest;
}

function standingWith<Of extends Counter>(
  { counter, hand }: Held<Of>,
  nowMs: number,
  isExceeded: boolean,
): Standing<Of> {
  const { perMinuteMax, burstMax, intervalMs } = counter.terms;
  const ahead = aheadMs(hand, nowMs);
  const inHandMs = hand.left * intervalMs;
  return {
    counter,
    isExceeded,
    perMinuteMax,
    limit: burstMax,
    windowMs: burstMax * intervalMs,
    // What is in hand was counted when it was drawn, and can still come.
    remaining: Math.max(0, Math.min(burstMax, floorOf(burstMax - (ahead - inHandMs) / intervalMs))),
    resetMs: Math.max(0, ahead - inHandMs),
    retryAfterMs: isExceeded ? Math.max(1, Math.ceil(waitMs({ counter, hand }, nowMs))) : 0,
  };
}

/** The database counts whole microseconds: a whole number of requests may come out a little short of it. */
const floorOf = (requests: number): number => Math.floor(requests + 0.001);
