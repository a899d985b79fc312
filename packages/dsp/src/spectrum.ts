/** Powers of the frequencies of a block, through a Hann window: bin `b` is `b · rateHz / blockSamples` hertz. */
export class Spectrum {
  readonly blockSamples: number;
  readonly #window: Float64Array;
  readonly #reversed: Uint32Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  readonly #powers: Float64Array;

  /** @param blockSamples a power of two. */
  constructor(blockSamples: number) {
    this.blockSamples = blockSamples;
    const bits = Math.log2(blockSamples);
    if (!Number.isInteger(bits))
      throw new RangeError(`A block of ${blockSamples} samples is no power of two.`);
    const angles = Float64Array.from(
      { length: blockSamples / 2 },
      (_, k) => (2 * Math.PI * k) / blockSamples,
    );
    this.#window = Float64Array.from(
      { length: blockSamples },
      (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / blockSamples),
    );
    this.#reversed = Uint32Array.from({ length: blockSamples }, (_, index) => {
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) reversed |= ((index >> bit) & 1) << (bits - 1 - bit);
      return reversed;
    });
    this.#cos = angles.map(Math.cos);
    this.#sin = angles.map((angle) => -Math.sin(angle));
    this.#re = new Float64Array(blockSamples);
    this.#im = new Float64Array(blockSamples);
    this.#powers = new Float64Array(blockSamples / 2 + 1);
  }

  /** Of the bins up to half of the rate. The array is the same at each call. */
  powersOf(samples: Float64Array): Float64Array {
    const [re, im] = [this.#re, this.#im];
    im.fill(0);
    for (const [index, reversed] of this.#reversed.entries())
      re[reversed] = (samples[index] ?? 0) * (this.#window[index] ?? 0);
    for (let span = 1; span < this.blockSamples; span *= 2) this.#combine(span);
    for (let bin = 0; bin < this.#powers.length; bin++)
      this.#powers[bin] = (re[bin] ?? 0) ** 2 + (im[bin] ?? 0) ** 2;
    return this.#powers;
  }

  /** One stage of Cooley and Tukey's transform. */
  #combine(span: number): void {
    const [re, im] = [this.#re, this.#im];
    const step = this.blockSamples / (2 * span);
    for (let k = 0; k < span; k++) {
      const cos = this.#cos[k * step] ?? 0;
      const sin = this.#sin[k * step] ?? 0;
      for (let even = k; even < this.blockSamples; even += 2 * span) {
        const odd = even + span;
        const [oddRe, oddIm] = [re[odd] ?? 0, im[odd] ?? 0];
        const turnedRe = oddRe * cos - oddIm * sin;
        const turnedIm = oddRe * sin + oddIm * cos;
        re[odd] = (re[even] ?? 0) - turnedRe;
        im[odd] = (im[even] ?? 0) - turnedIm;
        re[even] = (re[even] ?? 0) + turnedRe;
        im[even] = (im[even] ?? 0) + turnedIm;
      }
    }
  }
}
