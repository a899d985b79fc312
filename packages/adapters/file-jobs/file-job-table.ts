import type { FileFailure, FileJob } from '@patchbay/domain/file-jobs/file-job';
import { type FileOrder, priorityOf } from '@patchbay/domain/file-jobs/file-order';
import { type MediaFacts, mediaFactsSchema } from '@patchbay/domain/file-jobs/media-facts';
import type { IdPrefix } from '@patchbay/kit/ids';
import type { PoolClient } from 'pg';
import type { WrittenObject } from '../objects/stored-objects.ts';

/** What the row of every job on a file has, whichever service it is of. */
export interface FileJobRow {
  readonly id: string;
  readonly account_id: string;
  readonly application_id: string | null;
  readonly endpoint_id: string | null;
  readonly state: FileJob['state'];
  readonly priority: number;
  readonly job_order: unknown;
  readonly input_object_id: string | null;
  readonly progress_percent: number;
  readonly media: unknown;
  readonly failure: string | null;
  readonly failure_detail: string | null;
  readonly attempt: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

/** A job that a process has in hand. */
export interface ClaimedFileJob<Order extends FileOrder = FileOrder> {
  readonly id: string;
  readonly accountId: string;
  readonly applicationId?: string | undefined;
  /** The identifier of an endpoint. */
  readonly endpoint?: string | undefined;
  readonly attempt: number;
  readonly order: Order;
  /** What was uploaded for it, or is to be worked on. */
  readonly inputObjectId?: string | undefined;
}

export interface FailedEnd<Failure extends string = FileFailure> {
  readonly kind: 'failed';
  readonly reason: Failure;
  readonly detail: string;
  readonly media?: MediaFacts | undefined;
}

/** What of a file was done, as its row and its event tell it. */
export interface DoneEnd {
  readonly media: MediaFacts;
  /** Of the service alone, by the names of its columns. */
  readonly columns: Readonly<Record<string, unknown>>;
  readonly object?: WrittenObject | undefined;
  /** What `completed` tells besides what the file is. */
  readonly told: object;
}

/** Where one service has its jobs on files. All else of them is the same. */
export interface FileJobTable<
  Order extends FileOrder,
  Job extends FileJob,
  Known extends object,
  Claimed extends object,
> {
  readonly service: string;
  readonly idPrefix: IdPrefix;
  readonly table: 'transcoding_job' | 'speech_detection_job';
  /** Gives nodes jobs, across accounts. */
  readonly claimFunction: 'transcoding_claim' | 'speech_detection_claim';
  /** Selects jobs as their accounts see them, as `j`. */
  readonly shown: string;
  readonly readOrder: (order: unknown) => Order;
  fromRow(row: FileJobRow): Job;
  /** What stands in a row from the start on, by the names of its columns. */
  readonly knownColumns: (known: Known) => Readonly<Record<string, unknown>>;
  /** What a node is told of it besides what is to be done. */
  claimedFromRow(row: FileJobRow): Claimed;
  /** And what each of its events says of it. */
  toldOf(claimed: Claimed): object;
  /** The file that was made of it, which goes with it. */
  readonly madeObjectId: (job: Job) => string | undefined;
}

/** Which table it is, whatever stands in it. */
export type TableOf = Pick<FileJobTable<FileOrder, FileJob, object, object>, 'table' | 'service'>;

export interface OneJob {
  readonly accountId: string;
  readonly jobId: string;
}

/** Takes back all of its transaction. */
export class NotOursError extends Error {}

/** What all jobs tell of themselves. */
export function fileJobFromRow<Failure extends string>(row: FileJobRow): FileJob<Failure> {
  return {
    id: row.id,
    accountId: row.account_id,
    state: row.state,
    priority: priorityOf(row.priority),
    progressPercent: row.progress_percent,
    media: row.media === null ? undefined : mediaFactsSchema.parse(row.media),
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    // Written by `finish`, which is given no other.
    failure:
      row.failure === null ? undefined : { reason: row.failure as Failure, detail: row.failure_detail ?? '' },
  };
}

/** Within a transaction in the scope of the account. */
export async function findFileJob<Job extends FileJob>(
  client: PoolClient,
  { shown, fromRow }: { readonly shown: string; fromRow(row: FileJobRow): Job },
  { accountId, jobId }: OneJob,
): Promise<Job | undefined> {
  const { rows } = await client.query<FileJobRow>(`${shown} WHERE j.account_id = $1 AND j.id = $2`, [
    accountId,
    jobId,
  ]);
  return rows.map((row) => fromRow(row))[0];
}

/** What was uploaded for a job goes with its end; a file that was there before it stays. */
export async function removeUpload(
  client: PoolClient,
  { table, service }: TableOf,
  { accountId, jobId }: OneJob,
): Promise<void> {
  await client.query(
    `DELETE FROM stored_object o USING ${table} j WHERE j.account_id = $1 AND j.id = $2 AND o.account_id = $1
       AND o.id = j.input_object_id AND o.service = $3 AND o.kind = 'upload'`,
    [accountId, jobId, service],
  );
}
