import type { Budget } from './decide.ts';
import { type CalendarWindow, calendarWindow } from './local-time.ts';
import { type CountedSpan, settings } from './settings.ts';

/** What was used of a meter in a span, such as an hour. */
export interface UsedCell {
  readonly atMs: number;
  readonly quantity: number;
}

type UsedBucket = 'month' | 'day' | 'hour' | 'minute';

/** In which cells the use of a span is read, one after the other: each but the last finds the one cell to look into. */
const bucketsOf = {
  hour: ['minute'],
  day: ['hour', 'minute'],
  month: ['hour', 'minute'],
  total: ['month', 'day', 'hour', 'minute'],
} as const satisfies Readonly<Record<CountedSpan, readonly UsedBucket[]>>;

export interface UsageOfBudget {
  readonly budget: Budget;
  readonly window: CalendarWindow;
  readonly bucket: UsedBucket;
}

/** A window in which nothing was left of a budget, and since when. */
export interface UsedUp {
  readonly setting: Budget['setting'];
  readonly scope: string;
  readonly max: number;
  readonly fromMs: number;
  /** When it began anew; infinite for what never does. */
  readonly untilMs: number;
}

const MINUTE_MS = 60_000;

/**
 * When a budget was used up, in each of its windows in which somebody asked for something. It is exact to the minute, in
 * which totals are kept: only the hour that used it up is read in minutes, and only where a request came in it; of all time,
 * so the day of a month, and the hour of a day.
 */
export async function usedUpTimes(
  budget: Budget,
  requestTimesMs: readonly number[],
  read: (usage: UsageOfBudget) => Promise<readonly UsedCell[]>,
): Promise<readonly UsedUp[]> {
  const { setting, scope, max, timeZone } = budget;
  const { counts } = settings[setting];
  if (counts.what !== 'usage') return [];
  const inWindows = new Map<number, { readonly window: CalendarWindow; readonly timesMs: number[] }>();
  let last: CalendarWindow | undefined;
  for (const atMs of requestTimesMs) {
    // Most stand in the same window as the one before, and to find one takes a while.
    if (last === undefined || atMs < last.startMs || atMs >= last.endMs)
      last = calendarWindow(counts.over, timeZone, atMs);
    const known = inWindows.get(last.startMs) ?? { window: last, timesMs: [] };
    known.timesMs.push(atMs);
    inWindows.set(last.startMs, known);
  }
  const limit = max * counts.perUnit;
  const found: UsedUp[] = [];
  for (const { window, timesMs } of inWindows.values()) {
    // Of what never ends no more is read than somebody asked in.
    const endMs = Number.isFinite(window.endMs) ? window.endMs : Math.max(...timesMs) + MINUTE_MS;
    const asked = { budget, window: { ...window, endMs }, limit, timesMs, buckets: bucketsOf[counts.over] };
    const fromMs = await reachedAtMs(asked, read);
    if (fromMs !== undefined) found.push({ setting, scope, max, fromMs, untilMs: window.endMs });
  }
  return found;
}

async function reachedAtMs(
  {
    budget,
    window,
    limit,
    timesMs,
    buckets,
  }: Pick<UsageOfBudget, 'budget' | 'window'> & {
    readonly limit: number;
    readonly timesMs: readonly number[];
    readonly buckets: readonly UsedBucket[];
  },
  read: (usage: UsageOfBudget) => Promise<readonly UsedCell[]>,
): Promise<number | undefined> {
  if (limit <= 0) return window.startMs;
  const [bucket, ...finer] = buckets;
  if (bucket === undefined) return window.endMs;
  const cell = reaching(await read({ budget, window, bucket }), limit);
  if (cell === undefined) return undefined;
  const { startMs, endMs } = windowOf(bucket, budget.timeZone, cell.atMs);
  const within = { startMs, endMs: Math.min(endMs, window.endMs) };
  const isAsked = timesMs.some((atMs) => atMs >= within.startMs && atMs < within.endMs);
  if (!isAsked) return within.endMs;
  const left = { budget, window: within, limit: limit - cell.before, timesMs, buckets: finer };
  return (await reachedAtMs(left, read)) ?? within.endMs;
}

const windowOf = (bucket: UsedBucket, timeZone: string, atMs: number): CalendarWindow =>
  bucket === 'minute' ? { startMs: atMs, endMs: atMs + MINUTE_MS } : calendarWindow(bucket, timeZone, atMs);

/** The first cell with which the sum is what it may be, and the sum of those before it. */
function reaching(
  cells: readonly UsedCell[],
  limit: number,
): { readonly atMs: number; readonly before: number } | undefined {
  let before = 0;
  for (const { atMs, quantity } of [...cells].sort((one, other) => one.atMs - other.atMs)) {
    if (before + quantity >= limit) return { atMs, before };
    before += quantity;
  }
  return undefined;
}
