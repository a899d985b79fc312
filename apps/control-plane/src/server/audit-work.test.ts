import { createApplicationPool, jobLimits } from '@patchbay/adapters/postgres/application-pool';
import { auditChecks } from '@patchbay/adapters/prisma/audit-checks';
import { auditStore } from '@patchbay/adapters/prisma/audit-store';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditCheckJob, keepAndTell } from './audit-work.ts';

const DAY = 86_400_000;

let database: TenancyDatabase;
let owner: pg.Client;
let pool: ReturnType<typeof createApplicationPool>;
beforeAll(async () => {
  database = await createTenancyDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  pool = createApplicationPool(database.applicationUrl, () => undefined, {
    ...jobLimits,
    connectionCountMax: 2,
  });
}, 120_000);
afterAll(async () => {
  await pool.end();
  await owner.end();
  await database.close();
});

async function accountOf(name: string): Promise<string> {
  const { accountId } = await database.signUp(name);
  const accountPath = await database.chainOf(accountId);
  for (const requestId of ['req_1', 'req_2', 'req_3']) {
    await auditStore(database.prisma).append({
      ...{ accountId, accountPath, requestId, actorId: 'usr_1', actorName: 'Ann' },
      ...{ action: 'accounts.update', target: accountId },
    });
  }
  return accountId;
}

function nightly({ nowMs = Date.now(), stopAfter = Infinity, unreadable = '' } = {}) {
  const checks = auditChecks(pool, database.prisma);
  const looked: string[] = [];
  const unread: string[] = [];
  const job = auditCheckJob({
    checks: {
      ...checks,
      brokenAt: async (accountId) => {
        if (accountId === unreadable) throw new Error('It takes too long.');
        looked.push(accountId);
        return checks.brokenAt(accountId);
      },
    },
    keep: (accountId, brokenAt) =>
      keepAndTell({ checks, prisma: database.prisma, nowMs: () => nowMs }, accountId, brokenAt),
    isStopped: () => looked.length >= stopAfter,
    onUnread: (accountId) => void unread.push(accountId),
    nowMs: () => nowMs,
  });
  return { run: () => job.run(), looked, unread };
}

const told = async () =>
  (await owner.query(`SELECT account_id, data FROM platform_event WHERE type = 'audit.broken' ORDER BY id`))
    .rows;
const measured = async () =>
  (await owner.query(`SELECT reading::int FROM platform_measures() WHERE name = 'audit.broken'`)).rows;

test('C53: every chain is looked at once a day; a deleted and an altered entry are an alarm, an event each and a measure', async () => {
  const [whole, altered, deleted] = [await accountOf('A'), await accountOf('B'), await accountOf('C')];
  const first = nightly({ stopAfter: 1 });
  expect(await first.run()).toMatch(/^1 chains/);
  // What was looked at before the process ended is not looked at again.
  const second = nightly();
  expect(await second.run()).toMatch(/all are whole/);
  expect([...first.looked, ...second.looked].sort()).toEqual([whole, altered, deleted].sort());
  expect(await measured()).toEqual([{ reading: 0 }]);

  await owner.query(`UPDATE audit_entry SET actor_name = 'Bob' WHERE account_id = $1 AND sequence = 2`, [
    altered,
  ]);
  await owner.query('DELETE FROM audit_entry WHERE account_id = $1 AND sequence = 3', [deleted]);
  const next = nightly({ nowMs: Date.now() + DAY });
  await expect(next.run()).rejects.toThrow('not as it was written: 2.');
  const events = [
    { account_id: altered, data: { accountId: altered, brokenAt: 2 } },
    { account_id: deleted, data: { accountId: deleted, brokenAt: 3 } },
  ];
  expect(await told()).toEqual(expect.arrayContaining(events));
  expect(await measured()).toEqual([{ reading: 2 }]);

  // It stays an alarm, and nobody is told twice.
  await expect(nightly({ nowMs: Date.now() + DAY }).run()).rejects.toThrow('not as it was written: 2.');
  expect(await told()).toHaveLength(2);
});

test('a chain that cannot be read keeps nobody from the others, and counts as no whole one', async () => {
  const unreadable = await accountOf('D');
  const beside = await accountOf('E');
  const { run, looked, unread } = nightly({ unreadable });
  await expect(run()).rejects.toThrow('Not readable: 1.');
  expect(unread).toEqual([unreadable]);
  expect(looked).toContain(beside);
});
