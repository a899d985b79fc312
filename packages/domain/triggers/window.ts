import { instantOf, shownAsUtcMs } from '@patchbay/kit/zone-clock';
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
  const local = new Date(shownAsUtcMs(timeZone, atMs));
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
  return { fromMs: instantOf(timeZone, from), toMs: instantOf(timeZone, to) };
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
