const MINUTE_MS = 60_000;

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The range that an answer counts: use is summed by minutes, and a minute belongs to the range in which it begins. So both
 * ends move on to the next whole minute, and ranges that meet add up wherever they meet (MET-5).
 */
export const countedRange = ({ fromMs, toMs }: TimeRange): TimeRange => ({
  fromMs: nextMinute(fromMs),
  toMs: nextMinute(toMs),
});

const nextMinute = (atMs: number): number => Math.ceil(atMs / MINUTE_MS) * MINUTE_MS;
