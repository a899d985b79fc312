import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { atomically } from '../prisma/unit-of-work.ts';
import { inAccountAtOnce, keptAtEnd, rowsInAccount, rowsOf, writeInAccount } from './at-once.ts';
import { inOneRoundTrip, PREPARED_COUNT_MAX } from './round-trip.ts';

let database: TenancyDatabase;
let pool: Pool;
let owner: Client;
let one: string;
let other: string;
beforeAll(async () => {
  database = await createTenancyDatabase();
  pool = new Pool({ connectionString: database.applicationUrl, max: 1 });
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  one = (await database.signUp('One')).accountId;
  other = (await database.signUp('Other')).accountId;
}, 120_000);
afterAll(async () => {
  await Promise.all([pool.end(), owner.end()]);
  await database.close();
});

const application = (accountId: string, id: string) => ({
  text: 'INSERT INTO application (id, account_id, name, instance_types) VALUES ($1, $2, $3, $4)',
  values: [id, accountId, id, '{}'],
});
const ids = { text: 'SELECT id FROM application ORDER BY id', values: [] };
const idsOf = async (accountId: string) =>
  (await rowsInAccount<{ id: string }>(pool, accountId, ids)).map(({ id }) => id);

test('statements of one round trip are one transaction: of those before one that fails nothing is kept', async () => {
  const lost = inAccountAtOnce(pool, one, [application(one, 'app_lost'), application(one, 'app_lost')]);
  await expect(lost).rejects.toMatchObject({ code: '23505' });
  expect(await idsOf(one)).toEqual([]);
  await inAccountAtOnce(pool, one, [application(one, 'app_a'), application(one, 'app_b')]);
  expect(await idsOf(one)).toEqual(['app_a', 'app_b']);
});

test('the scope holds for its own round trip, and the next one on the connection has none (C6)', async () => {
  expect(await idsOf(one)).toEqual(['app_a', 'app_b']);
  expect(await rowsOf(pool, ids)).toEqual([]);
  expect(await idsOf(other)).toEqual([]);
  await expect(inAccountAtOnce(pool, other, [application(one, 'app_c')])).rejects.toMatchObject({
    code: '42501',
  });
});

test('rows come as Prisma reads them, whether the connection knows the statement or not', async () => {
  const at = new Date('2026-11-30T00:00:00.123Z');
  const read = () =>
    rowsOf(pool, {
      text: `SELECT $1::timestamptz AS at, $2::bigint AS big, $3::bytea AS bytes, $4::text AS text, $5::text[] AS texts,
        $6::jsonb AS json, $7::int AS number, $8::boolean AS yes`,
      values: [at, 2n ** 60n, Uint8Array.from([0, 255]), null, '{"a,b",c}', '{"a":[1]}', 7, true],
    });
  const row = { at, big: 2n ** 60n, bytes: Buffer.from([0, 255]), text: null, texts: ['a,b', 'c'] };
  const rows = [{ ...row, json: { a: [1] }, number: 7, yes: true }];
  expect(await read()).toEqual(rows);
  expect(await read()).toEqual(rows);
  expect(await atomically(database.prisma, read)).toEqual(rows);
});

test('a connection is used again after a statement was refused, and after one that it could not even prepare', async () => {
  for (const text of ['SELECT nothing FROM nowhere', 'SELECT 1 / $1::int AS one']) {
    const refused = rowsOf(pool, { text, values: text.includes('$1') ? [0] : [] });
    await expect(refused).rejects.toThrow();
    expect(await rowsOf(pool, { text: 'SELECT 1 AS one', values: [] })).toEqual([{ one: 1 }]);
  }
  // By now it is prepared.
  const divided = { text: 'SELECT 1 / $1::int AS one', values: [1] };
  expect(await rowsOf(pool, divided)).toEqual([{ one: 1 }]);
  await expect(rowsOf(pool, { ...divided, values: [0] })).rejects.toMatchObject({ code: '22012' });
  expect(await rowsOf(pool, divided)).toEqual([{ one: 1 }]);
});

