import { expect, test } from 'vitest';
import type { UsageQuery } from '../metering/usage-store.ts';
import { rememberingAllTime } from './all-time-use.ts';

const HOUR = 3_600_000;
const asked: UsageQuery = {
  accountId: 'acc_1',
  fromMs: 0,
  toMs: 10 * HOUR + 60_000,
  bucket: 'all',
  meter: 'network-discovery.bytes',
  groupBy: [],
  scope: 'descendants',
  limit: 1_000,
};

/** One unit for each hour that is read. */
function store() {
  const ranges: (readonly [fromHour: number, toHour: number])[] = [];
  let failures = 0;
  const usage = rememberingAllTime({
    async query({ fromMs, toMs }) {
      ranges.push([fromMs / HOUR, Math.floor(toMs / HOUR)]);
      if (failures > 0) {
        failures -= 1;
        throw new Error('The database is away.');
      }
      const quantity = BigInt(Math.floor((toMs - fromMs) / HOUR));
      return {
        rows: [{ atMs: fromMs, meter: 'network-discovery.bytes', group: {}, quantity, recordCount: 1 }],
        isTruncated: false,
      };
    },
  });
  const sum = async (query: Partial<UsageQuery> = {}) =>
    (await usage.query({ ...asked, ...query })).rows.reduce((all, { quantity }) => all + quantity, 0n);
  return { ranges, sum, fail: () => (failures = 2) };
}

test('all time is the past and since, and the past is read once an hour', async () => {
  const { ranges, sum } = store();
  expect(await sum()).toBe(10n);
  expect(await sum({ toMs: 10 * HOUR + 120_000 })).toBe(10n);
  expect(ranges).toEqual([
    [0, 9],
    [9, 10],
    [9, 10],
  ]);
  expect(await sum({ toMs: 11 * HOUR })).toBe(11n);
  expect(ranges.slice(3)).toEqual([
    [0, 10],
    [10, 11],
  ]);
});

test('nobody else’s past is taken for it', async () => {
  const { ranges, sum } = store();
  await sum();
  for (const other of [
    { accountId: 'acc_2' },
    { meter: 'signaling.connectedMs' },
    { where: { region: 'eu' } },
    { scope: 'own' } as const,
  ]) {
    const before = ranges.length;
    await sum(other);
    expect(ranges.slice(before), JSON.stringify(other)).toEqual([
      [0, 9],
      [9, 10],
    ]);
  }
});

test('what begins later, or is more than one sum, is read as it is', async () => {
  const { ranges, sum } = store();
  await sum({ fromMs: 2 * HOUR });
  await sum({ groupBy: ['account'] });
  await sum({ bucket: 'hour' });
  expect(ranges).toEqual([
    [2, 10],
    [0, 10],
    [0, 10],
  ]);
});

test('a past that could not be read is read again', async () => {
  const { sum, fail } = store();
  fail();
  await expect(sum()).rejects.toThrow('away');
  expect(await sum()).toBe(10n);
});
