import { type Nano, nano, ZERO } from './money.ts';
import type { Tier, UnitTariff } from './price.ts';

/** A part of a quantity that has one price: '900 at 0.01'. */
export interface Band {
  /** As it is billed: without what rounding up to whole steps would add later. */
  readonly quantity: bigint;
  readonly amount: Nano;
  readonly per: bigint;
  readonly cost: Nano;
}

/** A part of a period's use, by its place in it: from so many units to so many, of so many in all. */
export interface UseRange {
  readonly from: bigint;
  readonly to: bigint;
  readonly total: bigint;
}

/** How many of the first `quantity` units of a period are billed: those that are not free, in whole steps. */
export function billedOf({ free = 0n, roundUpTo = 1n }: UnitTariff, quantity: bigint): bigint {
  const paid = quantity > free ? quantity - free : 0n;
  return ((paid + roundUpTo - 1n) / roundUpTo) * roundUpTo;
}

/**
 * What a range of a period's use costs, price by price. The cost of a range is that of all up to its end less that of all
 * up to its start, each cut off once: so the ranges of a period sum to the whole, wherever they are cut.
 */
export function bandsOf(tariff: UnitTariff, { from, to, total }: UseRange): Band[] {
  const { per, free = 0n } = tariff;
  const steps = stepsOf(tariff, total);
  const [first, last] = [billedOf(tariff, from), billedOf(tariff, to)];
  const freeUnits = atMost(to, free) - atMost(from, free);
  const bands: Band[] = freeUnits > 0n ? [{ quantity: freeUnits, amount: ZERO, per, cost: ZERO }] : [];
  for (const [index, { after, amount }] of steps.entries()) {
    const start = first > after ? first : after;
    const end = atMost(last, steps[index + 1]?.after ?? last);
    if (end <= start) continue;
    const cost = nano(costUpTo(steps, end, per) - costUpTo(steps, start, per));
    bands.push({ quantity: end - start, amount, per, cost });
  }
  return bands;
}

/**
 * After how many more units than `total` something that is billed whole begins: the next step of rounding, and the first
 * step of each tier. Those that have begun are below one.
 */
export function nextStepsOf(tariff: UnitTariff, total: bigint): readonly bigint[] {
  const { free = 0n, roundUpTo = 1n, tiers = [] } = tariff;
  const begun = [0n, ...tiers.map(({ after }) => after - (after % roundUpTo)), billedOf(tariff, total)];
  return begun.map((billed) => free + billed + 1n - total);
}

/** What the unit after `total` costs: nothing while something is free. */
export function nextUnitPrice(
  tariff: UnitTariff,
  total: bigint,
): { readonly amount: Nano; readonly per: bigint } {
  const { per } = tariff;
  const next = total + 1n;
  if (billedOf(tariff, next) === 0n) return { amount: ZERO, per };
  const reached = stepsOf(tariff, next).findLast(({ after }) => after < billedOf(tariff, next));
  return { amount: reached?.amount ?? tariff.amount, per };
}

/** The tiers that hold, the first among them. Of volume tiers that is one, which the whole quantity decides. */
function stepsOf(tariff: UnitTariff, total: bigint): readonly Tier[] {
  const steps: readonly Tier[] = [{ after: 0n, amount: tariff.amount }, ...(tariff.tiers ?? [])];
  if (tariff.tiering !== 'volume') return steps;
  const billed = billedOf(tariff, total);
  const reached = steps.findLast(({ after }) => after < billed);
  return [{ after: 0n, amount: reached?.amount ?? tariff.amount }];
}

/** Cut off once, over all tiers together. */
function costUpTo(steps: readonly Tier[], billed: bigint, per: bigint): bigint {
  let cost = 0n;
  for (const [index, { after, amount }] of steps.entries()) {
    const end = atMost(billed, steps[index + 1]?.after ?? billed);
    if (end > after) cost += (end - after) * amount;
  }
  return cost / per;
}

const atMost = (value: bigint, bound: bigint): bigint => (value < bound ? value : bound);
