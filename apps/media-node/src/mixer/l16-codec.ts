import { Concealer } from '@patchbay/dsp/concealment';
import { Downsampler, Upsampler } from '@patchbay/dsp/rate-change';
import { type AudioCodec, type AudioDecoder, type AudioEncoder, FRAME_MS, type RoomRateHz } from './codec.ts';

/** Of what legs of the platform's own send and hear. */
export const L16_RATE_HZ = 48_000;
const LINE_FRAME_LENGTH = (L16_RATE_HZ * FRAME_MS) / 1_000;
const SAMPLE_BYTES = 2;

/** RFC 3551 §4.5.11: two bytes a sample, the high one first. */
export function readL16(payload: Uint8Array, samples: Int16Array): void {
  for (let index = 0; index < samples.length; index++)
    samples[index] = ((payload[2 * index] ?? 0) << 8) | (payload[2 * index + 1] ?? 0);
}

export function writeL16(samples: Int16Array, payload: Uint8Array): void {
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index] ?? 0;
    payload[2 * index] = sample >> 8;
    payload[2 * index + 1] = sample;
  }
}

class L16Decoding implements AudioDecoder {
  readonly #factor: number;
  #downsampler: Downsampler;
  #concealer = new Concealer(L16_RATE_HZ);
  readonly #line = new Int16Array(LINE_FRAME_LENGTH);

  constructor(rateHz: RoomRateHz) {
    this.#factor = L16_RATE_HZ / rateHz;
    this.#downsampler = new Downsampler(this.#factor);
  }

  decode(payload: Uint8Array, samples: Int16Array): number {
    const length = payload.length / SAMPLE_BYTES;
    const count = length / this.#factor;
    const fits = Number.isInteger(count) && length <= LINE_FRAME_LENGTH && count <= samples.length;
    if (!fits) return -1;
    const line = this.#line.subarray(0, length);
    readL16(payload, line);
    this.#concealer.keep(line);
    this.#lower(line, samples);
    return count;
  }

  conceal(samples: Int16Array): void {
    const line = this.#line.subarray(0, Math.min(LINE_FRAME_LENGTH, samples.length * this.#factor));
    this.#concealer.conceal(line);
    this.#lower(line, samples);
    samples.fill(0, line.length / this.#factor);
  }

  reset(): void {
    this.#concealer = new Concealer(L16_RATE_HZ);
    this.#downsampler = new Downsampler(this.#factor);
  }

  #lower(line: Int16Array, samples: Int16Array): void {
    if (this.#factor === 1) samples.set(line);
    else this.#downsampler.process(line, samples.subarray(0, line.length / this.#factor));
  }
}

class L16Encoding implements AudioEncoder {
  readonly #factor: number;
  #upsampler: Upsampler;
  readonly #line = new Int16Array(LINE_FRAME_LENGTH);

  constructor(rateHz: RoomRateHz) {
    this.#factor = L16_RATE_HZ / rateHz;
    this.#upsampler = new Upsampler(this.#factor);
  }

  encode(frame: Int16Array): Uint8Array {
    const payload = new Uint8Array(LINE_FRAME_LENGTH * SAMPLE_BYTES);
    if (this.#factor === 1) writeL16(frame, payload);
    else {
      this.#upsampler.process(frame, this.#line);
      writeL16(this.#line, payload);
    }
    return payload;
  }

  reset(): void {
    this.#upsampler = new Upsampler(this.#factor);
  }
}

/**
 * Samples as they are, one channel at 48 kHz (RFC 3551 §4.5.11, RFC 3190 §4): for legs that are on the machine of the mixer, where
 * bytes cost less than encoding. A packet has 20 ms at most.
 */
export const l16Codec: AudioCodec = {
  name: 'l16',
  clockRateHz: L16_RATE_HZ,
  payloadBytesMax: LINE_FRAME_LENGTH * SAMPLE_BYTES,
  durationMsOf: (_bytes, start, end) => ((end - start) * 1_000) / (SAMPLE_BYTES * L16_RATE_HZ),
  openDecoder: (rateHz) => new L16Decoding(rateHz),
  openEncoder: (rateHz) => new L16Encoding(rateHz),
};
