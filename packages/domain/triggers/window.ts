import type { Condition, periods } from './definition.ts';

const HOUR_MS = 3_600_000;

/** Half-open. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

export type Period = (typeof periods)[number];

/** The window in which what happens at a time is counted. A threshold has one, which never ends. */
export function windowOf(condition: Condition, timeZone: string, atMs: number): Window {
  switch (condition.kind) {
    case 'threshold':
      return { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
    case 'rate': {
      const lengthMs = condition.seconds * 1_000;
      const fromMs = atMs - (atMs % lengthMs);
      return { fromMs, toMs: fromMs + lengthMs };
    }
    case 'recurring':
      return periodOf(condition.per, timeZone, atMs);
  }
}

/** The hour, day or month on the clocks of a time zone that a time lies in. */
export function periodOf(per: Period, timeZone: string, atMs: number): Window {
  const local = new Date(atMs + offsetMs(atMs, timeZone));
  if (per === 'hour') {
    // An hour is an hour long even where the clocks are set back: of the two that have one name, each is its own.
    const fromMs = atMs - (local.getTime() % HOUR_MS);
    return { fromMs, toMs: fromMs + HOUR_MS };
  }
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  const [from, to] =
    per === 'day'
      ? [Date.UTC(year, month, day), Date.UTC(year, month, day + 1)]
      : [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)];
  return { fromMs: instantOf(from, timeZone), toMs: instantOf(to, timeZone) };
}

/** Usage may come this late and its window's action is still done; what comes later is only told of. */
const LATE_MS_MAX = 5 * 60_000;

/** Whether it is too late to act on what happened in a window: it would punish another one for it. */
export const isTooLate = ({ toMs }: Window, nowMs: number): boolean => nowMs > toMs + LATE_MS_MAX;

/**
 * Until when a target is held to what an action says: to the end of the window in which it fired; without an end, until the
 * trigger begins anew. A rate is held one window longer, so that one that goes on finds the hold in place.
 */
export function heldUntilMs(condition: Condition, { fromMs, toMs }: Window): number | undefined {
  if (condition.kind === 'threshold') return undefined;
  return condition.kind === 'rate' ? toMs + (toMs - fromMs) : toMs;
}

/** How far a zone's clocks are ahead of UTC at a time. */
function offsetMs(atMs: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(atMs);
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((each) => each.type === type)?.value ?? 0);
  const seconds = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return seconds - Math.floor(atMs / 1_000) * 1_000;
}

/** When the clocks of a zone show a time, given as if it were UTC. */
function instantOf(localMs: number, timeZone: string): number {
  // The offset may change in between: the second look has the one that holds there.
  const guess = localMs - offsetMs(localMs, timeZone);
  return localMs - offsetMs(guess, timeZone);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  // There are as many as the database of zones has names.
  formats.set(timeZone, format);
  return format;
}
