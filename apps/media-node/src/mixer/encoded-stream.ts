import { Limiter } from '@patchbay/dsp/limiter';
import type { AudioEncoder, CodecName } from './codec.ts';

/** Silence is encoded so often; then its payload is sent again as it is. */
const SILENT_FRAMES_ENCODED = 10;

/** One way of hearing a room, in one codec: an encoder, and the limiter before it. */
export class EncodedStream {
  readonly codecName: CodecName;
  readonly limiter: Limiter;
  readonly #encoder: AudioEncoder;
  readonly #frame: Int16Array;
  #silentFrames = 0;
  /** Of the frame that was encoded last. */
  payload: Uint8Array = new Uint8Array();
  /** The tick in which somebody heard it last. */
  usedTick = -1;
  encodedCount = 0;

  constructor(codecName: CodecName, encoder: AudioEncoder, frameLength: number) {
    this.codecName = codecName;
    this.#encoder = encoder;
    this.limiter = new Limiter(frameLength);
    this.#frame = new Int16Array(frameLength);
  }

  /** Begins for another listener, with frames that the listener has heard: an encoder without a past would click. */
  begin(limiter: Limiter, heard: readonly Int16Array[]): void {
    this.#encoder.reset();
    this.#silentFrames = 0;
    this.limiter.copyFrom(limiter);
    for (const frame of heard) this.encode(frame, true);
  }

  /** A sum that nobody else hears. */
  encodeSum(sum: Int32Array): void {
    const isSound = this.limiter.process(sum, this.#frame);
    this.encode(this.#frame, isSound);
  }

  encode(frame: Int16Array, isSound: boolean): void {
    this.#silentFrames = isSound ? 0 : this.#silentFrames + 1;
    if (this.#silentFrames > SILENT_FRAMES_ENCODED && this.payload.length > 0) return;
    this.payload = this.#encoder.encode(frame);
    this.encodedCount += 1;
  }
}
