import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  ABOVE,
  TARGET_OF_PLAN,
  WORD_OF_FIRING,
  WORDS_LIFTED,
  WORDS_OF_PLAN,
} from '@patchbay/domain/audit/told';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { dataClassNames, dataClassOf } from '@patchbay/domain/privacy/data-classes';
import { EXPORT_KEPT_DAYS } from '@patchbay/domain/privacy/export-link';
import {
  EXPORT_SCHEMA_VERSION,
  type ExportFile,
  type ExportManifest,
  exportFileSchema,
} from '@patchbay/domain/privacy/export-manifest';
import { escapeIdentifier, escapeLiteral, type Pool, type PoolClient } from 'pg';
import { appendEvent } from '../hooks/append-event.ts';
import { inAccountScope } from '../metering/account-scope.ts';
import { type ClassTable, tablesOf } from './class-tables.ts';
import { accountAfter } from './subtree.ts';
import { tarEnd, tarEntry } from './tar.ts';
import {
  chainOf,
  type HiddenWord,
  hiddenWords,
  isFirstAbove,
  type MergedServices,
  SETTER,
  withOneWord,
} from './words-above.ts';

const DAY_MS = 86_400_000;
/** Rows of one file: what is in memory at once, and what a process that dies has to read again. */
const ROWS_PER_FILE = 1_000;
const compress = promisify(gzip);
/** Between one failure and the next try. Behind the last of them it is given up. */
const RETRY_WAITS_MS = [60_000, 300_000, 1_800_000, 7_200_000];

/** Every table of an export with the class that it is in, in the order in which they are written. */
const exportedTables = dataClassNames.flatMap((dataClass) =>
  tablesOf(dataClass)
    .filter(({ columns }) => columns !== undefined)
    .map((table) => ({ dataClass, ...table })),
);

/** How far an export has come: the account that is being read, the table of it, and the last row that is written. */
interface Place {
  readonly accountId?: string;
  readonly table?: number;
  readonly after?: readonly string[];
  readonly file?: number;
}

interface Options {
  readonly nowMs: () => number;
  /** Asked between files: the next process goes on behind the last one. */
  readonly isStopped?: () => boolean;
  readonly rowsPerFile?: number;
  /** By their rules what accounts above set is told as one word. */
  readonly services: MergedServices;
  /** Of one that is given up: in one transaction with its end. */
  readonly notices: ExportNotices;
}

export interface FailedExport {
  readonly exportId: string;
  readonly accountId: string;
  /** A user or a key. */
  readonly requestedBy: string;
}

export interface ExportNotices {
  atomically<Value>(work: () => Promise<Value>): Promise<Value>;
  tell(failed: FailedExport): Promise<void>;
}

/**
 * Makes the oldest export that waits, or goes on with one that was broken off (C23), and answers how many it made. It reads
 * in the scope of the account, as everything does: a row of somebody else is not there to be written. A file and how far it
 * goes are one transaction, so none is twice in the archive or missing.
 */
export async function makeExports(pool: Pool, options: Options): Promise<number> {
  const { isStopped = () => false } = options;
  const types: ColumnTypes = new Map();
  for (let count = 0; ; count += 1) {
    const { rows } = await pool.query<{ id: string; account_id: string }>(
      'SELECT id, account_id FROM export_next()',
    );
    const [next] = rows;
    if (next === undefined || isStopped()) return count;
    const at = { exportId: next.id, accountId: next.account_id, types };
    try {
      while (!isStopped() && (await writeNext(pool, at, options)));
    } catch (error) {
      await failed(pool, at, { error, ...options });
      throw error;
    }
  }
}

/** Of each table, once it was asked for: the types of its columns. */
type ColumnTypes = Map<string, ReadonlyMap<string, string>>;

interface Work {
  readonly exportId: string;
  readonly accountId: string;
  readonly types: ColumnTypes;
}

interface ExportRow {
  readonly state: string;
  readonly person: string | null;
  readonly place: Place;
  readonly part_count: number;
  readonly started_at: Date | null;
}

