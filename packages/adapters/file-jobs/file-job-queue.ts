import type { FileFailure, FileJob } from '@patchbay/domain/file-jobs/file-job';
import { type FileOrder, UPLOAD_MS_MAX } from '@patchbay/domain/file-jobs/file-order';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { Pool, PoolClient } from 'pg';
import { appendEvent } from '../hooks/append-event.ts';
import { inAccountScope } from '../metering/account-scope.ts';
import { insertObject } from '../objects/stored-objects.ts';
import {
  type ClaimedFileJob,
  type DoneEnd,
  type FailedEnd,
  type FileJobRow,
  type FileJobTable,
  NotOursError,
  removeUpload,
  type TableOf,
} from './file-job-table.ts';

const DETAIL_CHARACTERS_MAX = 500;

/** What nodes work on, of one service. @param doneOf what of a file was done, from how its work ended. */
export function fileJobQueue<
  Order extends FileOrder,
  Job extends FileJob,
  Known extends object,
  Claimed extends object,
  Done extends { readonly kind: string },
  Failure extends string = FileFailure,
>(
  pool: Pool,
  kind: FileJobTable<Order, Job, Known, Claimed>,
  doneOf: (end: Done, job: ClaimedFileJob<Order> & Claimed) => DoneEnd,
) {
  type Claim = ClaimedFileJob<Order> & Claimed;
  const { table } = kind;
  return {
    claim: async (claim: {
      readonly region: string;
      readonly countMax: number;
      readonly leaseMs: number;
    }): Promise<readonly Claim[]> => {
      const { rows } = await pool.query<FileJobRow>(`SELECT * FROM ${kind.claimFunction}($1, $2, $3, $4)`, [
        ...[claim.region, claim.countMax, claim.leaseMs, UPLOAD_MS_MAX],
      ]);
      return rows.map((row) => ({
        id: row.id,
        accountId: row.account_id,
        applicationId: row.application_id ?? undefined,
        endpoint: row.endpoint_id ?? undefined,
        attempt: row.attempt,
        order: kind.readOrder(row.job_order),
        inputObjectId: row.input_object_id ?? undefined,
        ...kind.claimedFromRow(row),
      }));
    },

    /**
     * Says that it is still in hand, and how far it is. False: it is not ours any more, because it was cancelled or removed, or
     * somebody else took it after this took too long.
     * @param tells an event says how far it is.
     */
    hold: async (
      job: Claim,
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
          `UPDATE ${table} SET progress_percent = $4, lease_until = clock_timestamp() + $5 * interval '1 millisecond'
           WHERE account_id = $1 AND id = $2 AND state = 'running' AND attempt = $3`,
          [job.accountId, job.id, job.attempt, percent, leaseMs],
        );
        if (rowCount !== 1) return false;
        if (tells) await tell(client, job, { type: `${kind.service}.progressed`, data: { percent }, nowMs });
        return true;
      }),

    /** Gives it back as it was before it was taken: whoever is stopped has not lost it. */
    release: async ({ accountId, id, attempt }: Claim): Promise<void> =>
      await inAccountScope(pool, accountId, async (client) => {
        await client.query(
          `UPDATE ${table} SET state = 'queued', attempt = attempt - 1, lease_until = NULL, progress_percent = 0
           WHERE account_id = $1 AND id = $2 AND state = 'running' AND attempt = $3`,
          [accountId, id, attempt],
        );
      }),

    /** Writes how it ended, with the event that tells of it, and answers whether it was ours to end. */
    finish: async (job: Claim, end: Done | FailedEnd<Failure>, nowMs: number): Promise<boolean> => {
      const ended = isFailed(end) ? end : doneOf(end, job);
      try {
        return await inAccountScope(pool, job.accountId, (client) =>
          finishIn(client, kind, { job, end: ended, told: kind.toldOf(job), nowMs }),
        );
      } catch (error) {
        if (error instanceof NotOursError) return false;
        throw error;
      }
    },
  };
}

const isFailed = <Failure extends string>(
  end: { readonly kind: string } | FailedEnd<Failure>,
): end is FailedEnd<Failure> => end.kind === 'failed';

interface Finish {
  readonly job: ClaimedFileJob;
  readonly end: DoneEnd | FailedEnd<string>;
  /** Of the service, in each of its events. */
  readonly told: object;
  readonly nowMs: number;
}

async function finishIn(client: PoolClient, kind: TableOf, { job, end, told, nowMs }: Finish): Promise<true> {
  const failed = 'kind' in end ? end : undefined;
  const done = 'kind' in end ? undefined : end;
  if (done?.object !== undefined) await insertObject(client, done.object);
  await removeUpload(client, kind, { accountId: job.accountId, jobId: job.id });
  const own = Object.entries(done?.columns ?? {});
  const { rowCount } = await client.query(
    `UPDATE ${kind.table} SET state = $4, job_order = NULL, lease_until = NULL, finished_at = $5, media = $6, failure = $7,
       failure_detail = $8, progress_percent = CASE WHEN $4 = 'completed' THEN 100 ELSE progress_percent END
       ${own.map(([name], index) => `, ${name} = $${index + 9}`).join('')}
     WHERE account_id = $1 AND id = $2 AND state = 'running' AND attempt = $3`,
    [
      ...[job.accountId, job.id, job.attempt, done === undefined ? 'failed' : 'completed', new Date(nowMs)],
      end.media === undefined ? null : JSON.stringify(end.media),
      ...[failed?.reason ?? null, failed?.detail.slice(0, DETAIL_CHARACTERS_MAX) ?? null],
      ...own.map(([, value]) => value),
    ],
  );
  if (rowCount !== 1) throw new NotOursError();
  await tell(
    client,
    job,
    failed === undefined
      ? { type: `${kind.service}.completed`, data: { ...told, media: end.media, ...done?.told }, nowMs }
      : {
          type: `${kind.service}.failed`,
          data: { ...told, code: `${kind.service}.${failed.reason}`, detail: failed.detail },
          nowMs,
        },
  );
  return true;
}

async function tell(
  client: PoolClient,
  { id: jobId, accountId, applicationId }: ClaimedFileJob,
  { type, data, nowMs }: { readonly type: string; readonly data: object; readonly nowMs: number },
): Promise<void> {
  const event = { type, data: { jobId, ...data } };
  await appendEvent(client, { ...eventOfHandler({ accountId, ...event, atMs: nowMs }), applicationId });
}
