import { type Edge, holdsAt } from '../metering/lineage.ts';

/**
 * Of an account and those above it, the ones that collect by a payment account of their own (decision 0017): in a month, and
 * in the one after it, into which fractions are carried.
 */
export interface OwnCollectors {
  readonly period: ReadonlySet<string>;
  readonly next: ReadonlySet<string>;
}

/** Nobody but the top of the tree collects. */
export const noOwnCollectors: OwnCollectors = { period: new Set(), next: new Set() };

export interface Collector {
  readonly accountId: string;
  /** By a payment account of its own, and not because it is at the top of the tree. */
  readonly isOwn: boolean;
}

/**
 * Who asks an account and pays out to it: the nearest above that collects itself, else the highest one above. The platform
 * has nobody above, and is asked by nobody.
 */
export function collectorOf(
  accountId: string,
  {
    edges,
    atMs,
    own,
  }: {
    readonly edges: readonly Edge[];
    readonly atMs: number;
    readonly own: ReadonlySet<string>;
  },
): Collector | undefined {
  const sellerOf = (buyerId: string) =>
    edges.find((edge) => edge.buyerId === buyerId && holdsAt(edge, atMs))?.sellerId;
  let above = sellerOf(accountId);
  while (above !== undefined && !own.has(above)) {
    const next = sellerOf(above);
    if (next === undefined) break;
    above = next;
  }
  return above === undefined ? undefined : { accountId: above, isOwn: own.has(above) };
}

/** Months in which an account collects itself, both of them with it. */
export interface CollectingSpan {
  readonly fromPeriod: string;
  /** Absent: it goes on. */
  readonly toPeriod?: string;
}