/** Writes one file and where it ends. False when there is nothing more to write. */
async function writeNext(
  pool: Pool,
  work: Work,
  { nowMs, rowsPerFile = ROWS_PER_FILE, services }: Options,
): Promise<boolean> {
  return await inAccountScope(pool, work.accountId, async (client) => {
    const { rows } = await client.query<ExportRow>(
      'SELECT state, person, place, part_count, started_at FROM account_export WHERE id = $1 FOR UPDATE',
      [work.exportId],
    );
    const [row] = rows;
    // Somebody took it back.
    if (row === undefined || (row.state !== 'pending' && row.state !== 'running')) return false;
    const startedAt = row.started_at ?? new Date(nowMs());
    const at = { client, work, number: row.part_count + 1, startedAt };
    const found = await nextFile(client, row, { rowsPerFile, work, services });
    if (found === undefined) {
      await finish(at, { nowMs: nowMs(), person: row.person });
      return false;
    }
    const content = Buffer.from(found.lines.map((line) => `${line}\n`).join(''));
    const file: ExportFile = {
      ...found.file,
      rows: found.lines.length,
      sizeBytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    };
    await putPart(at, file, await compress(tarEntry(file.name, content, startedAt.getTime())));
    await client.query(
      `UPDATE account_export SET state = 'running', started_at = $2, place = $3, part_count = $4,
         row_count = row_count + $5 WHERE id = $1`,
      [work.exportId, startedAt, JSON.stringify(found.place), at.number, file.rows],
    );
    return true;
  });
}

interface PartPlace {
  readonly client: PoolClient;
  readonly work: Work;
  readonly number: number;
  readonly startedAt: Date;
}

async function putPart({ client, work, number }: PartPlace, file: object, bytes: Uint8Array): Promise<void> {
  await client.query(
    'INSERT INTO account_export_part (export_id, number, account_id, file, bytes) VALUES ($1, $2, $3, $4, $5)',
    [work.exportId, number, work.accountId, JSON.stringify(file), bytes],
  );
  await client.query('UPDATE account_export SET size_bytes = size_bytes + $2 WHERE id = $1', [
    work.exportId,
    bytes.length,
  ]);
}

interface FoundFile {
  readonly file: Pick<ExportFile, 'name' | 'dataClass' | 'table' | 'accountId'>;
  readonly lines: readonly string[];
  readonly place: Place;
}

interface FileOptions extends Required<Pick<Options, 'rowsPerFile' | 'services'>> {
  readonly work: Work;
}

/** The next file that has a row, from a place on: the rest of a table, the next tables, the next accounts. */
async function nextFile(
  client: PoolClient,
  { place, person }: Pick<ExportRow, 'place' | 'person'>,
  { rowsPerFile, work: { accountId: root, types }, services }: FileOptions,
): Promise<FoundFile | undefined> {
  let { accountId, table = 0, after, file = 0 } = place;
  for (;;) {
    accountId ??= await accountAfter(client, root, '');
    if (accountId === undefined) return undefined;
    const exported = exportedTables[table];
    if (exported === undefined) {
      accountId = await accountAfter(client, root, accountId);
      if (accountId === undefined) return undefined;
      [table, after] = [0, undefined];
      continue;
    }
    const columns = types.get(exported.table) ?? (await columnTypes(client, exported.table));
    types.set(exported.table, columns);
    const page = {
      table: exported,
      types: columns,
      root,
      accountId,
      after,
      person,
      limit: rowsPerFile,
      services,
    };
    const rows = await pageOf(client, page);
    const last = rows.at(-1);
    if (last === undefined) {
      [table, after] = [table + 1, undefined];
      continue;
    }
    file += 1;
    const { dataClass, table: name } = exported;
    return {
      file: {
        name: `${accountId}/${dataClass}/${name}-${String(file).padStart(6, '0')}.ndjson`,
        dataClass,
        table: name,
        accountId,
      },
      lines: rows.map(({ line }) => line),
      place: { accountId, table, after: last.key, file },
    };
  }
}

interface Page {
  readonly table: ClassTable;
  readonly types: ReadonlyMap<string, string>;
  readonly root: string;
  readonly accountId: string;
  readonly after: readonly string[] | undefined;
  readonly person: string | null;
  readonly limit: number;
  readonly services: MergedServices;
}

