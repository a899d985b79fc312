import { expect, test } from 'vitest';
import { firstInstantOf, shownAsUtcMs, zoneWindow } from './zone-clock.ts';

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
    const atMs = firstInstantOf('Europe/Berlin', utc(text));
    expect(shownAsUtcMs('Europe/Berlin', atMs)).toBe(utc(text));
  }
});

test.each([
  ['Asia/Beirut', '2026-03-29', '2026-03-28T22:00:00'],
  ['America/Santiago', '2026-09-06', '2026-09-06T04:00:00'],
  ['America/Havana', '2027-03-14', '2027-03-14T05:00:00'],
  ['Atlantic/Azores', '2026-03-29', '2026-03-29T01:00:00'],
])(
  'in %s, whose clocks leave out the midnight of %s, the day begins when they are set',
  (zone, day, first) => {
    expect(firstInstantOf(zone, utc(`${day}T00:00:00`))).toBe(utc(first));
  },
);

test.each([
  ['America/Havana', '2026-11-01', '2026-11-01T04:00:00'],
  ['Atlantic/Azores', '2026-10-25', '2026-10-25T00:00:00'],
  ['Antarctica/Casey', '2023-03-09', '2023-03-08T13:00:00'],
])('in %s, whose clocks show the midnight of %s twice, the day begins at the first', (zone, day, first) => {
  expect(firstInstantOf(zone, utc(`${day}T00:00:00`))).toBe(utc(first));
  expect(zoneWindow('day', zone, utc(first)).startMs).toBe(utc(first));
});

test('an hour ends where clocks are set by a part of one, and another begins', () => {
  const hours = (text: string) => zoneWindow('hour', 'Australia/Lord_Howe', utc(text));
  // From 02:00 to 01:30.
  expect(hours('2026-04-04T14:59:59')).toEqual({
    startMs: utc('2026-04-04T14:00:00'),
    endMs: utc('2026-04-04T15:00:00'),
  });
  expect(hours('2026-04-04T15:00:00')).toEqual({
    startMs: utc('2026-04-04T15:00:00'),
    endMs: utc('2026-04-04T15:30:00'),
  });
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Two changes of one zone are farther apart. */
const STEP_MS = 30 * DAY_MS;
const [firstMs, lastMs] = [utc('2020-01-01T00:00:00'), utc('2036-01-01T00:00:00')];
const steps = Array.from({ length: (lastMs - firstMs) / STEP_MS }, (_, index) => firstMs + index * STEP_MS);

/** Zones that differ: most have one rule for many towns. */
function zonesThatDiffer(): ReadonlyMap<string, readonly number[]> {
  const byRule = new Map<string, [string, readonly number[]]>();
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const aheadMs = steps.map((atMs) => shownAsUtcMs(zone, atMs) - atMs);
    byRule.set(aheadMs.join(' '), [zone, aheadMs]);
  }
  return new Map(byRule.values());
}

/** When the clocks of a zone are set, to the millisecond: the first years and the last, between which rules repeat. */
function changesOf(zone: string, aheadMs: readonly number[]): readonly number[] {
  const changed = steps.filter(
    (_, index) => aheadMs[index + 1] !== undefined && aheadMs[index] !== aheadMs[index + 1],
  );
  const sampled = new Set([...changed.slice(0, 8), ...changed.slice(-4)]);
  return steps.flatMap((atMs, index) => {
    const before = aheadMs[index];
    if (!sampled.has(atMs)) return [];
    let [early, late] = [atMs, atMs + STEP_MS];
    while (late - early > 1) {
      const middle = Math.floor((early + late) / 2);
      if (shownAsUtcMs(zone, middle) - middle === before) early = middle;
      else late = middle;
    }
    return [late];
  });
}

/** What is wrong with the windows around a change of clocks: nothing, where they meet and each instant lies in one. */
function wrongAround(changeMs: number, zone: string, per: 'hour' | 'day' | 'month'): string | undefined {
  const lengthMs = per === 'hour' ? HOUR_MS : DAY_MS;
  const before = zoneWindow(per, zone, changeMs - lengthMs);
  const windows = [before];
  for (let endMs = before.endMs; endMs <= changeMs + lengthMs; ) {
    const window = zoneWindow(per, zone, endMs);
    if (window.startMs !== endMs || window.endMs <= endMs) return `after ${endMs} comes ${window.startMs}`;
    windows.push(window);
    endMs = window.endMs;
  }
  for (const { startMs, endMs } of windows) {
    if (zoneWindow(per, zone, endMs - 1).startMs !== startMs) return `${endMs - 1} is not in ${startMs}`;
    const shownMs = shownAsUtcMs(zone, startMs);
    if (per !== 'hour' && shownAsUtcMs(zone, startMs - 1) >= shownMs - (shownMs % DAY_MS))
      return `${startMs} is not the first`;
  }
  const instants = [-1, 0, HOUR_MS / 2].map((ms) => changeMs + ms);
  const lost = instants.find((atMs) => {
    const { startMs, endMs } = zoneWindow(per, zone, atMs);
    const holding = windows.filter((window) => window.startMs <= atMs && atMs < window.endMs);
    return holding.length !== 1 || holding[0]?.startMs !== startMs || holding[0]?.endMs !== endMs;
  });
  return lost === undefined ? undefined : `${lost} is not in its window alone`;
}

test('in every zone, windows meet where clocks are set, and each instant lies in one, which begins when it is first shown', () => {
  const zones = zonesThatDiffer();
  expect(zones.size).toBeGreaterThan(50);
  const wrong = [...zones].flatMap(([zone, aheadMs]) =>
    changesOf(zone, aheadMs).flatMap((changeMs, index) =>
      // Days may begin where clocks are set; of hours and months each fifth change is enough, in spring and in autumn.
      (index % 5 === 0 ? (['hour', 'day', 'month'] as const) : (['day'] as const)).flatMap((per) => {
        const found = wrongAround(changeMs, zone, per);
        return found === undefined ? [] : [`${zone}, ${per} at ${changeMs}: ${found}`];
      }),
    ),
  );
  expect(wrong.slice(0, 5)).toEqual([]);
});

test('a zone that there is not is refused', () => {
  expect(() => shownAsUtcMs('Mars/Olympus', 0)).toThrow(RangeError);
});
