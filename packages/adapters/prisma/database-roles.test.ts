import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openClient } from './client.ts';
import { inAccount } from './scope.ts';
import { ensurePlatform } from './seed.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

/** What a hosted PostgreSQL gives: a user who owns a database and is no superuser. */
const OPERATOR = 'roles_test_operator';
/** Who serves, where that is somebody else than who migrates: a member of the application's role alone. */
const APPLICATION = 'roles_test_application';
const NAMES = ['roles_test_own', 'roles_test_a', 'roles_test_b', 'roles_test_c'];
let database: TestDatabase;
let owner: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  owner.on('error', () => undefined); // The server may end first, at the end of the run.
  await owner.query(`CREATE ROLE ${OPERATOR} LOGIN PASSWORD 'x'`);
  await owner.query(`CREATE ROLE ${APPLICATION} LOGIN PASSWORD 'x' IN ROLE patchbay_app`);
  for (const name of NAMES) await owner.query(`CREATE DATABASE ${name} OWNER ${OPERATOR}`);
}, 120_000);

afterAll(async () => {
  for (const name of NAMES) await owner.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await owner.query(`DROP ROLE ${OPERATOR}; DROP ROLE ${APPLICATION}`);
  await owner.end();
  await database.drop();
});

const urlOf = (name: string, user?: string) =>
  Object.assign(new URL(database.url), {
    pathname: name,
    ...(user === undefined ? {} : { username: user, password: 'x' }),
  }).href;

test('who may not use the two roles is told so by name, and nothing of the migration stays', async () => {
  const url = urlOf('roles_test_own', OPERATOR);
  await expect(deployMigrations(url)).rejects.toThrow(`${OPERATOR} is not a member of role patchbay_app`);
  const visitor = new Client({ connectionString: url });
  await visitor.connect();
  const { rows } = await visitor.query(`SELECT 1 FROM pg_proc WHERE proname = 'account_is_visible'`);
  expect(rows).toEqual([]);
  await visitor.end();
});

test('a user who is no superuser migrates, once a superuser granted the two roles', async () => {
  await owner.query(`GRANT patchbay_app, patchbay_wall TO ${OPERATOR}`);
  await deployMigrations(urlOf('roles_test_own', OPERATOR));
  const prisma = openClient(urlOf('roles_test_own', OPERATOR), { connectionsMax: 1 });
  const platformId = await ensurePlatform(prisma);
  expect(await ensurePlatform(prisma)).toBe(platformId);
  expect(await prisma.account.findMany()).toEqual([]);
  await prisma.$disconnect();
}, 120_000);

test('a user who is in the role of the application alone serves, and has no way over the wall', async () => {
  const prisma = openClient(urlOf('roles_test_own', APPLICATION), { connectionsMax: 1 });
  const platformId = await ensurePlatform(prisma);
  expect(await inAccount(prisma, platformId, ({ account }) => account.count())).toBe(1);
  for (const role of ['none', 'patchbay_wall', OPERATOR]) {
    const attempt = prisma.$queryRaw`SELECT set_config('role', ${role}, false), count(*) FROM account`;
    if (role === 'none') expect(await attempt).toMatchObject([{ count: 0n }]);
    else await expect(attempt).rejects.toThrow('permission denied');
    expect(await prisma.account.findMany()).toEqual([]);
  }
  await prisma.$disconnect();
});

test('several databases of one server migrate at the same moment', async () => {
  const names = ['roles_test_a', 'roles_test_b', 'roles_test_c'];
  const applied = await Promise.all(names.map((name) => deployMigrations(urlOf(name))));
  expect(new Set(applied.map((each) => each.length)).size).toBe(1);
}, 120_000);
