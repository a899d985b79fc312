import { holdsAt } from '../metering/lineage.ts';
import { canonicalDimensions, type Dimensions } from '../metering/usage-record.ts';
import { type Nano, nano, ZERO } from './money.ts';

/**
 * What a quantity costs. 'per-unit': `amount` for every `per` units, an exact rational. 'flat': `amount` once for a
 * period with any use. Tiers and allowances (BIL-1) are further kinds; a kind that is not here is not accepted anywhere.
 */
export type Tariff =
  | { readonly kind: 'per-unit'; readonly amount: Nano; readonly per: bigint }
  | { readonly kind: 'flat'; readonly amount: Nano };

/** One price of a billing profile (BIL-2): what `accountId` asks of one child, or of all it has no own price for. */
export interface Price {
  readonly id: string;
  /** The account whose profile this is: the seller. */
  readonly accountId: string;
  /** Absent: all children. */
  readonly childId?: string;
  readonly service: string;
  /** Short name, without the service. */
  readonly meter: string;
  /** Only usage with these dimensions. */
  readonly where: Dimensions;
  readonly tariff: Tariff;
  readonly currency: string;
  /** On a whole minute. */
  readonly fromMs: number;
  /** On a whole minute; Infinity while it holds. */
  readonly toMs: number;
}

/** Digits of `amount` and of `per`: below a billion of the major unit, so that no sum passes what the ledger holds. */
export const TARIFF_DIGITS_MAX = 18;

/** The wire form, in which `per` 0 says flat. */
export interface WireTariff {
  readonly amount: string;
  readonly per: string;
}

/** Throws a RangeError for a price below zero: a subsidy is a child's price below the own one, not a negative price. */
export function tariffFromWire({ amount, per }: WireTariff): Tariff {
  const value = nano(BigInt(amount));
  if (value < 0n) throw new RangeError('A price is not negative.');
  const units = BigInt(per);
  if (units < 0n) throw new RangeError('A price is for a count of units.');
  return units === 0n ? { kind: 'flat', amount: value } : { kind: 'per-unit', amount: value, per: units };
}

export function tariffToWire(tariff: Tariff): WireTariff {
  switch (tariff.kind) {
    case 'flat':
      return { amount: tariff.amount.toString(), per: '0' };
    case 'per-unit':
      return { amount: tariff.amount.toString(), per: tariff.per.toString() };
  }
}

/** The cost of a whole line, multiplied once on its summed quantity and cut off below one nano unit. */
export function amountOf(tariff: Tariff, quantity: bigint): Nano {
  switch (tariff.kind) {
    case 'flat':
      return quantity > 0n ? tariff.amount : ZERO;
    case 'per-unit':
      return nano((quantity * tariff.amount) / tariff.per);
  }
}

/** 'network-discovery.bytes' in its two parts. */
export function splitMeter(qualified: string): { service: string; meter: string } {
  const dot = qualified.indexOf('.');
  return { service: qualified.slice(0, dot), meter: qualified.slice(dot + 1) };
}

/** A usage that asks for its price. */
export interface PricedUse {
  readonly service: string;
  readonly meter: string;
  readonly dimensions: Dimensions;
  readonly atMs: number;
}

/**
 * The price that a profile has for a use: the child's own before the one for all children, then the one that names most
 * dimensions. Between two that name as many, the first in canonical order of their filters.
 */
export const choosePrice = (profile: readonly Price[], childId: string, use: PricedUse): Price | undefined =>
  pricesInOrder(profile, childId, use).find(({ where }) => isMatch(where, use.dimensions));

/** The prices of a profile for one meter at a time, whatever the dimensions: the first whose filter matches is the one. */
export function pricesInOrder(
  profile: readonly Price[],
  childId: string,
  { service, meter, atMs }: Omit<PricedUse, 'dimensions'>,
): readonly Price[] {
  const holding = profile.filter(
    (price) =>
      isFor(price, childId) && price.service === service && price.meter === meter && holdsAt(price, atMs),
  );
  return holding.sort(
    (left, right) =>
      Number(right.childId !== undefined) - Number(left.childId !== undefined) ||
      Object.keys(right.where).length - Object.keys(left.where).length ||
      compareText(canonicalDimensions(left.where), canonicalDimensions(right.where)) ||
      right.fromMs - left.fromMs ||
      compareText(right.id, left.id),
  );
}

/** Whether a use has all the dimensions that a filter names. */
export function isMatch(where: Dimensions, dimensions: Dimensions): boolean {
  for (const name in where) if (dimensions[name] !== where[name]) return false;
  return true;
}

const isFor = ({ childId }: Price, asking: string): boolean => childId === undefined || childId === asking;

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
