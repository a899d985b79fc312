/** Whether a name that was proved once by a TXT record still is. Plain decisions: who looks it up is somebody else. */

/** Of a record that was not there, when it was looked for last. */
export interface MissedProof {
  readonly missedCount: number;
  readonly missedSince: Date | undefined;
}

/** `warn`: its owners are told, while there is time. `lapse`: it is no longer proved. */
export type Recheck = 'stands' | 'missed' | 'warn' | 'lapse';

const WARNED_AT_COUNT = 3;
/** From the first look in vain: over a weekend and a slip of the pen, and not for as long as a name may be somebody else's. */
export const LAPSE_MS = 72 * 3_600_000;

export function recheckOf(
  { missedCount, missedSince }: MissedProof,
  { isFound, nowMs }: { readonly isFound: boolean; readonly nowMs: number },
): Recheck {
  if (isFound) return 'stands';
  const count = missedCount + 1;
  if (count === WARNED_AT_COUNT) return 'warn';
  const sinceMs = missedSince?.getTime() ?? nowMs;
  return count > WARNED_AT_COUNT && nowMs - sinceMs >= LAPSE_MS ? 'lapse' : 'missed';
}

const AT_ONCE_COUNT_MIN = 10;

/** When most records vanish on one day, it is our own look that is wrong, and nothing is done about any of them. */
export const isImplausible = ({
  checkedCount,
  newlyMissingCount,
}: {
  readonly checkedCount: number;
  readonly newlyMissingCount: number;
}): boolean => newlyMissingCount >= AT_ONCE_COUNT_MIN && newlyMissingCount * 2 > checkedCount;
