import { nextPeriod, type Period, periodAt } from '../billing/period.ts';

/**
 * Months that are over by a clock and not closed yet, the oldest first, from that in which its account was made: without a gap,
 * because a fee is due in a month in which nothing was used.
 */
export function dueMonths({
  sinceMs,
  clockMs,
  closed,
}: {
  readonly sinceMs: number;
  readonly clockMs: number;
  readonly closed: readonly string[];
}): readonly Period[] {
  const months: Period[] = [];
  for (let month = periodAt(sinceMs); month.toMs <= clockMs; month = nextPeriod(month))
    if (!closed.includes(month.name)) months.push(month);
  return months;
}
