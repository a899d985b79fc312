import { type Edge, holdsAt } from '../metering/lineage.ts';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import { ZERO } from './money.ts';
import { Nested } from './nested.ts';
import type { Period } from './period.ts';
import { isMatch, type Price, type PricedUse, pricesInOrder } from './price.ts';

/** An edge with what is paid along it. */
export interface PricedEdge extends Edge {
  /** The buyer's. One tree has one currency, and the platform sells to trees of several. */
  readonly currency: string;
}

/** All that prices depend on: the tree as it was at each time, the profiles in it, and what may be priced. */
export interface PriceBook {
  readonly edges: readonly PricedEdge[];
  readonly prices: readonly Price[];
  readonly catalogue: MeterCatalogue;
}

/** 'child': set for this buyer alone. 'default': for all children. 'inherited': what the seller pays, passed through. */
export type PriceOrigin = 'child' | 'default' | 'inherited';

export interface EffectivePrice {
  readonly price: Price;
  readonly origin: PriceOrigin;
}

/** Answers many questions about one book quickly. */
export interface PriceLookup {
  edgeAt(buyerId: string, atMs: number): PricedEdge | undefined;
  /**
   * The price that holds between a buyer and its seller, in the buyer's currency: one in another is no price for it.
   * Undefined: nobody above has set one, so the use is free.
   */
  priceFor(buyerId: string, use: PricedUse): EffectivePrice | undefined;
}

export function priceLookup({ edges, prices }: Pick<PriceBook, 'edges' | 'prices'>): PriceLookup {
  const edgesOf = Map.groupBy(edges, ({ buyerId }) => buyerId);
  const profileOf = Map.groupBy(prices, ({ accountId, currency }) => `${currency} ${accountId}`);
  const edgeAt = (buyerId: string, atMs: number) => edgesOf.get(buyerId)?.find((edge) => holdsAt(edge, atMs));
  /** All that may hold for a meter, from the buyer's own edge up: the first whose filter matches does. */
  const candidatesOf = (buyerId: string, use: Omit<PricedUse, 'dimensions'>): readonly EffectivePrice[] => {
    const candidates: EffectivePrice[] = [];
    let edge = edgeAt(buyerId, use.atMs);
    const currency = edge?.currency;
    for (let level = 0; edge !== undefined; level++) {
      const profile = profileOf.get(`${currency} ${edge.sellerId}`) ?? [];
      for (const price of pricesInOrder(profile, edge.buyerId, use)) {
        const own = price.childId === undefined ? 'default' : 'child';
        candidates.push(
          level === 0 ? { price, origin: own } : { price: passedOn(price), origin: 'inherited' },
        );
      }
      edge = edgeAt(edge.sellerId, use.atMs);
    }
    return candidates;
  };
  const known = new Nested<readonly EffectivePrice[]>();
  return {
    edgeAt,
    priceFor(buyerId, use) {
      const ofTime = known.at(buyerId).at(use.service).at(use.atMs);
      const candidates = ofTime.get(use.meter) ?? candidatesOf(buyerId, use);
      ofTime.set(use.meter, candidates);
      return candidates.find(({ price }) => isMatch(price.where, use.dimensions));
    },
  };
}

/** A fee is between the two whom it was set for: it covers what those below use, who pay no second one. */
const passedOn = (price: Price): Price =>
  price.tariff.kind === 'fee' ? { ...price, tariff: { kind: 'per-unit', amount: ZERO, per: 1n } } : price;

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
