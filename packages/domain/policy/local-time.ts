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

/** A day or a month on the clocks of a zone. */
export interface CalendarWindow {
  readonly startMs: number;
  /** Not included. */
  readonly endMs: number;
}

/** The day or month of a zone that holds an instant. A day in which clocks are set has 23 or 25 hours. */
export function calendarWindow(over: 'day' | 'month', timeZone: string, atMs: number): CalendarWindow {
  const { year, month, day } = localTime(timeZone, atMs);
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
