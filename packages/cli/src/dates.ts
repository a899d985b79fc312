import { firstInstantOf } from '@patchbay/kit/zone-clock';
import { Refusal } from './refusal.ts';

const DAY_MS = 86_400_000;

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
    return new Date(firstInstantOf(await timeZone(), firstMs)).toISOString();
  }
  const isTime = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isTime) return new Date(text).toISOString();
  throw new Refusal(
    `--${edge} ${text}: give a date such as 2026-11-01, in the time zone of the account, or a time such as 2026-11-01T12:00:00Z.`,
  );
}
