/** Taps for each sample of the lower rate, on both sides together. */
const TAPS_PER_SAMPLE = 16;
/** Of half of the lower rate: what is left above it is where a voice on the telephone has nothing. */
const PASS_SHARE = 0.92;

/** A low pass at the higher rate, whose gain is one: a sinc in the window of Blackman. */
function lowPass(factor: number): Float32Array {
  const length = TAPS_PER_SAMPLE * factor;
  const cutoff = PASS_SHARE / factor;
  const taps = Float32Array.from({ length }, (_, index) => {
    const distance = index - (length - 1) / 2;
    const angle = (2 * Math.PI * (index + 0.5)) / length;
    const window = 0.42 - 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
    const x = distance * cutoff;
    return (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  });
  const gain = taps.reduce((sum, tap) => sum + tap, 0);
  return taps.map((tap) => tap / gain);
}

const toSample = (value: number): number => Math.max(-32_768, Math.min(32_767, Math.round(value)));

/** Makes a stream of a rate that is a whole multiple of another, frame by frame; the delay is 8 samples of the lower one. */
export class Upsampler {
  readonly #factor: number;
  readonly #taps: Float32Array;
  readonly #recent = new Float32Array(TAPS_PER_SAMPLE);

  constructor(factor: number) {
    this.#factor = factor;
    this.#taps = lowPass(factor).map((tap) => tap * factor);
  }

  /** Writes `factor` samples for each that is given. */
  process(samples: Int16Array, out: Int16Array): void {
    const [factor, taps, recent] = [this.#factor, this.#taps, this.#recent];
    for (let index = 0; index < samples.length; index++) {
      recent.copyWithin(0, 1);
      recent[TAPS_PER_SAMPLE - 1] = samples[index] ?? 0;
      for (let phase = 0; phase < factor; phase++) {
        let sum = 0;
        for (let tap = 0; tap < TAPS_PER_SAMPLE; tap++)
          sum += (recent[TAPS_PER_SAMPLE - 1 - tap] ?? 0) * (taps[tap * factor + phase] ?? 0);
        out[index * factor + phase] = toSample(sum);
      }
    }
  }
}

/** Makes a stream of a rate of which another is a whole multiple; what the lower one cannot hold is taken out first. */
export class Downsampler {
  readonly #factor: number;
  readonly #taps: Float32Array;
  /** What came before, and the frame that is read. */
  #window: Float32Array;

  constructor(factor: number) {
    this.#factor = factor;
    this.#taps = lowPass(factor);
    this.#window = new Float32Array(this.#taps.length);
  }

  /** Writes one sample for each `factor` that are given: their number is a multiple of it. */
  process(samples: Int16Array, out: Int16Array): void {
    const [factor, taps] = [this.#factor, this.#taps];
    const before = taps.length - factor;
    if (this.#window.length !== before + samples.length)
      this.#window = this.#resized(before + samples.length);
    const window = this.#window;
    window.copyWithin(0, samples.length);
    window.set(samples, before);
    for (let index = 0; index < samples.length / factor; index++) {
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap++)
        sum += (window[index * factor + tap] ?? 0) * (taps[tap] ?? 0);
      out[index] = toSample(sum);
    }
  }

  /** Frames have another length from now on: what came before stays. */
  #resized(length: number): Float32Array {
    const window = new Float32Array(length);
    const kept = Math.min(length, this.#window.length);
    window.set(this.#window.subarray(this.#window.length - kept), length - kept);
    return window;
  }
}
