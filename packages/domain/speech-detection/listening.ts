import { type Answering, AnsweringDetector } from './answering-detector.ts';
import type { DetectionOrder } from './detection-order.ts';
import { BEEPS_MAX, type Findings, LEVELS_COUNT, SEGMENTS_MAX } from './detection-record.ts';
import { type SpeechSegment, SpeechSegments } from './speech-segments.ts';

/** What is known of one frame of a sound. */
export interface HeardFrame {
  readonly durationMs: number;
  /** That somebody speaks in it, 0 to 1. */
  readonly probability: number;
  /** Somebody in front speaks, and not one of those behind. */
  readonly isSpeech: boolean;
  /** Of its samples the loudest, 0 to 1. */
  readonly peak: number;
}

export interface HeardBeep {
  readonly startMs: number;
  readonly durationMs: number;
  readonly hertz: number;
}

/** What is heard in one sound, from its first frame to its last. It knows no samples and no clock. */
export class Listening {
  readonly #segments: SpeechSegments;
  readonly #answering: AnsweringDetector | undefined;
  readonly #envelope = new Envelope();
  readonly #listed: SpeechSegment[] = [];
  readonly #beeps: Findings['beeps'] = [];
  #nowMs = 0;
  #segmentCount = 0;
  #beepCount = 0;
  #speechMs = 0;
  #longestSilenceMs = 0;
  #silentFromMs = 0;
  #firstSpeechMs: number | undefined;

  constructor({ kind, rules }: Pick<DetectionOrder, 'kind' | 'rules'>) {
    this.#segments = new SpeechSegments(rules);
    this.#answering =
      kind === 'presence'
        ? undefined
        : new AnsweringDetector({
            confidenceMin: rules.answerConfidencePercentMin / 100,
            silenceMsMax: rules.answerSilenceMsMax,
            timeoutMs: rules.answerTimeoutMs,
            machineShare: rules.machineSharePercent / 100,
          });
  }

  push({ durationMs, probability, isSpeech, peak }: HeardFrame): void {
    this.#nowMs += durationMs;
    this.#envelope.push(peak, durationMs);
    this.#take(this.#segments.push({ durationMs, probability }));
    this.#answering?.push({ durationMs, isSpeech });
  }

  beep({ startMs, durationMs, hertz }: HeardBeep): void {
    this.#beepCount += 1;
    if (this.#beeps.length < BEEPS_MAX)
      this.#beeps.push({ startMs, endMs: startMs + durationMs, hertz: Math.round(hertz) });
    this.#answering?.beep();
  }

  /** The sound is over. */
  end(): Findings {
    this.#take(this.#segments.end());
    const durationMs = Math.round(this.#nowMs);
    this.#silentUntil(durationMs);
    const answering = this.#answering === undefined ? undefined : this.#answered(this.#answering.end());
    return {
      ...{ durationMs, speechMs: this.#speechMs, silenceMs: durationMs - this.#speechMs },
      longestSilenceMs: this.#longestSilenceMs,
      talkRatio: durationMs === 0 ? 0 : rounded(this.#speechMs / durationMs),
      ...{ segmentCount: this.#segmentCount, beepCount: this.#beepCount },
      ...(this.#firstSpeechMs === undefined ? {} : { firstSpeechMs: this.#firstSpeechMs }),
      ...(answering === undefined ? {} : { answering }),
      ...{ segments: this.#listed, beeps: this.#beeps, levels: this.#envelope.levels() },
    };
  }

  #take(segment: SpeechSegment | undefined): void {
    if (segment === undefined) return;
    this.#segmentCount += 1;
    this.#speechMs += segment.endMs - segment.startMs;
    this.#firstSpeechMs ??= segment.startMs;
    this.#silentUntil(segment.startMs);
    this.#silentFromMs = segment.endMs;
    if (this.#listed.length < SEGMENTS_MAX) this.#listed.push(segment);
  }

  #silentUntil(ms: number): void {
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, ms - this.#silentFromMs);
  }

  /** Of a machine its beep may come long after it was known as one. */
  #answered(answering: Answering): NonNullable<Findings['answering']> {
    const { answeredBy, reason, confidence, decidedAtMs, greetingMs } = answering;
    const [beep] = answeredBy === 'machine' ? this.#beeps : [];
    return {
      ...{ answeredBy, reason, confidence },
      ...{ decidedAtMs: Math.round(decidedAtMs), greetingMs: Math.round(greetingMs) },
      ...(beep === undefined ? {} : { beepEndMs: beep.endMs }),
    };
  }
}

const rounded = (share: number): number => Math.round(share * 1_000) / 1_000;

/** The loudest of each part of a sound, however long that turns out to be: when it is full, each two parts become one. */
class Envelope {
  #peaks: number[] = [];
  #framesInPart = 1;
  #framesInLast = 0;

  push(peak: number, durationMs: number): void {
    if (durationMs <= 0) return;
    if (this.#framesInLast === 0) this.#peaks.push(0);
    const last = this.#peaks.length - 1;
    this.#peaks[last] = Math.max(this.#peaks[last] ?? 0, peak);
    this.#framesInLast = (this.#framesInLast + 1) % this.#framesInPart;
    if (this.#peaks.length === 2 * LEVELS_COUNT && this.#framesInLast === 0) this.#halve();
  }

  /** Of as many parts as are shown, 0 to 100. */
  levels(): number[] {
    const parts = this.#peaks;
    const count = Math.min(LEVELS_COUNT, parts.length);
    return Array.from({ length: count }, (_, index) => {
      const from = Math.floor((index * parts.length) / count);
      const until = Math.max(from + 1, Math.floor(((index + 1) * parts.length) / count));
      return Math.round(100 * Math.min(1, Math.max(...parts.slice(from, until))));
    });
  }

  #halve(): void {
    this.#peaks = Array.from({ length: LEVELS_COUNT }, (_, index) =>
      Math.max(this.#peaks[2 * index] ?? 0, this.#peaks[2 * index + 1] ?? 0),
    );
    this.#framesInPart *= 2;
  }
}
