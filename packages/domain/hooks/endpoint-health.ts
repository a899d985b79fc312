const DAY_MS = 86_400_000;

/** Attempts that failed one after the other until an endpoint counts as failing: then it is asked once at a time. */
export const FAILING_ATTEMPT_COUNT = 3;
/** An endpoint that took nothing for so long, and was tried so often, is not asked any more (C38). */
export const DISABLED_AFTER_MS = 5 * DAY_MS;
const DISABLED_ATTEMPT_COUNT_MIN = 16;

export interface EndpointRecord {
  /** Attempts that failed since the last one that did not. */
  readonly failedCount: number;
  readonly failingSinceMs?: number | undefined;
}

export type EndpointHealth = 'ok' | 'failing' | 'lost';

/** How an endpoint does. `lost`: it is disabled, and its account is told. */
export function endpointHealth(
  { failedCount, failingSinceMs }: EndpointRecord,
  nowMs: number,
): EndpointHealth {
  if (failedCount < FAILING_ATTEMPT_COUNT) return 'ok';
  const isLong = failingSinceMs !== undefined && nowMs - failingSinceMs >= DISABLED_AFTER_MS;
  return isLong && failedCount >= DISABLED_ATTEMPT_COUNT_MIN ? 'lost' : 'failing';
}