interface PageRow {
  readonly line: string;
  readonly key: readonly string[];
  readonly hidden: readonly HiddenWord[] | null;
}

async function pageOf(client: PoolClient, page: Page) {
  const { table, types, root, accountId, after, person, limit, services } = page;
  const order = (table.order ?? []).map((column) => `t.${escapeIdentifier(column)}`);
  const values: unknown[] = [accountId];
  if (table.doneBy !== undefined) values.push(root);
  const shown = (table.columns ?? []).map((column) => fieldOf(table, column, types.get(column) ?? 'text'));
  const where = [`${table.ownedBy === undefined ? 't.account_id' : ownerExpression(table.ownedBy)} = $1`];
  if (table.oneAbove !== undefined) where.push(isFirstAbove(table, table.oneAbove));
  if (after !== undefined) {
    const bounds = (table.order ?? []).map((column, place) => {
      values.push(after[place]);
      return `$${values.length}::text::${types.get(column)}`;
    });
    where.push(`(${order.join(', ')}) > (${bounds.join(', ')})`);
  }
  if (person !== null) {
    const found = await placeOf(client, table.table, { root, accountId, person });
    // What is of nobody is in no export of a person.
    if (found === undefined) return [];
    values.push(found.terms);
    where.push(`(${found.finds.replaceAll('$2', `$${values.length}::jsonb`)})`);
  }
  const { wordAbove } = table;
  const hidden = wordAbove === undefined ? 'NULL' : hiddenWords(table, wordAbove.column);
  const { rows } = await client.query<PageRow>(
    `SELECT jsonb_build_object(${shown.join(', ')})::text AS line, ${hidden} AS hidden, ARRAY[${order.map((each) => `${each}::text`).join(', ')}] AS key
     FROM ${escapeIdentifier(table.table)} t ${table.through ?? ''} WHERE ${where.join(' AND ')}
     ORDER BY ${order.join(', ')} LIMIT ${limit}`,
    values,
  );
  if (wordAbove === undefined || rows.every((row) => row.hidden === null)) return rows;
  const chain = await chainOf(client, accountId);
  return rows.map(({ line, key, hidden: words }) => ({
    line: words === null ? line : withOneWord(line, wordAbove, { chain, words, services }),
    key,
  }));
}

/** How a person is found in a table: by the same as what an erasure takes out of it. Undefined: there is none in it. */
async function placeOf(
  client: PoolClient,
  table: string,
  { root, accountId, person }: { readonly root: string; readonly accountId: string; readonly person: string },
): Promise<{ readonly finds: string; readonly terms: object } | undefined> {
  const { rows } = await client.query<{ finds: string; terms: object | null }>(
    'SELECT p.finds, person_terms($1, $2, $3, $4) AS terms FROM person_places() p WHERE p.of_table = $5',
    [root, accountId, person, '', table],
  );
  const [found] = rows;
  return found === undefined || found.terms === null ? undefined : { finds: found.finds, terms: found.terms };
}

const ownerExpression = (ownedBy: string) =>
  ownedBy.includes('.') ? ownedBy : `t.${escapeIdentifier(ownedBy)}`;

/** Ids of accounts above stand in rows below them, and are not told (C1). */
const accountsAbove: readonly string[] = ['parent_id', 'counterparty_id', 'asked_account_id', 'seller_id'];

