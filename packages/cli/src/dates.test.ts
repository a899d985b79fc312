import { expect, test } from 'vitest';
import { readTime } from './dates.ts';

const read = (text: string, edge: 'from' | 'to', zone = 'UTC') =>
  readTime({ text, edge, timeZone: async () => zone });

test('a date begins and ends with its day in the time zone of the account, over a change of its clocks too', async () => {
  expect(await read('2026-11-01', 'from')).toBe('2026-11-01T00:00:00.000Z');
  expect(await read('2026-11-01', 'to')).toBe('2026-11-02T00:00:00.000Z');
  expect(await read('2026-11-01', 'from', 'Europe/Berlin')).toBe('2026-10-31T23:00:00.000Z');
  expect(await read('2026-10-25', 'from', 'Europe/Berlin')).toBe('2026-10-24T22:00:00.000Z');
  expect(await read('2026-10-25', 'to', 'Europe/Berlin')).toBe('2026-10-25T23:00:00.000Z');
  expect(await read('2026-11-01', 'from', 'America/Los_Angeles')).toBe('2026-11-01T07:00:00.000Z');
  expect(await read('2026-11-01', 'to', 'America/Los_Angeles')).toBe('2026-11-02T08:00:00.000Z');
  expect(await read('2026-09-06', 'from', 'America/Santiago')).toBe('2026-09-06T04:00:00.000Z');
  expect(await read('2026-03-01', 'from', 'Asia/Kathmandu')).toBe('2026-02-28T18:15:00.000Z');
});

test('a time is taken as it is, and what is neither is refused with what would be good', async () => {
  expect(await read('2026-11-01T12:00:00+02:00', 'from', 'Asia/Tokyo')).toBe('2026-11-01T10:00:00.000Z');
  for (const text of ['2026-02-30', 'yesterday', '2026-11-01T12:00', '2026-13-01', '']) {
    await expect(read(text, 'to')).rejects.toThrow('give a date such as 2026-11-01');
  }
});
