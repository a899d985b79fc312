import { Resampler } from '@patchbay/dsp/resample';
import { toneSamples } from '@patchbay/dsp/tone';

/** What a leg sends and hears, in frames of 10 ms. */
export const RATE_HZ = 48_000;
export const FRAME_MS = 10;
export const FRAME_SAMPLES = (RATE_HZ * FRAME_MS) / 1_000;

/** Loud enough to be heard, and 12 dB below what would be cut off. */
const TONE_LEVEL = 0.25;

/** A sound that is ready to be played. */
export type Clip =
  | {
      readonly kind: 'samples';
      readonly rateHz: number;
      readonly samples: Int16Array;
      readonly repeatCount: number;
    }
  | { readonly kind: 'tone'; readonly hertz: readonly number[]; readonly milliseconds: number }
  | { readonly kind: 'silence'; readonly milliseconds: number }
  /** What is heard, sent back. */
  | { readonly kind: 'echo'; readonly milliseconds: number };

export interface GatherRule {
  readonly digitsMax?: number | undefined;
  readonly finishOn?: string | undefined;
  /** From the end of the clips, and anew from each key. */
  readonly timeoutMs: number;
}

export type RunResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'gathered'; readonly digits: string }
  | { readonly kind: 'left'; readonly how: 'key' }
  | { readonly kind: 'failed'; readonly failure: 'unreachable'; readonly detail: string };

/** So many keys are kept of a gather that says no number. */
const DIGITS_MAX = 100;

/** One order of logic on a leg, frame by frame. It knows no clock: a frame is 10 ms. */
export class SoundRun {
  readonly #clips: Clip[];
  readonly #gather: GatherRule | undefined;
  #playing: Player | undefined;
  #digits = '';
  #silentMs = 0;
  #result: RunResult | undefined;

  constructor(clips: readonly Clip[], gather?: GatherRule) {
    this.#clips = [...clips];
    this.#gather = gather;
  }

  get isListening(): boolean {
    return this.#gather !== undefined && this.#result === undefined;
  }

  /** Undefined until it is over. */
  get result(): RunResult | undefined {
    return this.#result;
  }

  /** What goes out next. @param heard what came in last, for an echo. */
  next(heard: Int16Array | undefined): Int16Array {
    for (;;) {
      this.#playing ??= playerOf(this.#clips.shift());
      const frame = this.#playing?.(heard);
      if (frame !== undefined) return frame;
      if (this.#playing === undefined) break;
      this.#playing = undefined;
    }
    if (this.#gather === undefined) this.#result ??= { kind: 'done' };
    else {
      this.#silentMs += FRAME_MS;
      if (this.#silentMs >= this.#gather.timeoutMs) this.#finish();
    }
    return new Int16Array(FRAME_SAMPLES);
  }

  /** Keys that were pressed: they end what is being played, and count while it listens. */
  press(digits: string): void {
    for (const digit of digits) {
      if (this.#gather === undefined || this.#result !== undefined) return;
      this.#clips.length = 0;
      this.#playing = undefined;
      this.#silentMs = 0;
      if (digit === this.#gather.finishOn) {
        this.#finish();
        return;
      }
      this.#digits += digit;
      if (this.#digits.length >= (this.#gather.digitsMax ?? DIGITS_MAX)) this.#finish();
    }
  }

  #finish(): void {
    this.#result ??= { kind: 'gathered', digits: this.#digits };
  }
}

/** The next frame of a clip; undefined at its end. */
type Player = (heard: Int16Array | undefined) => Int16Array | undefined;

function playerOf(clip: Clip | undefined): Player | undefined {
  if (clip === undefined) return undefined;
  switch (clip.kind) {
    case 'samples': {
      const { samples, rateHz, repeatCount } = clip;
      const open = () => new Resampler({ samples, fromHz: rateHz, toHz: RATE_HZ });
      let left = repeatCount;
      let resampler = open();
      return () => {
        if (resampler.isOver && left > 1) {
          left -= 1;
          resampler = open();
        }
        return resampler.isOver ? undefined : resampler.next(FRAME_SAMPLES);
      };
    }
    case 'tone': {
      const { hertz, milliseconds: durationMs } = clip;
      return framesOf(durationMs, (index) =>
        toneSamples(
          { hertz, durationMs, level: TONE_LEVEL },
          { rateHz: RATE_HZ, from: index * FRAME_SAMPLES, count: FRAME_SAMPLES },
        ),
      );
    }
    case 'silence':
      return framesOf(clip.milliseconds, () => new Int16Array(FRAME_SAMPLES));
    case 'echo':
      return framesOf(clip.milliseconds, (_index, heard) => heard ?? new Int16Array(FRAME_SAMPLES));
  }
}

function framesOf(
  milliseconds: number,
  make: (index: number, heard: Int16Array | undefined) => Int16Array,
): Player {
  let index = 0;
  return (heard) => {
    if (index * FRAME_MS >= milliseconds) return undefined;
    const frame = make(index, heard);
    index += 1;
    return frame;
  };
}
