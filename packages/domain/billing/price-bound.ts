import { formatDecimal, type Nano, nano } from './money.ts';
import type { Tariff } from './price.ts';

/**
 * What one unit costs at most: a million of the major unit. With it all that a meter can count of a month, which is below 2^63
 * units, costs less than the ledger and a document hold, whatever terms the price has (BIL-3).
 */
export const UNIT_PRICE_MAX = nano(10n ** 15n);
/** What a flat price, a fee or a minimum is at most: a billion of the major unit. */
export const MONTH_PRICE_MAX = nano(10n ** 18n);

/** What is too large in a price, and what it may be at most; undefined: nothing. */
export function tooLargeIn(tariff: Tariff): string | undefined {
  if (tariff.kind !== 'per-unit')
    return tariff.amount > MONTH_PRICE_MAX ? `A price for a month is ${atMost(MONTH_PRICE_MAX)}.` : undefined;
  const { per, amount, tiers = [], minimum } = tariff;
  const isDear = [amount, ...tiers.map((tier) => tier.amount)].some((each) => each > UNIT_PRICE_MAX * per);
  if (isDear)
    return `One unit costs ${atMost(UNIT_PRICE_MAX)}, in each tier: \`amount\` is for \`per\` units, in nano units.`;
  return minimum !== undefined && minimum > MONTH_PRICE_MAX
    ? `A minimum is ${atMost(MONTH_PRICE_MAX)}.`
    : undefined;
}

const atMost = (amount: Nano): string => `at most ${formatDecimal(amount)} of the currency`;
