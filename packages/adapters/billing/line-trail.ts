import {
  type LineAsked,
  type LineTrail,
  lineId,
  partOf,
  type SessionLine,
  type TracedDay,
  type TracedLine,
  type TracedRecord,
  type TracedSession,
} from '@patchbay/domain/billing/line-trail';
import { type Period, periodAt, periodOf } from '@patchbay/domain/billing/period';
import { type PriceBook, spanStarts } from '@patchbay/domain/billing/price-book';
import { type EdgeLine, rate } from '@patchbay/domain/billing/rating';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { KnownDimensionSets } from '../metering/dimension-sets.ts';
import { readChain } from './price-rows.ts';
import { type PlacedCell, readPlacedCells } from './usage-cells.ts';

const DAY_MS = 86_400_000;
/** Lines of one session that are shown: it has a few meters, each with a few sets of dimensions. */
const SESSION_LINE_COUNT_MAX = 200;

export interface LineTrailOptions {
  readonly pool: Pool;
  readonly catalogue: MeterCatalogue;
}

/** Where a line's use lies: from when to when, and with which dimensions. Half-open. */
interface Place {
  readonly fromMs: number;
  readonly toMs: number;
  readonly setId: string;
}

interface LocatedLine {
  readonly line: EdgeLine;
  readonly places: readonly Place[];
}

/** The trail of money in PostgreSQL: days by the totals, sessions and records by what nodes reported. */
export function lineTrail({ pool, catalogue }: LineTrailOptions): LineTrail {
  const sets = new KnownDimensionSets();
  const at = (accountId: string, asked: LineAsked) => ({ catalogue, sets, accountId, asked });

  async function traced(
    client: PoolClient,
    asked: LineAsked,
  ): Promise<(TracedLine & LocatedLine) | undefined> {
    const buyerId = asked.childId ?? asked.accountId;
    const located = await locate(client, at(buyerId, asked));
    const found = located?.find(({ line }) => lineId(line) === asked.line);
    return found && { ...found, days: await daysOf(client, sets, { buyerId, ...asked, ...found }) };
  }

  return {
    days: (asked) => inAccountScope(pool, asked.accountId, (client) => traced(client, asked)),
    sessions: ({ day, cursor, limit, ...asked }) =>
      inAccountScope(pool, asked.accountId, async (client) => {
        const found = await traced(client, asked);
        if (found === undefined) return undefined;
        const { rows } = await client.query<SessionRow>(sessionsSql, [
          ...placesWithin(found, { buyerId: asked.childId ?? asked.accountId, day }),
          ...afterSession(cursor),
          limit + 1,
        ]);
        const before = unitsBefore(found.days, day);
        const items = rows.slice(0, limit).map((row) => sessionFromRow(row, found.line, before));
        const last = rows[limit - 1];
        return {
          items,
          ...(rows.length > limit && last !== undefined
            ? { nextCursor: `${last.session_id}.${last.account_id}` }
            : {}),
        };
      }),
    records: ({ day, sessionId, cursor, limit, ...asked }) =>
      inAccountScope(pool, asked.accountId, async (client) => {
        const found = await traced(client, asked);
        if (found === undefined) return undefined;
        const { rows } = await client.query<RecordRow>(
          'SELECT * FROM billing_line_records($1, $2, $3, $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7, $8, $9)',
          [
            ...placesWithin(found, { buyerId: asked.childId ?? asked.accountId, day }),
            sessionId ?? null,
            cursor ?? null,
            limit + 1,
          ],
        );
        const items = rows.slice(0, limit).map(recordFromRow);
        const last = rows[limit - 1];
        return {
          items,
          ...(rows.length > limit && last !== undefined ? { nextCursor: last.place } : {}),
        };
      }),
    linesOfSession: (accountId, sessionId) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<{ meter: string; first_at: Date; last_at: Date }>(
          'SELECT * FROM billing_session_meters($1, $2)',
          [accountId, sessionId],
        );
        const lines: SessionLine[] = [];
        for (const period of periodsOf(rows)) {
          for (const meter of new Set(rows.map((row) => row.meter))) {
            const asked = { accountId, period, line: '' };
            for (const located of (await locate(client, { ...at(accountId, asked), meter })) ?? [])
              lines.push(...(await partsOfSession(client, sets, { accountId, period, sessionId, located })));
            if (lines.length >= SESSION_LINE_COUNT_MAX) return lines.slice(0, SESSION_LINE_COUNT_MAX);
          }
        }
        return lines;
      }),
  };
}

