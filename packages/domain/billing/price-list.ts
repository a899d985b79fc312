import { type MeterCatalogue, undeclaredIn } from '../metering/meter-catalogue.ts';
import { canonicalDimensions, type Dimensions } from '../metering/usage-record.ts';
import type { ChainPrices } from './billing-store.ts';
import type { Price, PricedUse } from './price.ts';
import { type EffectivePrice, priceLookup } from './price-book.ts';
import { isBinary } from './session-cells.ts';

/** One price that an account pays now: of a meter, for usage with the dimensions that it names. */
export interface ListedPrice extends EffectivePrice {
  readonly unit: string;
}

/** Who asks what of whom, from an account up. */
export interface PriceLevel extends EffectivePrice {
  readonly buyerId: string;
  readonly sellerId: string;
}

/** All prices that hold between an account and its seller, each under the filter it was set with. */
export function pricesPaidBy(
  accountId: string,
  chain: Pick<ChainPrices, 'edges' | 'prices'>,
  at: ListTime,
): ListedPrice[] {
  const lookup = priceLookup(chain);
  return usesOf(chain.prices, at).flatMap(({ use, unit }) => {
    const found = lookup.priceFor(accountId, use);
    // A filter that another price answers better is in that one's row.
    const isOwnRow =
      found !== undefined && canonicalDimensions(found.price.where) === canonicalDimensions(use.dimensions);
    return isOwnRow ? [{ ...found, unit }] : [];
  });
}

/** The price at each level, from an account up to the highest buyer that the caller may see. */
export function levelsAbove(
  visibleChain: readonly string[],
  chain: ChainPrices,
  use: PricedUse,
): PriceLevel[] {
  const lookup = priceLookup(chain);
  return visibleChain.toReversed().flatMap((buyerId) => {
    const [edge, found] = [lookup.edgeAt(buyerId, use.atMs), lookup.priceFor(buyerId, use)];
    return edge === undefined || found === undefined ? [] : [{ ...found, buyerId, sellerId: edge.sellerId }];
  });
}

export interface ListTime {
  readonly catalogue: MeterCatalogue;
  readonly atMs: number;
}

/** Every meter with every filter that some price of a chain names, once. */
export function usesOf(
  prices: readonly Price[],
  { catalogue, atMs }: ListTime,
): { use: PricedUse; unit: string }[] {
  const uses = new Map<string, { use: PricedUse; unit: string }>();
  for (const { service, meter, where } of prices) {
    const unit = catalogue.get(`${service}.${meter}`)?.unit;
    if (unit === undefined) continue;
    const use = { service, meter, dimensions: where, atMs };
    uses.set(`${service}.${meter} ${canonicalDimensions(where)}`, { use, unit });
  }
  return [...uses].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
}

/** What is wrong with a price for a service, or undefined. */
export function unknownMeter(
  catalogue: MeterCatalogue,
  service: string,
  { meter, where, tariff }: Pick<Price, 'meter' | 'where' | 'tariff'>,
): string | undefined {
  const declared = catalogue.get(`${service}.${meter}`);
  if (declared === undefined) return `${service} has no meter ${meter}.`;
  if (!declared.isPriced) return `${service}.${meter} is counted and never priced.`;
  if (isBinary(tariff) && declared.unit !== 'millisecond')
    return `${service}.${meter} counts no time, so it is not billed by the time of sessions.`;
  // A price for a value that there is not would never hold, and the use be billed at another.
  return undeclaredIn(declared, where)?.detail;
}
