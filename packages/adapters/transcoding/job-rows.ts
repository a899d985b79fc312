import { type MediaFacts, mediaFactsSchema } from '@patchbay/domain/transcoding/media-facts';
import { priorityOf } from '@patchbay/domain/transcoding/transcoding-order';
import type { JobFailure, TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import type { PoolClient } from 'pg';

export interface JobRow {
  readonly id: string;
  readonly account_id: string;
  readonly application_id: string | null;
  readonly endpoint_id: string | null;
  readonly purpose: TranscodingJob['purpose'];
  readonly state: TranscodingJob['state'];
  readonly priority: number;
  readonly job_order: unknown;
  readonly format: NonNullable<TranscodingJob['format']> | null;
  readonly upload_bytes: number | null;
  readonly input_object_id: string | null;
  readonly object_id: string | null;
  readonly progress_percent: number;
  readonly media: unknown;
  readonly failure: JobFailure | null;
  readonly failure_detail: string | null;
  readonly attempt: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

interface ShownRow extends JobRow {
  readonly media_type: string | null;
  readonly size_bytes: string | null;
  readonly duration_ms: number | null;
}

/** A job with the file that came of it, as long as that is kept. */
export const shownJobs = `SELECT j.*, o.media_type, o.size_bytes, o.duration_ms FROM transcoding_job j
  LEFT JOIN stored_object o ON o.id = j.object_id AND (o.expires_at IS NULL OR o.expires_at > now())`;

export interface OneJob {
  readonly accountId: string;
  readonly jobId: string;
}

/** Within a transaction in the scope of the account. */
export async function findJob(
  client: PoolClient,
  { accountId, jobId }: OneJob,
): Promise<TranscodingJob | undefined> {
  const { rows } = await client.query<ShownRow>(`${shownJobs} WHERE j.account_id = $1 AND j.id = $2`, [
    accountId,
    jobId,
  ]);
  return rows.map(jobFromRow)[0];
}

export function jobFromRow(row: ShownRow): TranscodingJob {
  const { object_id: objectId, media_type: mediaType, size_bytes: sizeBytes } = row;
  const isThere = objectId !== null && mediaType !== null && sizeBytes !== null;
  return {
    id: row.id,
    accountId: row.account_id,
    purpose: row.purpose,
    state: row.state,
    priority: priorityOf(row.priority),
    format: row.format ?? undefined,
    progressPercent: row.progress_percent,
    media: mediaOf(row.media),
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    failure: row.failure === null ? undefined : { reason: row.failure, detail: row.failure_detail ?? '' },
    file: isThere
      ? { objectId, mediaType, sizeBytes: Number(sizeBytes), durationMs: row.duration_ms ?? undefined }
      : undefined,
  };
}

const mediaOf = (media: unknown): MediaFacts | undefined =>
  media === null ? undefined : mediaFactsSchema.parse(media);

/** What was uploaded for a job goes with its end; a file that was there before it stays. */
export async function removeUpload(client: PoolClient, { accountId, jobId }: OneJob): Promise<void> {
  await client.query(
    `DELETE FROM stored_object o USING transcoding_job j WHERE j.account_id = $1 AND j.id = $2 AND o.account_id = $1
       AND o.id = j.input_object_id AND o.service = 'transcoding' AND o.kind = 'upload'`,
    [accountId, jobId],
  );
}
