import { type Nano, sum } from '@patchbay/domain/billing/money';
import { amountOf, choosePrice, type Price, tariffFromWire } from '@patchbay/domain/billing/price';
import type { Outputs } from '../../trpc/client.ts';

type EffectivePrice = Outputs['prices']['list']['items'][number];
type UsageRow = Outputs['usage']['query']['rows'][number];

/** At most this many dimensions can be grouped by in one query of usage. */
const GROUPS_MAX = 3;

/** The dimensions by which these prices differ: usage has to be grouped by them to be priced. */
export function dimensionsOfPrices(prices: readonly EffectivePrice[]): string {
  const names = new Set(prices.flatMap(({ where }) => Object.keys(where)));
  return [...names].sort().slice(0, GROUPS_MAX).join(',');
}

/**
 * What usage costs at today's prices. It is for reading as use accrues; what is owed stands in the statement.
 * Flat prices belong to a period and are in no estimate.
 */
export function estimate(rows: readonly UsageRow[], prices: readonly EffectivePrice[]): Nano {
  const profile = prices.map(asPrice);
  return sum(
    rows.flatMap(({ meter, group, quantity }) => {
      const dot = meter.indexOf('.');
      const use = { service: meter.slice(0, dot), meter: meter.slice(dot + 1), dimensions: group, atMs: 0 };
      const tariff = choosePrice(profile, '', use)?.tariff;
      return tariff === undefined || tariff.kind === 'flat' ? [] : [amountOf(tariff, BigInt(quantity))];
    }),
  );
}

const asPrice = (price: EffectivePrice, index: number): Price => ({
  id: String(index),
  accountId: price.setByAccountId,
  service: price.service,
  meter: price.meter,
  where: price.where,
  tariff: tariffFromWire(price),
  currency: price.currency,
  fromMs: 0,
  toMs: Number.POSITIVE_INFINITY,
});
