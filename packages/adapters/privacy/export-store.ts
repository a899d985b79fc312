import { exportLinks } from '@patchbay/domain/privacy/export-link';
import type { ExportRecord, ExportState, PrivacyPorts } from '@patchbay/domain/privacy/ports';
import { createId } from '@patchbay/kit/ids';
import type { SignedLink } from '@patchbay/kit/signed-link';
import type { Pool } from 'pg';
import { inAccountScope, sqlStateOf } from '../metering/account-scope.ts';
import { linkSigner } from '../objects/link-signer.ts';
import { pageFrom } from '../prisma/page.ts';

const UNIQUE_VIOLATION = '23505';

interface Row {
  readonly id: string;
  readonly account_id: string;
  readonly person: string | null;
  readonly state: ExportState;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly expires_at: Date | null;
  readonly failed_count: number;
  readonly next_at: Date;
  readonly part_count: number;
  readonly row_count: string;
  readonly size_bytes: string;
}

const columns =
  'id, account_id, person, state, created_at, finished_at, expires_at, failed_count, next_at, part_count, row_count, size_bytes';

const fromRow = (row: Row): ExportRecord => ({
  id: row.id,
  accountId: row.account_id,
  scope: row.person === null ? 'account' : 'person',
  state: row.state,
  createdAt: row.created_at,
  finishedAt: row.finished_at ?? undefined,
  expiresAt: row.expires_at ?? undefined,
  failedCount: row.failed_count,
  nextAttemptAt: row.state === 'running' && row.failed_count > 0 ? row.next_at : undefined,
  fileCount: row.part_count,
  rowCount: Number(row.row_count),
  sizeBytes: Number(row.size_bytes),
});

export function exportStore(pool: Pool): Omit<PrivacyPorts['exports'], 'sign'> {
  return {
    create: ({ accountId, person, requestedBy }) =>
      inAccountScope(pool, accountId, async (client) => {
        // Within a transaction of others a statement that fails would take all of it along.
        await client.query('SAVEPOINT one_at_work');
        try {
          const { rows } = await client.query<Row>(
            `INSERT INTO account_export (id, account_id, person, requested_by) VALUES ($1, $2, $3, $4) RETURNING ${columns}`,
            [createId('xpt'), accountId, person ?? null, requestedBy],
          );
          return rows.map(fromRow)[0];
        } catch (error) {
          if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
          await client.query('ROLLBACK TO SAVEPOINT one_at_work');
          return undefined;
        }
      }),

    list: ({ accountId, cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<Row>(
          `SELECT ${columns} FROM account_export WHERE account_id = $1 AND ($2::text IS NULL OR id < $2)
           ORDER BY id DESC LIMIT $3`,
          [accountId, cursor ?? null, limit + 1],
        );
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
      }),

    find: ({ accountId, exportId }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<Row>(
          `SELECT ${columns} FROM account_export WHERE account_id = $1 AND id = $2`,
          [accountId, exportId],
        );
        return rows.map(fromRow)[0];
      }),

    remove: ({ accountId, exportId }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<Row>(
          `DELETE FROM account_export WHERE account_id = $1 AND id = $2 RETURNING ${columns}`,
          [accountId, exportId],
        );
        await client.query('DELETE FROM account_export_part WHERE account_id = $1 AND export_id = $2', [
          accountId,
          exportId,
        ]);
        return rows.map(fromRow)[0];
      }),
  };
}

/** Signs links to exports, and knows those that it signed. */
export function exportLinkSigner(masterKey: Uint8Array) {
  const { sign, isSigned } = linkSigner(masterKey, 'patchbay export links');
  return {
    sign: (link: SignedLink): string => sign(exportLinks.textOf(link)),
    isSigned: (link: SignedLink, signature: string): boolean => isSigned(exportLinks.textOf(link), signature),
  };
}

export interface ExportParts {
  readonly sizeBytes: number;
  /** From a byte on, part after part: in memory is one of them. */
  read(fromByte: number): AsyncGenerator<Uint8Array>;
}

/** The archive of a finished export. Undefined: there is none. */
export async function openExport(
  pool: Pool,
  { accountId, id: exportId }: Pick<SignedLink, 'accountId' | 'id'>,
): Promise<ExportParts | undefined> {
  const sizes = await inAccountScope(pool, accountId, async (client) => {
    const { rows } = await client.query<{ number: number; size: number }>(
      `SELECT p.number, octet_length(p.bytes) AS size FROM account_export_part p JOIN account_export e ON e.id = p.export_id
       WHERE e.account_id = $1 AND e.id = $2 AND e.state = 'ready' ORDER BY p.number`,
      [accountId, exportId],
    );
    return rows;
  });
  if (sizes.length === 0) return undefined;
  return {
    sizeBytes: sizes.reduce((sum, { size }) => sum + size, 0),
    async *read(fromByte) {
      let at = 0;
      for (const { number, size } of sizes) {
        const skipped = Math.max(fromByte - at, 0);
        at += size;
        if (skipped >= size) continue;
        const bytes = await partOf(pool, { accountId, exportId, number });
        if (bytes === undefined) throw new Error('The export was removed while it was read.');
        yield bytes.subarray(skipped);
      }
    },
  };
}

async function partOf(
  pool: Pool,
  {
    accountId,
    exportId,
    number,
  }: { readonly accountId: string; readonly exportId: string; readonly number: number },
): Promise<Buffer | undefined> {
  return await inAccountScope(pool, accountId, async (client) => {
    const { rows } = await client.query<{ bytes: Buffer }>(
      'SELECT bytes FROM account_export_part WHERE account_id = $1 AND export_id = $2 AND number = $3',
      [accountId, exportId, number],
    );
    return rows[0]?.bytes;
  });
}

/** Takes the files of exports away whose days are over, and answers how many exports that were. */
export async function expireExports(pool: Pool, nowMs: number): Promise<number> {
  const { rows } = await pool.query<{ count: string }>('SELECT export_expire($1) AS count', [
    new Date(nowMs),
  ]);
  return Number(rows[0]?.count ?? 0);
}
