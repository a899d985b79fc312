import fc from 'fast-check';
import { expect, test } from 'vitest';
import { heldUntilMs, isTooLate, periodOf, windowOf } from './window.ts';

const shown = ({ fromMs, toMs }: { fromMs: number; toMs: number }) =>
  [fromMs, toMs].map((atMs) => new Date(atMs).toISOString());

test('a month, a day and an hour are those of the clocks of the account’s time zone (TRG-1)', () => {
  const at = Date.parse('2026-11-30T23:30:00Z');
  expect(shown(periodOf('month', 'UTC', at))).toEqual([
    '2026-11-01T00:00:00.000Z',
    '2026-12-01T00:00:00.000Z',
  ]);
  expect(shown(periodOf('month', 'Europe/Berlin', at))).toEqual([
    '2026-11-30T23:00:00.000Z',
    '2026-12-31T23:00:00.000Z',
  ]);
  expect(shown(periodOf('day', 'America/Los_Angeles', at))).toEqual([
    '2026-11-30T08:00:00.000Z',
    '2026-12-01T08:00:00.000Z',
  ]);
  expect(shown(periodOf('hour', 'Asia/Kathmandu', at))).toEqual([
    '2026-11-30T23:15:00.000Z',
    '2026-12-01T00:15:00.000Z',
  ]);
});

test('the day on which clocks change is 23 or 25 hours long, and each of the two hours of one name is its own', () => {
  const day = (text: string) => {
    const { fromMs, toMs } = periodOf('day', 'Europe/Berlin', Date.parse(text));
    return (toMs - fromMs) / 3_600_000;
  };
  expect([day('2026-03-29T12:00:00Z'), day('2026-10-25T12:00:00Z')]).toEqual([23, 25]);
  expect(shown(periodOf('hour', 'Europe/Berlin', Date.parse('2026-10-25T00:30:00Z')))[0]).toBe(
    '2026-10-25T00:00:00.000Z',
  );
  expect(shown(periodOf('hour', 'Europe/Berlin', Date.parse('2026-10-25T01:30:00Z')))[0]).toBe(
    '2026-10-25T01:00:00.000Z',
  );
});

test('every time lies in its window, and all times of a window have the same one', () => {
  const condition = fc.oneof(
    fc.record({
      kind: fc.constant('recurring' as const),
      limit: fc.constant(1),
      per: fc.constantFrom('hour' as const, 'day' as const, 'month' as const),
    }),
    fc.record({
      kind: fc.constant('rate' as const),
      limit: fc.constant(1),
      seconds: fc.integer({ min: 60, max: 86_400 }),
    }),
    fc.constant({ kind: 'threshold' as const, limit: 1 }),
  );
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kathmandu',
    'Pacific/Auckland',
  );
  const time = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 11) });
  fc.assert(
    fc.property(condition, zone, time, (each, timeZone, atMs) => {
      const window = windowOf(each, timeZone, atMs);
      expect(window.fromMs).toBeLessThanOrEqual(atMs);
      expect(atMs).toBeLessThan(window.toMs);
      const lastMs = Number.isFinite(window.toMs) ? window.toMs - 1 : atMs;
      expect(windowOf(each, timeZone, window.fromMs)).toEqual(window);
      expect(windowOf(each, timeZone, lastMs)).toEqual(window);
    }),
  );
});

test('a target is held to the end of the window, of a rate to that of the next, and without an end where there is none', () => {
  const window = { fromMs: 60_000, toMs: 120_000 };
  expect(heldUntilMs({ kind: 'threshold', limit: 1 }, window)).toBeUndefined();
  expect(heldUntilMs({ kind: 'recurring', limit: 1, per: 'hour' }, window)).toBe(120_000);
  expect(heldUntilMs({ kind: 'rate', limit: 1, seconds: 60 }, window)).toBe(180_000);
});

test('where clocks go forward at midnight, a day is held to its true end, and what comes within it is not too late (TRG-2)', () => {
  const condition = { kind: 'recurring', limit: 1, per: 'day' } as const;
  const window = windowOf(condition, 'America/Santiago', Date.parse('2026-09-05T12:00:00Z'));
  expect(heldUntilMs(condition, window)).toBe(Date.parse('2026-09-06T04:00:00Z'));
  expect(isTooLate(window, Date.parse('2026-09-06T03:59:00Z'))).toBe(false);
});

test('what comes long after its window was over is told of and not acted on', () => {
  expect(isTooLate({ fromMs: 0, toMs: 60_000 }, 60_000 + 5 * 60_000)).toBe(false);
  expect(isTooLate({ fromMs: 0, toMs: 60_000 }, 60_001 + 5 * 60_000)).toBe(true);
  expect(isTooLate({ fromMs: 0, toMs: Number.POSITIVE_INFINITY }, Date.now())).toBe(false);
});
