import { formatDecimal, nano } from '@patchbay/domain/billing/money';
import type { WireTariff } from '@patchbay/domain/billing/price';
import type { MeterUnit } from '@patchbay/kit/definition';

interface HumanUnit {
  /** As in 'per GB'. */
  readonly label: string;
  /** How many units of the meter it is. */
  readonly per: bigint;
}

/** In what a person prices each kind of meter. */
const humanUnits: Readonly<Record<MeterUnit, HumanUnit>> = {
  byte: { label: 'GB', per: 1_000_000_000n },
  millisecond: { label: 'minute', per: 60_000n },
  packet: { label: 'million packets', per: 1_000_000n },
  character: { label: 'million characters', per: 1_000_000n },
  count: { label: 'piece', per: 1n },
};

export const humanUnitOf = (unit: MeterUnit): HumanUnit => humanUnits[unit];

const DECIMALS = 9;
const DECIMALS_MAX = 18;

/**
 * Reads '0.40' per human unit as the exact rational that the API takes. What is finer than a nano unit makes `per`
 * larger, so nothing is ever rounded. Undefined when the text is no price.
 */
export function readHumanPrice(text: string, unit: MeterUnit): WireTariff | undefined {
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, major = '0', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > DECIMALS_MAX) return undefined;
  const finer = Math.max(0, digits.length - DECIMALS);
  const amount = BigInt(major + digits.padEnd(DECIMALS + finer, '0'));
  return { amount: amount.toString(), per: (humanUnitOf(unit).per * 10n ** BigInt(finer)).toString() };
}

/** Why a text is no price, in a sentence for whoever typed it. Undefined where it is one. */
export function priceProblem(text: string): string | undefined {
  const typed = text.trim();
  if (readHumanPrice(typed, 'count') !== undefined) return undefined;
  if (typed.startsWith('-')) return 'Not below zero. A price below what you pay is a subsidy.';
  if (/^\d+,\d+$/.test(typed)) return `With a point: ${typed.replace(',', '.')}`;
  if (/^\d+\.\d{19,}$/.test(typed)) return `At most ${DECIMALS_MAX} decimals.`;
  if (/^\d{13,}/.test(typed)) return 'At most 12 digits before the point.';
  return 'Digits and one point, as in 0.40';
}

/** Writes a price per human unit. Where it is not a finite decimal it stays a fraction: '1/3'. */
export function writeHumanPrice({ amount, per }: WireTariff, unit: MeterUnit): string {
  if (per === '0') return formatDecimal(nano(BigInt(amount)));
  const numerator = BigInt(amount) * humanUnitOf(unit).per;
  const denominator = BigInt(per);
  for (let extra = 0; extra <= DECIMALS_MAX - DECIMALS; extra++) {
    const shifted = numerator * 10n ** BigInt(extra);
    if (shifted % denominator === 0n) return decimalOf(shifted / denominator, DECIMALS + extra);
  }
  return `${formatDecimal(nano(numerator))}/${denominator}`;
}

function decimalOf(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '').padEnd(2, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${fraction}`;
}

/** One price less another, both per unit, as an exact rational. */
export function priceDifference(price: WireTariff, less: WireTariff): WireTariff {
  const amount = BigInt(price.amount) * BigInt(less.per) - BigInt(less.amount) * BigInt(price.per);
  return { amount: amount.toString(), per: (BigInt(price.per) * BigInt(less.per)).toString() };
}

/** 'per GB', 'per minute', or 'flat' for a period with any use. */
export const perLabel = ({ per }: WireTariff, unit: MeterUnit): string =>
  per === '0' ? 'a month, flat' : `per ${humanUnitOf(unit).label}`;
