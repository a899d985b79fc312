import { Refusal } from './refusal.ts';

const DAY_MS = 86_400_000;

/** How far a zone's clocks are ahead of UTC at a time, in milliseconds. */
function offsetMs(atMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(atMs);
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((each) => each.type === type)?.value ?? 0);
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return local - Math.floor(atMs / 1_000) * 1_000;
}

/** The first moment of a day in a time zone. */
function startOfDay(utcMidnightMs: number, timeZone: string): number {
  // The offset may change between the two midnights: the second look has the right one.
  const guess = utcMidnightMs - offsetMs(utcMidnightMs, timeZone);
  return utcMidnightMs - offsetMs(guess, timeZone);
}

export interface TimeArgument {
  /** As typed: 2026-11-01, or a time such as 2026-11-01T12:00:00Z. */
  readonly text: string;
  /** A date as the end of a range includes its whole day. */
  readonly edge: 'from' | 'to';
  /** In which a date is meant. */
  readonly timeZone: () => Promise<string>;
}

/** A time that was typed, as ISO 8601 in UTC. @throws Refusal for what is none. */
export async function readTime({ text, edge, timeZone }: TimeArgument): Promise<string> {
  const dayMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const isDay = !Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(text);
  if (isDay) {
    const firstMs = edge === 'from' ? dayMs : dayMs + DAY_MS;
    return new Date(startOfDay(firstMs, await timeZone())).toISOString();
  }
  const isTime = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isTime) return new Date(text).toISOString();
  throw new Refusal(
    `--${edge} ${text}: give a date such as 2026-11-01, in the time zone of the account, or a time such as 2026-11-01T12:00:00Z.`,
  );
}
