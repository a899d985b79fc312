import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { applicationPool, asOwner, plantTree, usageOf } from './tenants.testing.ts';
import { usageStore } from './usage-store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const atMs = Date.now() - 2 * HOUR;

let database: TestDatabase;
let pool: pg.Pool;
let store: UsageStore;

beforeEach(async () => {
  database = await createTestDatabase();
  await plantTree(database.url, { platform: undefined, top: 'platform', leaf: 'top', other: 'top' });
  pool = applicationPool(database.applicationUrl);
  store = usageStore(pool);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

const rowsOf = (accountId: string) =>
  asOwner<{ shard: number; v1: string; n: string }>(
    database.url,
    'SELECT shard, v1, n FROM usage_minute_total WHERE account_id = $1 ORDER BY shard',
    [accountId],
  );

const mismatches = () => {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return store.countMismatches(day(atMs - 24 * HOUR), day(atMs + 48 * HOUR));
};

/** A batch that waits for a counter of its trigger, after it added to all its totals, until it is let go. */
async function batchThatWaits(bytes: number): Promise<{ letGo(): Promise<void> }> {
  await asOwner(
    database.url,
    `INSERT INTO usage_trigger (id, account_id, name, target_id, with_descendants, counts, subject, condition, limit_value,
       action, time_zone, counting_from)
     VALUES ('trg_1', 'leaf', 'waits', 'leaf', false, 'usage', 'relay.bytes', 'threshold', 1000000, '{"kind":"notify"}', 'UTC',
       '-infinity')`,
  );
  await store.ingest([usageOf('leaf', { atMs, bytes: 1 })]);
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM trigger_counter FOR UPDATE');
  const waiting = store.ingest([usageOf('leaf', { atMs, bytes })]);
  await vi.waitFor(
    async () => {
      const blocked = await asOwner(
        database.url,
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      expect(blocked.length).toBe(1);
    },
    { timeout: 10_000, interval: 20 },
  );
  return {
    letGo: async () => {
      await holder.query('ROLLBACK');
      await holder.end();
      await waiting;
    },
  };
}

test('a batch does not wait for another one at the totals above both, and both are in the sum (MET-2)', async () => {
  const first = await batchThatWaits(10);
  const more = { id: { nodeId: 'nod_another', boot: 1, sequence: 1 } };
  expect(await store.ingest([usageOf('other', { atMs, bytes: 100, more })])).toMatchObject({ freshCount: 1 });
  await first.letGo();
  expect(await rowsOf('top')).toEqual([
    { shard: 0, v1: '11', n: '2' },
    { shard: 1, v1: '100', n: '1' },
  ]);
  // One at a time, and they go to one row.
  await store.ingest([usageOf('other', { atMs, bytes: 1000 })]);
  expect((await rowsOf('top')).map(({ v1 }) => v1)).toEqual(['1011', '100']);
  expect(await mismatches()).toBe(0);
});

test('a minute that is over is folded into one row, and what comes late is added to it', async () => {
  const first = await batchThatWaits(10);
  const more = { id: { nodeId: 'nod_another', boot: 1, sequence: 1 } };
  await store.ingest([usageOf('other', { atMs, bytes: 100, more })]);
  await first.letGo();
  expect(await store.foldMinutes(atMs - MINUTE)).toEqual({ foldedCount: 0, isDone: true });
  expect((await rowsOf('platform')).length).toBe(2);
  // One of each account that used, and two of each above both.
  expect(await store.foldMinutes(atMs + MINUTE)).toEqual({ foldedCount: 6, isDone: true });
  expect(await rowsOf('platform')).toEqual([{ shard: -1, v1: '111', n: '3' }]);
  expect(await rowsOf('other')).toEqual([{ shard: -1, v1: '100', n: '1' }]);
  await store.ingest([usageOf('other', { atMs, bytes: 1000 })]);
  expect(await rowsOf('platform')).toEqual([
    { shard: -1, v1: '111', n: '3' },
    { shard: 0, v1: '1000', n: '1' },
  ]);
  expect(await store.foldMinutes(atMs + MINUTE)).toEqual({ foldedCount: 3, isDone: true });
  expect(await rowsOf('platform')).toEqual([{ shard: -1, v1: '1111', n: '4' }]);
  expect(await store.foldMinutes(atMs + MINUTE)).toEqual({ foldedCount: 0, isDone: true });
  expect(await mismatches()).toBe(0);
});