interface Locating {
  readonly catalogue: MeterCatalogue;
  readonly sets: KnownDimensionSets;
  /** Whose lines. */
  readonly accountId: string;
  readonly asked: LineAsked;
  /** Default: that of the line that is asked for. */
  readonly meter?: string;
}

/** The lines of an account that have use of a meter, each with where that use lies. */
async function locate(
  client: PoolClient,
  { catalogue, sets, accountId, asked: { period, line }, meter = meterIn(line) }: Locating,
): Promise<readonly LocatedLine[] | undefined> {
  const known = await client.query('SELECT 1 FROM account WHERE id = $1', [accountId]);
  if (known.rowCount === 0) return undefined;
  const chain = await readChain(client, accountId, period);
  const starts = spanStarts(chain, period);
  const query = { accountId, starts, toMs: period.toMs, depthMax: 0, meter } as const;
  const placed = await readPlacedCells(client, sets, query);
  const book: PriceBook = { ...chain, catalogue };
  const { cells } = rate(
    placed.map(({ cell }) => cell),
    book,
    { period, accountId },
  );
  const placeOf = new Map(placed.map((each) => [each.cell, each]));
  const byLine = Map.groupBy(cells, (rated) => rated.line);
  return [...byLine].map(([of, rated]) => ({
    line: of,
    places: rated.flatMap(({ cell }) => {
      const place = placeOf.get(cell);
      return place === undefined ? [] : [placeIn(place, starts, period)];
    }),
  }));
}

/** `acc_… service.meter {…} version` */
const meterIn = (line: string): string => line.split(' ')[1] ?? '';

function placeIn({ cell, setId }: PlacedCell, starts: readonly number[], period: Period): Place {
  const next = starts[starts.indexOf(cell.atMs) + 1];
  return { fromMs: cell.atMs, toMs: next ?? period.toMs, setId };
}

interface OfLine extends LocatedLine {
  readonly buyerId: string;
  readonly period: Period;
}

/** By the totals, which every sum of the statement is made of: so they sum to the line whatever is still kept. */
async function daysOf(
  client: PoolClient,
  sets: KnownDimensionSets,
  { buyerId, period, line, places }: OfLine,
): Promise<readonly TracedDay[]> {
  const dayStarts = Array.from(
    { length: (period.toMs - period.fromMs) / DAY_MS },
    (_, index) => period.fromMs + index * DAY_MS,
  );
  const starts = [...new Set([...dayStarts, ...places.map(({ fromMs }) => fromMs)])].sort(
    (left, right) => left - right,
  );
  const placed = await readPlacedCells(client, sets, {
    accountId: buyerId,
    starts,
    toMs: period.toMs,
    depthMax: 0,
    meter: line.meter,
  });
  const isIn = ({ cell, setId }: PlacedCell) =>
    places.some((place) => place.setId === setId && place.fromMs <= cell.atMs && cell.atMs < place.toMs);
  const byDay = Map.groupBy(placed.filter(isIn), ({ cell }) =>
    new Date(cell.atMs).toISOString().slice(0, 10),
  );
  let before = 0n;
  return [...byDay]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([day, ofDay]) => {
      const quantity = ofDay.reduce((sum, { cell }) => sum + cell.inclusive, 0n);
      const amount = partOf(line, { before, quantity });
      before += quantity;
      return { day, quantity, amount };
    });
}

const unitsBefore = (days: readonly TracedDay[], day: string): bigint =>
  days.filter((each) => each.day < day).reduce((sum, { quantity }) => sum + quantity, 0n);

