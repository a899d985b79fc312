import { openClient } from '@patchbay/adapters/prisma/client';
import { drawRequests, forgetRequestRates } from '@patchbay/adapters/prisma/request-rate';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rate } from './rate-limiter.ts';
import { type Counter, SharedRate, SharedRates, termsOf } from './shared-rates.ts';

let database: TestDatabase;
let prisma: ReturnType<typeof openClient>;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = openClient(database.applicationUrl, { connectionsMax: 4 });
}, 120_000);
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

/** One process, and what it asked of the database. */
function processOf(rate: Rate, name = 'requests') {
  let drawCount = 0;
  const rates = new SharedRates((drawings) => {
    drawCount += 1;
    return drawRequests(prisma, drawings);
  });
  const shared = new SharedRate(rates, name, rate);
  return {
    rates,
    count: (caller: string) => shared.count(caller, Date.now()),
    drawCount: () => drawCount,
  };
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

/** The counters of a caller whose account is below another, each with a burst of so many. */
const below = (name: string, ...bursts: readonly [number, number]): [Counter, Counter] => {
  const [own, above] = bursts.map((burstMax) => termsOf({ perMinuteMax: 1 / 15, burstMax }));
  if (own === undefined || above === undefined) throw new Error('Two rates make two counters.');
  return [
    { caller: `key ${name}`, terms: own },
    { caller: `tree ${name.split(' ')[0]}`, terms: above },
  ];
};

test('C18: many accounts of one tree come no more often than the tree, over two processes, and each as often as its own', async () => {
  const processes = [processOf(slow), processOf(slow)];
  const ask = (index: number) =>
    processes[index % 2]?.rates.count(below(`top child${index % 5}`, 80, 200), Date.now());
  const answers = (await Promise.all(Array.from({ length: 1_000 }, (_, index) => ask(index)))).flatMap(
    (answer) => answer ?? [],
  );
  const count = passed(answers);
  expect(count).toBeLessThanOrEqual(200);
  expect(count).toBeGreaterThanOrEqual(190);
  for (const child of Array.from({ length: 5 }, (_, index) => index))
    expect(passed(answers.filter((_, index) => index % 5 === child))).toBeLessThanOrEqual(80);
  // A restart forgets neither, and a tree beside this one is as it was.
  const after = processOf(slow).rates;
  expect(await after.count(below('top another', 80, 200), Date.now())).toMatchObject({
    isExceeded: true,
    counter: { caller: 'tree top' },
  });
  expect(await after.count(below('beside child', 80, 200), Date.now())).toMatchObject({ isExceeded: false });
});

test('what one limit refuses is counted for none of them', async () => {
  const { rates } = processOf(slow);
  const ask = (name: string) => rates.count(below(name, 3, 40), Date.now());
  for (let count = 0; count < 20; count++) await ask('spared busy');
  const standing = await ask('spared quiet');
  expect(standing).toMatchObject({ isExceeded: false, remaining: 2 });
  const tree = await rates.count([below('spared any', 100, 40)[1]], Date.now());
  // Three of the busy one, one of the quiet one, and this.
  expect(tree).toMatchObject({ isExceeded: false, remaining: 35 });
});

test('what is told is of the limit that is nearest to its end, and for as long as all of them refuse', async () => {
  const { rates } = processOf(slow);
  const ask = () => rates.count(below('near child', 5, 3), Date.now());
  expect(await ask()).toMatchObject({ limit: 3, remaining: 2, counter: { caller: 'tree near' } });
  await ask();
  await ask();
  const refused = await ask();
  expect(refused).toMatchObject({ isExceeded: true, limit: 3, counter: { caller: 'tree near' } });
  expect(refused.retryAfterMs).toBeGreaterThan(14 * 60_000);
});

test('a request that is counted for five asks the database as often as one that is counted for one', async () => {
  const [one, five] = [processOf(slow), processOf(slow)];
  const counters = (name: string, ...bursts: readonly number[]) =>
    bursts.map((burstMax, level) => ({
      caller: `${name} ${level}`,
      terms: termsOf({ perMinuteMax: 1 / 15, burstMax }),
    }));
  const [own, ...above] = counters('deep', 300, 600, 6_000, 6_000, 6_000);
  const [alone] = counters('flat', 300);
  if (own === undefined || alone === undefined) throw new Error('Counters are made of bursts.');
  for (let count = 0; count < 210; count++) {
    expect(passed([await one.rates.count([alone], Date.now())])).toBe(1);
    expect(passed([await five.rates.count([own, ...above], Date.now())])).toBe(1);
  }
  expect([one.drawCount(), five.drawCount()]).toEqual([30, 30]);
});

test('what comes back after a while comes through, and what was in hand before does not come on top', async () => {
  // 20 a second, drawn by tens: what 10 are ahead by is over after half a second.
  const draws: number[] = [];
  let nowMs = 1_000_000;
  const rates = new SharedRates(async (drawings) =>
    drawings.map(({ wanted, intervalUs }) => {
      draws.push(wanted);
      return { granted: wanted, aheadMs: (wanted * intervalUs) / 1_000 };
    }),
  );
  const shared = new SharedRate(rates, 'clocked', { perMinuteMax: 1_200, burstMax: 400 });
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
