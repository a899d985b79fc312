/** What stands on the time axis of a chart, and by whose clocks. */
export interface TimeAxis {
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly kind?: 'line' | 'bars';
  /** An IANA time zone; the viewer's own when absent. */
  readonly timeZone?: string;
}

const DAY_SECONDS = 86_400;

/** Seconds from a bucket to the next. Months differ, and days where clocks are changed. */
export function stepOf(times: readonly number[], index: number): number {
  if (times.length < 2) return 0;
  const at = Math.min(index, times.length - 2);
  return (times[at + 1] ?? 0) - (times[at] ?? 0);
}

/** The shortest day is the one on which clocks are set forward by an hour. */
const DAY_SECONDS_MIN = 23 * 3_600;
const MONTH_SECONDS_MIN = 27 * DAY_SECONDS;

/** What a bar stands for, where it is long enough to have a name instead of a time. */
export function namedBucket({ kind, times }: TimeAxis): 'day' | 'month' | undefined {
  if (kind !== 'bars') return undefined;
  const step = stepOf(times, 0);
  if (step >= MONTH_SECONDS_MIN) return 'month';
  return step >= DAY_SECONDS_MIN ? 'day' : undefined;
}

/** The names of the marks of an axis, for as long a span as it shows. */
export function timeLabels(axis: TimeAxis, splits: readonly number[], spanSeconds: number): string[] {
  const { timeZone } = axis;
  const format = new Intl.DateTimeFormat('en', {
    ...labelShape(spanSeconds, namedBucket(axis)),
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  const names = splits.map((split) => format.format(split * 1_000));
  // Marks closer than what a name tells apart would say one thing twice.
  return names.map((name, index) => (name === names[index - 1] ? '' : name));
}

function labelShape(spanSeconds: number, bucket: ReturnType<typeof namedBucket>): Intl.DateTimeFormatOptions {
  if (bucket === 'month') return { month: 'short', year: 'numeric' };
  if (bucket === 'day' || spanSeconds > 2 * DAY_SECONDS) return { month: 'short', day: 'numeric' };
  const time = { hour: '2-digit', minute: '2-digit', hour12: false } as const;
  return spanSeconds < 900 ? { ...time, second: '2-digit' } : time;
}

/** The time at a point, or of a bar, in words. */
export function momentOf(axis: TimeAxis, index: number): string {
  const { timeZone, times, kind } = axis;
  const from = times[index] ?? 0;
  const write = (seconds: number, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en', {
      hour12: false,
      ...options,
      ...(timeZone === undefined ? {} : { timeZone }),
    }).format(seconds * 1_000);
  const clocks = timeZone === undefined ? '' : `, ${timeZone}`;
  switch (namedBucket(axis)) {
    case 'month':
      return write(from, { month: 'long', year: 'numeric' }) + clocks;
    case 'day':
      return write(from, { dateStyle: 'medium' }) + clocks;
    case undefined:
      if (kind !== 'bars') return write(from, { dateStyle: 'medium', timeStyle: 'medium' });
      return `${write(from, { dateStyle: 'medium', timeStyle: 'short' })} to ${write(
        from + stepOf(times, index),
        { timeStyle: 'short' },
      )}${clocks}`;
  }
}
