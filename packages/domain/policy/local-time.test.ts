import { expect, test } from 'vitest';
import { calendarWindow, localTime } from './local-time.ts';
import { closesAtMs, isOpenAt, opensAtMs, parseWindow } from './weekly-times.ts';

const at = (text: string) => Date.parse(text);
const textOf = ({ startMs, endMs }: { startMs: number; endMs: number }) =>
  [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(0, 16));

test('a day begins and ends at the midnight of its zone, also when clocks are set in it', () => {
  expect(textOf(calendarWindow('day', 'Europe/Berlin', at('2026-07-01T22:30:00Z')))).toEqual([
    '2026-07-01T22:00',
    '2026-07-02T22:00',
  ]);
  // 29 March 2026 has 23 hours in Berlin, 25 October has 25.
  expect(textOf(calendarWindow('day', 'Europe/Berlin', at('2026-03-29T12:00:00Z')))).toEqual([
    '2026-03-28T23:00',
    '2026-03-29T22:00',
  ]);
  expect(textOf(calendarWindow('day', 'Europe/Berlin', at('2026-10-25T12:00:00Z')))).toEqual([
    '2026-10-24T22:00',
    '2026-10-25T23:00',
  ]);
  expect(textOf(calendarWindow('month', 'Asia/Tokyo', at('2026-01-31T15:00:00Z')))).toEqual([
    '2026-01-31T15:00',
    '2026-02-28T15:00',
  ]);
});

test('where clocks skip midnight, the day begins with the first minute that there is', () => {
  // In Beirut clocks went from 00:00 to 01:00 on 30 March 2025.
  expect(textOf(calendarWindow('day', 'Asia/Beirut', at('2025-03-30T12:00:00Z')))).toEqual([
    '2025-03-29T22:00',
    '2025-03-30T21:00',
  ]);
});

test('the week begins on Monday, by the clocks of the zone', () => {
  expect(localTime('UTC', at('2026-11-30T00:01:00Z')).minuteOfWeek).toBe(1);
  expect(localTime('America/New_York', at('2026-11-30T00:01:00Z')).minuteOfWeek).toBe(
    6 * 1_440 + 19 * 60 + 1,
  );
});

test.each(['mon-fri 08:00-18:00', 'sat,sun 10:00-24:00', 'fri 22:00-02:00', 'sun-tue 00:00-24:00'])(
  '%s are times',
  (text) => expect(parseWindow(text)).toBeDefined(),
);

test.each([
  '',
  'mon',
  '08:00-18:00',
  'mon-fri 8:00-18:00',
  'mon 10:00-10:00',
  'mon 10:00-25:00',
  'mon 10:60-11:00',
  'xyz 10:00-11:00',
  'mon 10:00-11:00 UTC',
])('"%s" is none', (text) => expect(parseWindow(text)).toBeUndefined());

test('times are open from their beginning to just before their end, over midnight and the end of the week too', () => {
  const times = { timeZone: 'Europe/Berlin', windows: ['mon-fri 08:00-18:00', 'sun 23:00-01:00'] };
  const open = (text: string) => isOpenAt(times, at(text));
  expect([open('2026-11-27T07:00:00+01:00'), open('2026-11-27T08:00:00+01:00')]).toEqual([false, true]);
  expect([open('2026-11-27T17:59:59+01:00'), open('2026-11-27T18:00:00+01:00')]).toEqual([true, false]);
  expect([open('2026-11-29T23:30:00+01:00'), open('2026-11-30T00:30:00+01:00')]).toEqual([true, true]);
  expect(open('2026-11-30T01:00:00+01:00')).toBe(false);
});

test('it is said when times close and open next, and that some never do', () => {
  const times = { timeZone: 'Europe/Berlin', windows: ['mon-fri 08:00-18:00'] };
  const friday = at('2026-11-27T12:00:00+01:00');
  expect(new Date(closesAtMs(times, friday) ?? 0).toISOString()).toBe('2026-11-27T17:00:00.000Z');
  expect(opensAtMs(times, friday)).toBeUndefined();
  const saturday = at('2026-11-28T12:00:30+01:00');
  expect(new Date(opensAtMs(times, saturday) ?? 0).toISOString()).toBe('2026-11-30T07:00:00.000Z');
  expect(closesAtMs({ timeZone: 'UTC', windows: ['mon-sun 00:00-24:00'] }, friday)).toBeUndefined();
  expect(opensAtMs({ timeZone: 'UTC', windows: [] }, friday)).toBeUndefined();
});

test('an hour is one of the zone’s clocks, has 60 minutes though they show it twice, and all time never ends', () => {
  expect(textOf(calendarWindow('hour', 'Asia/Kolkata', at('2026-07-01T22:10:30Z')))).toEqual([
    '2026-07-01T21:30',
    '2026-07-01T22:30',
  ]);
  expect(textOf(calendarWindow('hour', 'Europe/Berlin', at('2026-10-25T01:40:00Z')))).toEqual([
    '2026-10-25T01:00',
    '2026-10-25T02:00',
  ]);
  expect(calendarWindow('total', 'UTC', at('2026-10-25T01:40:00Z'))).toEqual({
    startMs: 0,
    endMs: Number.POSITIVE_INFINITY,
  });
});
