import { holdsAt } from '../metering/lineage.ts';
import { canonicalDimensions, type Dimensions } from '../metering/usage-record.ts';
import { type Nano, nano, ZERO } from './money.ts';

/** From here on, counted over a period and behind what is free, every `per` units cost `amount`. */
export interface Tier {
  /** Above zero, and above that of the tier before. */
  readonly after: bigint;
  readonly amount: Nano;
}

/**
 * 'graduated': each unit costs what its own tier says. 'volume': all units cost what the tier says that the quantity of
 * the period reaches, so that a little more use can cost less.
 */
export const tierings = ['graduated', 'volume'] as const;
export type Tiering = (typeof tierings)[number];

/** What a price per unit may say besides (BIL-1). All of it is counted over the whole period: see `pool.ts`. */
export interface UnitTerms {
  /** Those after the first, whose amount is that of the price itself. */
  readonly tiers?: readonly Tier[];
  /** Default: 'graduated'. */
  readonly tiering?: Tiering;
  /** Units of a period that cost nothing, before any tier. */
  readonly free?: bigint;
  /** What a period with any use costs at least. */
  readonly minimum?: Nano;
  /** What is not free is billed in steps of so many units: a step that was begun counts whole. */
  readonly roundUpTo?: bigint;
  /** The whole time of each session that used it at all, in place of its own. Default: as it was used (MET-3). */
  readonly accounting?: 'binary';
}

/**
 * What a quantity costs. 'per-unit': `amount` for every `per` units, an exact rational. 'flat': `amount` once for a
 * period with any use. 'fee': `amount` for a whole period, used or not, and its part for as long as it holds.
 */
export type Tariff =
  | ({ readonly kind: 'per-unit'; readonly amount: Nano; readonly per: bigint } & UnitTerms)
  | { readonly kind: 'flat'; readonly amount: Nano }
  | { readonly kind: 'fee'; readonly amount: Nano };

export type UnitTariff = Extract<Tariff, { readonly kind: 'per-unit' }>;

/** Whether all that a price costs in a period depends on how much of it was used: no line of it is multiplied alone. */
export const isPooled = (tariff: Tariff): tariff is UnitTariff =>
  tariff.kind === 'per-unit' &&
  (tariff.tiers !== undefined ||
    tariff.free !== undefined ||
    tariff.minimum !== undefined ||
    tariff.roundUpTo !== undefined);

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

/** The cost of a whole line without terms, multiplied once on its summed quantity and cut off below one nano unit. */
export function amountOf(tariff: Tariff, quantity: bigint): Nano {
  switch (tariff.kind) {
    case 'flat':
      return quantity > 0n ? tariff.amount : ZERO;
    case 'fee':
      return tariff.amount;
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
