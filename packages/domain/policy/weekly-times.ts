import { localTime } from './local-time.ts';

export const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const MINUTES_A_DAY = 1_440;
export const MINUTES_A_WEEK = 7 * MINUTES_A_DAY;
/** A week, and the hour by which a change of the clock may lengthen it. */
const SEARCH_MINUTES_MAX = MINUTES_A_WEEK + 120;
const MINUTE_MS = 60_000;

/** Minutes of the week, from Monday 00:00 on; the end is not included. */
interface Span {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/**
 * Reads `mon-fri 08:00-18:00` or `sat,sun 10:00-24:00`: days, then a time of each of them. One that ends before it begins
 * goes on past midnight. Undefined for what is neither.
 */
export function parseWindow(text: string): readonly Span[] | undefined {
  const [daysText = '', timesText = '', ...more] = text.split(' ');
  const match = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(timesText);
  if (match === null || more.length > 0) return undefined;
  const days = parseDays(daysText);
  const [fromMinute, toMinute] = [minuteOf(match[1], match[2]), minuteOf(match[3], match[4])];
  if (days === undefined || fromMinute === undefined || toMinute === undefined) return undefined;
  if (fromMinute === toMinute || fromMinute === MINUTES_A_DAY) return undefined;
  const lengthMinutes = (toMinute - fromMinute + MINUTES_A_DAY) % MINUTES_A_DAY || MINUTES_A_DAY;
  return days.map((day) => {
    const from = day * MINUTES_A_DAY + fromMinute;
    return { fromMinute: from, toMinute: from + lengthMinutes };
  });
}

function parseDays(text: string): readonly number[] | undefined {
  const days = text.split(',').flatMap((part) => {
    const [from = '', to = from, ...more] = part.split('-');
    const first = dayNames.indexOf(from as (typeof dayNames)[number]);
    const last = dayNames.indexOf(to as (typeof dayNames)[number]);
    if (first < 0 || last < 0 || more.length > 0) return [-1];
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
  });
  return days.includes(-1) ? undefined : [...new Set(days)];
}

function minuteOf(hours = '', minutes = ''): number | undefined {
  const minute = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && minute <= MINUTES_A_DAY ? minute : undefined;
}

/** The times of one level: some window of it has to be open, on the clocks of its zone. */
export interface WeeklyTimes {
  readonly timeZone: string;
  readonly windows: readonly string[];
}

export function isOpenAt(times: WeeklyTimes, atMs: number): boolean {
  const { minuteOfWeek } = localTime(times.timeZone, atMs);
  return isOpenAtMinute(spansOf(times.windows), minuteOfWeek);
}

const isOpenAtMinute = (spans: readonly Span[], minute: number): boolean =>
  spans.some(
    ({ fromMinute, toMinute }) =>
      (minute >= fromMinute && minute < toMinute) || minute + MINUTES_A_WEEK < toMinute,
  );

const spansOf = (windows: readonly string[]): readonly Span[] =>
  windows.flatMap((window) => parseWindow(window) ?? []);

/** The end of the time that is open at `atMs`; undefined where it never closes, or is not open. */
export const closesAtMs = (times: WeeklyTimes, atMs: number) => changesAtMs(times, atMs, true);
/** When it opens again; undefined where it never does, or is open. */
export const opensAtMs = (times: WeeklyTimes, atMs: number) => changesAtMs(times, atMs, false);

/** Looks from one edge to the next, and not minute by minute: on the clock of the zone, whatever it is set to meanwhile. */
function changesAtMs(times: WeeklyTimes, atMs: number, isOpenNow: boolean): number | undefined {
  const spans = spansOf(times.windows);
  if (isOpenAt(times, atMs) !== isOpenNow) return undefined;
  const edges = [...new Set(spans.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute]))].map(
    (minute) => minute % MINUTES_A_WEEK,
  );
  const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  for (let minutesOn = 0; minutesOn < SEARCH_MINUTES_MAX; ) {
    const { minuteOfWeek } = localTime(times.timeZone, startMs + minutesOn * MINUTE_MS);
    const steps = edges.map(
      (edge) => (edge - minuteOfWeek + MINUTES_A_WEEK) % MINUTES_A_WEEK || MINUTES_A_WEEK,
    );
    // In steps of half an hour at most: by so little no change of a clock is overlooked.
    minutesOn += Math.min(30, ...steps);
    const candidateMs = startMs + minutesOn * MINUTE_MS;
    if (isOpenAt(times, candidateMs) !== isOpenNow) return candidateMs;
  }
  return undefined;
}
