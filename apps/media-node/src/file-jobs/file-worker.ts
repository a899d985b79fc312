import path from 'node:path';
import type { ClaimedFileJob, FailedEnd } from '@patchbay/adapters/file-jobs/file-job-table';
import type { FileFailure } from '@patchbay/domain/file-jobs/file-job';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import { Poll } from '../jobs/poll.ts';
import { type InputSources, writeInput } from './input-file.ts';
import type { WorkFailure } from './work-failure.ts';
import { makeWorkFolder, removeWorkFolder } from './work-folder.ts';

/** Who has said nothing of a job for so long has lost it. */
const LEASE_MS = 10_000;
/** How often it says so; and how soon it finds that a job was cancelled. */
const HOLD_MS = 250;
const POLL_MS = 250;
const LIVELY_POLL_MS = 50;
/** A file that brought its process down so often is not given to another. */
const ATTEMPTS_MAX = 3;
/** Percent between two events. */
const TOLD_STEP = 25;

/** How work on a file ended well, and what it counts as. */
export interface WorkDone<Done> {
  readonly end: Done;
  readonly usesOf: (processMs: number) => Promise<readonly CountedUse[]> | readonly CountedUse[];
}

/** What is at hand for the work on one file. */
export interface FileInHand {
  readonly inputFile: string;
  /** For what else is made on the way: it goes with the work. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (percent: number) => void;
}

export interface FileWorkerOptions<
  Job extends ClaimedFileJob,
  Done extends { readonly kind: string },
  Failure extends string = FileFailure,
> {
  readonly queue: {
    claim(claim: {
      readonly region: string;
      readonly countMax: number;
      readonly leaseMs: number;
    }): Promise<readonly Job[]>;
    hold(
      job: Job,
      how: {
        readonly percent: number;
        readonly leaseMs: number;
        readonly tells: boolean;
        readonly nowMs: number;
      },
    ): Promise<boolean>;
    release(job: Job): Promise<void>;
    finish(job: Job, end: Done | FailedEnd<Failure | FileFailure>, nowMs: number): Promise<boolean>;
  };
  readonly work: (job: Job, hand: FileInHand) => Promise<WorkDone<Done> | WorkFailure<Failure | FileFailure>>;
  readonly sources: InputSources;
  /** What it says that it is, to those it fetches files from. */
  readonly userAgent: string;
  readonly region: string;
  readonly atOnceMax: number;
  readonly count: (usedBy: UsedBy, use: CountedUse) => void;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs?: () => number;
  readonly holdMs?: number;
}

/** What every worker on files is given, whatever it does to them. */
export type AnyFileWorker = Pick<
  FileWorkerOptions<ClaimedFileJob, { readonly kind: string }>,
  'sources' | 'region' | 'atOnceMax' | 'count' | 'onFailure' | 'nowMs' | 'holdMs'
>;

/** Works on files that accounts ask for, until it is stopped. Any number of them work beside each other. */
export class FileWorker<
  Job extends ClaimedFileJob,
  Done extends { readonly kind: string },
  Failure extends string = FileFailure,
