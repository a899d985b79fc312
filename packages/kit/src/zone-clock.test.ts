import { expect, test } from 'vitest';
import { instantOf, shownAsUtcMs } from './zone-clock.ts';

const utc = (text: string) => Date.parse(`${text}Z`);

test('clocks are read before and after summer time, and in zones of half an hour', () => {
  expect(shownAsUtcMs('Europe/Berlin', utc('2026-01-15T12:00:30.999'))).toBe(utc('2026-01-15T13:00:30.999'));
  expect(shownAsUtcMs('Europe/Berlin', utc('2026-07-15T12:00:30'))).toBe(utc('2026-07-15T14:00:30'));
  expect(shownAsUtcMs('Asia/Kolkata', utc('2026-07-15T12:00:00'))).toBe(utc('2026-07-15T17:30:00'));
  expect(shownAsUtcMs('UTC', utc('2026-07-15T12:00:00'))).toBe(utc('2026-07-15T12:00:00'));
});

test('a time that is shown is found again, on both sides of a change of clocks', () => {
  for (const text of [
    '2026-03-29T00:30:00',
    '2026-03-29T04:00:00',
    '2026-10-25T00:00:00',
    '2026-10-25T12:00:00',
  ]) {
    const atMs = instantOf('Europe/Berlin', utc(text));
    expect(shownAsUtcMs('Europe/Berlin', atMs)).toBe(utc(text));
  }
});

test('a midnight that is skipped is found an hour later by the clock', () => {
  // Clocks in Beirut went from 00:00 to 01:00.
  const atMs = instantOf('Asia/Beirut', utc('2026-03-29T00:00:00'));
  expect(shownAsUtcMs('Asia/Beirut', atMs)).toBe(utc('2026-03-29T01:00:00'));
});

test('a zone that there is not is refused', () => {
  expect(() => shownAsUtcMs('Mars/Olympus', 0)).toThrow(RangeError);
});
