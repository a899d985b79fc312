import { type FileJob, isOver } from '@patchbay/domain/file-jobs/file-job';
import { type FileOrder, type Priority, rankOf } from '@patchbay/domain/file-jobs/file-order';
import type { Entity } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { insertObject, type WrittenObject } from '../objects/stored-objects.ts';
import { pageFrom } from '../prisma/page.ts';
import {
  type FileJobRow,
  type FileJobTable,
  findFileJob,
  NotOursError,
  type OneJob,
  removeUpload,
} from './file-job-table.ts';

/** Jobs of one account that wait, those with a file still to come among them: more are refused. */
export const WAITING_MAX = 1_000;

interface Asked<Order, Known> {
  readonly entity: Entity;
  readonly order: Order;
  readonly known: Known & { readonly priority: Priority };
  readonly uploadBytes?: number | undefined;
  readonly concurrentMax: number;
  readonly regions?: readonly string[] | undefined;
}

/** Where a file is to come, and how long it is. */
interface AwaitedUpload {
  readonly uploadBytes: number;
  readonly applicationId?: string | undefined;
  /** The identifier of an endpoint. */
  readonly endpoint?: string | undefined;
}

/** What accounts have done to files by one service, as they see it. */
export function fileJobStore<
  Order extends FileOrder,
  Job extends FileJob,
  Known extends object,
  Claimed extends object,
>(pool: Pool, kind: FileJobTable<Order, Job, Known, Claimed>) {
  const { table } = kind;
  return {
    ask: async ({
      entity,
      order,
      known,
      uploadBytes,
      concurrentMax,
      regions = [],
    }: Asked<Order, Known>): Promise<Job | 'too_many' | 'no_object'> => {
      const { accountId, applicationId = null, endpoint = null } = entity;
      const { input } = order;
      return await inAccountScope(pool, accountId, async (client) => {
        // Who asks for one account does so one after the other, so that the bound holds.
        await client.query('SELECT pg_advisory_xact_lock(hashtextextended($2 || $1, 0))', [
          accountId,
          `patchbay.${kind.service}.asked `,
        ]);
        const { rows: waiting } = await client.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM (SELECT 1 FROM ${table}
             WHERE account_id = $1 AND state IN ('awaiting', 'queued') LIMIT $2) counted`,
          [accountId, WAITING_MAX],
        );
        if ((waiting[0]?.count ?? 0) >= WAITING_MAX) return 'too_many';
        const objectId = input.kind === 'object' ? input.objectId : null;
        if (objectId !== null) {
          const { rowCount } = await client.query(
            'SELECT 1 FROM stored_object WHERE account_id = $1 AND id = $2 AND (expires_at IS NULL OR expires_at > now())',
            [accountId, objectId],
          );
          if (rowCount !== 1) return 'no_object';
        }
        const jobId = createId(kind.idPrefix);
        const columns = {
          ...{ id: jobId, account_id: accountId, application_id: applicationId, endpoint_id: endpoint },
          ...{ state: input.kind === 'upload' ? 'awaiting' : 'queued', priority: rankOf(known.priority) },
          ...{
            job_order: JSON.stringify(order),
            upload_bytes: uploadBytes ?? null,
            input_object_id: objectId,
          },
          ...{ concurrent_max: concurrentMax, regions, ...kind.knownColumns(known) },
        };
        const names = Object.keys(columns);
        await client.query(
          `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
          Object.values(columns),
        );
        const job = await findFileJob(client, kind, { accountId, jobId });
        if (job === undefined) throw new Error('What was just asked for is not there.');
        return job;
      });
    },

    find: async ({ accountId, jobId }: OneJob): Promise<Job | undefined> =>
      await inAccountScope(pool, accountId, (client) => findFileJob(client, kind, { accountId, jobId })),

    list: async ({
      accountId,
      cursor,
      limit,
    }: {
      accountId: string;
      cursor?: string | undefined;
      limit: number;
    }) =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<FileJobRow>(
          `${kind.shown} WHERE j.account_id = $1 AND ($2::text IS NULL OR j.id < $2) ORDER BY j.id DESC LIMIT $3`,
          [accountId, cursor ?? null, limit + 1],
        );
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: (row) => kind.fromRow(row) });
      }),

    /** As it stood before. 'over': nothing of it is left to be ended. A node that has it in hand finds it gone, and kills its work. */
    cancel: async ({ accountId, jobId }: OneJob): Promise<Job | 'over' | undefined> =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rowCount } = await client.query(
          `SELECT 1 FROM ${table} WHERE account_id = $1 AND id = $2 FOR UPDATE`,
          [accountId, jobId],
        );
        const job = rowCount === 1 ? await findFileJob(client, kind, { accountId, jobId }) : undefined;
        if (job === undefined) return undefined;
        if (isOver(job.state)) return 'over';
        await removeUpload(client, kind, { accountId, jobId });
        await client.query(
          `UPDATE ${table} SET state = 'cancelled', job_order = NULL, lease_until = NULL, finished_at = now()
           WHERE account_id = $1 AND id = $2`,
          [accountId, jobId],
        );
        return job;
      }),

    /** As it stood. Undefined: there is none. What a node has in hand of it is killed as when it is cancelled. */
    remove: async ({ accountId, jobId }: OneJob): Promise<Job | undefined> =>
      await inAccountScope(pool, accountId, async (client) => {
        const job = await findFileJob(client, kind, { accountId, jobId });
        if (job === undefined) return undefined;
        await removeUpload(client, kind, { accountId, jobId });
        await client.query(`DELETE FROM ${table} WHERE account_id = $1 AND id = $2`, [accountId, jobId]);
        const objectId = kind.madeObjectId(job);
        // Another job may have been given it as its own input: then it is not there for that one either.
        if (objectId !== undefined)
          await client.query('DELETE FROM stored_object WHERE account_id = $1 AND id = $2', [
            accountId,
            objectId,
          ]);
        return job;
      }),

    /** Undefined: none is to come for it, or not any more. */
    awaited: async ({ accountId, jobId }: OneJob): Promise<AwaitedUpload | undefined> =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<{
          upload_bytes: number;
          application_id: string | null;
          endpoint_id: string | null;
        }>(
          `SELECT upload_bytes, application_id, endpoint_id FROM ${table}
           WHERE account_id = $1 AND id = $2 AND state = 'awaiting'`,
          [accountId, jobId],
        );
        return rows.map((row) => ({
          uploadBytes: row.upload_bytes,
          applicationId: row.application_id ?? undefined,
          endpoint: row.endpoint_id ?? undefined,
        }))[0];
      }),

    /** Gives a job the file that came for it. False: another came first, or it is over; then the bytes go by themselves. */
    take: async ({ accountId, jobId }: OneJob, object: WrittenObject): Promise<boolean> => {
      try {
        return await inAccountScope(pool, accountId, async (client) => {
          await insertObject(client, object);
          const { rowCount } = await client.query(
            `UPDATE ${table} SET state = 'queued', input_object_id = $3
             WHERE account_id = $1 AND id = $2 AND state = 'awaiting'`,
            [accountId, jobId, object.id],
          );
          if (rowCount !== 1) throw new NotOursError();
          return true;
        });
      } catch (error) {
        if (error instanceof NotOursError) return false;
        throw error;
      }
    },
  };
}

export type FileJobUploads = Pick<
  ReturnType<typeof fileJobStore<FileOrder, FileJob, object, object>>,
  'awaited' | 'take'
>;
