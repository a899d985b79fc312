import type { MeterUnit } from '@patchbay/kit/definition';
import { formatDecimal, nano } from './money.ts';
import { TARIFF_DIGITS_MAX, type WireTariff } from './wire-tariff.ts';

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
/** Decimals of which a price is written out in full; of any other, digits that tell it apart. */
const DECIMALS_MAX = 18;
const DIGITS_SHOWN = 8;

/** The most decimals that a price per human unit may have: each beyond the ninth makes `per` a digit longer. */
const decimalsMaxOf = (unit: MeterUnit): number =>
  Math.min(DECIMALS_MAX, DECIMALS + TARIFF_DIGITS_MAX - String(humanUnitOf(unit).per).length);

/**
 * Reads '0.40' per human unit as the exact rational that the API takes. What is finer than a nano unit makes `per`
 * larger, so nothing is ever rounded. Undefined when the text is no price.
 */
export function readHumanPrice(text: string, unit: MeterUnit): WireTariff | undefined {
  const match = /^0*(\d{1,9})(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, major = '0', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > decimalsMaxOf(unit)) return undefined;
  const finer = Math.max(0, digits.length - DECIMALS);
  const amount = BigInt(major + digits.padEnd(DECIMALS + finer, '0'));
  if (String(amount).length > TARIFF_DIGITS_MAX) return undefined;
  return { amount: amount.toString(), per: (humanUnitOf(unit).per * 10n ** BigInt(finer)).toString() };
}

/** Why a text is no price, in a sentence for whoever typed it. Undefined where it is one. */
export function priceProblem(text: string, unit: MeterUnit): string | undefined {
  const typed = text.trim();
  if (readHumanPrice(typed, unit) !== undefined) return undefined;
  if (typed.startsWith('-')) return 'Not below zero. A price below what you pay is a subsidy.';
  if (/^\d+,\d+$/.test(typed)) return `With a point: ${typed.replace(',', '.')}`;
  const [, major = '', decimals = ''] = /^0*(\d+)(?:\.(\d*?)0*)?$/.exec(typed) ?? [];
  if (major.length > TARIFF_DIGITS_MAX - DECIMALS) return 'Below 1,000,000,000.';
  if (decimals.length > decimalsMaxOf(unit)) return `At most ${decimalsMaxOf(unit)} decimals.`;
  if (major !== '' && decimals !== '') return `At most ${TARIFF_DIGITS_MAX} digits in all.`;
  return 'Digits and one point, as in 0.40';
}

/**
 * Writes a price per human unit. Where it is no decimal of a length that anybody reads, it is written about right, and
 * says so: '≈ 0.300000022'. `exactPrice` has the rest.
 */
export function writeHumanPrice({ amount, per }: WireTariff, unit: MeterUnit): string {
  if (per === '0') return formatDecimal(nano(BigInt(amount)));
  const finite = finiteDecimal({ amount, per }, unit);
  if (finite !== undefined) return finite;
  const numerator = BigInt(amount) * humanUnitOf(unit).per;
  const denominator = BigInt(per);
  // As many decimals as there are zeros behind the point, and then the digits that are shown.
  let decimals = DECIMALS;
  while (
    magnitude(numerator * 10n ** BigInt(decimals - DECIMALS)) <
    denominator * 10n ** BigInt(DIGITS_SHOWN)
  ) {
    decimals++;
  }
  const scaled = numerator * 10n ** BigInt(decimals - DECIMALS);
  const rounded = (2n * scaled + (scaled < 0n ? -denominator : denominator)) / (2n * denominator);
  return `≈ ${decimalOf(rounded, decimals)}`;
}

/** A price that is written about right, as it was set: '0.300000003 per 999,999,937 bytes'. Undefined for any other. */
export function exactPrice(tariff: WireTariff, unit: MeterUnit): string | undefined {
  if (tariff.per === '0' || finiteDecimal(tariff, unit) !== undefined) return undefined;
  const per = tariff.per.replace(/\B(?=(\d{3})+$)/g, ',');
  return `exactly ${formatDecimal(nano(BigInt(tariff.amount)))} per ${per} ${unit}s`;
}

function finiteDecimal({ amount, per }: WireTariff, unit: MeterUnit): string | undefined {
  const numerator = BigInt(amount) * humanUnitOf(unit).per;
  const denominator = BigInt(per);
  for (let extra = 0; extra <= DECIMALS_MAX - DECIMALS; extra++) {
    const shifted = numerator * 10n ** BigInt(extra);
    if (shifted % denominator === 0n) return decimalOf(shifted / denominator, DECIMALS + extra);
  }
  return undefined;
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

function decimalOf(value: bigint, decimals: number): string {
  const digits = magnitude(value)
    .toString()
    .padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '').padEnd(2, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${fraction}`;
}

/** One price less another, both per unit, as an exact rational. */
export function priceDifference(price: WireTariff, less: WireTariff): WireTariff {
  const amount = BigInt(price.amount) * BigInt(less.per) - BigInt(less.amount) * BigInt(price.per);
  return { amount: amount.toString(), per: (BigInt(price.per) * BigInt(less.per)).toString() };
}

/** 'per GB', 'per minute', 'flat' for a period with any use, or for each period. */
export function perLabel({ per, due }: WireTariff, unit: MeterUnit): string {
  if (per !== '0') return `per ${humanUnitOf(unit).label}`;
  return due === 'period' ? 'a month, used or not' : 'a month, flat';
}

/** A count of units as a person counts them: '900' for 900 GB in bytes. Where it is no short decimal, about right. */
export function writeUnits(units: string, unit: MeterUnit): string {
  const { per } = humanUnitOf(unit);
  const scaled = BigInt(units) * 10n ** BigInt(DECIMALS);
  const text = formatDecimal(nano(scaled / per));
  return scaled % per === 0n ? text : `≈ ${text}`;
}

/** What a price says besides its amount: 'first 100 GB free, 0.30 after 1000 GB, at least 5 a month'. Empty: nothing. */
export function termsText(tariff: WireTariff, unit: MeterUnit): string {
  const { per, tiers = [], tiering, free, minimum, roundUpTo, accounting } = tariff;
  const { label, per: step } = humanUnitOf(unit);
  const rounding = roundUpTo === step.toString() ? `each ${label}` : `each ${roundUpTo} ${unit}s`;
  return [
    ...(accounting === 'binary' ? ['whole sessions'] : []),
    ...(free === undefined ? [] : [`first ${writeUnits(free, unit)} × ${label} free`]),
    ...tiers.map(
      ({ after, amount }) =>
        `${tiering === 'volume' ? 'all at ' : ''}${writeHumanPrice({ amount, per }, unit)} after ${writeUnits(after, unit)}`,
    ),
    ...(minimum === undefined ? [] : [`at least ${formatDecimal(nano(BigInt(minimum)))} a month`]),
    ...(roundUpTo === undefined ? [] : [`by ${rounding} begun`]),
  ].join(', ');
}
