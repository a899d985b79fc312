import { type Edge, holdsAt } from '../metering/lineage.ts';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import type { Period } from './period.ts';
import { choosePrice, type Price, type PricedUse } from './price.ts';

/** All that prices depend on: the tree as it was at each time, the profiles in it, and what may be priced. */
export interface PriceBook {
  readonly edges: readonly Edge[];
  readonly prices: readonly Price[];
  readonly catalogue: MeterCatalogue;
  /** That of the tree. A price in another currency is no price here. */
  readonly currency: string;
}

/** 'child': set for this buyer alone. 'default': for all children. 'inherited': what the seller pays, passed through. */
export type PriceOrigin = 'child' | 'default' | 'inherited';

export interface EffectivePrice {
  readonly price: Price;
  readonly origin: PriceOrigin;
}

/** Answers many questions about one book quickly. */
export interface PriceLookup {
  edgeAt(buyerId: string, atMs: number): Edge | undefined;
  /** The price that holds between a buyer and its seller. Undefined: nobody above has set one, so the use is free. */
  priceFor(buyerId: string, use: PricedUse): EffectivePrice | undefined;
}

export function priceLookup({
  edges,
  prices,
  currency,
}: Pick<PriceBook, 'edges' | 'prices' | 'currency'>): PriceLookup {
  const edgesOf = Map.groupBy(edges, ({ buyerId }) => buyerId);
  const profileOf = Map.groupBy(
    prices.filter((price) => price.currency === currency),
    ({ accountId }) => accountId,
  );
  const edgeAt = (buyerId: string, atMs: number) => edgesOf.get(buyerId)?.find((edge) => holdsAt(edge, atMs));
  return {
    edgeAt,
    priceFor(buyerId, use) {
      let edge = edgeAt(buyerId, use.atMs);
      for (let level = 0; edge !== undefined; level++) {
        const price = choosePrice(profileOf.get(edge.sellerId) ?? [], edge.buyerId, use);
        if (price !== undefined) {
          const own = price.childId === undefined ? 'default' : 'child';
          return { price, origin: level === 0 ? own : 'inherited' };
        }
        edge = edgeAt(edge.sellerId, use.atMs);
      }
      return undefined;
    },
  };
}

/**
 * The starts of the spans of a period in which neither tree nor price changes, the period's own start first. A store may
 * sum minutes within one span before it hands them to rating.
 */
export function spanStarts(
  { edges, prices }: Pick<PriceBook, 'edges' | 'prices'>,
  period: Pick<Period, 'fromMs' | 'toMs'>,
): number[] {
  const changes = [...edges, ...prices].flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  const inside = changes.filter((atMs) => atMs > period.fromMs && atMs < period.toMs);
  return [...new Set([period.fromMs, ...inside])].sort((left, right) => left - right);
}
