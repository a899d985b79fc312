/** Samples on each side of the one that is made: what lies above half of the lower rate is 40 dB down or more. */
const HALF_WIDTH = 16;

/**
 * Reads a sound at another rate, piece by piece, through a windowed sinc. It holds the whole sound and where it is in it; a
 * piece of 10 ms at 48 kHz is 480 samples of about 32 multiplications.
 */
export class Resampler {
  readonly #samples: Int16Array;
  readonly #fromHz: number;
  readonly #toHz: number;
  /** Below half of the lower of both rates, of the sound's own. */
  readonly #cutoff: number;
  readonly #halfWidth: number;
  #madeCount = 0;

  constructor({ samples, fromHz, toHz }: { samples: Int16Array; fromHz: number; toHz: number }) {
    this.#samples = samples;
    this.#fromHz = fromHz;
    this.#toHz = toHz;
    this.#cutoff = Math.min(1, toHz / fromHz);
    this.#halfWidth = HALF_WIDTH / this.#cutoff;
  }

  get isOver(): boolean {
    return this.#position >= this.#samples.length;
  }

  /** Worked out anew for each sample: a sum of steps would drift. */
  get #position(): number {
    return (this.#madeCount * this.#fromHz) / this.#toHz;
  }

  /** The next samples; behind its end, silence. */
  next(count: number): Int16Array {
    const out = new Int16Array(count);
    for (let index = 0; index < count && !this.isOver; index++) {
      const position = this.#position;
      out[index] = this.#fromHz === this.#toHz ? (this.#samples[position] ?? 0) : this.#at(position);
      this.#madeCount += 1;
    }
    return out;
  }

  #at(position: number): number {
    const first = Math.ceil(position - this.#halfWidth);
    const last = Math.floor(position + this.#halfWidth);
    let sum = 0;
    for (let index = Math.max(0, first); index <= Math.min(this.#samples.length - 1, last); index++) {
      const distance = position - index;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / this.#halfWidth);
      sum += (this.#samples[index] ?? 0) * sinc(distance * this.#cutoff) * this.#cutoff * window;
    }
    return Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