test('whoever waits for a connection that dies is told, and the next one gets another', async () => {
  const [backend] = await rowsOf<{ pid: number }>(pool, {
    text: 'SELECT pg_backend_pid() AS pid',
    values: [],
  });
  const waiting = rowsOf(pool, { text: 'SELECT pg_sleep(60)::text AS slept', values: [] });
  const outcome = expect(waiting).rejects.toThrow();
  await vi.waitFor(async () => {
    const { rows } = await owner.query(
      `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep%'`,
      [backend?.pid],
    );
    expect(rows).toHaveLength(1);
  });
  pool.once('error', () => undefined);
  await owner.query('SELECT pg_terminate_backend($1)', [backend?.pid]);
  await outcome;
  expect(await rowsOf(pool, { text: 'SELECT 1 AS one', values: [] })).toEqual([{ one: 1 }]);
});

test('within a unit of work statements see what it changed, and go with it', async () => {
  const { prisma } = database;
  const work = atomically(prisma, async () => {
    await inAccountAtOnce(prisma, other, [application(other, 'app_within')]);
    expect(await rowsInAccount(prisma, other, ids)).toEqual([{ id: 'app_within' }]);
    throw new Error('an expected refusal');
  });
  await expect(work).rejects.toThrow('an expected refusal');
  expect(await idsOf(other)).toEqual([]);
});

test('what is kept at the end is not there before, each in the scope of its account, and all of it or nothing', async () => {
  await keptAtEnd(pool, async () => {
    await writeInAccount(pool, one, application(one, 'app_y'));
    await writeInAccount(pool, other, application(other, 'app_z'));
    expect(await idsOf(other)).toEqual([]);
  });
  expect([await idsOf(one), await idsOf(other)]).toEqual([['app_a', 'app_b', 'app_y'], ['app_z']]);

  const failing = keptAtEnd(pool, async () => {
    await writeInAccount(pool, one, application(one, 'app_lost'));
    throw new Error('an expected refusal');
  });
  await expect(failing).rejects.toThrow('an expected refusal');
  const refused = keptAtEnd(pool, async () => {
    await writeInAccount(pool, one, application(one, 'app_lost'));
    await writeInAccount(pool, other, application(one, 'app_foreign'));
  });
  await expect(refused).rejects.toMatchObject({ code: '42501' });
  expect(await idsOf(one)).toEqual(['app_a', 'app_b', 'app_y']);
});

test('what is written when the work is over is written by itself, and by a unit of work within it with that', async () => {
  let late: (() => Promise<void>) | undefined;
  await keptAtEnd(pool, async () => {
    late = () => writeInAccount(pool, one, application(one, 'app_late'));
  });
  await late?.();
  expect(await idsOf(one)).toContain('app_late');
  const { prisma } = database;
  await keptAtEnd(prisma, async () => {
    await atomically(prisma, () => writeInAccount(prisma, one, application(one, 'app_unit')));
    expect(await idsOf(one)).toContain('app_unit');
  });
});

test('a connection keeps so many statements prepared and no more, and answers those beyond as well', async () => {
  const few = new Pool({ connectionString: database.applicationUrl, max: 1 });
  const ask = (number: number) => ({ text: `SELECT $1::int + ${number} AS sum`, values: [1] });
  for (let number = 0; number < PREPARED_COUNT_MAX + 20; number += 1)
    expect(await rowsOf(few, ask(number))).toEqual([{ sum: number + 1 }]);
  const both = await inOneRoundTrip(few, [ask(PREPARED_COUNT_MAX + 1), ask(PREPARED_COUNT_MAX + 2), ask(0)]);
  expect(both.flat()).toEqual([{ sum: PREPARED_COUNT_MAX + 2 }, { sum: PREPARED_COUNT_MAX + 3 }, { sum: 1 }]);
  const { rows } = await few.query(
    'SELECT count(*)::int AS count FROM pg_prepared_statements WHERE name <> $1',
    [''],
  );
  expect(rows).toEqual([{ count: PREPARED_COUNT_MAX }]);
  await few.end();
});

test('no statement has no answer, and costs no connection', async () => {
  expect(await inOneRoundTrip(pool, [])).toEqual([]);
});
