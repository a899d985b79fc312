const FULL_SCALE = 32_767;
/** Time to come back from silence to full gain, in parts: 2.5 ms each, so 200 ms. */
const RELEASE_PER_PART = 1 / 80;

/**
 * Keeps a sum of sounds within full scale without cutting its peaks off. It looks 2.5 ms ahead, which is its delay, and turns down
 * before a peak comes: the gain runs in straight lines from part to part, and no part is louder than both of its ends allow. What
 * never exceeds full scale passes unchanged, to the bit.
 */
export class Limiter {
  readonly #partLength: number;
  readonly #partCount: number;
  /** The last part that came: it goes out with the next frame. */
  readonly #held: Int32Array;
  #heldGain = 1;
  /** Of the last sample that went out. */
  #gain = 1;
  #isHeldSilent = true;

  /** @param frameLength of all frames, in samples: 20 ms, of 8 parts. */
  constructor(frameLength: number) {
    this.#partCount = 8;
    this.#partLength = frameLength / this.#partCount;
    if (!Number.isInteger(this.#partLength))
      throw new RangeError(`A frame of ${frameLength} has no 8 parts.`);
    this.#held = new Int32Array(this.#partLength);
  }

  /** Goes on as another one would: what is sent of both sounds alike. */
  copyFrom(other: Limiter): void {
    this.#held.set(other.#held);
    this.#heldGain = other.#heldGain;
    this.#gain = other.#gain;
    this.#isHeldSilent = other.#isHeldSilent;
  }

  /** One frame in, one out. Says whether anything is in what went out that is not silence. */
  process(sum: Int32Array, out: Int16Array): boolean {
    let isSound = !this.#isHeldSilent;
    for (let part = 0; part < this.#partCount; part++) {
      const start = part * this.#partLength;
      const peak = this.#peakOf(sum, start);
      const needed = peak > FULL_SCALE ? FULL_SCALE / peak : 1;
      // The gain where the held part ends and this one begins: neither may be louder than it allows.
      const end = Math.min(needed, this.#heldGain, this.#gain + RELEASE_PER_PART);
      this.#emit(out, start, end);
      this.#gain = end;
      this.#heldGain = needed;
      this.#held.set(sum.subarray(start, start + this.#partLength));
      this.#isHeldSilent = peak === 0;
      if (peak !== 0 && part < this.#partCount - 1) isSound = true;
    }
    return isSound;
  }

  #peakOf(sum: Int32Array, start: number): number {
    let least = 0;
    let most = 0;
    for (let index = start; index < start + this.#partLength; index++) {
      const value = sum[index] ?? 0;
      if (value > most) most = value;
      else if (value < least) least = value;
    }
    return Math.max(most, -least);
  }

  #emit(out: Int16Array, start: number, endGain: number): void {
    const length = this.#partLength;
    if (this.#gain === 1 && endGain === 1) {
      for (let index = 0; index < length; index++) out[start + index] = this.#held[index] ?? 0;
      return;
    }
    const step = (endGain - this.#gain) / length;
    for (let index = 0; index < length; index++)
      out[start + index] = Math.round((this.#held[index] ?? 0) * (this.#gain + step * (index + 1)));
  }
}