/** A name and a value of a JSON object. Integers that may pass 2^53 are texts; what a number stands for is written out. */
function fieldOf({ doneBy, soldBy }: ClassTable, column: string, type: string): string {
  const value = `t.${escapeIdentifier(column)}`;
  if (column === 'dimension_set_id')
    return `'dimensions', (SELECT d.dimensions FROM usage_dimension_set d WHERE d.id = ${value})`;
  if (column === 'dimension_set_ids')
    return `'dimensions', (SELECT jsonb_agg(d.dimensions ORDER BY u.place) FROM unnest(${value}) WITH ORDINALITY AS u(id, place) JOIN usage_dimension_set d ON d.id = u.id)`;
  if (doneBy?.names.includes(column) === true) {
    const at = `t.${escapeIdentifier(doneBy.at)}`;
    return `'${column}', CASE WHEN ${at} IS NULL OR account_is_visible(${at}) THEN ${asJson(value, type)} END`;
  }
  if (doneBy?.texts.includes(column) === true) {
    const path = `t.${escapeIdentifier(doneBy.path)}`;
    // From the export's own account down everything is its own: $2 is that account.
    const place = `coalesce(array_position(${path}, $2), array_position(${path}, t.account_id))`;
    const above = `array_to_string(${path}[1:${place} - 1], '|')`;
    const without = `regexp_replace(${value}::text, ${above}, 'an account above', 'g')::${type}`;
    const told =
      type === 'jsonb'
        ? `CASE jsonb_typeof(${value}) WHEN 'object' THEN ${liftedAsOne(without)} - ${hiddenFields(value, doneBy.at)} ELSE ${without} END`
        : without;
    return `'${column}', CASE WHEN ${place} > 1 THEN ${told} ELSE ${value} END`;
  }
  if (soldBy?.content === column) {
    const at = `t.${escapeIdentifier(soldBy.at)}`;
    const keys = `regexp_replace(${value}::text, '"key": "acc_[0-9a-z]+ ', '"key": "above ', 'g')`;
    return `'${column}', CASE WHEN account_is_visible(${at}) THEN ${value} ELSE replace(${keys}, ${at}, 'above')::jsonb END`;
  }
  if (column === SETTER)
    return `'${column}', CASE WHEN ${value} = '' THEN NULL WHEN account_is_visible(${value}) THEN ${value} ELSE 'above' END`;
  const isSeen = accountsAbove.includes(column);
  return `'${column}', ${isSeen ? `CASE WHEN account_is_visible(${value}) THEN ${value} END` : asJson(value, type)}`;
}

/** Words of accounts above that a change took back, as `told` has them: one, so that nobody counts them. */
function liftedAsOne(said: string): string {
  const lifted = escapeLiteral(WORDS_LIFTED);
  const words = `(SELECT jsonb_agg(DISTINCT CASE WHEN w ->> 'from' = ${escapeLiteral(ABOVE.actorName)}
      THEN jsonb_build_object('from', w -> 'from', 'state', w -> 'state') ELSE w END)
    FROM jsonb_array_elements((${said}) -> ${lifted}) w)`;
  return `(CASE jsonb_typeof((${said}) -> ${lifted}) WHEN 'array'
    THEN (${said}) || jsonb_build_object(${lifted}, coalesce(${words}, '[]')) ELSE ${said} END)`;
}

/** The fields of what was before and after a change that `told` leaves out as well: of a plan, and of a trigger, from above. */
function hiddenFields(value: string, at: string): string {
  const list = (fields: readonly string[]) => `ARRAY[${fields.map(escapeLiteral).join(', ')}]::text[]`;
  const actor = `t.${escapeIdentifier(at)}`;
  return `(CASE WHEN t.target LIKE ${escapeLiteral(`%${TARGET_OF_PLAN}`)} AND account_is_visible(${value} ->> 'ownerId') IS NOT TRUE
      THEN ${list(WORDS_OF_PLAN)} ELSE ${list([])} END
    || CASE WHEN ${actor} IS NULL OR account_is_visible(${actor}) THEN ${list([])} ELSE ${list([WORD_OF_FIRING])} END)`;
}

function asJson(value: string, type: string): string {
  if (type === 'bytea') return `encode(${value}, 'hex')`;
  if (type === 'bigint' || type.startsWith('numeric')) return `${value}::text`;
  if (type === 'bigint[]') return `${value}::text[]`;
  return value;
}

async function columnTypes(client: PoolClient, table: string): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
    [table],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

