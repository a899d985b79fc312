import type { SpendQuery } from '@patchbay/domain/billing/billing-store';
import type { SessionCell } from '@patchbay/domain/billing/session-cells';
import type { UsageCell } from '@patchbay/domain/metering/roll-up';
import type { Dimensions } from '@patchbay/domain/metering/usage-record';
import type { PoolClient } from 'pg';
import type { KnownDimensionSets } from '../metering/dimension-sets.ts';

interface CellRow {
  readonly account_id: string;
  /** From 1. */
  readonly span: number;
  readonly meter: string;
  readonly dimension_set_id: string;
  readonly inclusive: string;
  readonly own: string | null;
  readonly entry_count: string;
}

interface CellQuery {
  readonly accountId: string;
  readonly starts: readonly number[];
  readonly toMs: number;
  /** 0: of the account alone. Default: with its children. */
  readonly depthMax?: 0 | 1;
  /** Default: all. */
  readonly meter?: string | undefined;
}

/** The usage of an account, and of its children, summed within the spans that start at `starts`. */
export async function readCells(
  client: PoolClient,
  sets: KnownDimensionSets,
  { accountId, starts, toMs, depthMax = 1, meter }: CellQuery,
): Promise<UsageCell[]> {
  const placed = await readPlacedCells(client, sets, { accountId, starts, toMs, depthMax, meter });
  return placed.map(({ cell }) => cell);
}

const usageSql = 'SELECT * FROM billing_usage($1, $2::timestamptz[], $3, $4, $5)';

/** A cell, and the dimension set by which its records are found. */
export interface PlacedCell {
  readonly cell: UsageCell;
  readonly setId: string;
}

/** The same, each with the id of its dimension set. */
export async function readPlacedCells(
  client: PoolClient,
  sets: KnownDimensionSets,
  { accountId, starts, toMs, depthMax = 1, meter }: CellQuery,
): Promise<PlacedCell[]> {
  const { rows } = await client.query<CellRow>(usageSql, [
    accountId,
    starts.map((atMs) => new Date(atMs)),
    new Date(toMs),
    depthMax,
    meter ?? null,
  ]);
  const cells = cellsFromRows(rows, starts, await setsOf(client, sets, rows));
  return cells.map((cell, index) => ({ cell, setId: rows[index]?.dimension_set_id ?? '' }));
}

/** The same of one UTC day, from the raw records alone. */
export async function readRawCells(
  client: PoolClient,
  sets: KnownDimensionSets,
  { accountId, starts, toMs, dayMs }: Omit<CellQuery, 'depthMax' | 'meter'> & { readonly dayMs: number },
): Promise<UsageCell[]> {
  const { rows } = await client.query<CellRow>(
    'SELECT * FROM billing_raw_usage($1, $2::timestamptz[], $3, $4::date)',
    [
      accountId,
      starts.map((atMs) => new Date(atMs)),
      new Date(toMs),
      new Date(dayMs).toISOString().slice(0, 10),
    ],
  );
  return cellsFromRows(rows, starts, await setsOf(client, sets, rows));
}

/** The same of a whole month, from what its recomputation read of the raw records. */
export async function readRecountedCells(
  client: PoolClient,
  sets: KnownDimensionSets,
  { accountId, starts, toMs, period }: Omit<CellQuery, 'depthMax' | 'meter'> & { readonly period: string },
): Promise<UsageCell[]> {
  const { rows } = await client.query<CellRow>(
    'SELECT * FROM billing_recounted_usage($1, $2::timestamptz[], $3, $4)',
    [accountId, starts.map((atMs) => new Date(atMs)), new Date(toMs), period],
  );
  return cellsFromRows(rows, starts, await setsOf(client, sets, rows));
}

/** Minute totals know no session: these are of the raw records, of the account and of all below it together. */
export async function readSessionCells(
  client: PoolClient,
  sets: KnownDimensionSets,
  { accountId, fromMs, toMs, sessionId, starts }: SessionCellQuery,
): Promise<UsageCell[]> {
  const { rows } = await client.query<CellRow>(sessionCellsSql, [
    accountId,
    new Date(fromMs),
    new Date(toMs),
    starts.map((atMs) => new Date(atMs)),
    sessionId,
  ]);
  return cellsFromRows(rows, starts, await setsOf(client, sets, rows));
}

interface SessionCellQuery extends SpendQuery {
  readonly sessionId: string;
  readonly starts: readonly number[];
}

interface SessionTimeRow {
  readonly account_id: string;
  readonly span: number;
  readonly meter: string;
  readonly dimension_set_ids: readonly string[];
  readonly inclusive: string;
  readonly own: string;
}

