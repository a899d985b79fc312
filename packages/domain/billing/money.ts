/**
 * Money is whole nano units, 1e-9 of a currency's major unit: 1.00 EUR is 1,000,000,000. There are no floats anywhere on
 * its way, and one rounding, where a statement's total becomes minor units (BIL-3).
 */
export type Nano = bigint & { readonly __unit: 'nano' };

export const NANO_PER_MAJOR = 1_000_000_000n;
const DECIMALS = 9;

export const nano = (value: bigint): Nano => value as Nano;
export const ZERO = nano(0n);
export const negate = (amount: Nano): Nano => nano(-amount);
export const add = (...amounts: readonly Nano[]): Nano => sum(amounts);
export const subtract = (amount: Nano, less: Nano): Nano => nano(amount - less);
export const sum = (amounts: Iterable<Nano>): Nano => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return nano(total);
};

/** Reads '-1.0125' exactly. More than nine decimals are refused, never rounded. */
export function parseDecimal(text: string): Nano {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null)
    throw new RangeError(`${JSON.stringify(text)} is no amount of at most ${DECIMALS} decimals.`);
  const [, sign = '', major = '', fraction = ''] = match;
  return nano(BigInt(`${sign}${major}${fraction.padEnd(DECIMALS, '0')}`));
}

/** Writes an amount in major units with every decimal it has: '-1.0125'. */
export function formatDecimal(amount: Nano): string {
  const digits = magnitude(amount)
    .toString()
    .padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`;
}

const known = new Set(Intl.supportedValuesOf('currency'));
/** Whether ISO 4217 has such a currency: of a code that it does not have nobody could be paid. */
export const isCurrency = (code: string): boolean => known.has(code);

/** Nano units of a currency's minor unit, as ISO 4217 has it: 10,000,000 for EUR, 1,000,000,000 for JPY. */
export function minorUnitOf(currency: string): Nano {
  const { maximumFractionDigits } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  return nano(10n ** BigInt(DECIMALS - (maximumFractionDigits ?? 2)));
}

/** Nano units of the minor unit of every currency that there is, as text. */
export const minorUnits = (): Readonly<Record<string, string>> =>
  Object.fromEntries([...known].map((currency) => [currency, minorUnitOf(currency).toString()]));

/**
 * What is asked for and paid out is a multiple of so many minor units: of a currency of thousandths, payment rails take whole
 * tens alone, so 1.230 KWD and never 1.235. What is left of an amount is carried.
 */
export const settlementStepOf = (currency: string): bigint =>
  minorUnitOf(currency) === THOUSANDTH ? 10n : 1n;
const THOUSANDTH = 1_000_000n;

/** How many units an amount is, rounded to the nearest, ties to even. What a statement's total is rounded by. */
export function halfEven(amount: Nano, unit: Nano): bigint {
  const size = magnitude(amount);
  const units = size / unit;
  const twice = 2n * (size % unit);
  const rounded = twice > unit || (twice === unit && units % 2n === 1n) ? units + 1n : units;
  return amount < 0n ? -rounded : rounded;
}

/** Pays out whole units only and carries the rest, so that nothing unearned leaves. */
export function cutAndCarry(carry: Nano, amount: Nano, unit: Nano): { units: bigint; carry: Nano } {
  const total = carry + amount;
  const units = total / unit;
  return { units, carry: nano(total - units * unit) };
}

/**
 * Splits a total by weights: each share is its part cut off to a whole nano, and what is left goes to the largest
 * remainders, ties to the earlier. The shares always sum to the total. Weights are not negative; where all are zero the
 * first share takes everything.
 */
export function split(total: Nano, weights: readonly bigint[]): Nano[] {
  const whole = weights.reduce((left, right) => left + right, 0n);
  if (whole === 0n) return weights.map((_, index) => (index === 0 ? total : ZERO));
  const size = magnitude(total);
  const shares = weights.map((weight, index) => ({
    index,
    amount: (size * weight) / whole,
    remainder: (size * weight) % whole,
  }));
  const left = size - shares.reduce((given, { amount }) => given + amount, 0n);
  const byRemainder = [...shares].sort(
    (one, other) => compare(other.remainder, one.remainder) || one.index - other.index,
  );
  for (const share of byRemainder.slice(0, Number(left))) share.amount += 1n;
  return shares.map(({ amount }) => nano(total < 0n ? -amount : amount));
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
const compare = (left: bigint, right: bigint): number => (left < right ? -1 : left > right ? 1 : 0);
