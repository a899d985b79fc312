import { formatDecimal, minorUnitOf, nano, parseDecimal } from '@patchbay/domain/billing/money';
import { Refusal } from './refusal.ts';

/** Nano units as a person reads them, with their currency. */
export const moneyText = (amount: string | bigint, currency: string): string =>
  `${formatDecimal(nano(BigInt(amount)))} ${currency}`;

/** The same of whole minor units, such as cents. */
export const minorText = (minorUnits: string, currency: string): string =>
  moneyText(BigInt(minorUnits) * minorUnitOf(currency), currency);

/** What somebody typed, such as 12.50 or 12.50 EUR. */
interface TypedAmount {
  readonly nanoUnits: bigint;
  /** Absent: that of the account is meant. */
  readonly currency?: string;
}

function typedAmount(text: string): TypedAmount {
  const [, digits, currency] = /^\s*(\S+?)\s*([A-Z]{3})?\s*$/.exec(text) ?? [];
  try {
    const nanoUnits = parseDecimal(digits ?? '');
    if (nanoUnits >= 0n) return { nanoUnits, ...(currency === undefined ? {} : { currency }) };
  } catch {
    // Said below: what was typed is no amount.
  }
  throw new Refusal(`${text} is no amount of money, such as 25, 12.50 or "12.50 EUR".`);
}

/**
 * Nano units of what somebody typed for an account that reckons in a currency. Another one beside the amount is refused:
 * nothing is converted.
 */
export function amountIn(currency: string, text: string): bigint {
  const typed = typedAmount(text);
  if (typed.currency !== undefined && typed.currency !== currency)
    throw new Refusal(`${text} is no amount here: the account reckons in ${currency}.`);
  return typed.nanoUnits;
}
