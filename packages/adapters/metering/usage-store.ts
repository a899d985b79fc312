import { createHash } from 'node:crypto';
import { bodyOf } from '@patchbay/domain/metering/roll-up';
import { dayOf, RECORD_COUNT_MAX, type UsageRecord } from '@patchbay/domain/metering/usage-record';
import type {
  ConflictReason,
  IngestReceipt,
  SessionTotal,
  UsageChange,
  UsageConflict,
  UsageStore,
} from '@patchbay/domain/metering/usage-store';
import type { Pool } from 'pg';
import { inAccountScope, sqlStateOf } from './account-scope.ts';
import { aheadOf, shifted } from './ahead.ts';
import { arrayLiteral } from './array-literal.ts';
import { DimensionSets } from './dimension-sets.ts';
import { CHANGED, COUNT, columnsOf } from './ingest-batch.ts';
import { UsageLayouts } from './usage-layouts.ts';
import { queryUsage } from './usage-query.ts';
import { UsageSources } from './usage-sources.ts';

const DAY_MS = 86_400_000;
/** Rows of minute totals that one transaction folds. */
const FOLDED_COUNT_MAX = 5_000;
/** A number of a source or a layout that a restored database does not have. */
const FOREIGN_KEY_VIOLATION = '23503';

/** Usage in PostgreSQL. The pool's connections run as patchbay_app. */
export function usageStore(pool: Pool): UsageStore {
  const layouts = new UsageLayouts(pool, new DimensionSets(pool));
  const sources = new UsageSources(pool);
  const openDays = new Set<string>();
  /** Records whose times are those of a clock, which may be another one when they come again. */
  const onClock = new WeakSet<UsageRecord>();

  const openDay = async (day: string) => {
    if (openDays.has(day)) return;
    await pool.query('SELECT usage_open_day($1)', [day]);
    openDays.add(day);
  };

  const keepConflicts = async (conflicts: readonly UsageConflict[]) => {
    if (conflicts.length === 0) return;
    const column = <T>(pick: (record: UsageRecord) => T) => conflicts.map(({ record }) => pick(record));
    await pool.query('SELECT usage_keep_conflicts($1, $2, $3, $4, $5, $6, $7::jsonb[])', [
      column(({ id }) => storable(id.nodeId)),
      column(({ id }) => id.boot),
      column(({ id }) => id.sequence),
      column((record) => createHash('sha256').update(bodyOf(record)).digest()),
      column(({ accountId }) => storable(accountId)),
      conflicts.map(({ reason }) => reason),
      column((record) =>
        JSON.stringify(record, (_, field: unknown) => (typeof field === 'string' ? storable(field) : field)),
      ),
    ]);
  };

  const count = async (records: readonly UsageRecord[]): Promise<IngestReceipt> => {
    for (const day of new Set(records.map(dayOf))) await openDay(day);
    const known = (await countNew(records)).flatMap((place) => records[place - 1] ?? []);
    const conflicts = (await changedOf(known)).map((record) => ({ record, reason: 'body_changed' }) as const);
    await keepConflicts(conflicts);
    const freshCount = records.length - known.length;
    return {
      freshCount,
      repeatedCount: records.length - freshCount - conflicts.length,
      conflicts,
      changes: freshCount === 0 ? [] : changesOf(records),
    };
  };

  /** Counts what is new, and answers the places (from 1) of what is not. */
  const countNew = async (records: readonly UsageRecord[], isRetry = false): Promise<readonly number[]> => {
    const columns = columnsOf(records, layouts);
    await layouts.store();
    const sourceIds = await sources.idsOf(records);
    try {
      const { rows } = await pool.query<{ known: number[] }>({
        name: 'usage_count',
        text: COUNT,
        values: [...columns, arrayLiteral(sourceIds)],
      });
      const [counted] = rows;
      if (counted === undefined) throw new Error('usage_count() answered nothing.');
      return counted.known;
    } catch (cause) {
      if (isRetry || sqlStateOf(cause) !== FOREIGN_KEY_VIOLATION) throw cause;
      sources.forget();
      layouts.forget();
      return await countNew(records, true);
    }
  };

  /** Of records that came before, those that came with another body. What is stored never changes, so it may be asked later. */
  const changedOf = async (known: readonly UsageRecord[]): Promise<UsageRecord[]> => {
    const comparable = known.filter((record) => !onClock.has(record));
    if (comparable.length === 0) return [];
    const { rows } = await pool.query<{ places: number[] }>(CHANGED, columnsOf(comparable, layouts));
    return (rows[0]?.places ?? []).flatMap((place) => comparable[place - 1] ?? []);
  };

  /** The rare batch in which somebody is unknown: the others are counted, the unknown kept. */
  const countKnown = async (records: readonly UsageRecord[]): Promise<IngestReceipt> => {
    const { rows } = await pool.query<{ known: boolean[] }>('SELECT usage_known_accounts($1, $2) AS known', [
      records.map(({ accountId }) => accountId),
      records.map(({ toMs }) => toMs),
    ]);
    const known = rows[0]?.known ?? [];
    const unknown = records
      .filter((_, index) => known[index] !== true)
      .map((record) => ({ record, reason: 'account_unknown' }) as const);
    await keepConflicts(unknown);
    const counted = records.filter((_, index) => known[index] === true);
    const receipt = counted.length === 0 ? nothing : await countStorable(counted);
    return { ...receipt, conflicts: [...unknown, ...receipt.conflicts] };
  };

  /** Counts what the database takes. A batch that it refuses for what is in it is halved until the record is found. */
  const countStorable = async (records: readonly UsageRecord[]): Promise<IngestReceipt> => {
    try {
      return await count(records);
    } catch (cause) {
      if (sqlStateOf(cause) === 'PB404') return await countKnown(records);
      if (!isDataError(cause)) throw cause;
      if (records.length === 1) {
        const conflicts = records.map((record) => ({ record, reason: 'not_storable' }) as const);
        await keepConflicts(conflicts);
        return { ...nothing, conflicts };
      }
      const half = Math.ceil(records.length / 2);
      const first = await countStorable(records.slice(0, half));
      return bothOf(first, await countStorable(records.slice(half)));
    }
  };

  /**
   * What test accounts with a clock used, they used by that clock (PRD-1). A record that comes again after the clock was set
   * ahead is the one that came before, whatever its times say now.
   */
  const countOnTheirClocks = async (records: readonly UsageRecord[]): Promise<IngestReceipt> => {
    const aheadMs = await aheadOf(pool, records);
    if (aheadMs.size === 0) return await countStorable(records);
    const reported = new Map(records.map((record) => [shifted(record, aheadMs), record]));
    for (const [record, original] of reported) if (record !== original) onClock.add(record);
    const { conflicts, ...receipt } = await countStorable([...reported.keys()]);
    const asReported = ({ record, ...conflict }: UsageConflict) => ({
      ...conflict,
      record: reported.get(record) ?? record,
    });
    return { ...receipt, conflicts: conflicts.map(asReported) };
  };

  return {
    keepConflicts,
    async ingest(records) {
      if (records.length === 0) return nothing;
      if (records.length > RECORD_COUNT_MAX) {
        throw new RangeError(`A batch has at most ${RECORD_COUNT_MAX} records, not ${records.length}.`);
      }
      return await countOnTheirClocks(records);
    },
    query: (query) => queryUsage(pool, query),
    sessionTotals: (accountId, sessionId) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<SessionTotalRow>(sessionTotalsSql, [accountId, sessionId]);
        return rows.map(sessionTotalFromRow);
      }),
    sessionSegments: (accountId, sessionId) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<SegmentRow>(sessionSegmentsSql, [accountId, sessionId]);
        return rows.map(({ segment, modality, from_at, to_at, meter, quantity }) => ({
          segment,
          modality,
          fromMs: from_at.getTime(),
          toMs: to_at.getTime(),
          meter,
          quantity: BigInt(quantity),
        }));
      }),
    listRefused: ({ accountId, cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const [, atMs, hash] = /^(\d{1,15})\.([0-9a-f]{64})$/.exec(cursor ?? '') ?? [];
        const { rows } = await client.query<RefusedRow>('SELECT * FROM usage_refused($1, $2, $3, $4)', [
          accountId,
          atMs === undefined ? null : new Date(Number(atMs)),
          hash === undefined ? null : Buffer.from(hash, 'hex'),
          limit + 1,
        ]);
        const shown = rows.slice(0, limit);
        const last = shown.at(-1);
        return {
          items: shown.map(({ reason, body, seen_at }) => ({
            record: body,
            reason,
            seenMs: seen_at.getTime(),
          })),
          ...(rows.length > limit && last !== undefined
            ? { nextCursor: `${last.seen_at.getTime()}.${last.body_hash.toString('hex')}` }
            : {}),
        };
      }),
    async countRefused(sinceMs) {
      const { rows } = await pool.query<{ reason: ConflictReason; count: string }>(
        'SELECT * FROM usage_refused_since($1)',
        [new Date(sinceMs)],
      );
      return new Map(rows.map(({ reason, count }) => [reason, Number(count)]));
    },
    async foldMinutes(beforeMs) {
      const { rows } = await pool.query<{ count: string }>('SELECT usage_fold_minutes($1, $2) AS count', [
        new Date(beforeMs),
        FOLDED_COUNT_MAX,
      ]);
      const foldedCount = Number(rows[0]?.count ?? Number.NaN);
      return { foldedCount, isDone: foldedCount < FOLDED_COUNT_MAX };
    },
    async countMismatches(fromDay, toDay) {
      const { rows } = await pool.query<{ count: string }>(
        'SELECT usage_minute_mismatches($1, $2) + usage_whole_mismatches($1, $2) AS count',
        [fromDay, toDay],
      );
      return Number(rows[0]?.count ?? Number.NaN);
    },
  };
}

