import { type Nano, nano, sum, ZERO } from './money.ts';
import { amountOf, isPooled, type Tariff } from './price.ts';
import { type Band, bandsOf, nextUnitPrice } from './tiers.ts';

/** How the amount of a line of a pool comes about: its bands, and what it was raised by, sum to it. */
export interface PooledCost {
  readonly bands: readonly Band[];
  /** What the minimum of the period adds. */
  readonly topUp: Nano;
  /** What one unit more would cost at the line's price, as far as the period has come. */
  readonly next: { readonly amount: Nano; readonly per: bigint };
}

/** A line as a pool sees it, while its amount is not known yet. */
export interface PoolLine {
  readonly tariff: Tariff;
  amount: Nano;
  pooled?: PooledCost;
}

/** Use that counts in a pool: in a line of it, or before those and in none. */
export interface PoolUse<Line extends PoolLine> {
  readonly atMs: number;
  readonly quantity: bigint;
  readonly line?: Line;
  readonly tariff: Tariff;
}

/**
 * All use of a period at one edge, meter and filter of a price is one pool, whoever set the price and however often it
 * changed: tiers, allowances, minimums and steps of rounding are of the pool, and count on over the versions of a price
 * (BIL-1). Each version asks its own price for the part of the pool that was used while it held, in the order of time.
 * Volume tiers look at the whole pool. Of several minimums the largest holds, in the last line that has it.
 */
export function pricePool<Line extends PoolLine>(
  uses: readonly PoolUse<Line>[],
  { hasMinimum }: { readonly hasMinimum: boolean },
): void {
  const inOrder = uses.toSorted((left, right) => left.atMs - right.atMs);
  const total = uses.reduce((units, { quantity }) => units + quantity, 0n);
  const ranges = new Map<Line, Band[]>();
  let from = 0n;
  for (const run of runsOf(inOrder)) {
    const to = from + run.quantity;
    if (run.line !== undefined && isPooled(run.tariff)) {
      const known = ranges.get(run.line) ?? [];
      ranges.set(run.line, [...known, ...bandsOf(run.tariff, { from, to, total })]);
    }
    from = to;
  }
  for (const [line, bands] of ranges) {
    if (!isPooled(line.tariff)) continue;
    line.amount = sum(bands.map(({ cost }) => cost));
    line.pooled = { bands: joined(bands), topUp: ZERO, next: nextUnitPrice(line.tariff, total) };
  }
  if (hasMinimum) raiseToMinimum(inOrder);
}

/** Use that comes one after the other at one price. Of several dimension sets in one minute, it is one price as well. */
function runsOf<Line extends PoolLine>(inOrder: readonly PoolUse<Line>[]): PoolUse<Line>[] {
  const runs: PoolUse<Line>[] = [];
  for (const use of inOrder) {
    const last = runs.at(-1);
    if (last !== undefined && last.line === use.line && last.tariff === use.tariff) {
      runs[runs.length - 1] = { ...last, quantity: last.quantity + use.quantity };
    } else runs.push(use);
  }
  return runs;
}

/** Bands of one price as one: a version that another one interrupted has a part of a tier twice. */
function joined(bands: readonly Band[]): Band[] {
  return [...Map.groupBy(bands, ({ amount, per }) => `${amount}/${per}`).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const quantity = same.reduce((units, band) => units + band.quantity, 0n);
    return { ...first, quantity, cost: sum(same.map(({ cost }) => cost)) };
  });
}

/** How lines of one price came about together. Nothing, where they are of a price without terms. */
export function joinPooled(lines: readonly { readonly pooled?: PooledCost }[]): {
  readonly pooled?: PooledCost;
} {
  const costs = lines.flatMap(({ pooled }) => pooled ?? []);
  const last = costs.at(-1);
  if (last === undefined) return {};
  const bands = joined(costs.flatMap((cost) => cost.bands));
  return { pooled: { ...last, bands, topUp: sum(costs.map(({ topUp }) => topUp)) } };
}

function raiseToMinimum<Line extends PoolLine>(inOrder: readonly PoolUse<Line>[]): void {
  const minimumOf = ({ tariff }: PoolUse<Line>) => (isPooled(tariff) ? (tariff.minimum ?? ZERO) : ZERO);
  const minimum = inOrder.map(minimumOf).reduce((most, each) => (each > most ? each : most), ZERO);
  const line = inOrder.findLast((use) => minimumOf(use) === minimum)?.line;
  const lines = new Set(inOrder.flatMap((use) => use.line ?? []));
  const topUp = nano(minimum - sum([...lines].map(({ amount }) => amount)));
  if (topUp <= 0n || line?.pooled === undefined) return;
  line.amount = nano(line.amount + topUp);
  line.pooled = { ...line.pooled, topUp };
}

/** What a quantity costs as all the use of a period under one price: fees whole, tiers and allowances from their start. */
export function costOfPeriod(tariff: Tariff, quantity: bigint): Nano {
  const line: PoolLine = { tariff, amount: amountOf(tariff, quantity) };
  if (quantity > 0n) pricePool([{ atMs: 0, quantity, tariff, line }], { hasMinimum: true });
  return line.amount;
}
