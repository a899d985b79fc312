const MINUTE_MS = 60_000;

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The range that an answer counts: use is summed by minutes, and both ends move back to the minute in which they are. So
 * ranges that meet add up wherever they meet (MET-5): a minute that runs is in none that ends in it, and whole in the next.
 */
export const countedRange = ({ fromMs, toMs }: TimeRange): TimeRange => ({
  fromMs: startOfMinute(fromMs),
  toMs: startOfMinute(toMs),
});

/** The end of a range that has the minute which runs in it, as far as it went: for figures of now, which nobody adds up. */
export const throughMinute = (nowMs: number): number => startOfMinute(nowMs) + MINUTE_MS;

const startOfMinute = (atMs: number): number => Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
