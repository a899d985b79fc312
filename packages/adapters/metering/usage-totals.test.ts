import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rollUp } from '@patchbay/domain/metering/roll-up';
import { dayOf, entriesOf, type UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import type pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deployMigrations, ownPrismaFolder, type PrismaFolder } from '../postgres/migrations.ts';
import { DimensionSets } from './dimension-sets.ts';
import { applicationPool, asOwner, plantTree, usageOf } from './tenants.testing.ts';
import { UsageSources } from './usage-sources.ts';
import { openUsageDays, usageStore } from './usage-store.ts';

const DAY = 86_400_000;
const noon = Date.now() - (Date.now() % DAY) - DAY / 2;
const dayName = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const everything = [dayName(noon - 30 * DAY), dayName(noon + 2 * DAY)] as const;
const tree = { platform: undefined, top: 'platform', leaf: 'top' };
const edges = [
  { sellerId: 'platform', buyerId: 'top', fromMs: -Infinity, toMs: Infinity },
  { sellerId: 'top', buyerId: 'leaf', fromMs: -Infinity, toMs: Infinity },
];

let database: TestDatabase;
let pool: pg.Pool;
let store: UsageStore;

beforeEach(async () => {
  database = await createTestDatabase();
  await plantTree(database.url, tree);
  pool = applicationPool(database.applicationUrl);
  store = usageStore(pool);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

/** A record with as many values as asked for, each of its own meter and dimensions. */
const broad = (count: number, factor = 1): UsageRecord =>
  usageOf('leaf', {
    atMs: noon,
    more: {
      quantities: Array.from({ length: count }, (_, place) => ({
        meter: `meter${(place * 7) % count}`,
        quantity: factor * (place + 1),
        dimensions: { direction: place % 2 === 0 ? 'in' : 'out' },
      })),
    },
  });

test('records of one to thirty-two values are summed each with its own meter and dimensions (MET-1)', async () => {
  const records = [1, 7, 8, 9, 16, 17, 32].flatMap((count) => [broad(count), broad(count, 1000)]);
  await store.ingest(records);
  await store.ingest([...records, broad(32)].slice(0, -1));
  const found = await asOwner<{ key: string; sum: string; own: string; n: string }>(
    database.url,
    `SELECT concat_ws(' ', account_id, meter, dimensions ->> 'direction') AS key, sum(sum)::text AS sum,
       sum(self_sum)::text AS own, sum(n)::text AS n
     FROM usage_minute JOIN usage_dimension_set d ON d.id = dimension_set_id GROUP BY 1 ORDER BY 1`,
  );
  const wanted = new Map(
    rollUp(records, edges).cells.map(({ accountId, meter, dimensions, inclusive, own, entryCount }) => [
      `${accountId} ${meter} ${dimensions.direction}`,
      { sum: `${inclusive}`, own: `${own}`, n: `${entryCount}` },
    ]),
  );
  expect(new Map(found.map(({ key, ...rest }) => [key, rest]))).toEqual(wanted);
  const totals = await store.sessionTotals('leaf', 'ses_leaf');
  expect(totals.reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(
    records.flatMap(({ quantities }) => quantities).reduce((sum, { quantity }) => sum + BigInt(quantity), 0n),
  );
  expect(await store.countMismatches(...everything)).toBe(0);
});

test('a number of a source that another one has is not taken: the next one is', async () => {
  const record = usageOf('leaf', { atMs: noon, bytes: 5 });
  const [id] = await new UsageSources(pool).idsOf([record]);
  await asOwner(database.url, 'UPDATE usage_source SET session_id = $1', ['ses_other']);
  const [next] = await new UsageSources(pool).idsOf([record]);
  expect(BigInt(next ?? 0)).toBe(BigInt(id ?? 0) + 1n);
  await store.ingest([record, usageOf('leaf', { atMs: noon, bytes: 7, more: { sessionId: 'ses_other' } })]);
  const quantities = async (sessionId: string) =>
    (await store.sessionTotals('leaf', sessionId)).map(({ quantity }) => quantity);
  expect([await quantities('ses_leaf'), await quantities('ses_other')]).toEqual([[5n], [7n]]);
});

test('what comes is looked up by its key, and not searched for among all that an account or a node has', async () => {
  const alone = applicationPool(database.applicationUrl, 1);
  const writer = usageStore(alone);
  const size = 150;
  const batch = (_: unknown, place: number) =>
    Array.from({ length: size }, (__, index) =>
      usageOf('leaf', {
        atMs: noon,
        bytes: 1,
        more: { credentialId: 'key_one', sessionId: `ses_${place}_${index}` },
      }),
    );
  const entriesRead = async () => {
    // Counts are told when a connection has done its work, or is asked to.
    await alone.query('SELECT pg_stat_force_next_flush()');
    const [counted] = await asOwner<{ n: number }>(
      database.url,
      `SELECT sum(idx_tup_read)::int AS n FROM pg_stat_all_indexes
       WHERE relname = 'usage_source' OR schemaname = 'usage_days'`,
    );
    return counted?.n ?? Number.NaN;
  };
  // A connection plans a statement anew until it has seen it a few times.
  const batches = Array.from({ length: 8 }, batch);
  for (const each of batches) await writer.ingest(each);
  const before = await entriesRead();
  await writer.ingest(batch(undefined, 8));
  const afterNew = await entriesRead();
  for (const each of batches)
    expect(await writer.ingest(each)).toMatchObject({ freshCount: 0, repeatedCount: size });
  const afterRepeats = await entriesRead();
  await alone.end();
  expect(afterNew - before).toBeLessThan(5 * size);
  expect(afterRepeats - afterNew).toBeLessThan(5 * size * batches.length);
});

test('a number that a restored database has forgotten is asked for anew, and nothing is lost', async () => {
  await store.ingest([usageOf('leaf', { atMs: noon, bytes: 5 })]);
  await asOwner(database.url, 'DELETE FROM usage_session_total');
  await asOwner(database.url, 'DELETE FROM usage_source');
  expect(await store.ingest([usageOf('leaf', { atMs: noon, bytes: 7 })])).toMatchObject({ freshCount: 1 });
  expect((await store.sessionTotals('leaf', 'ses_leaf')).map(({ quantity }) => quantity)).toEqual([7n]);
});

test('a layout that a restored database has forgotten is stored anew, with what it is made of', async () => {
  await store.ingest([usageOf('leaf', { atMs: noon, bytes: 5 })]);
  for (const table of ['usage_layout', 'usage_dimension_set'])
    await asOwner(database.url, `DELETE FROM ${table}`);
  await asOwner(database.url, 'DELETE FROM usage_minute_total');
  expect(await store.ingest([usageOf('leaf', { atMs: noon, bytes: 7 })])).toMatchObject({ freshCount: 1 });
  const query = { accountId: 'platform', fromMs: noon, toMs: noon + DAY, groupBy: ['direction'] } as const;
  const { rows } = await store.query({ ...query, bucket: 'day', scope: 'descendants', limit: 10 });
  expect(rows.map(({ group, quantity }) => [group, quantity])).toEqual([[{ direction: 'in' }, 7n]]);
});

test('the totals of an endpoint go to another name and are added to what that one has, in no account but the own', async () => {
  const of = (endpointId: string, bytes: number, more: Partial<UsageRecord> = {}) =>
    usageOf('leaf', { atMs: noon, bytes, more: { endpointId, ...more } });
  await store.ingest([of('user:bob', 1), of('user:gone', 2), of('user:bob', 4, { sessionId: 'ses_2' })]);
  await store.ingest([usageOf('top', { atMs: noon, bytes: 8, more: { endpointId: 'user:bob' } })]);
  const rename = async (scope: string) => {
    const client = await pool.connect();
    try {
      await client.query("SELECT set_config('patchbay.account_id', $1, false)", [scope]);
      const { rows } = await client.query(
        "SELECT usage_rename_endpoint('leaf', 'user:bob', 'user:gone')::int AS count",
      );
      return rows[0]?.count;
    } finally {
      client.release(true);
    }
  };
  expect(await rename('platform')).toBe(2);
  expect(await rename('leaf')).toBe(0);
  expect(
    await asOwner(
      database.url,
      'SELECT account_id, session_id, endpoint_id, sum::int FROM usage_session ORDER BY account_id, session_id',
    ),
  ).toEqual([
    { account_id: 'leaf', session_id: 'ses_2', endpoint_id: 'user:gone', sum: 4 },
    { account_id: 'leaf', session_id: 'ses_leaf', endpoint_id: 'user:gone', sum: 3 },
    { account_id: 'top', session_id: 'ses_top', endpoint_id: 'user:bob', sum: 8 },
  ]);
  // The store remembers the number of what is gone, and finds that it is.
  expect(await store.ingest([of('user:bob', 16)])).toMatchObject({ freshCount: 1 });
  expect(await store.countMismatches(...everything)).toBe(0);
});

test('what the release before counted is carried over, and it goes on counting beside this one', {
  timeout: 60_000,
}, async () => {
  const { url, drop } = await databaseBefore('20261129195000');
  await plantTree(url, tree);
  const before = applicationPool(url);
  await openUsageDays(before, noon);
  const first = [
    usageOf('leaf', { atMs: noon, bytes: 5, seconds: 2 }),
    usageOf('top', { atMs: noon, bytes: 40 }),
  ];
  expect(await ingestAsBefore(before, first)).toEqual({ fresh: 2, conflicts: [] });
  const totals = () =>
    asOwner(
      url,
      `SELECT account_id, minute, meter, dimension_set_id, sum(sum)::text AS sum, sum(n)::text AS n, sum(self_sum)::text AS own
       FROM usage_minute GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
    );
  const sessions = () =>
    asOwner(url, 'SELECT * FROM usage_session ORDER BY account_id, session_id, meter, dimension_set_id');
  const [minutesBefore, sessionsBefore] = [await totals(), await sessions()];
  await deployMigrations(url);
  expect([await totals(), await sessions()]).toEqual([minutesBefore, sessionsBefore]);

  const [repeated] = first;
  if (repeated === undefined) throw new Error('There are two.');
  const changed = { ...repeated, segment: 9 };
  const fresh = usageOf('leaf', { atMs: noon, bytes: 3 });
  expect(await ingestAsBefore(before, [repeated, fresh, changed])).toEqual({ fresh: 1, conflicts: [3] });
  const now = usageStore(before);
  const more = usageOf('leaf', { atMs: noon, bytes: 6, seconds: 1 });
  expect(await now.ingest([...first, fresh, more])).toMatchObject({
    freshCount: 1,
    repeatedCount: 3,
    conflicts: [],
  });
  expect((await now.sessionTotals('leaf', 'ses_leaf')).map(({ quantity }) => quantity).sort()).toEqual([
    14n,
    3n,
  ]);
  expect(await now.countMismatches(...everything)).toBe(0);
  await before.end();
  await drop();
});

/** A database as it was before a migration. */
async function databaseBefore(migration: string) {
  const root = mkdtempSync(path.join(tmpdir(), 'patchbay-before-'));
  const folder: PrismaFolder = { ...ownPrismaFolder, migrationsDirectory: path.join(root, 'migrations') };
  mkdirSync(folder.migrationsDirectory);
  for (const name of readdirSync(ownPrismaFolder.migrationsDirectory).filter((each) => each < migration)) {
    cpSync(
      path.join(ownPrismaFolder.migrationsDirectory, name),
      path.join(folder.migrationsDirectory, name),
      {
        recursive: true,
      },
    );
  }
  const name = `before_${path.basename(root).replaceAll(/\W/g, '_').toLowerCase()}`;
  await asOwner(database.url, `CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(database.url);
  url.pathname = name;
  await deployMigrations(url.href, folder);
  return {
    url: url.href,
    drop: async () => {
      await asOwner(database.url, `DROP DATABASE ${name} WITH (FORCE)`);
      rmSync(root, { recursive: true });
    },
  };
}

/** The statement of the release before. */
async function ingestAsBefore(writer: pg.Pool, records: readonly UsageRecord[]) {
  const sets = new DimensionSets(writer);
  const lists = records.map(entriesOf);
  const column = <T>(pick: (record: UsageRecord) => T) => records.map(pick);
  const values = [
    column(dayOf),
    column(({ id }) => id.nodeId),
    column(({ id }) => id.boot),
    column(({ id }) => id.sequence),
    column(({ accountId }) => accountId),
    column(({ applicationId }) => applicationId ?? null),
    column(({ endpointId }) => endpointId ?? null),
    column(({ credentialId }) => credentialId ?? null),
    column(({ sessionId }) => sessionId ?? null),
    column(({ segment }) => segment),
    column(({ fromMs }) => fromMs),
    column(({ toMs }) => toMs),
    lists.map((own) => `{${own.map(({ meter }) => meter).join()}}`),
    lists.map((own) => `{${own.map(({ dimensions }) => sets.idOf(dimensions)).join()}}`),
    lists.map((own) => `{${own.map(({ quantity }) => quantity).join()}}`),
    3,
  ];
  await sets.store();
  const { rows } = await writer.query<{ fresh: number; conflicts: number[] }>(
    `SELECT fresh::int, conflicts FROM usage_ingest($1::date[], $2::text[], $3::bigint[], $4::bigint[],
       $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::bigint[], $12::bigint[], $13::text[],
       $14::text[], $15::text[], $16::smallint)`,
    values,
  );
  return rows[0];
}
