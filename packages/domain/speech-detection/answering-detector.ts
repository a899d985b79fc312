/**
 * Who answered: a person, or a machine with a greeting (SPD). It weighs, frame by frame, how well what was heard fits each of
 * the two: how long the greeting is so far, how long it has been silent since, how often it paused, and whether there was a
 * beep. As soon as one of them is as probable as it was asked for, it has decided. It knows no clock and no sound: a frame is
 * what a voice activity detector says of it.
 */

export const answerers = ['human', 'machine', 'unknown'] as const;
export type Answerer = (typeof answerers)[number];

export const answerReasons = [
  /** What was said was short, and somebody waits for an answer. */
  'short_greeting',
  /** It went on for longer than people greet. */
  'long_greeting',
  'beep',
  /** Nobody said anything. */
  'silence',
  /** It fits both, and the time is over. */
  'undecided',
] as const;
export type AnswerReason = (typeof answerReasons)[number];

export interface Answering {
  readonly answeredBy: Answerer;
  readonly reason: AnswerReason;
  /** How probable it is that this is so, 0 to 1: of `unknown`, that neither of the two was more probable. */
  readonly confidence: number;
  /** From the first frame. */
  readonly decidedAtMs: number;
  /** Of the greeting, as far as it was heard by then. */
  readonly greetingMs: number;
}

/** How the decision came about: what was known whenever speech began or ended, and at the end. */
export interface AnsweringStep {
  readonly atMs: number;
  readonly heard: 'speech' | 'silence' | 'beep' | 'decision';
  readonly machineProbability: number;
}

export interface AnsweringOptions {
  /** It decides when one of the two is as probable as this, 0.5 to 0.999. */
  readonly confidenceMin?: number;
  /** Nobody says a word for so long: it is unknown. */
  readonly silenceMsMax?: number;
  /** From the first frame to a decision. */
  readonly timeoutMs?: number;
  /** How many of a hundred calls a machine answers, before anything is heard: 0 to 1. */
  readonly machineShare?: number;
}

export const answeringDefaults = {
  confidenceMin: 0.93,
  silenceMsMax: 5_000,
  timeoutMs: 30_000,
  machineShare: 0.5,
} as const satisfies Required<AnsweringOptions>;

/** Lengths of greetings in seconds: of people a word or two, of machines several sentences. Log-normal. */
const greetings = {
  human: { median: 1.3, sigma: 0.5 },
  machine: { median: 8, sigma: 0.9 },
} as const;
/** Pauses of a greeting for each second of it, and the mean length of one in seconds. */
const pauses = {
  human: { perSecond: 0.2, mean: 0.25 },
  machine: { perSecond: 0.5, mean: 0.4 },
} as const;
/** So long people wait for an answer, and a machine before its beep, in seconds: the mean. */
const waiting = { human: 3, machine: 1 } as const;
/** How much likelier a beep is of a machine. */
const BEEP_RATIO = 400;
/** What is shorter is a click, and a gap that is shorter is within a word. */
const SPEECH_MS_MIN = 60;
const PAUSE_MS_MIN = 200;

export class AnsweringDetector {
  readonly #options: Required<AnsweringOptions>;
  #nowMs = 0;
  #speechMs = 0;
  /** Where the greeting began, and where what was last heard of it ended. */
  #greeting: { readonly fromMs: number; untilMs: number } | undefined;
  #wasSpeech = false;
  #pauseCount = 0;
  #hasBeep = false;
  readonly #steps: AnsweringStep[] = [];
  #answering: Answering | undefined;

  constructor(options: AnsweringOptions = {}) {
    this.#options = { ...answeringDefaults, ...options };
  }

  /** Undefined until it is decided. Later frames change nothing of it. */
  get answering(): Answering | undefined {
    return this.#answering;
  }

  get steps(): readonly AnsweringStep[] {
    return this.#steps;
  }

