import { listJobRuns } from '@patchbay/adapters/postgres/job-runs';
import { type Period, periodOf } from '@patchbay/domain/billing/period';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JobRunner } from './job-runner.ts';
import { platformJobs } from './jobs.ts';

const decisions = { forget: async () => 0 };

const agreeing = { countMismatches: async () => 0 };
const counted = {
  ...agreeing,
  countRefused: async () => new Map<never, number>(),
  foldMinutes: async () => ({ foldedCount: 0, isDone: true }),
};
const deliverMails = async () => 0;
const triggers = { forget: async () => 0 };
const retained = {
  mailWebhookTroubles: async () => 0,
  retention: { prune: async () => 0, removeOld: async () => ({ accountCount: 0, removed: {} }) },
  proofs: { recheck: async () => ({ checkedCount: 0, missingCount: 0, lapsedCount: 0 }) },
};
const settled = { oldestUnsettled: async () => undefined };
let database: TestDatabase;
let pool: Pool;
const failed: unknown[] = [];
const log = { error: (fields: unknown) => void failed.push(fields), info: () => undefined };

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2, options: '-c role=patchbay_app' });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test('all months that may still change are accrued, the oldest first, and a month that has just ended with the running one', async () => {
  const accrued: string[] = [];
  const billing = {
    ...settled,
    ...agreeing,
    accrueAll: async ({ name }: Period) => accrued.push(name),
  };
  const runner = new JobRunner({
    pool,
    log: log as never,
    jobs: platformJobs({
      billing,
      usage: counted,
      deliverMails,
      decisions,
      triggers,
      ...retained,
      nowMs: () => Date.UTC(2026, 11, 1, 0, 7),
    }).slice(0, 2),
  });
  await runner.runDue();
  expect(accrued).toEqual(['2026-11', '2026-12', '2026-09', '2026-10', '2026-11', '2026-12']);
  await runner.runDue();
  expect(accrued.length).toBe(6);
  expect((await listJobRuns(pool)).map(({ job, error }) => [job, error])).toEqual([
    ['accrual', undefined],
    ['late-accrual', undefined],
  ]);
});

test('a task that fails is logged with its name, and the next one runs all the same', async () => {
  let ran = false;
  const jobs = [
    { name: 'broken', everyMs: 0, run: () => Promise.reject(new Error('no ledger')) },
    {
      name: 'next',
      everyMs: 0,
      run: async () => {
        ran = true;
        return '';
      },
    },
  ];
  await new JobRunner({ pool, jobs, log: log as never }).runDue();
  expect(ran).toBe(true);
  expect(failed).toMatchObject([{ job: 'broken' }]);
});

test('totals that differ from a recomputation are an error in the log, and a failed task until they agree', async () => {
  const asked: (readonly string[])[] = [];
  let differing = 2;
  const usage = {
    ...counted,
    countMismatches: async (...days: [string, string]) => {
      asked.push(days);
      return differing;
    },
  };
  const billing = { ...settled, accrueAll: async () => 0, countMismatches: async () => 1 };
  const jobs = platformJobs({
    billing,
    usage,
    deliverMails,
    decisions,
    triggers,
    ...retained,
    nowMs: () => Date.UTC(2026, 10, 24, 3),
  })
    .filter(({ name }) => name === 'nightly-check')
    .map((job) => ({ ...job, everyMs: 0 }));
  const runner = new JobRunner({ pool, jobs, log: log as never });
  const last = async () => (await listJobRuns(pool)).find(({ job }) => job === 'nightly-check');
  await runner.runDue();
  expect(asked).toEqual([['2026-11-21', '2026-11-24']]);
  expect((await last())?.error).toContain('2 totals of usage');
  expect(JSON.stringify(failed.at(-1))).toContain('nightly-check');
  differing = 0;
  await runner.runDue();
  expect((await last())?.error).toContain('0 totals of usage');
  const healed = platformJobs({
    decisions,
    billing: { ...billing, countMismatches: async () => 0 },
    usage,
    deliverMails,
    triggers,
    ...retained,
    nowMs: Date.now,
  });
  await new JobRunner({
    pool,
    jobs: healed.filter(({ name }) => name === 'nightly-check').map((job) => ({ ...job, everyMs: 0 })),
    log: log as never,
  }).runDue();
  expect((await last())?.error).toBeUndefined();
});

