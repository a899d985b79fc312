import { FRAME_MS } from './codec.ts';

/** A thread that was held up does two ticks at once and no more: making all of them good would hold it up further. */
const DUE_MAX = 2;

/** When a tick is due. What cannot be made good is dropped, and counted. */
export class TickClock {
  #nextMs: number;
  #droppedCount = 0;

  constructor(nowMs: number) {
    this.#nextMs = nowMs + FRAME_MS;
  }

  /** How many ticks are to be done now, at most two. */
  due(nowMs: number): number {
    const passed = Math.floor((nowMs - this.#nextMs) / FRAME_MS) + 1;
    if (passed <= 0) return 0;
    this.#nextMs += passed * FRAME_MS;
    const due = Math.min(DUE_MAX, passed);
    this.#droppedCount += passed - due;
    return due;
  }

  /** How many were dropped since this was asked. */
  takeDropped(): number {
    const count = this.#droppedCount;
    this.#droppedCount = 0;
    return count;
  }

  /** Until the next is due, 0 where it is. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#nextMs - nowMs);
  }
}
