/** Samples of 16 bits, little endian, from bytes that come in any pieces. */
export class SampleReader {
  readonly #onSamples: (samples: Int16Array) => void;
  /** Of a sample that was cut in two. */
  #half: number | undefined;

  constructor(onSamples: (samples: Int16Array) => void) {
    this.#onSamples = onSamples;
  }

  read(bytes: Uint8Array): void {
    const whole = this.#half === undefined ? bytes : Buffer.concat([Uint8Array.of(this.#half), bytes]);
    const count = whole.length >> 1;
    this.#half = whole.length % 2 === 0 ? undefined : whole[whole.length - 1];
    const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
    const samples = new Int16Array(count);
    for (let index = 0; index < count; index++) samples[index] = view.getInt16(2 * index, true);
    if (count > 0) this.#onSamples(samples);
  }
}
