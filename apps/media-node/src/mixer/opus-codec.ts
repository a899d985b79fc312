import { Decoder, Encoder } from '@evan/opus';
import type { AudioCodec, AudioDecoder, AudioEncoder, OpusSettings, RoomRateHz } from './codec.ts';

// RFC 6716 §3.1, table 2: the configuration says how long a frame is.
const silkMs = [10, 20, 40, 60];
const hybridMs = [10, 20];
const celtMs = [2.5, 5, 10, 20];

function frameMsOf(configuration: number): number {
  if (configuration < 12) return silkMs[configuration & 3] ?? 0;
  if (configuration < 16) return hybridMs[configuration & 1] ?? 0;
  return celtMs[configuration & 3] ?? 0;
}

/** RFC 6716 §3.1: what the first byte, and for many frames the second, say of all of a packet. */
export function opusDurationMs(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start) return 0;
  const first = bytes[start] ?? 0;
  const frameMs = frameMsOf(first >> 3);
  const code = first & 3;
  if (code === 0) return frameMs;
  if (code < 3) return 2 * frameMs;
  // RFC 6716 §3.2.5: one frame at least, and 120 ms at most.
  const count = end - start < 2 ? 0 : (bytes[start + 1] ?? 0) & 0x3f;
  return count * frameMs <= 120 ? count * frameMs : 0;
}

class OpusDecoding implements AudioDecoder {
  readonly #decoder: Decoder;
  /** RFC 6716 §3.1: a packet of this one byte has an empty frame, which a decoder conceals. */
  readonly #emptyPacket = new Uint8Array(1);
  #hasHeard = false;

  constructor(rateHz: RoomRateHz) {
    this.#decoder = new Decoder({ channels: 1, sample_rate: rateHz });
  }

  decode(payload: Uint8Array, samples: Int16Array): number {
    const count = this.#run(payload, samples);
    if (count > 0) {
      this.#emptyPacket[0] = (payload[0] ?? 0) & 0xfc;
      this.#hasHeard = true;
    }
    return count;
  }

  conceal(samples: Int16Array): void {
    let at = 0;
    while (this.#hasHeard && at < samples.length) {
      const count = this.#run(this.#emptyPacket, samples.subarray(at));
      if (count <= 0) break;
      at += count;
    }
    samples.fill(0, Math.min(at, samples.length));
  }

  reset(): void {
    this.#decoder.reset();
    this.#hasHeard = false;
  }

  #run(payload: Uint8Array, samples: Int16Array): number {
    let bytes: Uint8Array;
    try {
      bytes = this.#decoder.decode(payload);
    } catch {
      // Strangers send what they like: that it is no Opus is the answer.
      return -1;
    }
    const decoded = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
    const count = Math.min(decoded.length, samples.length);
    for (let index = 0; index < count; index++) samples[index] = decoded[index] ?? 0;
    return count;
  }
}

class OpusEncoding implements AudioEncoder {
  readonly #encoder: Encoder;

  constructor(rateHz: RoomRateHz, { coder, complexity, bitrateBps }: OpusSettings) {
    const application = coder === 'voice' ? 'voip' : 'audio';
    this.#encoder = new Encoder({ channels: 1, sample_rate: rateHz, application });
    this.#encoder.bitrate = bitrateBps;
    this.#encoder.complexity = complexityOf(complexity);
  }

  encode(frame: Int16Array): Uint8Array {
    return this.#encoder.encode(frame);
  }

  reset(): void {
    this.#encoder.reset();
  }
}

const complexities = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;
const complexityOf = (wanted: number): (typeof complexities)[number] =>
  complexities.find((complexity) => complexity >= wanted) ?? 10;

/**
 * Opus by @evan/opus: libopus as native code, with the same as WebAssembly where there is none for a machine. It cannot copy the
 * state of an encoder, which would be the best way from one to another: `mix.ts` says what is done instead.
 */
export const opusCodec: AudioCodec = {
  name: 'opus',
  // RFC 7587 §4.1: whatever the rate of the sound.
  clockRateHz: 48_000,
  durationMsOf: opusDurationMs,
  openDecoder: (rateHz) => new OpusDecoding(rateHz),
  openEncoder: (rateHz, settings) => new OpusEncoding(rateHz, settings),
};
