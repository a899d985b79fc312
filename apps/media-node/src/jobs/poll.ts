/** For so long after there was something to do, more of it is expected. */
const LIVELY_MS = 2_000;

export interface PollOptions {
  /** Answers whether there was something to do: then it looks again at once. */
  readonly work: () => Promise<boolean>;
  /** How long after a look that found nothing it looks again unasked. */
  readonly everyMs: number;
  /** The same, for a while after there was something. Default: `everyMs`. */
  readonly livelyEveryMs?: number;
  /** However often it is asked, it rests so long after each look, and takes what was asked meanwhile together. Default: 0. */
  readonly restMs?: number;
  readonly onFailure: (error: unknown) => void;
}

/** Looks for work, when it is asked to and every so often, never twice at a time, until it is stopped. */
export class Poll {
  readonly #options: PollOptions;
  #round: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isResting = false;
  #isAsked = false;
  #foundMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  /** Whoever asks while a look is under way is looked for by another after it: that one began before. */
  ask(): void {
    if (this.#isStopped) return;
    if (this.#round !== undefined || this.#isResting) {
      this.#isAsked = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#isAsked = false;
    this.#round = this.#look().finally(() => {
      this.#round = undefined;
      if (!this.#isStopped) this.#rest();
    });
  }

  /** Resolves when the look that is under way is over. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #rest(): void {
    const { restMs = 0 } = this.#options;
    if (restMs === 0) {
      this.#goOn();
      return;
    }
    this.#isResting = true;
    this.#timer = setTimeout(() => {
      this.#isResting = false;
      this.#goOn();
    }, restMs);
  }

  #goOn(): void {
    if (this.#isAsked) this.ask();
    else this.#timer = setTimeout(() => this.ask(), this.#waitMs());
  }

  async #look(): Promise<void> {
    try {
      if (!(await this.#options.work())) return;
      this.#isAsked = true;
      this.#foundMs = performance.now();
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  #waitMs(): number {
    const { everyMs, livelyEveryMs = everyMs } = this.#options;
    return performance.now() - this.#foundMs < LIVELY_MS ? livelyEveryMs : everyMs;
  }
}