/** Makes the partitions of today and tomorrow, so that no batch has to. Call it at start and once a day. */
export async function openUsageDays(pool: Pool, nowMs: number): Promise<void> {
  for (const toMs of [nowMs, nowMs + DAY_MS])
    await pool.query('SELECT usage_open_day($1)', [dayOf({ toMs })]);
}

interface RefusedRow {
  readonly reason: ConflictReason;
  /** The record as it came. */
  readonly body: UsageRecord;
  readonly body_hash: Buffer;
  readonly seen_at: Date;
}

const nothing: IngestReceipt = { freshCount: 0, repeatedCount: 0, conflicts: [], changes: [] };

/** Class 22 of SQL: what was sent can be no value there, however often it is sent. */
const isDataError = (cause: unknown): boolean => sqlStateOf(cause)?.startsWith('22') === true;

/** Text as a database can keep it: what stands for no character is marked as such. */
const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

const bothOf = (one: IngestReceipt, other: IngestReceipt): IngestReceipt => ({
  freshCount: one.freshCount + other.freshCount,
  repeatedCount: one.repeatedCount + other.repeatedCount,
  conflicts: [...one.conflicts, ...other.conflicts],
  changes: [...one.changes, ...other.changes],
});

function changesOf(records: readonly UsageRecord[]): UsageChange[] {
  const changes = new Map<string, UsageChange>();
  for (const { accountId, sessionId } of records)
    changes.set(`${accountId} ${sessionId ?? ''}`, { accountId, sessionId });
  return [...changes.values()];
}

