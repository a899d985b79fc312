import { formatDecimal, minorUnitOf, nano, parseDecimal } from '@patchbay/domain/billing/money';

/** What somebody typed, in nano units. Undefined: it is no amount of money. */
export function readMoney(text: string): string | undefined {
  try {
    const amount = parseDecimal(text.trim().replace(',', '.'));
    return amount < 0n ? undefined : amount.toString();
  } catch {
    return undefined;
  }
}

/** An amount as somebody would type it. */
export const moneyText = (amount: string): string => formatDecimal(nano(BigInt(amount)));

/** What is paid goes in whole minor units. Undefined: it does not. */
export function readMinorUnits(text: string, currency: string): string | undefined {
  const amount = readMoney(text);
  if (amount === undefined) return undefined;
  const unit = minorUnitOf(currency);
  return BigInt(amount) % unit === 0n && BigInt(amount) > 0n ? (BigInt(amount) / unit).toString() : undefined;
}

export const minorText = (minorUnits: string, currency: string): string =>
  formatDecimal(nano(BigInt(minorUnits) * minorUnitOf(currency)));
