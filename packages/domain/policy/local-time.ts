import { shownAsUtcMs } from '@patchbay/kit/zone-clock';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What the clocks of a zone show. */
export interface LocalTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** From Monday 00:00 on. */
  readonly minuteOfWeek: number;
}

/** @param timeZone One of the IANA time zone database. */
export function localTime(timeZone: string, atMs: number): LocalTime {
  const shown = new Date(shownAsUtcMs(timeZone, atMs));
  const weekday = (shown.getUTCDay() + 6) % 7;
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    minuteOfWeek: weekday * 1_440 + shown.getUTCHours() * 60 + shown.getUTCMinutes(),
  };
}

/** An hour, a day or a month on the clocks of a zone, or all time. */
export interface CalendarWindow {
  readonly startMs: number;
  /** Not included; infinite of all time. */
  readonly endMs: number;
}

/**
 * The hour, day or month of a zone that holds an instant; of `total` all time, which never ends. A day in which clocks are set
 * has 23 or 25 hours; an hour is 60 minutes, also one that clocks show twice.
 */
export function calendarWindow(
  over: 'hour' | 'day' | 'month' | 'total',
  timeZone: string,
  atMs: number,
): CalendarWindow {
  if (over === 'total') return { startMs: 0, endMs: Number.POSITIVE_INFINITY };
  const { year, month, day, minuteOfWeek } = localTime(timeZone, atMs);
  if (over === 'hour') {
    const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS - (minuteOfWeek % 60) * MINUTE_MS;
    return { startMs, endMs: startMs + HOUR_MS };
  }
  const [start, end] =
    over === 'day'
      ? [Date.UTC(year, month - 1, day), Date.UTC(year, month - 1, day + 1)]
      : [Date.UTC(year, month - 1, 1), Date.UTC(year, month, 1)];
  return { startMs: firstInstantOf(timeZone, start), endMs: firstInstantOf(timeZone, end) };
}

/**
 * The first instant at which the zone shows this midnight or later: where clocks skip midnight, it is the one after.
 * @param shownMs The midnight, as if the zone were UTC.
 */
function firstInstantOf(timeZone: string, shownMs: number): number {
  const isPast = (atMs: number) => shownAsUtcMs(timeZone, atMs) >= shownMs;
  let [early, late] = [shownMs - DAY_MS, shownMs + DAY_MS];
  // Zones change on whole minutes.
  while (late - early > MINUTE_MS) {
    const middle = early + Math.floor((late - early) / MINUTE_MS / 2) * MINUTE_MS;
    if (isPast(middle)) late = middle;
    else early = middle;
  }
  return late;
}
