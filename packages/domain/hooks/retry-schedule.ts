const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** How long after an attempt that failed the next one is made. Together they are the 24 hours of HKS-2. */
const retryDelaysMs = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  8 * HOUR_MS,
  8 * HOUR_MS + 24 * MINUTE_MS + 55 * SECOND_MS,
] as const;

/** Of one round: a resend begins a new one. It also bounds what an event that kills its worker can do (F9). */
export const ATTEMPT_COUNT_MAX = retryDelaysMs.length + 1;
/** So that what failed together does not come back together. */
const JITTER = 0.1;

export interface FailedAttempt {
  /** From 1, in this round. It was counted before it was made. */
  readonly attempt: number;
  readonly failedAtMs: number;
  /** What the receiver asked for by Retry-After, if it did. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * When to try again, or undefined when it was the last time.
 * @param random from 0 to 1.
 */
export function nextAttemptAtMs(
  { attempt, failedAtMs, retryAfterMs = 0 }: FailedAttempt,
  random: number,
): number | undefined {
  const delayMs = retryDelaysMs[attempt - 1];
  if (delayMs === undefined) return undefined;
  const askedMs = Math.min(retryAfterMs, 8 * HOUR_MS);
  return Math.round(failedAtMs + Math.max(askedMs, delayMs * (1 - JITTER + 2 * JITTER * random)));
}