/** The time of the sessions of an account, and of its children, in which these meters were used: see `SessionCell`. */
export async function readSessionTimes(
  client: PoolClient,
  sets: KnownDimensionSets,
  { accountId, starts, toMs, depthMax = 1, meters, sessionId }: SessionTimeQuery,
): Promise<SessionCell[]> {
  if (meters.length === 0) return [];
  const { rows } = await client.query<SessionTimeRow>(
    'SELECT * FROM billing_session_time($1, $2::timestamptz[], $3, $4, $5::text[], $6)',
    [
      accountId,
      starts.map((atMs) => new Date(atMs)),
      new Date(toMs),
      depthMax,
      [...meters],
      sessionId ?? null,
    ],
  );
  return sessionCellsFromRows(client, { rows, sets, starts });
}

/** The same from the raw records alone. */
export async function readRawSessionTimes(
  client: PoolClient,
  sets: KnownDimensionSets,
  { accountId, starts, toMs, meters }: Omit<SessionTimeQuery, 'depthMax' | 'sessionId'>,
): Promise<SessionCell[]> {
  if (meters.length === 0) return [];
  const { rows } = await client.query<SessionTimeRow>(
    'SELECT * FROM billing_raw_session_time($1, $2::timestamptz[], $3, $4::text[])',
    [accountId, starts.map((atMs) => new Date(atMs)), new Date(toMs), [...meters]],
  );
  return sessionCellsFromRows(client, { rows, sets, starts });
}

/** The same from what the recomputation of a month read of the raw records. */
export async function readRecountedSessionTimes(
  client: PoolClient,
  sets: KnownDimensionSets,
  {
    accountId,
    starts,
    toMs,
    meters,
    period,
  }: Omit<SessionTimeQuery, 'depthMax' | 'sessionId'> & { readonly period: string },
): Promise<SessionCell[]> {
  if (meters.length === 0) return [];
  const { rows } = await client.query<SessionTimeRow>(
    'SELECT * FROM billing_recounted_session_time($1, $2::timestamptz[], $3, $4::text[], $5)',
    [accountId, starts.map((atMs) => new Date(atMs)), new Date(toMs), [...meters], period],
  );
  return sessionCellsFromRows(client, { rows, sets, starts });
}

interface SessionRows {
  readonly rows: readonly SessionTimeRow[];
  readonly sets: KnownDimensionSets;
  readonly starts: readonly number[];
}

async function sessionCellsFromRows(
  client: PoolClient,
  { rows, sets, starts }: SessionRows,
): Promise<SessionCell[]> {
  const known = await sets.read(
    client,
    rows.flatMap((row) => row.dimension_set_ids),
  );
  return rows.map((row) => {
    const atMs = starts[row.span - 1];
    const uses = row.dimension_set_ids.map((id) => known.get(id)).filter((set) => set !== undefined);
    if (atMs === undefined || uses.length < row.dimension_set_ids.length)
      throw new Error('Sessions have no span or no dimensions.');
    const { account_id, meter, inclusive, own } = row;
    return { accountId: account_id, atMs, meter, uses, inclusive: BigInt(inclusive), own: BigInt(own) };
  });
}

interface SessionTimeQuery extends Omit<CellQuery, 'meter'> {
  readonly meters: readonly string[];
  /** Default: all. */
  readonly sessionId?: string | undefined;
}

const sessionCellsSql = `
  SELECT $1::text AS account_id, width_bucket(r.to_at, $4::timestamptz[]) AS span, q.meter, q.dimension_set_id,
    sum(q.quantity) AS inclusive, sum(q.quantity) FILTER (WHERE c.depth = 0) AS own, count(*) AS entry_count
  FROM account_closure c
  JOIN usage_record r ON r.account_id = c.descendant_id AND r.to_at >= greatest($2::timestamptz, c.valid_from)
    AND r.to_at < least($3::timestamptz, c.valid_to)
    AND r.day >= ($2::timestamptz AT TIME ZONE 'UTC')::date AND r.day <= ($3::timestamptz AT TIME ZONE 'UTC')::date
  CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
  WHERE c.ancestor_id = $1 AND r.session_id = $5
  GROUP BY 2, 3, 4`;

const setsOf = (client: PoolClient, sets: KnownDimensionSets, rows: readonly CellRow[]) =>
  sets.read(
    client,
    rows.map((row) => row.dimension_set_id),
  );

const cellsFromRows = (
  rows: readonly CellRow[],
  starts: readonly number[],
  sets: ReadonlyMap<string, Dimensions>,
): UsageCell[] =>
  rows.map((row) => {
    const [atMs, dimensions] = [starts[row.span - 1], sets.get(row.dimension_set_id)];
    if (atMs === undefined || dimensions === undefined)
      throw new Error('Usage has no span or no dimensions.');
    return {
      accountId: row.account_id,
      atMs,
      meter: row.meter,
      dimensions,
      inclusive: BigInt(row.inclusive),
      own: BigInt(row.own ?? 0),
      entryCount: Number(row.entry_count),
    };
  });
