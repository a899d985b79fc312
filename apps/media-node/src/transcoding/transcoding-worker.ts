import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { NewObject, WrittenObject } from '@patchbay/adapters/objects/stored-objects';
import type { SendSafely } from '@patchbay/adapters/outgoing/safe-request';
import type { ClaimedJob, JobEnd, TranscodingQueue } from '@patchbay/adapters/transcoding/transcoding-queue';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import type { MediaFacts } from '@patchbay/domain/file-jobs/media-facts';
import { mediaFormatFacts } from '@patchbay/domain/transcoding/media-format';
import { usesOfTranscoding } from '@patchbay/domain/transcoding/transcoding-usage';
import { Poll } from '../jobs/poll.ts';
import { whyOf } from '../media/fetch-following.ts';
import { type InputSources, writeInput } from './input-file.ts';
import type { Transcoder, WorkFailure } from './transcode.ts';
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

export interface TranscodingWorkerOptions {
  readonly queue: TranscodingQueue;
  readonly transcoder: Transcoder;
  readonly sources: InputSources;
  /** Undefined: files are stored nowhere. */
  readonly store: ((object: NewObject, bytes: Uint8Array) => Promise<WrittenObject>) | undefined;
  /** Sends what was made to where the customer says. */
  readonly send: SendSafely;
  readonly region: string;
  readonly atOnceMax: number;
  readonly count: (usedBy: UsedBy, use: CountedUse) => void;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs?: () => number;
  readonly holdMs?: number;
}

interface Ended {
  readonly end: JobEnd;
  readonly media?: MediaFacts;
  readonly outputMs?: number | undefined;
}

/** Works on files that accounts ask for, until it is stopped. Any number of them work beside each other. */
export class TranscodingWorker {
  readonly #options: TranscodingWorkerOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #poll: Poll;

  constructor(options: TranscodingWorkerOptions) {
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
  async #work(job: ClaimedJob): Promise<void> {
    const { queue, count, transcoder, nowMs = Date.now } = this.#options;
    const startedMs = performance.now();
    const hand = this.#hold(job);
    const folder = await makeWorkFolder();
    try {
      const { end, media, outputMs } = await this.#endOf(job, { folder, hand });
      if (hand.signal.aborted) {
        // Of what was cancelled, or taken by another, nothing is ours to give back.
        await queue.release(job);
        return;
      }
      const isOurs = await queue.finish(job, end, nowMs());
      if (!isOurs || end.kind === 'failed' || media === undefined) return;
      const processMs = performance.now() - startedMs;
      const version = await transcoder.version();
      const { conversion } = job.order;
      for (const use of usesOfTranscoding({ media, conversion, outputMs, processMs, version }))
        count(usedByOf(job), use);
    } finally {
      hand.stop();
      await removeWorkFolder(folder);
    }
  }

  /** Says again and again that a job is in hand. When it is not any more, what runs of it is killed. */
  #hold(job: ClaimedJob): Hand {
    const { queue, holdMs = HOLD_MS, onFailure, nowMs = Date.now } = this.#options;
    const ending = new AbortController();
    let told = 0;
    let isSaying = false;
    const hand: Hand = {
      percent: 0,
      signal: AbortSignal.any([ending.signal, this.#stopping.signal]),
      stop: () => clearInterval(timer),
    };
    const say = async () => {
      const { percent } = hand;
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
    return hand;
  }

  async #endOf(job: ClaimedJob, { folder, hand }: InHand): Promise<Ended> {
    const { attempt, order } = job;
    const { transcoder, sources } = this.#options;
    if (attempt > ATTEMPTS_MAX)
      return this.#failed(job, { failure: 'failed', detail: 'Each node that took it up lost it.' });
    const inputFile = path.join(folder, 'input');
    const { signal } = hand;
    const absent = await writeInput(job, { file: inputFile, signal, sources });
    if (absent !== undefined) return this.#failed(job, absent);
    const { conversion, mediaSecondsMax } = order;
    const probed = await transcoder.probe(inputFile, { mediaSecondsMax, signal });
    if ('failure' in probed) return this.#failed(job, probed);
    const { media } = probed;
    if (conversion === undefined) return { end: { kind: 'probed', media }, media };
    const outputFile = path.join(folder, 'output');
    const onProgress = (percent: number) => {
      hand.percent = percent;
    };
    const made = await transcoder.convert({
      ...probed,
      conversion,
      inputFile,
      outputFile,
      signal,
      onProgress,
    });
    if ('failure' in made) return this.#failed(job, made, media);
    const { durationMs } = made;
    const stored = await this.#store(job, { bytes: await readFile(outputFile), durationMs });
    if ('failure' in stored) return this.#failed(job, stored, media);
    return { end: { kind: 'converted', media, object: stored }, media, outputMs: durationMs };
  }

  async #store(
    { order, accountId, applicationId, endpoint }: ClaimedJob,
    { bytes, durationMs }: { readonly bytes: Uint8Array; readonly durationMs: number | undefined },
  ): Promise<WrittenObject | WorkFailure> {
    const { store, send } = this.#options;
    if (store === undefined || order.conversion === undefined)
      return {
        failure: 'unavailable',
        detail:
          'Files are stored nowhere: set PATCHBAY_FILES or PATCHBAY_S3_URL at the nodes of the role jobs.',
      };
    const { mediaType } = mediaFormatFacts(order.conversion.format);
    if (order.putUrl !== undefined) {
      const headers = { 'content-type': mediaType, 'user-agent': 'Patchbay-Transcoding/1' };
      const answer = await send({ url: order.putUrl, method: 'PUT', body: '', bytes, headers });
      if (answer.error !== undefined)
        return { failure: 'output_undelivered', detail: `putUrl did not take it: ${whyOf(answer)}.` };
    }
    return await store(
      {
        ...{ accountId, applicationId, endpoint, mediaType, durationMs },
        ...{ service: 'transcoding', kind: 'transcoded', dataClass: 'transcodedFiles' },
      },
      bytes,
    );
  }

  #failed(job: ClaimedJob, { failure: reason, detail, told }: WorkFailure, media?: MediaFacts): Ended {
    if (told !== undefined)
      this.#options.onFailure(new Error(told), `The file of ${job.id} was not worked on.`);
    return { end: { kind: 'failed', reason, detail, media } };
  }
}

interface Hand {
  percent: number;
  readonly signal: AbortSignal;
  readonly stop: () => void;
}

interface InHand {
  readonly folder: string;
  readonly hand: Hand;
}

const usedByOf = ({ accountId, applicationId, endpoint }: ClaimedJob): UsedBy => ({
  accountId,
  ...(applicationId === undefined ? {} : { applicationId }),
  ...(endpoint === undefined ? {} : { endpoint }),
});
