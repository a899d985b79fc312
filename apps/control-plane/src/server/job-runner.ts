import { type Job, runJob } from '@patchbay/adapters/postgres/job-runs';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { rootOf } from './failure-log.ts';

/** How often each job is asked whether it is due. Asking is one statement on a row of its own. */
const ASK_MS = 30_000;
/** The first start is busy enough. */
const FIRST_MS = 10_000;

export interface JobRunnerOptions {
  readonly pool: Pool;
  readonly jobs: readonly Job[];
  readonly log: Pick<Logger, 'error' | 'info'>;
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

  start(): void {
    this.#schedule(FIRST_MS);
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
      this.#round = this.runDue().finally(() => this.#schedule(ASK_MS));
    }, afterMs);
    this.#timer.unref();
  }
}
