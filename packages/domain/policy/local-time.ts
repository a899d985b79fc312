import { shownAsUtcMs, type ZoneWindow, zoneWindow } from '@patchbay/kit/zone-clock';

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

/** An hour, a day or a month on the clocks of a zone, or all time, whose end is infinite. */
export type CalendarWindow = ZoneWindow;

/** The hour, day or month of a zone that holds an instant; of `total` all time, which never ends. */
export const calendarWindow = (
  over: 'hour' | 'day' | 'month' | 'total',
  timeZone: string,
  atMs: number,
): CalendarWindow =>
  over === 'total' ? { startMs: 0, endMs: Number.POSITIVE_INFINITY } : zoneWindow(over, timeZone, atMs);
