import { platformError, ServiceError } from '@patchbay/kit/errors';

export interface TurnLimits {
  readonly atOnceMax: number;
  readonly waitingMax: number;
}

const RETRY_AFTER_MS = 2_000;

/** Lets so much work run at once and so much wait for its turn. What comes beyond is refused, and may come again. */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #waiting: (() => void)[] = [];
  #runningCount = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  async take<Value>(work: () => Promise<Value>): Promise<Value> {
    await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#runningCount -= 1;
      else next();
    }
  }

  #turn(): Promise<void> | undefined {
    const { atOnceMax, waitingMax } = this.#limits;
    if (this.#runningCount < atOnceMax) {
      this.#runningCount += 1;
      return undefined;
    }
    if (this.#waiting.length >= waitingMax) {
      const { fields } = platformError('platform.unavailable', 'Too many ask for this at once.');
      throw new ServiceError({ ...fields, retryAfterMs: RETRY_AFTER_MS });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
