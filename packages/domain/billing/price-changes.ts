import { canonicalDimensions } from '../metering/usage-record.ts';
import type { ChainPrices } from './billing-store.ts';
import { type ListTime, levelsAbove, type PriceLevel, usesOf } from './price-list.ts';
import { tariffToWire } from './wire-tariff.ts';

/** The prices along a chain, and the accounts of it that the reader sees, from the highest down. */
export interface PricedChain {
  readonly prices: ChainPrices;
  readonly visibleChain: readonly string[];
}

export interface PriceDifference {
  readonly service: string;
  readonly meter: string;
  readonly unit: string;
  readonly where: Readonly<Record<string, string>>;
  /** From the account up. */
  readonly before: readonly PriceLevel[];
  readonly after: readonly PriceLevel[];
}

/** Who would pay whom how much for each meter, where that is not what is paid now. */
export function priceChanges(before: PricedChain, after: PricedChain, at: ListTime): PriceDifference[] {
  return usesOf([...before.prices.prices, ...after.prices.prices], at).flatMap(({ use, unit }) => {
    const levels = {
      before: levelsAbove(before.visibleChain, before.prices, use),
      after: levelsAbove(after.visibleChain, after.prices, use),
    };
    if (printed(levels.before) === printed(levels.after)) return [];
    return [{ service: use.service, meter: use.meter, unit, where: use.dimensions, ...levels }];
  });
}

/** Two prices of one amount between the same two are the same to who pays. */
const printed = (levels: readonly PriceLevel[]): string =>
  JSON.stringify(
    levels.map(({ buyerId, sellerId, price }) => [
      buyerId,
      sellerId,
      tariffToWire(price.tariff),
      canonicalDimensions(price.where),
    ]),
  );
