/** A difference of transit that is larger says nothing of the network: a timestamp began anew, or is hostile. */
const DIFFERENCE_MS_MAX = 1_000;

/** How unevenly the packets of a source come (RFC 3550 §6.4.1). */
export class TransitJitter {
  readonly #clockRateHz: number;
  #transit: number | undefined;
  #jitter = 0;

  constructor(clockRateHz: number) {
    this.#clockRateHz = clockRateHz;
  }

  get jitterMs(): number {
    return (this.#jitter * 1_000) / this.#clockRateHz;
  }

  /** Both clocks have their own beginning, and timestamps wrap around: differences of 32 bits alone are taken. */
  arrived(timestamp: number, nowMs: number): void {
    const transit = (Math.round((nowMs * this.#clockRateHz) / 1_000) - timestamp) | 0;
    const difference = this.#transit === undefined ? undefined : Math.abs((transit - this.#transit) | 0);
    this.#transit = transit;
    if (difference !== undefined && difference <= (DIFFERENCE_MS_MAX * this.#clockRateHz) / 1_000)
      this.#jitter += (difference - this.#jitter) / 16;
  }

  /** Another source begins. */
  forget(): void {
    this.#transit = undefined;
  }
}
