/**
 * What of a document is otherwise at the rail than it was asked for. 'missing': the rail does not have it any more.
 * 'transfer-reversed': somebody took back there what was paid out, and nobody here asked for that. 'too-large': the rail takes no
 * invoice of so much, and was asked for none.
 */
export const differenceKinds = [
  'amount',
  'currency',
  'customer',
  'state',
  'missing',
  'transfer-amount',
  'transfer-reversed',
  'too-large',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export interface Difference {
  readonly kind: DifferenceKind;
  /** Of the invoice or transfer, at the rail. */
  readonly railId: string;
  /** In minor units, or as the rail calls it. */
  readonly expected: string;
  readonly found: string;
}

/** One that was found when the rail was read. */
export interface FoundDifference extends Difference {
  readonly foundAtMs: number;
  /** When it was not there any more. */
  readonly endedAtMs?: number;
}

/** Kept of one document. Older ones that ended are dropped first. */
const DIFFERENCE_COUNT_MAX = 50;

const isSame = (one: Difference, other: Difference): boolean =>
  one.kind === other.kind &&
  one.railId === other.railId &&
  one.expected === other.expected &&
  one.found === other.found;

/** What is known of differences once the things of `railIds` were read: each once, and those that are gone with when. */
export function withFound(
  known: readonly FoundDifference[],
  {
    railIds,
    found,
    nowMs,
  }: { readonly railIds: readonly string[]; readonly found: readonly Difference[]; readonly nowMs: number },
): readonly FoundDifference[] {
  const isOpen = ({ endedAtMs }: FoundDifference) => endedAtMs === undefined;
  const still = known.map((each) =>
    isOpen(each) && railIds.includes(each.railId) && !found.some((now) => isSame(now, each))
      ? { ...each, endedAtMs: nowMs }
      : each,
  );
  const fresh = found.filter((now) => !known.some((each) => isOpen(each) && isSame(each, now)));
  return [...still, ...fresh.map((each) => ({ ...each, foundAtMs: nowMs }))]
    .sort((one, other) => Number(isOpen(one)) - Number(isOpen(other)) || one.foundAtMs - other.foundAtMs)
    .slice(-DIFFERENCE_COUNT_MAX);
}

/** Those that are in one state of a document and were in none before. */
export const newlyFound = (
  before: readonly FoundDifference[] = [],
  after: readonly FoundDifference[] = [],
): readonly FoundDifference[] =>
  after.filter((each) => !before.some((known) => isSame(known, each) && known.foundAtMs === each.foundAtMs));