test('what is over and not settled is accrued before it is an alarm, with every month into which it carries', async () => {
  const accrued: string[] = [];
  let isHealing = true;
  const billing = {
    ...agreeing,
    accrueAll: async ({ name }: Period) => accrued.push(name),
    oldestUnsettled: async () => (isHealing && accrued.length > 0 ? undefined : periodOf('2026-09')),
  };
  const check = platformJobs({
    billing,
    usage: counted,
    deliverMails,
    decisions,
    triggers,
    ...retained,
    nowMs: () => Date.UTC(2026, 10, 24, 3),
  }).find(({ name }) => name === 'nightly-check');
  await check?.run();
  expect(accrued).toEqual(['2026-09', '2026-10', '2026-11']);
  isHealing = false;
  await expect(check?.run()).rejects.toThrow('2026-09');
});

test('usage that was kept and not counted is a failed task, with how much and why, until a day has passed', async () => {
  let refused = new Map([['value_undeclared', 3] as const, ['too_old', 1] as const]);
  const sinceMs: number[] = [];
  const usage = {
    ...counted,
    countRefused: async (since: number) => {
      sinceMs.push(since);
      return refused;
    },
  };
  const nowMs = Date.UTC(2026, 10, 24, 3);
  const billing = { ...settled, ...agreeing, accrueAll: async () => 0 };
  const check = platformJobs({
    billing,
    usage,
    decisions,
    deliverMails,
    triggers,
    ...retained,
    nowMs: () => nowMs,
  }).find(({ name }) => name === 'refused-usage');
  await expect(check?.run()).rejects.toThrow('3 value_undeclared, 1 too_old');
  refused = new Map();
  await check?.run();
  expect(sinceMs).toEqual([nowMs - 86_400_000, nowMs - 86_400_000]);
});

test('what is removed is said by class, for whoever looks at the tasks (PRD-4)', async () => {
  const retention = {
    prune: async () => 3,
    removeOld: async () => ({ accountCount: 2, removed: { events: 5, usageDays: 1 } }),
  };
  const billing = { ...settled, ...agreeing, accrueAll: async () => 0 };
  const jobs = platformJobs({
    billing,
    usage: counted,
    decisions,
    deliverMails,
    triggers,
    ...retained,
    retention,
    proofs: retained.proofs,
    nowMs: () => 0,
  });
  const said = (job: string) => jobs.find(({ name }) => name === job)?.run();
  expect(await said('prune')).toBe('3 rows were old');
  expect(await said('retention')).toBe('2 accounts: 5 of events, 1 of usageDays');
});

test('minutes that are over are folded until there are no more, and not the ones that batches still add to', async () => {
  const asked: number[] = [];
  const folds = [
    { foldedCount: 5_000, isDone: false },
    { foldedCount: 12, isDone: true },
  ];
  const jobs = platformJobs({
    billing: { ...settled, ...agreeing, accrueAll: async () => 0 },
    usage: {
      ...counted,
      foldMinutes: async (beforeMs) => {
        asked.push(beforeMs);
        return folds.shift() ?? { foldedCount: 0, isDone: true };
      },
    },
    deliverMails,
    decisions,
    triggers,
    ...retained,
    nowMs: () => 10 * 60_000,
  });
  expect(await jobs.find(({ name }) => name === 'fold-usage')?.run()).toBe(
    '5012 rows of minute totals were folded',
  );
  expect(asked).toEqual([8 * 60_000, 8 * 60_000]);
});
