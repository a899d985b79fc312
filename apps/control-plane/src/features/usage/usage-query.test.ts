import { expect, test } from 'vitest';
import {
  changeText,
  csvOf,
  foldRest,
  groupRows,
  groupsOf,
  groupText,
  spanBefore,
  spanOf,
  type UsageRow,
} from './usage-query.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 24);
const row = (hours: number, quantity: string, group: Record<string, string> = {}): UsageRow => ({
  at: new Date(start + hours * hour).toISOString(),
  meter: 'network-discovery.bytes',
  group,
  quantity,
  recordCount: 1,
});

const hours = (count: number) =>
  spanOf({ bucket: 'hour', count, timeZone: 'UTC' }, start + (count - 1) * hour);

test('use of nothing that is grouped by says so, and a meter is grouped by whose it is and by its dimensions', () => {
  expect([groupText('', ''), groupText('', 'application'), groupText('in', 'direction')]).toEqual([
    'all together',
    'no application',
    'in',
  ]);
  expect(groupsOf('api.requests')).toEqual(expect.arrayContaining(['node', 'implementation', 'version']));
  expect(groupsOf('network-discovery.bytes')).toEqual(
    expect.arrayContaining(['account', 'application', 'endpoint', 'region', 'modality', 'direction']),
  );
});

test('a range ends with the bucket that runs now, and has whole buckets', () => {
  const span = spanOf({ bucket: 'hour', count: 24, timeZone: 'UTC' }, start + 1.5 * hour);
  expect(span).toMatchObject({ fromMs: start - 22 * hour, toMs: start + 2 * hour });
  expect(span.startsMs).toHaveLength(24);
});

test('the time before has as many buckets, and ends where the range begins; the change is said in per cent', () => {
  const asked = { bucket: 'day', count: 3, timeZone: 'Europe/Berlin' } as const;
  const nowMs = Date.UTC(2026, 9, 27, 12);
  const [span, before] = [spanOf(asked, nowMs), spanBefore(asked, nowMs)];
  expect([before.startsMs.length, before.toMs]).toEqual([3, span.fromMs]);
  expect(new Date(before.fromMs).toISOString()).toBe('2026-10-21T22:00:00.000Z');
  expect([changeText(9n, 8n), changeText(1n, 3n), changeText(5n, 5n), changeText(5n, 0n)]).toEqual([
    '12.5 % more than in the time before',
    '66.6 % less than in the time before',
    'as much as in the time before',
    'nothing in the time before',
  ]);
});

test('a day of a zone begins at its midnight, and has 25 hours when its clocks are set back', () => {
  const zone = { bucket: 'day', count: 3, timeZone: 'Europe/Berlin' } as const;
  const span = spanOf(zone, Date.UTC(2026, 9, 26, 12));
  expect([...span.startsMs, span.toMs].map((ms) => new Date(ms).toISOString())).toEqual([
    '2026-10-23T22:00:00.000Z',
    '2026-10-24T22:00:00.000Z',
    '2026-10-25T23:00:00.000Z',
    '2026-10-26T23:00:00.000Z',
  ]);
  const rows = [row(0, '7')].map((one) => ({ ...one, at: '2026-10-25T22:30:00.000Z' }));
  expect(groupRows(rows, span)[0]?.values).toEqual([0n, 7n, 0n]);
});

test('an hour of a zone that is half an hour off begins at its own half past', () => {
  const span = spanOf({ bucket: 'hour', count: 1, timeZone: 'Asia/Kolkata' }, start + 0.75 * hour);
  expect(span).toMatchObject({ fromMs: start + 0.5 * hour, toMs: start + 1.5 * hour });
});

test('months go back over the turn of the year', () => {
  const span = spanOf({ bucket: 'month', count: 12, timeZone: 'UTC' }, start);
  expect(new Date(span.fromMs).toISOString()).toBe('2025-12-01T00:00:00.000Z');
  expect(new Date(span.toMs).toISOString()).toBe('2026-12-01T00:00:00.000Z');
});

test('rows become one series a group, the largest first, exact beyond 2^53', () => {
  const rows = [row(0, '1', { a: 'x' }), row(1, '9007199254740993', { a: 'y' }), row(1, '2', { a: 'x' })];
  const series = groupRows(rows, hours(2));
  expect(series.map(({ group, total, values }) => [group, total, values])).toEqual([
    ['y', 9007199254740993n, [0n, 9007199254740993n]],
    ['x', 3n, [1n, 2n]],
  ]);
});

test('past the limit the smaller groups are one, and nothing is lost', () => {
  const rows = ['a', 'b', 'c', 'd'].map((name, index) => row(0, String(index + 1), { g: name }));
  const series = groupRows(rows, hours(1));
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
