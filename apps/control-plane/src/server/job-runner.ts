import { type Job, runJob } from '@patchbay/adapters/postgres/job-runs';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { rootOf } from './failure-log.ts';

/** How often each job is asked whether it is due, unless told otherwise. Asking is one statement on a row of its own. */
const ASK_MS = 30_000;
/** The first start is busy enough. */
const FIRST_MS = 10_000;

export interface JobRunnerOptions {
  readonly pool: Pool;
  readonly jobs: readonly Job[];
  readonly log: Pick<Logger, 'error' | 'info'>;
  readonly askMs?: number;
}

/** Runs the platform's regular tasks in this process, whenever one is due and no other process has it. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #round: Promise<void> = Promise.resolve();

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  get #askMs(): number {
    return this.#options.askMs ?? ASK_MS;
  }

  start(): void {
    this.#schedule(Math.min(FIRST_MS, this.#askMs));
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** One after the other: none of them is in a hurry. */
  async runDue(): Promise<void> {
    const { pool, jobs, log } = this.#options;
    for (const job of jobs) {
      if (this.#isStopped) return;
      try {
        await runJob(pool, job);
      } catch (error) {
        log.error(
          { job: job.name, error: rootOf(error) },
          'A regular task failed; it is tried again when it is due.',
        );
      }
    }
  }

  #schedule(afterMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#round = this.runDue().finally(() => this.#schedule(this.#askMs));
    }, afterMs);
    this.#timer.unref();
  }
}
