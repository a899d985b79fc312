import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ensureApplicationLogin, urlOfLogin, wayRoundTheWall } from './application-login.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const login = { name: 'login_test_application', password: "it's \\ a secret" };
const operator = { name: 'login_test_operator', password: 'x' };
let database: TestDatabase;
let owner: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  await owner.query(`CREATE ROLE ${operator.name} LOGIN PASSWORD 'x'`);
});

afterAll(async () => {
  await owner.query(`DROP ROLE IF EXISTS ${login.name}; DROP ROLE ${operator.name}`);
  await owner.end();
  await database.drop();
});

async function askedAs(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

test('a login is made once, takes a new password, and has no way round the wall (C6)', async () => {
  await ensureApplicationLogin(database.url, { ...login, password: 'the first one' });
  const url = await ensureApplicationLogin(database.url, login);
  expect(await askedAs(url, 'SELECT session_user')).toBe(login.name);
  await expect(askedAs(urlOfLogin(url, { ...login, password: 'the first one' }), 'SELECT 1')).rejects.toThrow(
    'password authentication failed',
  );
  expect(await wayRoundTheWall(url)).toBeUndefined();
});

test('whoever could get round the wall is told by name: a superuser, an owner, a member of the wall', async () => {
  expect(await wayRoundTheWall(database.url)).toMatch('may bypass row-level security');
  const url = urlOfLogin(database.url, operator);
  expect(await wayRoundTheWall(url)).toBeUndefined();
  for (const [begin, end, way] of [
    ['GRANT patchbay_wall TO', 'REVOKE patchbay_wall FROM', 'is a member of patchbay_wall'],
    ['ALTER TABLE application OWNER TO', 'ALTER TABLE application OWNER TO patchbay --', 'owns tables'],
    ['GRANT patchbay TO', 'REVOKE patchbay FROM', 'may bypass row-level security'],
  ]) {
    await owner.query(`${begin} ${operator.name}`);
    expect(await wayRoundTheWall(url), begin).toBe(`${operator.name} ${way}`);
    await owner.query(`${end} ${operator.name}`);
  }
  expect(await wayRoundTheWall(url)).toBeUndefined();
});

test('a user who may not make a login hears what a superuser has to run', async () => {
  const url = urlOfLogin(database.url, operator);
  await expect(ensureApplicationLogin(url, { name: 'login_test_other', password: 'x' })).rejects.toThrow(
    /could not be made: permission denied.*CREATE ROLE patchbay_login LOGIN.*DATABASE_MIGRATION_URL/,
  );
});
