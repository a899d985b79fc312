import { formatDecimal, halfEven, minorUnitOf, nano } from '@patchbay/domain/billing/money';

/** Every decimal an amount has, and the currency's usual ones at least: '0.0125 EUR' is never shown as '0.01'. */
export function showExactMoney(amount: string | bigint): string {
  const [major = '0', fraction = ''] = formatDecimal(nano(BigInt(amount))).split('.');
  return `${grouped(major)}.${fraction.padEnd(2, '0')}`;
}

/** Rounded to the minor unit, half to even, for places where the exact figure is one click away. */
export function showMoney(amount: string | bigint, currency: string): string {
  const unit = minorUnitOf(currency);
  const exact = nano(BigInt(amount));
  const rounded = nano(halfEven(exact, unit) * unit);
  if (rounded === 0n && exact !== 0n) return showExactMoney(exact);
  const [major = '0', fraction = ''] = formatDecimal(rounded).split('.');
  const decimals = 10 - String(unit).length;
  return decimals === 0 ? grouped(major) : `${grouped(major)}.${fraction.padEnd(decimals, '0')}`;
}

const grouped = (major: string): string => major.replace(/\B(?=(\d{3})+$)/g, ',');

export const signOf = (amount: string): -1 | 0 | 1 => {
  const value = BigInt(amount);
  return value < 0n ? -1 : value > 0n ? 1 : 0;
};
