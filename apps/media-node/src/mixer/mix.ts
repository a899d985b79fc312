import { Limiter } from '@patchbay/dsp/limiter';
import { addTo, withoutOwn } from '@patchbay/dsp/mix';
import type { CodecName } from './codec.ts';
import type { EncodedStream } from './encoded-stream.ts';
import type { EncoderPool } from './encoder-pool.ts';
import type { MixLeg } from './leg.ts';

/**
 * What an encoder needs of what its listener heard before: measured as the error against a stream that was never switched, five
 * frames are as good as all of them, and none is a click of -6 dB. So one that is new gets the last five first, and one that all have
 * gets a listener back when both encoders had five frames alike.
 */
const WARM_FRAMES = 5;
/** New encoders of one tick that are given a past: when a whole room begins at once, the tick must not be late for it. */
const WARMED_PER_TICK_MAX = 4;

/** A sound of nobody in the room: a tone at entry, a word, music. */
export interface RoomSound {
  readonly samples: Int32Array;
  /** Groups that hear it, a bit each. */
  readonly groups: number;
}

/**
 * All who hear the same groups. There is one sum and one encoder of each codec for those who only listen; who is in the sum gets it
 * without the own sound, from an encoder of its own: so a room costs as many encoders as talkers and one more, whatever its size.
 */
export class Mix {
  /** The groups that are heard in it, a bit each. */
  readonly hears: number;
  /** What somebody hears who only listens, of the last tick. */
  readonly frame: Int16Array;
  readonly #listeners: MixLeg[] = [];
  readonly #pool: EncoderPool;
  readonly #sum: Int32Array;
  readonly #others: Int32Array;
  readonly #limiter: Limiter;
  readonly #shared = new Map<CodecName, EncodedStream>();
  /** The last frames, the oldest first. */
  readonly #heard: Int16Array[];
  #warmedCount = 0;

  constructor(hears: number, { pool, frameLength }: { pool: EncoderPool; frameLength: number }) {
    this.hears = hears;
    this.#pool = pool;
    this.frame = new Int16Array(frameLength);
    this.#sum = new Int32Array(frameLength);
    this.#others = new Int32Array(frameLength);
    this.#limiter = new Limiter(frameLength);
    this.#heard = Array.from({ length: WARM_FRAMES }, () => new Int16Array(frameLength));
  }

  get listenerCount(): number {
    return this.#listeners.length;
  }

  add(leg: MixLeg): void {
    this.#listeners.push(leg);
  }

  remove(leg: MixLeg): void {
    const place = this.#listeners.indexOf(leg);
    if (place >= 0) this.#listeners.splice(place, 1);
    if (leg.stream !== undefined) this.#pool.giveBack(leg.stream);
    leg.stream = undefined;
  }

  /** Frames that its encoders made which are in use. */
  get encodedCount(): number {
    let count = 0;
    for (const stream of this.#shared.values()) count += stream.encodedCount;
    for (const { stream } of this.#listeners) count += stream?.encodedCount ?? 0;
    return count;
  }

  /** One tick: of all legs of the room, those that are in sums, and sounds of nobody. Each listener is sent a packet. */
  tick(talkers: readonly MixLeg[], sounds: readonly RoomSound[], tick: number): void {
    this.#warmedCount = 0;
    this.#sum.fill(0);
    for (const talker of talkers)
      if ((talker.speaksTo & this.hears) !== 0) addTo(this.#sum, talker.contribution);
    for (const { samples, groups } of sounds) if ((groups & this.hears) !== 0) addTo(this.#sum, samples);
    // Whoever is in the sum goes first: its encoder may begin where the sum's limiter was before this tick.
    for (const leg of this.#listeners) if (this.#isIn(leg)) this.#encodeOthers(leg);
    const isSound = this.#limiter.process(this.#sum, this.frame);
    for (const leg of this.#listeners) if (!this.#isIn(leg)) this.#listen(leg, tick);
    for (const [name, stream] of this.#shared) {
      if (stream.usedTick === tick) stream.encode(this.frame, isSound);
      else this.#drop(name, stream);
    }
    for (const leg of this.#listeners) {
      const stream = leg.stream ?? this.#shared.get(leg.codec.name);
      if (stream !== undefined) leg.send(stream.payload);
    }
    const [oldest] = this.#heard;
    if (oldest === undefined) return;
    this.#heard.copyWithin(0, 1);
    this.#heard[WARM_FRAMES - 1] = oldest;
    oldest.set(this.frame);
  }

  /** Gives its encoders back. */
  close(): void {
    for (const [name, stream] of this.#shared) this.#drop(name, stream);
  }

  #isIn(leg: MixLeg): boolean {
    return leg.isIn && (leg.speaksTo & this.hears) !== 0;
  }

  #encodeOthers(leg: MixLeg): void {
    leg.stream ??= this.#begin(leg);
    leg.equalTicks = 0;
    withoutOwn(this.#sum, leg.contribution, this.#others);
    leg.stream.encodeSum(this.#others);
  }

  /** Somebody who only listens: from the encoder that all have, once the own one has heard enough of the same. */
  #listen(leg: MixLeg, tick: number): void {
    const { name } = leg.codec;
    let shared = this.#shared.get(name);
    if (shared === undefined) {
      // An own encoder that nobody needs for its difference becomes that of all.
      shared = leg.stream ?? this.#begin(leg);
      leg.stream = undefined;
      this.#shared.set(name, shared);
    } else if (leg.stream !== undefined) {
      leg.equalTicks += 1;
      if (leg.equalTicks <= WARM_FRAMES) leg.stream.encodeSum(this.#sum);
      else {
        this.#pool.giveBack(leg.stream);
        leg.stream = undefined;
      }
    }
    shared.usedTick = tick;
  }

  #begin(leg: MixLeg): EncodedStream {
    const stream = this.#pool.take(leg.codec);
    const isWarmed = ++this.#warmedCount <= WARMED_PER_TICK_MAX;
    stream.begin(this.#limiter, isWarmed ? this.#heard : []);
    return stream;
  }

  #drop(name: CodecName, stream: EncodedStream): void {
    this.#pool.giveBack(stream);
    this.#shared.delete(name);
  }
}
