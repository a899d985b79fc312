import { zoneWindow } from '@patchbay/kit/zone-clock';
import type { Condition, periods } from './definition.ts';

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
  const { startMs, endMs } = zoneWindow(per, timeZone, atMs);
  return { fromMs: startMs, toMs: endMs };
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
