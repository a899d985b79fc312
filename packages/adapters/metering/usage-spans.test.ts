import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { UsageBucket, UsageQuery, UsageStore } from '@patchbay/domain/metering/usage-store';
import { zoneWindow } from '@patchbay/kit/zone-clock';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applicationPool, asOwner, plantTree, usageOf } from './tenants.testing.ts';
import { usageStore } from './usage-store.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const todayMs = Date.now() - (Date.now() % DAY);
const startMs = todayMs - 8 * DAY;
const zones = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/Havana', 'Australia/Lord_Howe'];
const buckets: readonly UsageBucket[] = ['minute', 'hour', 'day', 'month', 'all'];

let database: TestDatabase;
let pool: pg.Pool;
let store: UsageStore;

beforeAll(async () => {
  database = await createTestDatabase();
  await plantTree(database.url, {
    platform: undefined,
    top: 'platform',
    leaf: 'top',
    other: 'top',
    big: 'platform',
  });
  // It came there in the middle of a quarter of an hour.
  const moved = new Date(startMs + 1.5 * DAY + 7 * MINUTE);
  const run = (sql: string) => asOwner(database.url, sql, [moved]);
  await run("UPDATE account_closure SET valid_from = $1 WHERE descendant_id = 'other' AND depth > 0");
  await run(
    `INSERT INTO account_closure (descendant_id, ancestor_id, depth, valid_from, valid_to)
     VALUES ('other', 'platform', 1, '-infinity', $1)`,
  );
  pool = applicationPool(database.applicationUrl);
  store = usageStore(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const dayName = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const mismatches = () => store.countMismatches(dayName(todayMs - 40 * DAY), dayName(todayMs + DAY));

/** What the minutes say, by nothing but the clock of the database. */
async function plainly({ accountId, fromMs, toMs, bucket, timeZone, scope, groupBy }: UsageQuery) {
  const at = bucket === 'all' ? '$2::timestamptz' : `zone_window_start('${bucket}', m.minute, '${timeZone}')`;
  const byAccount = groupBy.includes('account') && scope === 'descendants';
  const own = scope === 'own' || byAccount;
  return await asOwner<{ row: string }>(
    database.url,
    `SELECT concat_ws(' ', extract(epoch FROM ${at})::bigint * 1000, m.meter, ${groupBy.length > 0 ? 'm.account_id' : "''"},
       sum(${own ? 'm.self_sum' : 'm.sum'}), sum(${own ? 'm.self_n' : 'm.n'})) AS row
     FROM ${
       byAccount
         ? `account_closure c JOIN usage_minute m ON m.account_id = c.descendant_id AND m.minute >= c.valid_from
            AND m.minute < c.valid_to AND c.ancestor_id = $1`
         : `(SELECT * FROM usage_minute WHERE account_id = $1) m`
     }
     WHERE m.minute >= $2 AND m.minute < $3 ${own ? 'AND m.self_n > 0' : ''}
     GROUP BY ${at}, m.meter, m.account_id`,
    [accountId, new Date(fromMs), new Date(toMs)],
  );
}

const use = fc.record({
  minute: fc.nat(3 * 24 * 60 - 1),
  accountId: fc.constantFrom('leaf', 'other', 'top'),
  bytes: fc.nat(1_000_000),
  seconds: fc.option(fc.nat(100), { nil: undefined }),
});
const question = fc.record({
  timeZone: fc.constantFrom(...zones),
  from: fc.nat(3 * 24 * 60),
  length: fc.nat(3 * 24 * 60),
  bucket: fc.constantFrom(...buckets),
  accountId: fc.constantFrom('platform', 'top', 'leaf', 'other'),
  scope: fc.constantFrom('own', 'descendants'),
  groupBy: fc.constantFrom([], ['account']),
});

type Use = typeof use extends fc.Arbitrary<infer Value> ? Value : never;

const recordOf = ({ minute, accountId, bytes, seconds }: Use): UsageRecord =>
  usageOf(accountId, {
    atMs: startMs + minute * MINUTE,
    bytes,
    ...(seconds === undefined ? {} : { seconds }),
  });

const turns = [
  ['America/Havana', '2026-10-31T12:00Z'],
  ['America/Havana', '2027-03-13T12:00Z'],
  ['America/Santiago', '2026-09-05T12:00Z'],
  ['America/Santiago', '2027-04-03T12:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T02:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T02:00Z'],
  ['Asia/Beirut', '2026-03-28T03:00Z'],
  ['Asia/Kathmandu', '2026-11-05T00:00Z'],
  ['Europe/Berlin', '2026-10-24T03:10Z'],
  ['Europe/Berlin', '2027-03-27T12:00Z'],
] as const;

test('buckets and windows begin in the database where the clocks of a zone say, as in code, whatever these do', async () => {
  const found = await asOwner<{
    zone: string;
    per: 'hour' | 'day' | 'month';
    at: Date;
    bucket: Date;
    start: Date;
  }>(
    database.url,
    `SELECT zone, per, at, b.labels[width_bucket(at, b.starts)] AS bucket, zone_window_start(per, at, zone) AS start
     FROM unnest($1::text[], $2::timestamptz[]) AS turn(zone, since) CROSS JOIN unnest(ARRAY['hour', 'day', 'month']) AS per
     CROSS JOIN LATERAL usage_buckets(since, since + interval '2 days', per, zone) AS b
     CROSS JOIN generate_series(since, since + interval '2 days - 1 minute', '15 minutes') AS at`,
    [turns.map(([zone]) => zone), turns.map(([, since]) => since)],
  );
  expect(found.length).toBe(turns.length * 3 * 2 * 24 * 4);
  const wrong = found.filter(({ zone, per, at, bucket, start }) => {
    const { startMs } = zoneWindow(per, zone, at.getTime());
    return bucket.getTime() !== startMs || start.getTime() !== startMs;
  });
  expect(wrong.slice(0, 3)).toEqual([]);
});

test('whatever was folded and whatever came late, any range by any clock is what its minutes say (MET-5)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(use, { minLength: 40, maxLength: 120 }),
      fc.array(question, { minLength: 25, maxLength: 25 }),
      fc.nat(3 * 24 * 60),
      async (uses, questions, foldedMinutes) => {
        const records = uses.map(recordOf);
        const half = Math.ceil(records.length / 2);
        await store.ingest(records.slice(0, half));
        // Batches are counted while others fold, of which one at a time does.
        const before = startMs + foldedMinutes * MINUTE;
        await Promise.all([
          store.foldMinutes(before),
          store.ingest(records.slice(half, -10)),
          store.foldMinutes(before),
        ]);
        await store.ingest(records.slice(-10));
        for (const { from, length, ...asked } of questions) {
          const fromMs = startMs + from * MINUTE;
          const query = { ...asked, fromMs, toMs: fromMs + length * MINUTE, limit: 100_000 };
          const { rows } = await store.query(query);
          const found = rows.map(({ atMs, meter, group, quantity, recordCount }) =>
            [atMs, meter, group.account ?? '', quantity, recordCount].join(' '),
          );
          const wanted = await plainly(query);
          expect(found.toSorted(), JSON.stringify(query)).toEqual(wanted.map(({ row }) => row).toSorted());
        }
        expect(await mismatches()).toBe(0);
      },
    ),
    { numRuns: 6, endOnFailure: true },
  );
});

