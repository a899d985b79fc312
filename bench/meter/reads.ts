import type { UsageQuery, UsageStore } from '@patchbay/domain/metering/usage-store';
import type { Client } from 'pg';
import { median, type Result, rounded } from '../figures.ts';
import { accounts } from './workload.ts';

const REPEAT_COUNT = 9;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MONTH_MINUTE_COUNT = 30 * 24 * 60;

/**
 * How long pages wait for usage: of what was counted just now, before any of it was folded and after it, and of a month
 * with use in each of its minutes. And how fast minutes are folded.
 */
export async function measureReads(
  store: UsageStore,
  { owner, nowMs }: { readonly owner: Client; readonly nowMs: number },
): Promise<readonly Result[]> {
  const [platformId, topId] = accounts().map(([id]) => id);
  if (platformId === undefined || topId === undefined) throw new Error('The bench has accounts.');
  const query = (more: Partial<UsageQuery>): UsageQuery => ({
    accountId: platformId,
    fromMs: nowMs - 3 * DAY_MS,
    toMs: nowMs + DAY_MS,
    bucket: 'day',
    groupBy: [],
    scope: 'descendants',
    limit: 2_000,
    ...more,
  });
  const monthMs = nowMs - 100 * DAY_MS;
  const month = query({ accountId: topId, fromMs: monthMs, toMs: monthMs + 30 * DAY_MS });
  const fresh: Cases = [
    ['platform, by day', query({})],
    ['platform, by day and transport', query({ groupBy: ['transport'] })],
    ['platform, by each of the 1,126 accounts below', query({ groupBy: ['account'] })],
  ];
  const unfolded = await measureAll(store, 'counted just now, not folded yet', fresh);
  await plantMonth(owner, { accountId: topId, fromMs: monthMs });
  const folding = await fold(store, nowMs);
  await owner.query('VACUUM ANALYZE usage_minute_total, usage_span_total');
  return [
    ...unfolded,
    folding,
    ...(await measureAll(store, 'folded', fresh)),
    ...(await measureAll(store, 'a month of minutes, one account above many', [
      ['by day', month],
      ['by day in Berlin', { ...month, timeZone: 'Europe/Berlin' }],
      ['by hour in Kathmandu', { ...month, bucket: 'hour', timeZone: 'Asia/Kathmandu' }],
      ['a day of it, by minute', { ...month, toMs: monthMs + DAY_MS, bucket: 'minute' }],
    ])),
  ];
}

type Cases = readonly (readonly [string, UsageQuery])[];

async function measureAll(store: UsageStore, of: string, cases: Cases): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const [name, each] of cases) {
    const tookMs: number[] = [];
    let rowCount = 0;
    for (let repeat = 0; repeat < REPEAT_COUNT; repeat++) {
      const askedAt = performance.now();
      rowCount = (await store.query(each)).rows.length;
      tookMs.push(performance.now() - askedAt);
    }
    results.push({
      bench: 'meter',
      case: `read: ${of}, ${name}`,
      rows: rowCount,
      msP50: rounded(median(tookMs)),
    });
  }
  return results;
}

async function fold(store: UsageStore, nowMs: number): Promise<Result> {
  const startedAt = performance.now();
  let rowCount = 0;
  for (let isDone = false; !isDone; ) {
    const folded = await store.foldMinutes(nowMs);
    rowCount += folded.foldedCount;
    isDone = folded.isDone;
  }
  const elapsedMs = performance.now() - startedAt;
  return {
    bench: 'meter',
    case: 'fold',
    rows: rowCount,
    rowsPerSecond: Math.round((rowCount / elapsedMs) * 1000),
  };
}

/** In every minute as many layouts as the bench has, one row each. */
async function plantMonth(
  owner: Client,
  { accountId, fromMs }: { readonly accountId: string; readonly fromMs: number },
): Promise<void> {
  await owner.query(
    `INSERT INTO usage_minute_total (account_id, minute, layout_id, part, is_own, shard, n, v1)
     SELECT $1, $2::timestamptz + minute * interval '1 minute', l.id, 0, false, 0, 1, 1
     FROM generate_series(0, $3::int - 1) AS minute CROSS JOIN usage_layout l WHERE cardinality(l.meters) = 1`,
    [accountId, new Date(fromMs - (fromMs % MINUTE_MS)), MONTH_MINUTE_COUNT],
  );
}
