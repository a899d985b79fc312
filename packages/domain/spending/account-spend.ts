import { type Nano, nano, split, sum, ZERO } from '../billing/money.ts';
import type { Period } from '../billing/period.ts';
import { splitMeter } from '../billing/price.ts';
import type { PriceBook } from '../billing/price-book.ts';
import { type EdgeLine, type Rating, rate } from '../billing/rating.ts';
import { isBinary, type SessionCell } from '../billing/session-cells.ts';
import type { UsageCell } from '../metering/roll-up.ts';

/** What an account's use of one meter in a month comes to by now. */
export interface MeterSpend {
  /** `service.meter`. */
  readonly meter: string;
  readonly service: string;
  /** With all below it, at the price that the account pays. */
  readonly amount: Nano;
  /** The account's own part, which it is asked for (decision 0006). */
  readonly own: Nano;
  /** What of `amount` was there before the day began. */
  readonly beforeDay: Nano;
}

export interface MeterSpendRequest {
  readonly accountId: string;
  readonly period: Period;
  /** Of the account alone, in these meters: all of the month. A cell does not reach over `dayStartMs`. */
  readonly cells: readonly UsageCell[];
  /** The time of sessions, of the meters whose price bills it. */
  readonly sessions: readonly SessionCell[];
  readonly meters: ReadonlySet<string>;
  readonly book: PriceBook;
  readonly dayStartMs: number;
}

/**
 * Rates some meters of one account and month anew, by the function that rates statements. Every meter is rated from its
 * sums, and never by what was added: so the order in which use comes, or that it comes twice, changes nothing. What costs
 * grows with the meters that were touched and not with the records that touched them.
 */
export function spendByMeter(request: MeterSpendRequest): readonly MeterSpend[] {
  const { accountId, period, book, meters, dayStartMs } = request;
  const ratingUntil = (untilMs: number) =>
    rate(
      request.cells.filter(({ atMs }) => atMs < untilMs),
      book,
      { period, accountId, sessions: request.sessions.filter(({ atMs }) => atMs < untilMs) },
    );
  const linesOf = ({ lines }: Rating) =>
    Map.groupBy(
      lines.filter(({ buyerId, meter }) => buyerId === accountId && meters.has(meter)),
      ({ meter }) => meter,
    );
  const all = ratingUntil(period.toMs);
  const nothing = { lines: [], cells: [], sessions: [] };
  const before = linesOf(dayStartMs <= period.fromMs ? nothing : ratingUntil(dayStartMs));
  const owns = ownQuantities(all);
  const lines = linesOf(all);
  return [...meters].map((meter) => {
    const ofMeter = lines.get(meter) ?? [];
    return {
      meter,
      service: splitMeter(meter).service,
      amount: sum(ofMeter.map(({ amount }) => amount)),
      own: sum(ofMeter.map((line) => ownPart(line, owns.get(line) ?? 0n))),
      beforeDay: sum((before.get(meter) ?? []).map(({ amount }) => amount)),
    };
  });
}

/** As a statement shares a line: by what was used, or where it bills the time of sessions, by that time. */
function ownQuantities({ cells, sessions }: Rating): ReadonlyMap<EdgeLine, bigint> {
  const owns = new Map<EdgeLine, bigint>();
  const add = (line: EdgeLine, own: bigint) => owns.set(line, (owns.get(line) ?? 0n) + own);
  for (const { cell, line } of cells) if (!isBinary(line.tariff)) add(line, cell.own);
  for (const { cell, lines } of sessions)
    for (const line of new Set(lines)) if (isBinary(line.tariff)) add(line, cell.own);
  return owns;
}

/** A fee that nothing was used for is the account's own, as in a statement. */
function ownPart({ amount, quantity }: EdgeLine, own: bigint): Nano {
  if (quantity === 0n) return amount;
  return split(amount, [own, quantity - own])[0] ?? ZERO;
}

/** With the tax of the seller: what a balance is for is the whole invoice. */
export const withTax = (amount: Nano, basisPoints: number): Nano =>
  nano((amount * BigInt(10_000 + basisPoints)) / 10_000n);
