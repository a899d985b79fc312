import { openClient } from '@patchbay/adapters/prisma/client';
import { drawRequests, forgetRequestRates } from '@patchbay/adapters/prisma/request-rate';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rate } from './rate-limiter.ts';
import { SharedRate } from './shared-rate.ts';

let database: TestDatabase;
let prisma: ReturnType<typeof openClient>;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = openClient(database.applicationUrl, { connectionsMax: 4 });
}, 60_000);
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

/** One process, and what it asked of the database. */
function processOf(rate: Rate, name = 'requests') {
  let drawCount = 0;
  const shared = new SharedRate({
    ...rate,
    name,
    draw: (drawing) => {
      drawCount += 1;
      return drawRequests(prisma, drawing);
    },
  });
  return { count: (caller: string) => shared.count(caller, Date.now()), drawCount: () => drawCount };
}
const passed = (answers: readonly { readonly isExceeded: boolean }[]) =>
  answers.filter(({ isExceeded }) => !isExceeded).length;

// One more in a quarter of an hour, so that nothing of a burst comes back while a test runs.
const slow = { perMinuteMax: 1 / 15, burstMax: 300 };

test('C18: of two processes asked at once by one caller no more comes through than the rate, and at most 5 % less', async () => {
  const processes = [processOf(slow), processOf(slow)];
  const answers = await Promise.all(
    Array.from({ length: 800 }, (_, index) => processes[index % 2]?.count('acc_a')),
  );
  const count = passed(answers.flatMap((answer) => answer ?? []));
  expect(count).toBeLessThanOrEqual(300);
  expect(count).toBeGreaterThanOrEqual(285);
  expect(passed([await processOf(slow).count('acc_b')])).toBe(1);
});

test('C18: a restart forgets nothing, and what is refused asks the database no more', async () => {
  const rate = { perMinuteMax: 1 / 15, burstMax: 10 };
  const before = processOf(rate);
  for (let count = 0; count < 10; count++) expect(passed([await before.count('acc_c')])).toBe(1);
  const after = processOf(rate);
  const refused = await after.count('acc_c');
  expect(refused).toMatchObject({ isExceeded: true, limit: 10, remaining: 0 });
  expect(refused.retryAfterMs).toBeGreaterThan(14 * 60_000);
  for (let count = 0; count < 100; count++) expect(passed([await after.count('acc_c')])).toBe(0);
  expect(after.drawCount()).toBe(1);
});

test('what comes back after a while comes through, and what was in hand before does not come on top', async () => {
  // 20 a second, drawn by tens: what 10 are ahead by is over after half a second.
  const draws: number[] = [];
  let nowMs = 1_000_000;
  const shared = new SharedRate({
    perMinuteMax: 1_200,
    burstMax: 400,
    name: 'clocked',
    draw: async ({ wanted, intervalUs }) => {
      draws.push(wanted);
      return { granted: wanted, aheadMs: (wanted * intervalUs) / 1_000 };
    },
  });
  expect(await shared.count('a', nowMs)).toMatchObject({ isExceeded: false, remaining: 399 });
  nowMs += 400;
  expect(await shared.count('a', nowMs)).toMatchObject({ isExceeded: false });
  expect(draws).toEqual([10]);
  nowMs += 100;
  await shared.count('a', nowMs);
  expect(draws).toEqual([10, 10]);
});

test('one rate is nothing to another, nor one caller’s to another’s', async () => {
  const rate = { perMinuteMax: 1 / 15, burstMax: 1 };
  for (const [name, caller] of [
    ['requests', 'x'],
    ['sign-ins', 'x'],
    ['requests', 'y'],
  ] as const)
    expect(passed([await processOf(rate, name).count(caller)])).toBe(1);
  expect(passed([await processOf(rate).count('x')])).toBe(0);
});

test('who may send a whole burst again is forgotten, and nobody else', async () => {
  const fast = { perMinuteMax: 60_000, burstMax: 1 };
  await processOf(fast).count('gone');
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  await owner.query(
    `UPDATE request_rate SET arrival_at = now() - interval '2 minutes' WHERE caller = 'requests gone'`,
  );
  await owner.end();
  expect(await forgetRequestRates(prisma)).toBe(1);
  expect(passed([await processOf(slow).count('acc_a')])).toBe(0);
});
