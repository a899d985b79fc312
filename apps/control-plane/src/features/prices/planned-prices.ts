import type { ProfilePrice } from './price-draft.ts';

/** A day as a date field has it. Prices begin by UTC. */
export const effectiveFromOf = (day: string): string | undefined =>
  /^\d{4}-\d{2}-\d{2}$/.test(day) ? `${day}T00:00:00.000Z` : undefined;

/** The first day that a price can be set for ahead: tomorrow. From today on it begins now. */
export const firstDayAhead = (nowMs: number): string => new Date(nowMs + DAY_MS).toISOString().slice(0, 10);
const DAY_MS = 86_400_000;

/** When prices that were set for later begin, the next first: of one service, or of all. */
export function plannedTimes(
  profile: readonly ProfilePrice[],
  { nowMs, service }: { readonly nowMs: number; readonly service?: string },
): readonly string[] {
  const later = profile.filter(
    (price) => Date.parse(price.effectiveFrom) > nowMs && (service ?? price.service) === price.service,
  );
  return [...new Set(later.map(({ effectiveFrom }) => effectiveFrom))].sort();
}

/**
 * What of a profile is left at a time to come. Setting the prices of a service replaces all of it, so what began before its last
 * change is over by then.
 */
export function profileAt(
  profile: readonly ProfilePrice[],
  { nowMs, atMs }: { readonly nowMs: number; readonly atMs: number },
): readonly ProfilePrice[] {
  const begins = ({ effectiveFrom }: ProfilePrice) => Date.parse(effectiveFrom);
  return profile.filter((price) => {
    const changes = profile
      .filter((other) => other.service === price.service && other.childId === price.childId)
      .map(begins)
      .filter((fromMs) => fromMs > nowMs && fromMs <= atMs);
    return changes.length === 0 ? begins(price) <= nowMs : begins(price) === Math.max(...changes);
  });
}
