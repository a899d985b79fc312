import { formatDecimal, halfEven, minorUnitOf, nano } from '@patchbay/domain/billing/money';

/** Every decimal an amount has, and the currency's usual ones at least: '0.0125 EUR' is never shown as '0.01'. */
export function showExactMoney(amount: string | bigint): string {
  const [major = '0', fraction = ''] = formatDecimal(nano(BigInt(amount))).split('.');
  return `${grouped(major)}.${fraction.padEnd(2, '0')}`;
}

/** Below a hundred minor units cents alone would say twice what is there, or half of it. */
const SIGNIFICANT_DIGITS_MIN = 3;

/**
 * Rounded half to even, for places where the exact figure is one click away: to the minor unit, and what is little to its
 * first three digits.
 */
export function showMoney(amount: string | bigint, currency: string): string {
  const unit = minorUnitOf(currency);
  const exact = nano(BigInt(amount));
  const digits = String(exact).replace('-', '').length;
  const finer = 10n ** BigInt(Math.max(0, digits - SIGNIFICANT_DIGITS_MIN));
  const step = nano(finer < unit ? finer : unit);
  const [major = '0', fraction = ''] = formatDecimal(nano(halfEven(exact, step) * step)).split('.');
  const decimals = 10 - String(unit).length;
  const shown = fraction.padEnd(decimals, '0');
  return shown === '' ? grouped(major) : `${grouped(major)}.${shown}`;
}

const grouped = (major: string): string => major.replace(/\B(?=(\d{3})+$)/g, ',');

export const signOf = (amount: string): -1 | 0 | 1 => {
  const value = BigInt(amount);
  return value < 0n ? -1 : value > 0n ? 1 : 0;
};
