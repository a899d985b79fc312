/** A stretch in which somebody speaks. */
export interface SpeechSegment {
  readonly startMs: number;
  readonly endMs: number;
  /** How probable it is, over all of it: 0 to 1. */
  readonly confidence: number;
}

export const sensitivities = ['low', 'normal', 'high'] as const;
export type Sensitivity = (typeof sensitivities)[number];

/** It begins above the one probability and ends below the other, so that it does not flicker. */
const thresholds: Readonly<Record<Sensitivity, { readonly beginsAt: number; readonly endsAt: number }>> = {
  low: { beginsAt: 0.7, endsAt: 0.5 },
  normal: { beginsAt: 0.5, endsAt: 0.35 },
  high: { beginsAt: 0.3, endsAt: 0.15 },
};

export interface SegmentRules {
  readonly sensitivity: Sensitivity;
  /** What is shorter is a click or a cough, and no speech. */
  readonly speechMsMin: number;
  /** A shorter pause is within a stretch. */
  readonly pauseMsMin: number;
}

interface Open {
  readonly startMs: number;
  /** Where speech was last heard in it. */
  untilMs: number;
  probability: number;
  frames: number;
}

/** Makes stretches of speech from how probable it is in each frame. It knows no sound and no clock. */
export class SpeechSegments {
  readonly #rules: SegmentRules;
  #nowMs = 0;
  #isSpeech = false;
  #open: Open | undefined;

  constructor(rules: SegmentRules) {
    this.#rules = rules;
  }

  /** The next frame of `durationMs`; answers the stretch that is over with it. */
  push({
    durationMs,
    probability,
  }: {
    readonly durationMs: number;
    readonly probability: number;
  }): SpeechSegment | undefined {
    const { beginsAt, endsAt } = thresholds[this.#rules.sensitivity];
    const startMs = this.#nowMs;
    this.#nowMs += durationMs;
    this.#isSpeech = probability >= (this.#isSpeech ? endsAt : beginsAt);
    if (this.#isSpeech) {
      this.#open ??= { startMs, untilMs: startMs, probability: 0, frames: 0 };
      this.#open.untilMs = this.#nowMs;
      this.#open.probability += probability;
      this.#open.frames += 1;
      return undefined;
    }
    const isOver = this.#open !== undefined && this.#nowMs - this.#open.untilMs >= this.#rules.pauseMsMin;
    return isOver ? this.#close() : undefined;
  }

  /** The sound is over; answers the stretch that was open. */
  end(): SpeechSegment | undefined {
    return this.#close();
  }

  #close(): SpeechSegment | undefined {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || open.untilMs - open.startMs < this.#rules.speechMsMin) return undefined;
    return {
      startMs: Math.round(open.startMs),
      endMs: Math.round(open.untilMs),
      confidence: Math.round((1_000 * open.probability) / open.frames) / 1_000,
    };
  }
}
