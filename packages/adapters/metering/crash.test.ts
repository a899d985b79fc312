import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { databaseFolder } from '@patchbay/testing/database-folder';
import { afterEach, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/embedded.ts';
import { deployMigrations } from '../postgres/migrations.ts';
import { applicationPool, asOwner, plantTree, usageOf } from './tenants.testing.ts';
import { usageStore } from './usage-store.ts';

const HOUR = 3_600_000;
const BATCHES = 40;
const BATCH_SIZE = 250;
const CRASH_AT = 20;

let folder: string | undefined;
let server: EmbeddedPostgres | undefined;

afterEach(async () => {
  await server?.stop(5_000);
  if (server !== undefined) rmSync(server.directory, { recursive: true, force: true });
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const start = async (directory: string) => {
  server = await startEmbeddedPostgres({ directory, database: 'patchbay' });
  return server;
};

test('kill -9 of the database among the batches, then a replay: nothing is lost and nothing twice (MET-2)', {
  timeout: 60_000,
}, async () => {
  folder = mkdtempSync(path.join(databaseFolder(), 'patchbay-crash-'));
  chmodSync(folder, 0o755);
  const directory = path.join(folder, 'postgres');
  const first = await start(directory);
  await deployMigrations(first.url);
  await plantTree(first.url, { platform: undefined, top: 'platform', leaf: 'top' });
  const atMs = Date.now() - HOUR;
  const batches: UsageRecord[][] = Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: BATCH_SIZE }, (__, index) =>
      usageOf('leaf', { atMs: atMs + index * 100, bytes: batch + index }),
    ),
  );

  const pools = [applicationPool(first.url, 1), applicationPool(first.url, 1)];
  const acknowledged = new Set<UsageRecord[]>();
  const pending = [...batches];
  const writers = pools.map(async (pool) => {
    const store = usageStore(pool);
    for (let batch = pending.shift(); batch !== undefined; batch = pending.shift()) {
      await store.ingest(batch);
      acknowledged.add(batch);
      if (acknowledged.size === CRASH_AT) {
        process.kill(
          Number.parseInt(readFileSync(path.join(first.directory, 'cluster/postmaster.pid'), 'utf8'), 10),
          'SIGKILL',
        );
      }
    }
  });
  const outcomes = await Promise.allSettled(writers);
  expect(outcomes.map(({ status }) => status)).toContain('rejected');
  await first.exited;
  await Promise.all(pools.map((pool) => pool.end().catch(() => undefined)));

  const second = await start(directory);
  const pool = applicationPool(second.url);
  const store = usageStore(pool);
  const stored = await asOwner<{ n: number }>(second.url, 'SELECT count(*)::int AS n FROM usage_record');
  expect(stored[0]?.n).toBeGreaterThanOrEqual(acknowledged.size * BATCH_SIZE);
  const replay = [...batches.filter((batch) => !acknowledged.has(batch)), ...[...acknowledged].slice(0, 3)];
  expect(replay.length).toBeGreaterThan(3);
  for (const batch of replay) await store.ingest(batch);

  const wanted = batches.flat().reduce((total, { quantities }) => total + (quantities[0]?.quantity ?? 0), 0);
  const { rows } = await store.query({
    accountId: 'platform',
    fromMs: atMs - HOUR,
    toMs: Date.now(),
    bucket: 'all',
    groupBy: [],
    scope: 'descendants',
    limit: 10,
  });
  expect(rows).toMatchObject([{ quantity: BigInt(wanted), recordCount: BATCHES * BATCH_SIZE }]);
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  expect(await store.countMismatches(day(atMs - 24 * HOUR), day(Date.now() + 24 * HOUR))).toBe(0);
  await pool.end();
});