  /** The next frame of `durationMs`. */
  push({ durationMs, isSpeech }: { readonly durationMs: number; readonly isSpeech: boolean }): void {
    if (this.#answering !== undefined) return;
    this.#nowMs += durationMs;
    this.#speechMs = isSpeech ? this.#speechMs + durationMs : 0;
    const isHeard = this.#speechMs >= SPEECH_MS_MIN || (isSpeech && this.#wasSpeech);
    if (isHeard) this.#extendGreeting();
    if (isHeard !== this.#wasSpeech) this.#note(isHeard ? 'speech' : 'silence');
    this.#wasSpeech = isHeard;
    this.#decide();
  }

  /** A beep was heard. */
  beep(): void {
    if (this.#answering !== undefined || this.#hasBeep) return;
    this.#hasBeep = true;
    this.#note('beep');
    this.#decide();
  }

  /** There is no more to be heard: what is known by now decides. */
  end(): Answering {
    if (this.#answering === undefined) {
      const probability = this.#machineProbability;
      const { confidenceMin } = this.#options;
      if (this.#greeting === undefined && !this.#hasBeep) this.#end('unknown', 'silence', 0.5);
      else if (1 - probability >= confidenceMin) this.#end('human', 'short_greeting', 1 - probability);
      else this.#end('unknown', 'undecided', Math.max(probability, 1 - probability));
    }
    return this.#answering ?? unheard;
  }

  #extendGreeting(): void {
    const fromMs = this.#nowMs - this.#speechMs;
    if (this.#greeting === undefined) this.#greeting = { fromMs, untilMs: this.#nowMs };
    else if (fromMs - this.#greeting.untilMs >= PAUSE_MS_MIN) this.#pauseCount += 1;
    this.#greeting.untilMs = this.#nowMs;
  }

  /** Of a machine, by all that was heard (Wald's sequential test, with what is known of both). */
  get #machineProbability(): number {
    const { machineShare } = this.#options;
    const machine = machineShare * this.#likelihood('machine') * (this.#hasBeep ? BEEP_RATIO : 1);
    const human = (1 - machineShare) * this.#likelihood('human');
    return machine + human === 0 ? machineShare : machine / (machine + human);
  }

  #likelihood(who: 'human' | 'machine'): number {
    const greeting = this.#greeting;
    if (greeting === undefined) return 1;
    const length = Math.max(0.05, (greeting.untilMs - greeting.fromMs) / 1_000);
    const silence = (this.#nowMs - greeting.untilMs) / 1_000;
    const { perSecond, mean } = pauses[who];
    // Each pause so far, at the rate of those who make them.
    const paused = perSecond ** this.#pauseCount * Math.exp(-perSecond * length);
    const goesOn = surviving(length, greetings[who]);
    if (silence === 0) return paused * goesOn;
    const isOver = density(length, greetings[who]) * Math.exp(-silence / waiting[who]);
    const isPause = goesOn * perSecond * Math.exp(-silence / mean);
    return paused * (isOver + isPause);
  }

  #decide(): void {
    const { confidenceMin, silenceMsMax, timeoutMs } = this.#options;
    const probability = this.#machineProbability;
    const isSilent = this.#greeting === undefined && !this.#hasBeep;
    if (isSilent && this.#nowMs >= Math.min(silenceMsMax, timeoutMs)) this.#end('unknown', 'silence', 0.5);
    else if (isSilent) return;
    else if (this.#hasBeep && probability >= confidenceMin) this.#end('machine', 'beep', probability);
    else if (probability >= confidenceMin) this.#end('machine', 'long_greeting', probability);
    // Somebody who still talks has not greeted yet.
    else if (1 - probability >= confidenceMin && !this.#wasSpeech)
      this.#end('human', 'short_greeting', 1 - probability);
    else if (this.#nowMs >= timeoutMs)
      this.#end('unknown', 'undecided', Math.max(probability, 1 - probability));
  }

  #end(answeredBy: Answerer, reason: AnswerReason, confidence: number): void {
    const { fromMs = 0, untilMs = 0 } = this.#greeting ?? {};
    this.#note('decision');
    this.#answering = {
      answeredBy,
      reason,
      confidence: Math.min(0.999, Math.round(confidence * 1_000) / 1_000),
      decidedAtMs: this.#nowMs,
      greetingMs: untilMs - fromMs,
    };
  }

  #note(heard: AnsweringStep['heard']): void {
    const machineProbability = Math.round(this.#machineProbability * 1_000) / 1_000;
    this.#steps.push({ atMs: this.#nowMs, heard, machineProbability });
  }
}

const unheard: Answering = {
  ...{ answeredBy: 'unknown', reason: 'silence', confidence: 0.5, decidedAtMs: 0, greetingMs: 0 },
};

interface Lengths {
  readonly median: number;
  readonly sigma: number;
}

function density(length: number, { median, sigma }: Lengths): number {
  const z = Math.log(length / median) / sigma;
  return Math.exp(-0.5 * z * z) / (length * sigma * Math.sqrt(2 * Math.PI));
}

/** How many go on for longer. */
function surviving(length: number, { median, sigma }: Lengths): number {
  const z = Math.log(length / median) / sigma;
  return 0.5 * complementaryError(z / Math.SQRT2);
}

/** Abramowitz and Stegun 7.1.26: within 1.5e-7. */
function complementaryError(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const polynomial =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = polynomial * Math.exp(-x * x);
  return x >= 0 ? tail : 2 - tail;
}
