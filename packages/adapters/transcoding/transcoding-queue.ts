import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { MediaFacts } from '@patchbay/domain/transcoding/media-facts';
import {
  type TranscodingOrder,
  transcodingOrderSchema,
  UPLOAD_MS_MAX,
} from '@patchbay/domain/transcoding/transcoding-order';
import type { JobFailure, TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import type { Pool, PoolClient } from 'pg';
import { appendEvent } from '../hooks/append-event.ts';
import { inAccountScope } from '../metering/account-scope.ts';
import { insertObject, type WrittenObject } from '../objects/stored-objects.ts';
import { type JobRow, removeUpload } from './job-rows.ts';

const DETAIL_CHARACTERS_MAX = 500;

/** A job that this process has in hand. */
export interface ClaimedJob {
  readonly id: string;
  readonly accountId: string;
  readonly applicationId?: string | undefined;
  /** The identifier of an endpoint. */
  readonly endpoint?: string | undefined;
  readonly purpose: TranscodingJob['purpose'];
  readonly attempt: number;
  readonly order: TranscodingOrder;
  /** What was uploaded for it, or is to be worked on. */
  readonly inputObjectId?: string | undefined;
}

export type JobEnd =
  | { readonly kind: 'probed'; readonly media: MediaFacts }
  | { readonly kind: 'converted'; readonly media: MediaFacts; readonly object: WrittenObject }
  | {
      readonly kind: 'failed';
      readonly reason: JobFailure;
      readonly detail: string;
      readonly media?: MediaFacts | undefined;
    };

/** What nodes work on. */
export function transcodingQueue(pool: Pool) {
  return {
    claim: async (claim: {
      readonly region: string;
      readonly countMax: number;
      readonly leaseMs: number;
    }): Promise<readonly ClaimedJob[]> => {
      const { rows } = await pool.query<JobRow>('SELECT * FROM transcoding_claim($1, $2, $3, $4)', [
        ...[claim.region, claim.countMax, claim.leaseMs, UPLOAD_MS_MAX],
      ]);
      return rows.map((row) => ({
        id: row.id,
        accountId: row.account_id,
        applicationId: row.application_id ?? undefined,
        endpoint: row.endpoint_id ?? undefined,
        purpose: row.purpose,
        attempt: row.attempt,
        order: transcodingOrderSchema.parse(row.job_order),
        inputObjectId: row.input_object_id ?? undefined,
      }));
    },

    /**
     * Says that it is still in hand, and how far it is. False: it is not ours any more, because it was cancelled or removed, or
     * somebody else took it after this took too long.
     * @param tells an event says how far it is.
     */
    hold: async (
      job: ClaimedJob,
      {
        percent,
        leaseMs,
        tells,
        nowMs,
      }: {
        readonly percent: number;
        readonly leaseMs: number;
        readonly tells: boolean;
        readonly nowMs: number;
      },
    ): Promise<boolean> =>
      await inAccountScope(pool, job.accountId, async (client) => {
        const { rowCount } = await client.query(
          `UPDATE transcoding_job SET progress_percent = $4, lease_until = clock_timestamp() + $5 * interval '1 millisecond'
           WHERE account_id = $1 AND id = $2 AND state = 'running' AND attempt = $3`,
          [job.accountId, job.id, job.attempt, percent, leaseMs],
        );
        if (rowCount !== 1) return false;
        if (tells) await tell(client, job, { type: 'progressed', data: { percent }, nowMs });
        return true;
      }),

    /** Gives it back as it was before it was taken: whoever is stopped has not lost it. */
    release: async ({ accountId, id, attempt }: ClaimedJob): Promise<void> =>
      await inAccountScope(pool, accountId, async (client) => {
        await client.query(
          `UPDATE transcoding_job SET state = 'queued', attempt = attempt - 1, lease_until = NULL, progress_percent = 0
           WHERE account_id = $1 AND id = $2 AND state = 'running' AND attempt = $3`,
          [accountId, id, attempt],
        );
      }),

    /** Writes how it ended, with the event that tells of it, and answers whether it was ours to end. */
    finish: async (job: ClaimedJob, end: JobEnd, nowMs: number): Promise<boolean> => {
      try {
        return await inAccountScope(pool, job.accountId, (client) => finishIn(client, job, { end, nowMs }));
      } catch (error) {
        if (error instanceof NotOursError) return false;
        throw error;
      }
    },
  };
}

export type TranscodingQueue = ReturnType<typeof transcodingQueue>;

/** Takes back all of its transaction. */
class NotOursError extends Error {}

async function finishIn(
  client: PoolClient,
  job: ClaimedJob,
  { end, nowMs }: { readonly end: JobEnd; readonly nowMs: number },
): Promise<true> {
  const isDone = end.kind !== 'failed';
  const object = end.kind === 'converted' ? end.object : undefined;
  if (object !== undefined) await insertObject(client, object);
  await removeUpload(client, { accountId: job.accountId, jobId: job.id });
  const { rowCount } = await client.query(
    `UPDATE transcoding_job SET state = $4, job_order = NULL, lease_until = NULL, finished_at = $5, media = $6, object_id = $7,
       failure = $8, failure_detail = $9, progress_percent = CASE WHEN $4 = 'completed' THEN 100 ELSE progress_percent END
     WHERE account_id = $1 AND id = $2 AND state = 'running' AND attempt = $3`,
    [
      ...[job.accountId, job.id, job.attempt, isDone ? 'completed' : 'failed', new Date(nowMs)],
      ...[end.media === undefined ? null : JSON.stringify(end.media), object?.id ?? null],
      ...(isDone ? [null, null] : [end.reason, end.detail.slice(0, DETAIL_CHARACTERS_MAX)]),
    ],
  );
  if (rowCount !== 1) throw new NotOursError();
  await tell(client, job, isDone ? completed(job, end, nowMs) : failed(job, end, nowMs));
  return true;
}

interface Told {
  readonly type: 'completed' | 'failed' | 'progressed';
  readonly data: object;
  readonly nowMs: number;
}

function completed(
  { id, accountId, purpose }: ClaimedJob,
  end: Exclude<JobEnd, { kind: 'failed' }>,
  nowMs: number,
): Told {
  const { media } = end;
  if (end.kind === 'probed') return { type: 'completed', data: { purpose, media }, nowMs };
  const { id: objectId, mediaType, sizeBytes, durationMs } = end.object;
  const path = `/v1/accounts/${accountId}/services/transcoding/jobs/${id}/result`;
  const made = { objectId, mediaType, sizeBytes, ...(durationMs === undefined ? {} : { durationMs }), path };
  return { type: 'completed', data: { purpose, media, ...made }, nowMs };
}

const failed = ({ purpose }: ClaimedJob, end: Extract<JobEnd, { kind: 'failed' }>, nowMs: number): Told => ({
  type: 'failed',
  data: { purpose, code: `transcoding.${end.reason}`, detail: end.detail },
  nowMs,
});

async function tell(
  client: PoolClient,
  { id: jobId, accountId, applicationId }: ClaimedJob,
  { type, data, nowMs }: Told,
): Promise<void> {
  const event = { type: `transcoding.${type}`, data: { jobId, ...data } };
  await appendEvent(client, { ...eventOfHandler({ accountId, ...event, atMs: nowMs }), applicationId });
}
