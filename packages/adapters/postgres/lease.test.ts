import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { LeaseEndedError, leased } from './lease.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.applicationUrl, max: 1 });
  pool.on('error', () => undefined);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const lease = async () => leased(await pool.connect());
const backendOf = async (client: Awaited<ReturnType<typeof lease>>) => {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
};

test('a statement after the end of the transaction reaches nobody, before the connection went back and after', async () => {
  const first = await lease();
  const pid = await backendOf(first);
  await first.query('BEGIN');
  const ending = first.query('COMMIT');
  await expect(first.query('SELECT 1')).rejects.toThrow(LeaseEndedError);
  await ending;
  first.release();
  const second = await lease();
  expect(await backendOf(second)).toBe(pid);
  await second.query("BEGIN; SELECT set_config('patchbay.account_id', 'theirs', true)");
  await expect(first.query("SELECT set_config('patchbay.account_id', '', true)")).rejects.toThrow(
    LeaseEndedError,
  );
  const { rows } = await second.query("SELECT current_setting('patchbay.account_id') AS scope");
  expect(rows).toEqual([{ scope: 'theirs' }]);
  await second.query('ROLLBACK');
  second.release();
});

test('a connection that goes back in the middle is closed, and a second release takes nothing from the next', async () => {
  const first = await lease();
  const pid = await backendOf(first);
  await first.query('BEGIN');
  first.release();
  const second = await lease();
  first.release();
  expect(await backendOf(second)).not.toBe(pid);
  await second.query('BEGIN');
  await second.query('COMMIT');
  second.release();
});