test('a span that is not what its minutes say is an alarm', async () => {
  await store.ingest([usageOf('leaf', { atMs: todayMs - 4 * DAY, bytes: 1 })]);
  await store.foldMinutes(todayMs - 3 * DAY);
  const change = (by: number) =>
    asOwner(
      database.url,
      "UPDATE usage_span_total SET v1 = v1 + $1 WHERE account_id = 'leaf' AND minutes = 15 AND starts_at = $2",
      [by, new Date(todayMs - 4 * DAY)],
    );
  await change(1);
  expect(await mismatches()).toBe(1);
  await change(-1);
  expect(await mismatches()).toBe(0);
});

test('a month is read from its days, and not from its minutes', async () => {
  const alone = applicationPool(database.applicationUrl, 1);
  const monthMs = todayMs - 40 * DAY;
  // Every minute of a day would be 1,440 of them.
  const minutes = Array.from({ length: 400 }, (_, place) =>
    usageOf('big', { atMs: monthMs + DAY + 3 * place * MINUTE, bytes: 1 }),
  );
  await usageStore(alone).ingest(minutes);
  await usageStore(alone).foldMinutes(monthMs + 10 * DAY);
  const client = await alone.connect();
  await client.query('BEGIN');
  await client.query("SELECT set_config('patchbay.account_id', 'big', true)");
  const readCount = async () => {
    const { rows } = await client.query<{ n: number }>(
      `SELECT sum(idx_tup_fetch + seq_tup_read)::int AS n FROM pg_stat_xact_user_tables
       WHERE relname IN ('usage_minute_total', 'usage_span_total')`,
    );
    return rows[0]?.n ?? Number.NaN;
  };
  const before = await readCount();
  const { rows } = await client.query(
    "SELECT at, sum::int FROM usage_of_account('big', $1, $2, 'day', 'relay.bytes', 'UTC')",
    [new Date(monthMs), new Date(monthMs + 30 * DAY)],
  );
  const read = (await readCount()) - before;
  client.release(true);
  await alone.end();
  expect(rows).toEqual([{ at: new Date(monthMs + DAY), sum: 400 }]);
  // The day, and the first and last minute of all, between which it is looked for.
  expect(read).toBe(3);
});

test('more than a row can hold is summed all the same, and keeps nothing else from being folded', async () => {
  const atMs = todayMs - 2 * DAY;
  const most = Number.MAX_SAFE_INTEGER;
  const batch = () =>
    Array.from({ length: 700 }, (_, place) =>
      usageOf('big', { atMs, bytes: most, more: { sessionId: `ses_${place}` } }),
    );
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await store.ingest([...batch(), usageOf('leaf', { atMs, bytes: 1 })]);
  // Somebody else is at the first rows: these come to others.
  await holder.query("SELECT pg_advisory_lock(hashtext('patchbay.usage_shard'), 0)");
  await store.ingest(batch());
  await holder.end();
  const read = async (accountId: string) => {
    const query = { accountId, fromMs: atMs, toMs: atMs + DAY, groupBy: [], limit: 10 } as const;
    const { rows } = await store.query({ ...query, bucket: 'day', scope: 'descendants' });
    return rows.map(({ quantity }) => quantity);
  };
  const sums = async () => [await read('platform'), await read('big'), await read('leaf')];
  const wanted = [[1400n * BigInt(most) + 1n], [1400n * BigInt(most)], [1n]];
  expect(await sums()).toEqual(wanted);
  // Of the leaf and of the one above it. What is above both is too much.
  expect(await store.foldMinutes(atMs + DAY)).toEqual({ foldedCount: 2, isDone: true });
  expect(await sums()).toEqual(wanted);
  expect(await mismatches()).toBe(0);
});
