import type { MediaFacts } from '@patchbay/domain/file-jobs/media-facts';
import type { TranscodingOrder } from '@patchbay/domain/transcoding/transcoding-order';
import type { JobFailure, TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import type { Pool } from 'pg';
import { fileJobQueue } from '../file-jobs/file-job-queue.ts';
import type { ClaimedFileJob, DoneEnd, FailedEnd } from '../file-jobs/file-job-table.ts';
import type { WrittenObject } from '../objects/stored-objects.ts';
import { transcodingTable } from './transcoding-table.ts';

export type ClaimedJob = ClaimedFileJob<TranscodingOrder> & Pick<TranscodingJob, 'purpose'>;

export type JobDone =
  | { readonly kind: 'probed'; readonly media: MediaFacts }
  | { readonly kind: 'converted'; readonly media: MediaFacts; readonly object: WrittenObject };

export type JobEnd = JobDone | FailedEnd<JobFailure>;

/** What nodes turn into others. */
export const transcodingQueue = (pool: Pool) =>
  fileJobQueue<
    TranscodingOrder,
    TranscodingJob,
    Pick<TranscodingJob, 'purpose' | 'priority' | 'format'>,
    Pick<TranscodingJob, 'purpose'>,
    JobDone,
    JobFailure
  >(pool, transcodingTable, doneOf);

export type TranscodingQueue = ReturnType<typeof transcodingQueue>;

function doneOf(end: JobDone, { id, accountId }: ClaimedJob): DoneEnd {
  const { media } = end;
  if (end.kind === 'probed') return { media, columns: {}, told: {} };
  const { id: objectId, mediaType, sizeBytes, durationMs } = end.object;
  const path = `/v1/accounts/${accountId}/services/transcoding/jobs/${id}/result`;
  return {
    ...{ media, object: end.object, columns: { object_id: objectId } },
    told: { objectId, mediaType, sizeBytes, ...(durationMs === undefined ? {} : { durationMs }), path },
  };
}
