/** Formatters are dear to make, and there are as many as the database of time zones has names. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(timeZone, formatter);
  return formatter;
}

/**
 * The instant at which UTC's clocks show what those of a zone show at `atMs`, to the millisecond.
 * @param timeZone One of the IANA time zone database. @throws RangeError for any other.
 */
export function shownAsUtcMs(timeZone: string, atMs: number): number {
  if (timeZone === 'UTC') return atMs;
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const second = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  // Zones are whole seconds away from UTC.
  return second + (((atMs % 1_000) + 1_000) % 1_000);
}

/**
 * When the clocks of a zone show a time. Where they are set back and show it twice, one of the two; where they are set
 * forward and never show it, as long after the change as it would have been.
 * @param shownMs The time shown, as if it were UTC.
 */
export function instantOf(timeZone: string, shownMs: number): number {
  const aheadMs = (atMs: number) => shownAsUtcMs(timeZone, atMs) - atMs;
  // The offset may change in between: the second look has the one that holds there.
  return shownMs - aheadMs(shownMs - aheadMs(shownMs));
}
