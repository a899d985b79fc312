import type { MediaAddress } from '../mixer/mixer-port.ts';
import type { OpenRoomWay, RoomWay } from './room-way.ts';
import { type Clip, FRAME_SAMPLES, type RunResult, SoundRun } from './sound-run.ts';

export interface RoomRunOptions {
  readonly open: OpenRoomWay;
  readonly onOpen: (port: number) => void;
  /** What is heard until the room begins, again and again; with nothing, silence. */
  readonly wait: readonly Clip[];
  /** The key that leaves the room. */
  readonly leaveOn?: string | undefined;
}

/** A leg in a room, frame by frame: it waits, is in, and leaves with its key. Everything else ends it from outside. */
export class RoomRun {
  readonly #options: RoomRunOptions;
  readonly #way: RoomWay;
  #waiting: SoundRun | undefined;
  #isIn = false;
  #result: RunResult | undefined;

  constructor(options: RoomRunOptions) {
    this.#options = options;
    this.#way = options.open(options.onOpen, (detail) => {
      this.#result ??= { kind: 'failed', failure: 'unreachable', detail: `No way to the mixer: ${detail}.` };
    });
  }

  get isListening(): boolean {
    return this.#options.leaveOn !== undefined && this.#result === undefined;
  }

  /** Undefined until it is over. */
  get result(): RunResult | undefined {
    return this.#result;
  }

  /** The room is mixed there from now on. */
  enter(address: MediaAddress): void {
    this.#isIn = true;
    this.#way.connect(address);
  }

  /** It waits again, as at the beginning. */
  wait(): void {
    this.#isIn = false;
  }

  /** What goes out next. */
  next(): Int16Array {
    const heard = this.#way.next();
    if (this.#isIn) return heard ?? new Int16Array(FRAME_SAMPLES);
    const { wait } = this.#options;
    if (wait.length === 0) return new Int16Array(FRAME_SAMPLES);
    if (this.#waiting?.result !== undefined) this.#waiting = undefined;
    this.#waiting ??= new SoundRun(wait);
    return this.#waiting.next(undefined);
  }

  /** What the party says. */
  hear(frame: Int16Array): void {
    if (this.#isIn && frame.length === FRAME_SAMPLES) this.#way.say(frame);
  }

  press(digits: string): void {
    const { leaveOn } = this.#options;
    if (leaveOn !== undefined && digits.includes(leaveOn)) this.#result ??= { kind: 'left', how: 'key' };
  }

  close(): void {
    this.#way.close();
  }
}
