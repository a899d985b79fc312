import type { UsageDraft } from '@patchbay/domain/metering/usage-record';
import { type CountedUse, UseCounter, type UsedBy } from '@patchbay/domain/metering/use-counter';
import type { Spool } from './spool.ts';

/** What is counted is on disk in less than a second (MET-2). */
const FLUSH_MS = 500;

export interface SpooledUsesOptions {
  readonly region: string;
  readonly nowMs?: () => number;
  readonly flushMs?: number;
}

/** Counts uses, and puts what they add up to into a spool twice a second: one write, whatever their number. */
export class SpooledUses {
  readonly #counter: UseCounter;
  readonly #nowMs: () => number;
  #spool: Spool<UsageDraft> | undefined;
  #timer: NodeJS.Timeout | undefined;

  readonly #flushMs: number;

  constructor({ region, nowMs = Date.now, flushMs = FLUSH_MS }: SpooledUsesOptions) {
    this.#counter = new UseCounter({ region });
    this.#nowMs = nowMs;
    this.#flushMs = flushMs;
  }

  count(usedBy: UsedBy, use: CountedUse): void {
    this.#counter.count(usedBy, use, this.#nowMs());
  }

  /** What was counted before waits for this. */
  start(spool: Spool<UsageDraft>, onFailure: (error: unknown) => void): void {
    this.#spool = spool;
    this.#timer = setInterval(() => void this.flush().catch(onFailure), this.#flushMs);
    this.#timer.unref();
  }

  /** Resolves when all that was counted is on disk. A full spool takes none of it: it goes on adding up here. */
  async flush(): Promise<void> {
    this.#take();
    await this.#spool?.tick();
  }

  /** For the last moment of a process, in which nothing can be waited for. */
  flushAtExit(): void {
    this.#take();
    this.#spool?.tickAtExit();
  }

  #take(): void {
    const spool = this.#spool;
    if (spool === undefined || spool.isFull) return;
    for (const draft of this.#counter.take(this.#nowMs())) spool.append(draft);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }
}
