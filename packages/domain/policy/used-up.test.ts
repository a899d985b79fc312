import { expect, test } from 'vitest';
import type { Budget } from './decide.ts';
import { calendarWindow } from './local-time.ts';
import { account } from './policy.testing.ts';
import { type UsageOfBudget, usedUpTimes } from './used-up.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = Date.UTC(2027, 0, 15);
const at = (hours: number, minutes = 0) => DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS;
const budget: Budget = {
  setting: 'relayBytesPerDayMax',
  scope: 'acc_1',
  max: 1_000,
  origin: account('acc_1'),
  timeZone: 'UTC',
};

/** Reads minutes as the totals are kept, and says what was read. */
function usageAt(usedAt: readonly (readonly [atMs: number, quantity: number])[]) {
  const reads: UsageOfBudget['bucket'][] = [];
  const read = async ({ budget: { timeZone }, window: { startMs, endMs }, bucket }: UsageOfBudget) => {
    reads.push(bucket);
    const sums = new Map<number, number>();
    for (const [atMs, quantity] of usedAt.filter(([one]) => one >= startMs && one < endMs)) {
      const cellMs =
        bucket === 'minute' ? atMs - (atMs % MINUTE_MS) : calendarWindow(bucket, timeZone, atMs).startMs;
      sums.set(cellMs, (sums.get(cellMs) ?? 0) + quantity);
    }
    return [...sums].map(([atMs, quantity]) => ({ atMs, quantity }));
  };
  return { read, reads };
}

const spans = async (of: Budget, timesMs: readonly number[], read: Parameters<typeof usedUpTimes>[2]) =>
  (await usedUpTimes(of, timesMs, read)).map(({ fromMs, untilMs }) => [fromMs, untilMs]);

test('a limit is reached with the minute that reaches it, and not with the hour: use that came later refuses nobody', async () => {
  const { read, reads } = usageAt([
    [at(8, 5), 400],
    [at(9, 10), 500],
    [at(9, 40), 200],
    [at(9, 50), 900],
  ]);
  expect(await spans(budget, [at(9, 20)], read)).toEqual([[at(9, 41), at(24)]]);
  expect(reads).toEqual(['hour', 'minute']);
});

test('minutes are read where a request came in the hour, and else its end is as good', async () => {
  const { read, reads } = usageAt([[at(9, 40), 1_000]]);
  expect(await spans(budget, [at(8), at(10)], read)).toEqual([[at(10), at(24)]]);
  expect(reads).toEqual(['hour']);
});

test('a day is that of the zone, whole, however late in it the first request came; each begins anew', async () => {
  const { read } = usageAt([
    [at(-5, 30), 1_000],
    [at(19), 999],
  ]);
  // The day in India began at 18:30 of the day before.
  const indian = { ...budget, timeZone: 'Asia/Kolkata' };
  expect(await spans(indian, [at(10), at(20)], read)).toEqual([[at(-4, 30), at(18, 30)]]);
});

test('a month is read from its first day on', async () => {
  const { read } = usageAt([[at(-13 * 24), 1_000]]);
  const ofMonth: Budget = { ...budget, setting: 'relayBytesPerMonthMax' };
  expect(await spans(ofMonth, [at(0)], read)).toEqual([[at(-13 * 24, 60), Date.UTC(2027, 1, 1)]]);
});

test('an hour is read in minutes alone, and is one of the zone', async () => {
  const { read, reads } = usageAt([
    [at(9, 20), 600],
    [at(9, 40), 400],
    [at(10, 10), 600],
  ]);
  const ofHour: Budget = { ...budget, setting: 'relayBytesPerHourMax' };
  expect(await spans(ofHour, [at(9, 50), at(10, 20)], read)).toEqual([[at(9, 41), at(10)]]);
  // From half past to half past.
  const indian = { ...ofHour, timeZone: 'Asia/Kolkata' };
  expect(await spans(indian, [at(9, 50), at(10, 20)], read)).toEqual([[at(10, 11), at(10, 30)]]);
  expect(new Set(reads)).toEqual(new Set(['minute']));
});

test('what counts in all counts from the first use on, is found by months, and never begins anew', async () => {
  const { read, reads } = usageAt([
    [at(-400 * 24), 700],
    [at(-3 * 24, 30), 200],
    [at(9, 40), 100],
  ]);
  const inAll: Budget = { ...budget, setting: 'relayBytesTotalMax' };
  expect(await spans(inAll, [at(8), at(9, 50)], read)).toEqual([[at(9, 41), Number.POSITIVE_INFINITY]]);
  expect(reads).toEqual(['month', 'day', 'hour', 'minute']);
  expect(await spans(inAll, [at(8)], read)).toEqual([]);
});

test('nothing is left of nothing from the start, and of what was not used up all the time', async () => {
  const { read } = usageAt([[at(9), 999]]);
  expect(await spans({ ...budget, max: 0 }, [at(9)], read)).toEqual([[at(0), at(24)]]);
  expect(await spans(budget, [at(10)], read)).toEqual([]);
});

test('seconds are counted of a meter of milliseconds', async () => {
  const { read } = usageAt([[at(9), 59_999]]);
  const seconds: Budget = { ...budget, setting: 'connectedSecondsPerDayMax', max: 60 };
  expect(await spans(seconds, [at(12)], read)).toEqual([]);
  expect(await spans({ ...seconds, max: 59 }, [at(12)], read)).toEqual([[at(10), at(24)]]);
});