/** The manifest, the end of the archive, and until when it is kept. */
async function finish(
  at: PartPlace,
  { nowMs, person }: { readonly nowMs: number; readonly person: string | null },
): Promise<void> {
  const { client, work, startedAt } = at;
  const { rows: parts } = await client.query<{ file: unknown }>(
    'SELECT file FROM account_export_part WHERE export_id = $1 ORDER BY number',
    [work.exportId],
  );
  const files = parts.map(({ file }) => exportFileSchema.parse(file));
  const rows = Object.fromEntries(exportedTables.map(({ dataClass }): [string, number] => [dataClass, 0]));
  for (const file of files) rows[file.dataClass] = (rows[file.dataClass] ?? 0) + file.rows;
  const manifest: ExportManifest = {
    format: 'patchbay-export',
    schemaVersion: EXPORT_SCHEMA_VERSION,
    exportId: work.exportId,
    accountId: work.accountId,
    scope: person === null ? 'account' : 'person',
    startedAt: startedAt.toISOString(),
    finishedAt: new Date(nowMs).toISOString(),
    files,
    rows,
    leftOut: dataClassNames.flatMap((dataClass) => {
      const why = dataClassOf(dataClass).notExportedWhy;
      return why === undefined ? [] : [{ dataClass, why }];
    }),
  };
  const content = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const bytes = await compress(
    Buffer.concat([tarEntry('manifest.json', content, startedAt.getTime()), tarEnd()]),
  );
  await putPart(at, { name: 'manifest.json' }, bytes);
  const expiresAt = new Date(nowMs + EXPORT_KEPT_DAYS * DAY_MS);
  await client.query(
    `UPDATE account_export SET state = 'ready', part_count = $2, started_at = $3, finished_at = $4, expires_at = $5, place = '{}'
     WHERE id = $1`,
    [work.exportId, at.number, startedAt, new Date(nowMs), expiresAt],
  );
  const { exportId, accountId, scope } = manifest;
  const data = { exportId, scope, expiresAt: expiresAt.toISOString() };
  await appendEvent(client, eventOfHandler({ accountId, type: 'privacy.export.ready', data, atMs: nowMs }));
}

interface Failure extends Pick<Options, 'notices' | 'nowMs'> {
  readonly error: unknown;
}

/**
 * What failed may pass: it is tried again, from behind the last file that it wrote. One that is given up leaves no file behind,
 * and whoever asked for it is told, in one transaction. The next one is not held up.
 */
async function failed(
  pool: Pool,
  { exportId, accountId }: Work,
  { error, notices, nowMs }: Failure,
): Promise<void> {
  await notices.atomically(async () => {
    const requestedBy = await inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<{ failed_count: number; requested_by: string }>(
        `UPDATE account_export SET state = 'running', failed_count = failed_count + 1, error = $2
         WHERE id = $1 AND state IN ('pending', 'running') RETURNING failed_count, requested_by`,
        [exportId, error instanceof Error ? error.message : String(error)],
      );
      const [row] = rows;
      // Somebody took it back.
      if (row === undefined) return undefined;
      const waitMs = RETRY_WAITS_MS[row.failed_count - 1];
      if (waitMs !== undefined) {
        await client.query('UPDATE account_export SET next_at = $2 WHERE id = $1', [
          exportId,
          new Date(nowMs() + waitMs),
        ]);
        return undefined;
      }
      await giveUp(client, { exportId, accountId, nowMs: nowMs() });
      return row.requested_by;
    });
    if (requestedBy !== undefined) await notices.tell({ exportId, accountId, requestedBy });
  });
}

async function giveUp(
  client: PoolClient,
  {
    exportId,
    accountId,
    nowMs,
  }: { readonly exportId: string; readonly accountId: string; readonly nowMs: number },
): Promise<void> {
  await client.query('DELETE FROM account_export_part WHERE account_id = $1 AND export_id = $2', [
    accountId,
    exportId,
  ]);
  await client.query(
    `UPDATE account_export SET state = 'failed', place = '{}', part_count = 0, row_count = 0, size_bytes = 0,
       finished_at = $2, expires_at = $3 WHERE id = $1`,
    [exportId, new Date(nowMs), new Date(nowMs + EXPORT_KEPT_DAYS * DAY_MS)],
  );
  const type = 'privacy.export.failed';
  await appendEvent(client, eventOfHandler({ accountId, type, data: { exportId }, atMs: nowMs }));
}
