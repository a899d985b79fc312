import type { Budget } from './decide.ts';
import { type CalendarWindow, calendarWindow } from './local-time.ts';
import { settings } from './settings.ts';

/** What was used of a meter in an hour or a minute. */
export interface UsedCell {
  readonly atMs: number;
  readonly quantity: number;
}

export interface UsageOfBudget {
  readonly budget: Budget;
  readonly window: CalendarWindow;
  readonly bucket: 'hour' | 'minute';
}

/** A day or month in which nothing was left of a budget, and since when. */
export interface UsedUp {
  readonly setting: Budget['setting'];
  readonly scope: string;
  readonly max: number;
  readonly fromMs: number;
  /** When it began anew. */
  readonly untilMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * When a budget was used up, in each of its windows in which somebody asked for something. It is exact to the minute, in
 * which totals are kept: only the hour that used it up is read in minutes, and only where a request came in it.
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
    const fromMs = await reachedAtMs({ budget, window, limit, timesMs }, read);
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
  }: Pick<UsageOfBudget, 'budget' | 'window'> & {
    readonly limit: number;
    readonly timesMs: readonly number[];
  },
  read: (usage: UsageOfBudget) => Promise<readonly UsedCell[]>,
): Promise<number | undefined> {
  if (limit === 0) return window.startMs;
  const hour = reaching(await read({ budget, window, bucket: 'hour' }), limit);
  if (hour === undefined) return undefined;
  const hourOf = { startMs: hour.atMs, endMs: Math.min(hour.atMs + HOUR_MS, window.endMs) };
  const isAsked = timesMs.some((atMs) => atMs >= hourOf.startMs && atMs < hourOf.endMs);
  if (!isAsked) return hourOf.endMs;
  const minutes = await read({ budget, window: hourOf, bucket: 'minute' });
  const minute = reaching(minutes, limit - hour.before);
  return minute === undefined ? hourOf.endMs : minute.atMs + MINUTE_MS;
}

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
