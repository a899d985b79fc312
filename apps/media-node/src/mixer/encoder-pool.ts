import { type AudioCodec, frameLengthOf, type OpusSettings, type RoomRateHz } from './codec.ts';
import { EncodedStream } from './encoded-stream.ts';

/** That are kept for the next who talks: an encoder of Opus is 44 kB, and costs more to make than to clear. */
const FREE_MAX = 16;

/** The encoders of a room: those in use, and some that wait. */
export class EncoderPool {
  readonly #rateHz: RoomRateHz;
  readonly #opus: OpusSettings;
  readonly #free: EncodedStream[] = [];
  /** Frames that were encoded: what a room costs, more than all else. */
  encodedCount = 0;

  constructor(rateHz: RoomRateHz, opus: OpusSettings) {
    this.#rateHz = rateHz;
    this.#opus = opus;
  }

  take(codec: AudioCodec): EncodedStream {
    const place = this.#free.findIndex(({ codecName }) => codecName === codec.name);
    const [known] = place < 0 ? [] : this.#free.splice(place, 1);
    if (known !== undefined) return known;
    const encoder = codec.openEncoder(this.#rateHz, this.#opus);
    return new EncodedStream(codec.name, encoder, frameLengthOf(this.#rateHz));
  }

  giveBack(stream: EncodedStream): void {
    this.encodedCount += stream.encodedCount;
    stream.encodedCount = 0;
    if (this.#free.length < FREE_MAX) this.#free.push(stream);
  }
}
