import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { inAccountScope } from '../metering/account-scope.ts';
import { accountChain } from './account-store.ts';
import { inAccount } from './scope.ts';
import { atomically } from './unit-of-work.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

let database: TenancyDatabase;
let pool: Pool;
let one: string;
let other: string;
beforeAll(async () => {
  database = await createTenancyDatabase();
  pool = new Pool({ connectionString: database.applicationUrl, max: 2 });
  pool.on('error', () => undefined);
  one = (await database.signUp('One')).accountId;
  other = (await database.signUp('Other')).accountId;
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

const create = (accountId: string, name: string) =>
  database.ports.applications.create({ accountId, name, instanceTypes: [] });
const namesOf = async (accountId: string) =>
  (await database.ports.applications.list({ accountId, limit: 100 })).items.map(({ name }) => name);
const readByPool = (accountId: string) =>
  inAccountScope(pool, accountId, async (client) => {
    const { rows } = await client.query<{ name: string }>('SELECT name FROM application ORDER BY id');
    return rows.map(({ name }) => name);
  });

test('of several stores on both clients all is kept or nothing, and each sees what the others did (ACC-8)', async () => {
  const work = atomically(database.prisma, async () => {
    const child = await database.addChild(one, 'Child');
    await create(child, 'within');
    expect(await readByPool(child)).toEqual(['within']);
    expect((await accountChain(database.prisma, child)).length).toBe(3);
    // Another connection sees nothing of it yet.
    const { rowCount } = await pool.query(`SELECT 1 FROM account_chain($1)`, [child]);
    expect(rowCount).toBe(0);
    throw new Error(child);
  });
  const child = await work.catch((error: Error) => error.message);
  expect(child).toMatch(/^acc_/);
  expect(await accountChain(database.prisma, child)).toEqual([]);
  await atomically(database.prisma, () => create(one, 'kept'));
  expect(await namesOf(one)).toEqual(['kept']);
});

test('a part that fails takes back itself alone, and no scope stays behind it', async () => {
  await atomically(database.prisma, async () => {
    await create(other, 'first');
    const failing = inAccount(database.prisma, other, async ({ application }) => {
      await application.create({
        data: { id: 'app_lost', accountId: other, name: 'lost', instanceTypes: [] },
      });
      await application.create({
        data: { id: 'app_lost', accountId: other, name: 'lost', instanceTypes: [] },
      });
    });
    await expect(failing).rejects.toThrow();
    await create(other, 'second');
    expect(await database.prisma.application.findMany()).toEqual([]);
  });
  expect(await namesOf(other)).toEqual(['first', 'second']);
});

test('parts that are asked for at once do not get into each other’s scope', async () => {
  const seen = await atomically(database.prisma, () =>
    Promise.all(Array.from({ length: 20 }, (_, index) => readByPool(index % 2 === 0 ? one : other))),
  );
  expect(seen.filter((_, index) => index % 2 === 0)).toEqual(Array(10).fill(['kept']));
  expect(seen.filter((_, index) => index % 2 === 1)).toEqual(Array(10).fill(['first', 'second']));
});

test('work that goes on when the unit is over has connections of its own', async () => {
  let late: Promise<string[]> | undefined;
  const gate = Promise.withResolvers<void>();
  await atomically(database.prisma, async () => {
    late = gate.promise.then(() => namesOf(one));
  });
  gate.resolve();
  expect(await late).toEqual(['kept']);
});
