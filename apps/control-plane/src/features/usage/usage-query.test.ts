import { expect, test } from 'vitest';
import { csvOf, foldRest, groupRows, spanOf, type UsageRow } from './usage-query.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 24);
const row = (hours: number, quantity: string, group: Record<string, string> = {}): UsageRow => ({
  at: new Date(start + hours * hour).toISOString(),
  meter: 'network-discovery.bytes',
  group,
  quantity,
  recordCount: 1,
});

test('a range ends with the bucket that runs now, and has whole buckets', () => {
  const span = spanOf({ spanMs: 24 * hour }, 'hour', start + 1.5 * hour);
  expect(span).toEqual({ fromMs: start - 22 * hour, toMs: start + 2 * hour });
});

test('rows become one series a group, the largest first, exact beyond 2^53', () => {
  const rows = [row(0, '1', { a: 'x' }), row(1, '9007199254740993', { a: 'y' }), row(1, '2', { a: 'x' })];
  const series = groupRows(rows, { fromMs: start, toMs: start + 2 * hour }, hour);
  expect(series.map(({ group, total, values }) => [group, total, values])).toEqual([
    ['y', 9007199254740993n, [0n, 9007199254740993n]],
    ['x', 3n, [1n, 2n]],
  ]);
});

test('past the limit the smaller groups are one, and nothing is lost', () => {
  const rows = ['a', 'b', 'c', 'd'].map((name, index) => row(0, String(index + 1), { g: name }));
  const series = groupRows(rows, { fromMs: start, toMs: start + hour }, hour);
  const folded = foldRest(series, 3);
  expect(folded.map(({ group, total }) => [group, total])).toEqual([
    ['d', 4n],
    ['c', 3n],
    ['2 others', 3n],
  ]);
});

test('CSV quotes what needs it, and makes no formula of a name', () => {
  const text = csvOf(
    [row(0, '12', { account: '=HYPERLINK("x")' }), row(1, '3', { account: 'a, b' })],
    'byte',
  );
  expect(text.split('\r\n')).toEqual([
    'at,meter,unit,account,quantity,records',
    `2026-11-24T00:00:00.000Z,network-discovery.bytes,byte,"'=HYPERLINK(""x"")",12,1`,
    '2026-11-24T01:00:00.000Z,network-discovery.bytes,byte,"a, b",3,1',
    '',
  ]);
});