/** The first six parameters of both functions: what of a line's places lies in a day. */
function placesWithin(
  { line, places }: LocatedLine,
  { buyerId, day }: { readonly buyerId: string; readonly day: string },
): readonly unknown[] {
  const dayMs = Date.parse(`${day}T00:00:00Z`);
  const within = places.filter(({ fromMs, toMs }) => fromMs < dayMs + DAY_MS && dayMs < toMs);
  return [
    buyerId,
    line.meter,
    day,
    within.map(({ fromMs }) => new Date(Math.max(fromMs, dayMs))),
    within.map(({ toMs }) => new Date(Math.min(toMs, dayMs + DAY_MS))),
    within.map(({ setId }) => setId),
  ];
}

interface SessionRow {
  readonly session_id: string;
  readonly account_id: string;
  readonly quantity: string;
  /** With all sessions of the day that come before it. */
  readonly running: string;
  readonly record_count: string;
  readonly first_at: Date;
  readonly last_at: Date;
}

const sessionsSql = `
  SELECT * FROM billing_line_sessions($1, $2, $3, $4::timestamptz[], $5::timestamptz[], $6::bigint[]) AS s
  WHERE $7::text IS NULL OR (s.session_id, s.account_id) > ($7, $8)
  ORDER BY s.session_id, s.account_id LIMIT $9`;

const afterSession = (cursor: string | undefined): readonly (string | null)[] => {
  if (cursor === undefined) return [null, null];
  const [sessionId = '', accountId = ''] = cursor.split('.');
  return [sessionId, accountId];
};

function sessionFromRow(row: SessionRow, line: EdgeLine, beforeDay: bigint): TracedSession {
  const quantity = BigInt(row.quantity);
  return {
    ...(row.session_id === '' ? {} : { sessionId: row.session_id }),
    accountId: row.account_id,
    quantity,
    amount: partOf(line, { before: beforeDay + BigInt(row.running) - quantity, quantity }),
    recordCount: Number(row.record_count),
    fromMs: row.first_at.getTime(),
    toMs: row.last_at.getTime(),
  };
}

interface RecordRow {
  readonly place: string;
  readonly node_id: string;
  readonly boot: string;
  readonly sequence: string;
  readonly account_id: string;
  readonly segment: number;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly quantity: string;
}

const recordFromRow = (row: RecordRow): TracedRecord => ({
  nodeId: row.node_id,
  boot: BigInt(row.boot),
  sequence: BigInt(row.sequence),
  accountId: row.account_id,
  segment: row.segment,
  fromMs: row.from_at.getTime(),
  toMs: row.to_at.getTime(),
  quantity: BigInt(row.quantity),
});

function periodsOf(rows: readonly { readonly first_at: Date; readonly last_at: Date }[]): readonly Period[] {
  const names = rows.flatMap(({ first_at, last_at }) => [
    periodAt(first_at.getTime()).name,
    periodAt(last_at.getTime()).name,
  ]);
  return [...new Set(names)].sort().map(periodOf);
}

interface OfSession {
  readonly accountId: string;
  readonly period: Period;
  readonly sessionId: string;
  readonly located: LocatedLine;
}

/** Of each day on which the session has use of the line. */
async function partsOfSession(
  client: PoolClient,
  sets: KnownDimensionSets,
  { accountId, period, sessionId, located }: OfSession,
): Promise<readonly SessionLine[]> {
  const { rows: days } = await client.query<{ day: string }>(
    'SELECT DISTINCT day::text FROM usage_record WHERE session_id = $1 AND day >= $2::date AND day < $3::date',
    [sessionId, new Date(period.fromMs), new Date(period.toMs)],
  );
  if (days.length === 0) return [];
  const traced = await daysOf(client, sets, { buyerId: accountId, period, ...located });
  const parts: SessionLine[] = [];
  for (const { day } of days) {
    const { rows } = await client.query<SessionRow>(
      `SELECT * FROM billing_line_sessions($1, $2, $3, $4::timestamptz[], $5::timestamptz[], $6::bigint[]) AS s
       WHERE s.session_id = $7`,
      [...placesWithin(located, { buyerId: accountId, day }), sessionId],
    );
    for (const row of rows) {
      const { quantity, amount } = sessionFromRow(row, located.line, unitsBefore(traced, day));
      parts.push({ period: period.name, line: located.line, day, quantity, amount });
    }
  }
  return parts;
}