const sessionTotalsSql = `
  SELECT s.meter, d.dimensions, sum(s.sum)::text AS quantity, min(s.first_at) AS first_at, max(s.last_at) AS last_at
  FROM usage_session s JOIN usage_dimension_set d ON d.id = s.dimension_set_id
  WHERE s.account_id = $1 AND s.session_id = $2 GROUP BY s.meter, d.id ORDER BY s.meter, d.id`;

/** The totals of the session say which accounts took part and when: so its records are looked for in those days alone. */
const sessionSegmentsSql = `
  WITH part AS (
    SELECT s.account_id, min(s.first_at) AS first_at, max(s.last_at) AS last_at
    FROM account_closure c JOIN usage_session s ON s.account_id = c.descendant_id AND s.session_id = $2
    WHERE c.ancestor_id = $1 GROUP BY 1
  )
  SELECT r.segment, d.dimensions ->> 'modality' AS modality, min(r.from_at) AS from_at, max(r.to_at) AS to_at, q.meter,
    sum(q.quantity)::text AS quantity
  FROM part p JOIN usage_record r ON r.account_id = p.account_id AND r.session_id = $2
    AND r.to_at >= p.first_at AND r.to_at <= p.last_at
    AND r.day >= (p.first_at AT TIME ZONE 'UTC')::date AND r.day <= (p.last_at AT TIME ZONE 'UTC')::date
  CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
  JOIN usage_dimension_set d ON d.id = q.dimension_set_id
  GROUP BY 1, 2, 5 ORDER BY 1, 5, 2`;

interface SegmentRow {
  readonly segment: number;
  readonly modality: string;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly meter: string;
  readonly quantity: string;
}

interface SessionTotalRow {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: string;
  readonly first_at: Date;
  readonly last_at: Date;
}

const sessionTotalFromRow = ({
  meter,
  dimensions,
  quantity,
  first_at,
  last_at,
}: SessionTotalRow): SessionTotal => ({
  meter,
  dimensions,
  quantity: BigInt(quantity),
  firstMs: first_at.getTime(),
  lastMs: last_at.getTime(),
});
