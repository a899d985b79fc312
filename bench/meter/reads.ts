import type { UsageQuery, UsageStore } from '@patchbay/domain/metering/usage-store';
import type { Client } from 'pg';
import { median, type Result, rounded } from '../figures.ts';
import { accounts } from './workload.ts';

const REPEAT_COUNT = 9;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MONTH_MINUTE_COUNT = 30 * 24 * 60;

/** How long pages wait for usage: of what was counted just now, and of a month with use in each of its minutes. */
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
    scope: 'inclusive',
    limit: 2_000,
    ...more,
  });
  const monthMs = nowMs - 100 * DAY_MS;
  await plantMonth(owner, { accountId: topId, fromMs: monthMs });
  const month = query({ accountId: topId, fromMs: monthMs, toMs: monthMs + 30 * DAY_MS });
  const cases: readonly (readonly [string, UsageQuery])[] = [
    ['counted just now, platform, by day', query({})],
    ['counted just now, platform, by day and transport', query({ groupBy: ['transport'] })],
    ['counted just now, platform, by each of the 1,126 accounts below', query({ groupBy: ['account'] })],
    ['a month of minutes, one account above many, by day', month],
    ['a day of that month, by hour', { ...month, toMs: monthMs + DAY_MS, bucket: 'hour' }],
  ];
  const results: Result[] = [];
  for (const [name, each] of cases) {
    const tookMs: number[] = [];
    let rowCount = 0;
    for (let repeat = 0; repeat < REPEAT_COUNT; repeat++) {
      const askedAt = performance.now();
      rowCount = (await store.query(each)).rows.length;
      tookMs.push(performance.now() - askedAt);
    }
    results.push({ bench: 'meter', case: `read: ${name}`, rows: rowCount, msP50: rounded(median(tookMs)) });
  }
  return results;
}

/** In every minute as many layouts as the bench has, one row each: as it is when what lay in several was folded. */
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
  await owner.query('VACUUM ANALYZE usage_minute_total');
}
