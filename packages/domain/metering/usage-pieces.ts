import { zoneWindow } from '@patchbay/kit/zone-clock';
import type { TimeRange } from './counted-range.ts';
import type { UsageQuery } from './usage-store.ts';

const MINUTE_MS = 60_000;

/** The shortest that each can be: a month has 28 days, and a day 23 hours where clocks go forward. */
const bucketMs = {
  minute: MINUTE_MS,
  hour: 3_600_000,
  day: 82_800_000,
  month: 28 * 86_400_000,
  all: Number.POSITIVE_INFINITY,
} as const satisfies Readonly<Record<UsageQuery['bucket'], number>>;

/** Buckets of one answer; a year of days, a week of minutes. */
export const BUCKET_COUNT_MAX = 10_080;

/** How many buckets a range may have. */
export const bucketCountOf = ({ fromMs, toMs }: TimeRange, bucket: UsageQuery['bucket']): number =>
  Math.ceil((toMs - fromMs) / bucketMs[bucket]);

export interface BucketedRange extends TimeRange {
  readonly bucket: UsageQuery['bucket'];
  /** Of the IANA time zone database. */
  readonly timeZone: string;
}

/**
 * A range of any length in pieces that one answer each can hold. They meet where buckets do: so no bucket is in two of them,
 * and what the pieces answer is what the range would (MET-5).
 */
export function* usagePieces({ fromMs, toMs, bucket, timeZone }: BucketedRange): Generator<TimeRange> {
  let startMs = fromMs;
  while (bucketCountOf({ fromMs: startMs, toMs }, bucket) > BUCKET_COUNT_MAX) {
    const farthestMs = startMs + BUCKET_COUNT_MAX * bucketMs[bucket];
    const endMs = bucketStartOf(farthestMs, bucket, timeZone);
    yield { fromMs: startMs, toMs: endMs };
    startMs = endMs;
  }
  yield { fromMs: startMs, toMs };
}

function bucketStartOf(atMs: number, bucket: UsageQuery['bucket'], timeZone: string): number {
  switch (bucket) {
    case 'minute':
      return Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    case 'hour':
    case 'day':
    case 'month':
      return zoneWindow(bucket, timeZone, atMs).startMs;
    case 'all':
      return atMs;
  }
}
