import { Concealer } from '@patchbay/dsp/concealment';
import { decodeG711, encodeG711, type G711Law } from '@patchbay/dsp/g711';
import { Downsampler, Upsampler } from '@patchbay/dsp/rate-change';
import { type AudioCodec, type AudioDecoder, type AudioEncoder, FRAME_MS, type RoomRateHz } from './codec.ts';

const LINE_RATE_HZ = 8_000;
const DURATION_MS_MAX = 120;
const LINE_FRAME_LENGTH = (LINE_RATE_HZ * FRAME_MS) / 1_000;

class G711Decoding implements AudioDecoder {
  readonly #law: G711Law;
  readonly #factor: number;
  #upsampler: Upsampler;
  #concealer = new Concealer(LINE_RATE_HZ);
  readonly #line = new Int16Array((LINE_RATE_HZ * DURATION_MS_MAX) / 1_000);

  constructor(law: G711Law, rateHz: RoomRateHz) {
    this.#law = law;
    this.#factor = rateHz / LINE_RATE_HZ;
    this.#upsampler = new Upsampler(this.#factor);
  }

  decode(payload: Uint8Array, samples: Int16Array): number {
    const count = payload.length * this.#factor;
    if (payload.length > this.#line.length || count > samples.length) return -1;
    const line = this.#line.subarray(0, payload.length);
    decodeG711(this.#law, payload, line);
    this.#concealer.keep(line);
    this.#raise(line, samples);
    return count;
  }

  conceal(samples: Int16Array): void {
    const line = this.#line.subarray(0, Math.min(this.#line.length, samples.length / this.#factor));
    this.#concealer.conceal(line);
    this.#raise(line, samples);
    samples.fill(0, line.length * this.#factor);
  }

  reset(): void {
    this.#concealer = new Concealer(LINE_RATE_HZ);
    this.#upsampler = new Upsampler(this.#factor);
  }

  #raise(line: Int16Array, samples: Int16Array): void {
    if (this.#factor === 1) samples.set(line);
    else this.#upsampler.process(line, samples);
  }
}

class G711Encoding implements AudioEncoder {
  readonly #law: G711Law;
  readonly #factor: number;
  #downsampler: Downsampler;
  readonly #line = new Int16Array(LINE_FRAME_LENGTH);

  constructor(law: G711Law, rateHz: RoomRateHz) {
    this.#law = law;
    this.#factor = rateHz / LINE_RATE_HZ;
    this.#downsampler = new Downsampler(this.#factor);
  }

  encode(frame: Int16Array): Uint8Array {
    const codes = new Uint8Array(LINE_FRAME_LENGTH);
    if (this.#factor === 1) encodeG711(this.#law, frame, codes);
    else {
      this.#downsampler.process(frame, this.#line);
      encodeG711(this.#law, this.#line, codes);
    }
    return codes;
  }

  reset(): void {
    this.#downsampler = new Downsampler(this.#factor);
  }
}

/** ITU-T G.711: one byte a sample at 8 kHz (RFC 3551 §4.5.14). */
const g711Codec = (name: 'pcmu' | 'pcma', law: G711Law): AudioCodec => ({
  name,
  clockRateHz: LINE_RATE_HZ,
  durationMsOf: (_bytes, start, end) => ((end - start) * 1_000) / LINE_RATE_HZ,
  openDecoder: (rateHz) => new G711Decoding(law, rateHz),
  openEncoder: (rateHz) => new G711Encoding(law, rateHz),
});

export const pcmuCodec = g711Codec('pcmu', 'mulaw');
export const pcmaCodec = g711Codec('pcma', 'alaw');
