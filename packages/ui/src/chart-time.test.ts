import { expect, test } from 'vitest';
import { momentOf, namedBucket, stepOf, timeLabels } from './chart-time.tsx';

const seconds = (iso: string) => Date.parse(iso) / 1_000;
const bars = (timeZone: string, ...starts: string[]) =>
  ({ kind: 'bars', timeZone, times: starts.map(seconds) }) as const;

test('days of a zone have its names, also where its clocks are changed', () => {
  const days = bars('Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T23:00Z', '2026-10-26T23:00Z');
  expect(namedBucket(days)).toBe('day');
  expect(timeLabels(days, days.times, 3 * 86_400)).toEqual(['Oct 25', 'Oct 26', 'Oct 27']);
  expect(momentOf(days, 1)).toBe('Oct 26, 2026, Europe/Berlin');
  expect(stepOf(days.times, 0)).toBe(25 * 3_600);
  expect(stepOf(days.times, 2)).toBe(24 * 3_600);
});

test('a day on which clocks are set forward is a day', () => {
  expect(namedBucket(bars('Europe/Berlin', '2026-03-28T23:00Z', '2026-03-29T22:00Z'))).toBe('day');
  expect(namedBucket(bars('UTC', '2026-03-28T22:00Z', '2026-03-28T23:00Z'))).toBeUndefined();
});

test('a month is a month, February too', () => {
  const months = bars('UTC', '2026-02-01T00:00Z', '2026-03-01T00:00Z');
  expect(namedBucket(months)).toBe('month');
  expect(timeLabels(months, months.times, 59 * 86_400)).toEqual(['Feb 2026', 'Mar 2026']);
  expect(momentOf(months, 0)).toBe('February 2026, UTC');
});

test('an hour says from when to when, and by whose clocks', () => {
  const hours = bars('Asia/Kolkata', '2026-11-24T00:30Z', '2026-11-24T01:30Z');
  expect(momentOf(hours, 0)).toBe('Nov 24, 2026, 06:00 to 07:00, Asia/Kolkata');
  expect(timeLabels(hours, hours.times, 7_200)).toEqual(['06:00', '07:00']);
});

test('two marks within one second are named once', () => {
  const axis = { timeZone: 'UTC', times: [] };
  expect(timeLabels(axis, [10, 10.5, 11], 2)).toEqual(['00:00:10', '', '00:00:11']);
});

test('a single bar has no step', () => {
  expect(stepOf([1], 0)).toBe(0);
});