> {
  readonly #options: FileWorkerOptions<Job, Done, Failure>;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #poll: Poll;

  constructor(options: FileWorkerOptions<Job, Done, Failure>) {
    this.#options = options;
    this.#poll = new Poll({
      work: () => this.#take(),
      everyMs: POLL_MS,
      livelyEveryMs: LIVELY_POLL_MS,
      onFailure: (error) => options.onFailure(error, 'Files to work on wait for the database.'),
    });
  }

  get jobCount(): number {
    return this.#running.size;
  }

  start(): void {
    this.#poll.ask();
  }

  /** Takes nothing new, and gives back what it has in hand: a film may take longer than anybody waits for a node to stop. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#poll.stop();
    await Promise.all(this.#running);
  }

  /** Answers whether there was something to take. */
  async #take(): Promise<boolean> {
    const { queue, region, atOnceMax, onFailure } = this.#options;
    const countMax = atOnceMax - this.#running.size;
    if (countMax <= 0) return false;
    const claimed = await queue.claim({ region, countMax, leaseMs: LEASE_MS });
    for (const job of claimed) {
      const work = this.#work(job)
        // It is taken again when its time in our hand is over.
        .catch((error: unknown) => onFailure(error, 'A file was not worked on.'))
        .finally(() => {
          this.#running.delete(work);
          this.#poll.ask();
        });
      this.#running.add(work);
    }
    return claimed.length > 0;
  }

  /** What a job costs is counted by whoever ended it, once. */
  async #work(job: Job): Promise<void> {
    const { queue, count, nowMs = Date.now } = this.#options;
    const startedMs = performance.now();
    const hold = this.#hold(job);
    const folder = await makeWorkFolder();
    try {
      const ended = await this.#endOf(job, { folder, hold });
      if (hold.signal.aborted) {
        // Of what was cancelled, or taken by another, nothing is ours to give back.
        await queue.release(job);
        return;
      }
      if ('failure' in ended) {
        await queue.finish(job, this.#failedEnd(job, ended), nowMs());
        return;
      }
      if (!(await queue.finish(job, ended.end, nowMs()))) return;
      const processMs = performance.now() - startedMs;
      for (const use of await ended.usesOf(processMs)) count(usedByOf(job), use);
    } finally {
      hold.stop();
      await removeWorkFolder(folder);
    }
  }

  async #endOf(
    job: Job,
    { folder, hold }: { readonly folder: string; readonly hold: Hold },
  ): Promise<WorkDone<Done> | WorkFailure<Failure | FileFailure>> {
    if (job.attempt > ATTEMPTS_MAX)
      return { failure: 'failed', detail: 'Each node that took it up lost it.' };
    const { sources, userAgent, work } = this.#options;
    const inputFile = path.join(folder, 'input');
    const { signal } = hold;
    const absent = await writeInput(job, { file: inputFile, signal, sources, userAgent });
    if (absent !== undefined) return absent;
    const onProgress = (percent: number) => {
      hold.percent = percent;
    };
    return await work(job, { inputFile, folder, signal, onProgress });
  }

  /** Says again and again that a job is in hand. When it is not any more, what runs of it is killed. */
  #hold(job: Job): Hold {
    const { queue, holdMs = HOLD_MS, onFailure, nowMs = Date.now } = this.#options;
    const ending = new AbortController();
    let told = 0;
    let isSaying = false;
    const hold: Hold = {
      percent: 0,
      signal: AbortSignal.any([ending.signal, this.#stopping.signal]),
      stop: () => clearInterval(timer),
    };
    const say = async () => {
      const { percent } = hold;
      const step = Math.floor(percent / TOLD_STEP) * TOLD_STEP;
      const tells = step > told;
      const isOurs = await queue.hold(job, { percent, leaseMs: LEASE_MS, tells, nowMs: nowMs() });
      if (tells) told = step;
      if (!isOurs) ending.abort();
    };
    const timer = setInterval(() => {
      if (isSaying) return;
      isSaying = true;
      say()
        // While the database is away the work goes on: whoever takes it meanwhile counts another attempt.
        .catch((error: unknown) => onFailure(error, 'How far a file is waits for the database.'))
        .finally(() => {
          isSaying = false;
        });
    }, holdMs);
    return hold;
  }

  #failedEnd(
    { id }: Job,
    { failure: reason, detail, told, media }: WorkFailure<Failure | FileFailure>,
  ): FailedEnd<Failure | FileFailure> {
    if (told !== undefined) this.#options.onFailure(new Error(told), `The file of ${id} was not worked on.`);
    return { kind: 'failed', reason, detail, media };
  }
}

interface Hold {
  percent: number;
  readonly signal: AbortSignal;
  readonly stop: () => void;
}

const usedByOf = ({ accountId, applicationId, endpoint }: ClaimedFileJob): UsedBy => ({
  accountId,
  ...(applicationId === undefined ? {} : { applicationId }),
  ...(endpoint === undefined ? {} : { endpoint }),
});
