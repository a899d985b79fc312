/** The lowest voice whose period is found. */
const PITCH_HZ_MIN = 66;
const PITCH_HZ_MAX = 200;
/** What is missing for longer is silence (as ITU-T G.711, appendix I). */
const CONCEAL_MS_MAX = 60;
/** It is louder than nothing, and softer than what was there: full for 10 ms, then falling. */
const FULL_MS = 10;
/** How far the matching looks along the sound, and the seam between two. */
const MATCH_MS = 10;
const SEAM_MS = 3;

/**
 * Fills in what was lost, for codecs that cannot themselves: the last period of the voice goes on, ever softer, and what comes
 * next grows out of it. A simple form of ITU-T G.711, appendix I.
 */
export class Concealer {
  readonly #history: Int16Array;
  readonly #rateHz: number;
  #period = 0;
  /** Samples that were made up since the last that came. */
  #madeUp = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
    this.#history = new Int16Array(this.#samplesOf(2 * (1_000 / PITCH_HZ_MIN) + MATCH_MS));
  }

  /** A frame that came. After a loss, its beginning is changed to grow out of what was made up. */
  keep(frame: Int16Array): void {
    if (this.#madeUp > 0) {
      const seam = Math.min(this.#samplesOf(SEAM_MS), frame.length);
      for (let index = 0; index < seam; index++) {
        const share = (index + 1) / seam;
        frame[index] = Math.round(
          (frame[index] ?? 0) * share + this.#made(this.#madeUp + index) * (1 - share),
        );
      }
      this.#madeUp = 0;
    }
    this.#remember(frame);
  }

  /** A frame in place of one that did not come. */
  conceal(frame: Int16Array): void {
    if (this.#madeUp === 0) this.#period = this.#findPeriod();
    for (let index = 0; index < frame.length; index++) frame[index] = this.#made(this.#madeUp + index);
    this.#madeUp += frame.length;
  }

  #samplesOf(ms: number): number {
    return Math.round((ms * this.#rateHz) / 1_000);
  }

  #made(at: number): number {
    const ms = (at * 1_000) / this.#rateHz;
    if (ms >= CONCEAL_MS_MAX) return 0;
    const gain = ms < FULL_MS ? 1 : 1 - (ms - FULL_MS) / (CONCEAL_MS_MAX - FULL_MS);
    const start = this.#history.length - this.#period;
    return Math.round((this.#history[start + (at % this.#period)] ?? 0) * gain);
  }

  #remember(frame: Int16Array): void {
    const kept = Math.max(0, this.#history.length - frame.length);
    this.#history.copyWithin(0, this.#history.length - kept);
    this.#history.set(
      frame.length > this.#history.length ? frame.subarray(-this.#history.length) : frame,
      kept,
    );
  }

  /** The lag at which the end of the sound is most like what was before it. */
  #findPeriod(): number {
    const length = this.#samplesOf(MATCH_MS);
    const end = this.#history.length - length;
    const longest = Math.floor(this.#rateHz / PITCH_HZ_MIN);
    // Every other sample and lag at 48 kHz is as good as all of them at 8: a voice is low.
    const stride = Math.max(1, Math.round(this.#rateHz / 8_000));
    let best = longest;
    let bestLikeness = 0;
    for (let lag = Math.ceil(this.#rateHz / PITCH_HZ_MAX); lag <= longest; lag += stride) {
      let product = 0;
      let energy = 1;
      for (let index = 0; index < length; index += stride) {
        const before = this.#history[end + index - lag] ?? 0;
        product += before * (this.#history[end + index] ?? 0);
        energy += before * before;
      }
      const likeness = product / Math.sqrt(energy);
      if (likeness <= bestLikeness) continue;
      best = lag;
      bestLikeness = likeness;
    }
    return best;
  }
}
