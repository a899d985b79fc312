/** What a leg may speak: `l16`, samples as they are, is for legs on the same machine. */
export const codecNames = ['opus', 'pcmu', 'pcma', 'l16'] as const;
export type CodecName = (typeof codecNames)[number];

/** All work of a mixer goes by this clock. */
export const FRAME_MS = 20;

/** Rates that rooms mix at: 48000 for Opus, 16000 or 8000 for telephones alone. */
export type RoomRateHz = 8_000 | 16_000 | 48_000;

export const frameLengthOf = (rateHz: RoomRateHz): number => (rateHz * FRAME_MS) / 1_000;

/** Payloads of one leg, into samples at the room's rate. */
export interface AudioDecoder {
  /** Writes the samples of a payload, and says how many; -1 of what is none, however hostile. */
  decode(payload: Uint8Array, samples: Int16Array): number;
  /** Fills samples whose payload is missing. */
  conceal(samples: Int16Array): void;
  /** Another source begins. */
  reset(): void;
}

/** Samples at the room's rate, 20 ms at a time, into payloads. */
export interface AudioEncoder {
  /** What it gives is not written to again. */
  encode(frame: Int16Array): Uint8Array;
  /** Another listener begins: what was encoded before is not heard in what follows. */
  reset(): void;
}

/** How Opus is made. */
export interface OpusSettings {
  /**
   * `voice`: the coder for speech, which is best below 32 kbit/s and under loss. `sound`: the one for all that is heard, for a quarter
   * of the processor time; best from 48 kbit/s on (docs/benchmarks.md has what both cost).
   */
  readonly coder: 'voice' | 'sound';
  /** 0, the cheapest, to 10. */
  readonly complexity: number;
  /** Bits a second, or what the codec thinks right: about 51,000 of one channel at 48 kHz. */
  readonly bitrateBps: number | 'auto';
}

export const opusDefaults: OpusSettings = { coder: 'voice', complexity: 4, bitrateBps: 'auto' };

/** A codec, as the mixer knows it: what a leg speaks is one fact, and no other file asks for its name. */
export interface AudioCodec {
  readonly name: CodecName;
  /** Of its timestamps in RTP. */
  readonly clockRateHz: number;
  /** Of one payload, where that is more than Opus ever has. */
  readonly payloadBytesMax?: number;
  /** How long a payload sounds, in milliseconds, without decoding it; 0 of what is none. */
  readonly durationMsOf: (bytes: Uint8Array, start: number, end: number) => number;
  readonly openDecoder: (rateHz: RoomRateHz) => AudioDecoder;
  readonly openEncoder: (rateHz: RoomRateHz, settings: OpusSettings) => AudioEncoder;
}
