import { setTimeout as wait } from 'node:timers/promises';
import type { Spool, Spooled } from './spool.ts';

export interface UploaderOptions<Item> {
  readonly spool: Spool<Item>;
  /** Sends a batch. To throw is to have failed: the same batch is sent again. */
  readonly send: (batch: readonly Spooled<Item>[]) => Promise<void>;
  readonly batchCountMax: number;
  readonly onFailure: (error: unknown, waitingCount: number) => void;
  readonly intervalMs?: number;
}

const RETRY_MS_MAX = 10_000;

/** Sends what the spool holds, oldest first, until it is acknowledged; with longer and longer waits while nobody answers. */
export class Uploader<Item> {
  readonly #options: UploaderOptions<Item>;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: UploaderOptions<Item>) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Stops, after one last try to send what there is within the time given. */
  async stop(lastTryMs = 2_000): Promise<void> {
    this.#stop.abort();
    await this.#running;
    const deadline = Date.now() + lastTryMs;
    try {
      while (Date.now() < deadline && (await this.#sendOne()));
    } catch (error) {
      this.#options.onFailure(error, this.#options.spool.waitingCount);
    }
  }

  async #run(): Promise<void> {
    const { intervalMs = 500 } = this.#options;
    let retryMs = intervalMs;
    while (!this.#stop.signal.aborted) {
      let pauseMs = intervalMs;
      try {
        while (await this.#sendOne());
        retryMs = intervalMs;
      } catch (error) {
        this.#options.onFailure(error, this.#options.spool.waitingCount);
        pauseMs = retryMs * (0.5 + Math.random() / 2);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
      await wait(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  /** Whether there may be more. */
  async #sendOne(): Promise<boolean> {
    const { spool, send, batchCountMax } = this.#options;
    const batch = spool.peek(batchCountMax);
    if (batch.length === 0) return false;
    await send(batch);
    await spool.acknowledge(batch);
    return spool.peek(1).length > 0;
  }
}
