import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applicationPool, asOwner } from '../metering/tenants.testing.ts';
import { listJobRuns, runJob } from './job-runs.ts';

let database: TestDatabase;
let pools: pg.Pool[];

beforeEach(async () => {
  database = await createTestDatabase();
  pools = [applicationPool(database.url), applicationPool(database.url)];
});
afterEach(async () => {
  for (const pool of pools) await pool.end();
  await database.drop();
});

const poolOf = (index: number): pg.Pool => {
  const pool = pools[index];
  if (pool === undefined) throw new Error('There are two.');
  return pool;
};

describe('a job', () => {
  test('runs once when it is due, however many processes ask at once, and again when its time is over', async () => {
    let ran = 0;
    const job = {
      name: 'count',
      everyMs: 60_000,
      run: async () => {
        ran += 1;
        return `${ran}`;
      },
    };
    const asked = await Promise.all([0, 1, 0, 1].map((index) => runJob(poolOf(index), job)));
    expect([asked.filter(Boolean).length, ran]).toEqual([1, 1]);
    expect(await listJobRuns(poolOf(0))).toMatchObject([{ job: 'count', found: '1', error: undefined }]);
    await asOwner(database.url, "UPDATE job_run SET started_at = started_at - interval '1 minute'");
    expect(await runJob(poolOf(1), job)).toBe(true);
    expect((await listJobRuns(poolOf(0)))[0]?.found).toBe('2');
  });

  test('that failed says why, and gives its lock back', async () => {
    const failing = { name: 'fail', everyMs: 0, run: () => Promise.reject(new Error('no power')) };
    await expect(runJob(poolOf(0), failing)).rejects.toThrow('no power');
    expect(await listJobRuns(poolOf(0))).toMatchObject([
      { job: 'fail', error: 'no power', found: undefined },
    ]);
    expect(await runJob(poolOf(1), { ...failing, run: async () => 'better' })).toBe(true);
    expect((await listJobRuns(poolOf(0)))[0]?.error).toBeUndefined();
  });

  test('whose process was killed is run by another at once, although its time is not over', async () => {
    let end = (_found: string): void => {};
    const running = new Promise<string>((resolve) => {
      end = resolve;
    });
    const dead = runJob(poolOf(0), { name: 'x', everyMs: 3_600_000, run: () => running });
    const died = expect(dead).rejects.toThrow();
    const isRunning = async () => (await listJobRuns(poolOf(1))).length === 1;
    await until(isRunning, { what: 'it to begin' });
    const again = { name: 'x', everyMs: 3_600_000, run: async () => 'done' };
    expect(await runJob(poolOf(1), again)).toBe(false);
    await asOwner(
      database.url,
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()",
    );
    await until(() => runJob(poolOf(1), again), { what: 'the lock to be free' });
    expect(await listJobRuns(poolOf(1))).toMatchObject([{ job: 'x', found: 'done' }]);
    end('too late');
    await died;
  });
});
