import type { NoticeStep } from './notice-way.ts';

/** What became of a notice at one place. */
export const deliveryStates = ['waiting', 'accepted', 'gone', 'refused', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** Attempts at one place. */
export const ATTEMPTS_MAX = 5;
const FIRST_RETRY_MS = 5_000;
/** What a provider asks for beyond this is too long: the next way is of more use by then. */
export const RETRY_AFTER_MS_MAX = 900_000;

export interface KnownDelivery {
  readonly state: DeliveryState;
  /** When it is tried again. */
  readonly retryAtMs?: number | undefined;
  /** When the last attempt ended. */
  readonly atMs?: number | undefined;
}

export interface NoticeStanding {
  readonly steps: readonly NoticeStep[];
  /** The step that is begun next. */
  readonly step: number;
  readonly deliveries: readonly KnownDelivery[];
  readonly expiresAtMs: number;
}

export type NoticeMove =
  /** Some places are due. */
  | { readonly kind: 'attempt' }
  /** It looks for the places of a step. */
  | { readonly kind: 'begin'; readonly step: number }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'end'; readonly state: 'sent' | 'failed' | 'expired' };

/** What is to be done about a notice that nobody has said to have got. */
export function nextMove(
  { steps, step, deliveries, expiresAtMs }: NoticeStanding,
  nowMs: number,
): NoticeMove {
  const accepted = deliveries.filter(({ state }) => state === 'accepted');
  const isTaken = accepted.length > 0;
  if (nowMs >= expiresAtMs) return { kind: 'end', state: isTaken ? 'sent' : 'expired' };
  const retries = deliveries.filter(({ state }) => state === 'waiting').map(({ retryAtMs = 0 }) => retryAtMs);
  if (retries.some((atMs) => atMs <= nowMs)) return { kind: 'attempt' };
  if (retries.length > 0) return { kind: 'wait', untilMs: Math.min(expiresAtMs, ...retries) };
  if (!isTaken) return step < steps.length ? { kind: 'begin', step } : { kind: 'end', state: 'failed' };
  const next = steps.findIndex(({ afterSeconds }, index) => index >= step && afterSeconds !== undefined);
  const afterSeconds = steps[next]?.afterSeconds;
  if (afterSeconds === undefined) return { kind: 'end', state: 'sent' };
  const dueMs = Math.max(...accepted.map(({ atMs = 0 }) => atMs)) + afterSeconds * 1_000;
  return dueMs <= nowMs
    ? { kind: 'begin', step: next }
    : { kind: 'wait', untilMs: Math.min(expiresAtMs, dueMs) };
}

/** When it is tried again; undefined: it was tried often enough. */
export function retryAtMs(
  {
    attemptCount,
    retryAfterMs = 0,
  }: { readonly attemptCount: number; readonly retryAfterMs?: number | undefined },
  nowMs: number,
): number | undefined {
  if (attemptCount >= ATTEMPTS_MAX || retryAfterMs > RETRY_AFTER_MS_MAX) return undefined;
  return nowMs + Math.max(retryAfterMs, FIRST_RETRY_MS * 2 ** (attemptCount - 1));
}
