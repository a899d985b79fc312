import { USAGE_AGE_MS_MAX } from '../metering/usage-record.ts';

/** A billing period: a UTC month, such as '2026-11'. Half-open. */
export interface Period {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function periodOf(name: string): Period {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(name);
  if (match === null) throw new RangeError(`${JSON.stringify(name)} is no UTC month.`);
  const [year, month] = [Number(match[1]), Number(match[2])];
  return { name, fromMs: Date.UTC(year, month - 1), toMs: Date.UTC(year, month) };
}

export const periodAt = (atMs: number): Period => periodOf(new Date(atMs).toISOString().slice(0, 7));
export const nextPeriod = ({ toMs }: Period): Period => periodAt(toMs);

/** Where periods begin within a range. */
export function periodStarts({ fromMs, toMs }: Pick<Period, 'fromMs' | 'toMs'>): number[] {
  const starts: number[] = [];
  for (let startMs = periodAt(fromMs).toMs; startMs < toMs; startMs = periodAt(startMs).toMs)
    starts.push(startMs);
  return starts;
}

/** Until when use of a period is still taken: a node that was cut off may bring it as late as this. */
export const lateUsageUntilMs = ({ toMs }: Period): number => toMs + USAGE_AGE_MS_MAX;

/**
 * 'open': it goes on. 'settling': it is over, and late use may still change it. 'closed': nothing can change it any more,
 * because usage that old is refused and prices never change for the past (BIL-7).
 */
export const periodStates = ['open', 'settling', 'closed'] as const;
export type PeriodState = (typeof periodStates)[number];

export function stateAt(period: Period, nowMs: number): PeriodState {
  if (nowMs < period.toMs) return 'open';
  return nowMs < lateUsageUntilMs(period) ? 'settling' : 'closed';
}

/** The periods that may still change, the oldest first: each carries into the next. */
export function unsettledPeriods(nowMs: number): Period[] {
  const periods: Period[] = [];
  for (let period = periodAt(nowMs); stateAt(period, nowMs) !== 'closed'; ) {
    periods.unshift(period);
    period = periodAt(period.fromMs - 1);
  }
  return periods;
}
