import type { DataKind } from '@patchbay/domain/privacy/data-kind';
import type { StoredObject } from '@patchbay/domain/stored-media/stored-object';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import type { SealedObjects } from './sealed-objects.ts';

/** Bytes that were written and whose row does not come in this time are taken away again. */
const BEGUN_MS = 3_600_000;
/** Of files that are taken away in one go. */
const REMOVED_AT_ONCE = 200;

export type NewObject = Omit<StoredObject, 'id' | 'createdAt' | 'sizeBytes'> & {
  readonly applicationId?: string | undefined;
  /** The identifier of an endpoint. */
  readonly endpoint?: string | undefined;
};

export interface WrittenObject extends NewObject {
  readonly id: string;
  readonly sizeBytes: number;
}

/** Writes bytes, for a row that `insertObject` adds within the hour. Without it they go by themselves. */
export async function writeObject(
  { pool, objects }: { readonly pool: Pool; readonly objects: SealedObjects },
  object: NewObject,
  bytes: Uint8Array,
): Promise<WrittenObject> {
  const id = createId('obj');
  await pool.query('SELECT stored_bytes_begin($1, $2)', [id, BEGUN_MS]);
  await objects.put({ key: id, accountId: object.accountId }, bytes);
  return { ...object, id, sizeBytes: bytes.length };
}

/** Within a transaction in the scope of the account: from its end on the bytes belong to it. */
export async function insertObject(client: PoolClient, object: WrittenObject): Promise<void> {
  const { rows } = await client.query<{ kept: boolean }>('SELECT stored_bytes_keep($1) AS kept', [object.id]);
  if (rows[0]?.kept !== true) throw new Error(`The bytes of ${object.id} were not begun, or are taken away.`);
  await client.query(
    `INSERT INTO stored_object (id, account_id, application_id, endpoint_id, service, kind, data_class, media_type, size_bytes,
       duration_ms, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      ...[object.id, object.accountId, object.applicationId ?? null, object.endpoint ?? null, object.service],
      ...[object.kind, object.dataClass, object.mediaType, object.sizeBytes, object.durationMs ?? null],
      object.expiresAt ?? null,
    ],
  );
}

interface ObjectRow {
  readonly id: string;
  readonly account_id: string;
  readonly service: string;
  readonly kind: string;
  readonly data_class: StoredObject['dataClass'];
  readonly media_type: string;
  readonly size_bytes: string;
  readonly duration_ms: number | null;
  readonly created_at: Date;
  readonly expires_at: Date | null;
}

const fromRow = (row: ObjectRow): StoredObject => ({
  id: row.id,
  accountId: row.account_id,
  service: row.service,
  kind: row.kind,
  dataClass: row.data_class,
  mediaType: row.media_type,
  sizeBytes: Number(row.size_bytes),
  durationMs: row.duration_ms ?? undefined,
  createdAt: row.created_at,
  expiresAt: row.expires_at ?? undefined,
});

const columns =
  'id, account_id, service, kind, data_class, media_type, size_bytes, duration_ms, created_at, expires_at';

/** A file of an account that is not over. Undefined: there is none, or it is another account's. */
export async function findObject(
  pool: Pool,
  { accountId, objectId }: { readonly accountId: string; readonly objectId: string },
): Promise<StoredObject | undefined> {
  return await inAccountScope(pool, accountId, async (client) => {
    const { rows } = await client.query<ObjectRow>(
      `SELECT ${columns} FROM stored_object WHERE account_id = $1 AND id = $2 AND (expires_at IS NULL OR expires_at > now())`,
      [accountId, objectId],
    );
    return rows.map(fromRow)[0];
  });
}

/**
 * Files of one kind that services left (API-2).
 * @param readRequest what the operation that reads one is asked with.
 */
export function objectData(
  pool: Pool,
  kind: Pick<DataKind, 'name' | 'dataClass' | 'readBy' | 'mediaType'>,
  readRequest: { readonly table: 'speech' | 'transcoding_job'; readonly field: string },
): DataKind {
  return {
    ...kind,
    form: 'media',
    list: async ({ accountId, service, applicationId = null, endpoint = null }, { before, limit }) =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<ObjectRow & { read_id: string }>(
          `SELECT o.*, r.id AS read_id FROM stored_object o
           JOIN LATERAL (SELECT r.id FROM ${readRequest.table} r WHERE r.object_id = o.id AND r.account_id = o.account_id
             ORDER BY r.id LIMIT 1) r ON true
           WHERE o.account_id = $1 AND o.service = $2 AND o.kind = $3 AND ($4::text IS NULL OR o.id < $4)
             AND ($5::text IS NULL OR o.application_id = $5) AND ($6::text IS NULL OR o.endpoint_id = $6)
             AND (o.expires_at IS NULL OR o.expires_at > now())
           ORDER BY o.id DESC LIMIT $7`,
          [
            accountId,
            service,
            kind.name,
            before === undefined ? null : `obj_${before}`,
            applicationId,
            endpoint,
            limit,
          ],
        );
        return rows.map((row) => ({
          id: row.id,
          createdAt: row.created_at,
          sizeBytes: Number(row.size_bytes),
          mediaType: row.media_type,
          keptFrom: row.created_at,
          ...(row.expires_at === null ? {} : { keptUntil: row.expires_at }),
          request: { [readRequest.field]: row.read_id },
        }));
      }),
  };
}

/** Takes away rows that are over, and bytes that no row has; answers how many files that were. It may be broken off anywhere. */
export async function removeDueObjects(pool: Pool, objects: Pick<SealedObjects, 'remove'>): Promise<number> {
  const { rows } = await pool.query<{ key: string }>('SELECT stored_bytes_due($1) AS key', [REMOVED_AT_ONCE]);
  const keys = rows.map(({ key }) => key);
  for (const key of keys) await objects.remove(key);
  if (keys.length > 0) await pool.query('SELECT stored_bytes_gone($1)', [keys]);
  return keys.length;
}
