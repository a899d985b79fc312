import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { NewObject, WrittenObject } from '@patchbay/adapters/objects/stored-objects';
import type { SendSafely } from '@patchbay/adapters/outgoing/safe-request';
import type { ClaimedJob, JobDone, TranscodingQueue } from '@patchbay/adapters/transcoding/transcoding-queue';
import { mediaFormatFacts } from '@patchbay/domain/transcoding/media-format';
import type { JobFailure } from '@patchbay/domain/transcoding/transcoding-record';
import { usesOfTranscoding } from '@patchbay/domain/transcoding/transcoding-usage';
import { type AnyFileWorker, type FileInHand, FileWorker, type WorkDone } from '../file-jobs/file-worker.ts';
import type { WorkFailure } from '../file-jobs/work-failure.ts';
import { whyOf } from '../media/fetch-following.ts';
import type { Transcoder } from './transcode.ts';

const USER_AGENT = 'Patchbay-Transcoding/1';

export interface TranscodingWorkerOptions extends AnyFileWorker {
  readonly queue: TranscodingQueue;
  readonly transcoder: Transcoder;
  /** Undefined: files are stored nowhere. */
  readonly store: ((object: NewObject, bytes: Uint8Array) => Promise<WrittenObject>) | undefined;
  /** Sends what was made to where the customer says. */
  readonly send: SendSafely;
}

export type TranscodingWorker = FileWorker<ClaimedJob, JobDone, JobFailure>;

/** Turns files into others, and looks into them. */
export function transcodingWorker(options: TranscodingWorkerOptions): TranscodingWorker {
  return new FileWorker({
    ...options,
    userAgent: USER_AGENT,
    work: (job, hand) => transcode(job, { ...options, ...hand }),
  });
}

type Work = TranscodingWorkerOptions & FileInHand;

async function transcode(job: ClaimedJob, work: Work): Promise<WorkDone<JobDone> | WorkFailure<JobFailure>> {
  const { transcoder, inputFile, folder, signal, onProgress } = work;
  const { conversion, mediaSecondsMax } = job.order;
  const probed = await transcoder.probe(inputFile, { mediaSecondsMax, signal });
  if ('failure' in probed) return probed;
  const { media } = probed;
  const usesOf = async (processMs: number, outputMs?: number) =>
    usesOfTranscoding({ media, conversion, outputMs, processMs, version: await transcoder.version() });
  if (conversion === undefined)
    return { end: { kind: 'probed', media }, usesOf: (processMs) => usesOf(processMs) };
  const outputFile = path.join(folder, 'output');
  const made = await transcoder.convert({ ...probed, conversion, inputFile, outputFile, signal, onProgress });
  if ('failure' in made) return { ...made, media };
  const { durationMs } = made;
  const stored = await store(job, { ...work, bytes: await readFile(outputFile), durationMs });
  if ('failure' in stored) return { ...stored, media };
  return {
    end: { kind: 'converted', media, object: stored },
    usesOf: (processMs) => usesOf(processMs, durationMs),
  };
}

async function store(
  { order, accountId, applicationId, endpoint }: ClaimedJob,
  {
    bytes,
    durationMs,
    store: write,
    send,
  }: Pick<Work, 'store' | 'send'> & { readonly bytes: Uint8Array; readonly durationMs: number | undefined },
): Promise<WrittenObject | WorkFailure<JobFailure>> {
  if (write === undefined || order.conversion === undefined)
    return {
      failure: 'unavailable',
      detail:
        'Files are stored nowhere: set PATCHBAY_FILES or PATCHBAY_S3_URL at the nodes of the role jobs.',
    };
  const { mediaType } = mediaFormatFacts(order.conversion.format);
  if (order.putUrl !== undefined) {
    const headers = { 'content-type': mediaType, 'user-agent': USER_AGENT };
    const answer = await send({ url: order.putUrl, method: 'PUT', body: '', bytes, headers });
    if (answer.error !== undefined)
      return { failure: 'output_undelivered', detail: `putUrl did not take it: ${whyOf(answer)}.` };
  }
  return await write(
    {
      ...{ accountId, applicationId, endpoint, mediaType, durationMs },
      ...{ service: 'transcoding', kind: 'transcoded', dataClass: 'transcodedFiles' },
    },
    bytes,
  );
}
