/** Formatters are dear to make, and there are as many as the database of time zones has names. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(timeZone, formatter);
  return formatter;
}

/**
 * The instant at which UTC's clocks show what those of a zone show at `atMs`, to the millisecond.
 * @param timeZone One of the IANA time zone database. @throws RangeError for any other.
 */
export function shownAsUtcMs(timeZone: string, atMs: number): number {
  if (timeZone === 'UTC') return atMs;
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const second = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  // Zones are whole seconds away from UTC.
  return second + (((atMs % 1_000) + 1_000) % 1_000);
}

/**
 * The first instant at which the clocks of a zone show a time: of the two where they are set back and show it twice, and that
 * of the change where they are set forward and never show it. So a day begins here, whatever is done to its midnight.
 * @param shownMs The time shown, as if it were UTC.
 */
export function firstInstantOf(timeZone: string, shownMs: number): number {
  const [earliestMs, latestMs] = [shownMs - APART_MS, shownMs + APART_MS];
  const aheadMs = [earliestMs, latestMs]
    .map((atMs) => aheadOf(timeZone, atMs))
    .sort((one, other) => other - one);
  const found = aheadMs
    .map((ahead) => shownMs - ahead)
    .find((atMs) => shownAsUtcMs(timeZone, atMs) === shownMs);
  return found ?? firstWhere((atMs) => shownAsUtcMs(timeZone, atMs) >= shownMs, earliestMs, latestMs);
}

/** Half-open. */
export interface ZoneWindow {
  readonly startMs: number;
  /** Not included. */
  readonly endMs: number;
}

/**
 * The hour, day or month on the clocks of a zone that an instant lies in: windows of a kind meet, and none overlaps another. A
 * day has more or fewer hours where clocks are set in it. An hour has 60 minutes, also one that they show twice; where they are
 * set by a part of an hour, the one that runs ends there.
 * @param timeZone One of the IANA time zone database. @throws RangeError for any other.
 */
export function zoneWindow(per: 'hour' | 'day' | 'month', timeZone: string, atMs: number): ZoneWindow {
  if (per === 'hour') return hourOf(timeZone, atMs);
  const shown = new Date(shownAsUtcMs(timeZone, atMs));
  const [year, month, day] = [shown.getUTCFullYear(), shown.getUTCMonth(), shown.getUTCDate()];
  const startOf = (behind: number) =>
    firstInstantOf(
      timeZone,
      per === 'day' ? Date.UTC(year, month, day + behind) : Date.UTC(year, month + behind, 1),
    );
  let [startMs, endMs] = [startOf(0), startOf(1)];
  // Clocks that are set back over midnight show the day before once more, which ended when this one began.
  for (let behind = 2; endMs <= atMs; behind += 1) [startMs, endMs] = [endMs, startOf(behind)];
  return { startMs, endMs };
}

function hourOf(timeZone: string, atMs: number): ZoneWindow {
  const aheadMs = aheadOf(timeZone, atMs);
  const intoMs = (((atMs + aheadMs) % HOUR_MS) + HOUR_MS) % HOUR_MS;
  const [startMs, endMs] = [atMs - intoMs, atMs - intoMs + HOUR_MS];
  const isOtherHour = (ms: number) => (aheadOf(timeZone, ms) - aheadMs) % HOUR_MS !== 0;
  return {
    startMs: isOtherHour(startMs) ? firstWhere((ms) => !isOtherHour(ms), startMs, atMs) : startMs,
    endMs: isOtherHour(endMs - 1) ? firstWhere(isOtherHour, atMs, endMs - 1) : endMs,
  };
}

const HOUR_MS = 3_600_000;

/** Farther from UTC than any zone, and nearer than two changes of one. */
const APART_MS = 15 * HOUR_MS;

const aheadOf = (timeZone: string, atMs: number): number => shownAsUtcMs(timeZone, atMs) - atMs;

/** The first instant at which something holds that does not at `beforeMs`, does at `thereMs`, and begins once in between. */
function firstWhere(holds: (atMs: number) => boolean, beforeMs: number, thereMs: number): number {
  let [early, late] = [beforeMs, thereMs];
  while (late - early > 1) {
    const middle = early + Math.floor((late - early) / 2);
    if (holds(middle)) late = middle;
    else early = middle;
  }
  return late;
}
