import type { UsageCell } from '../metering/roll-up.ts';
import { type Nano, nano, sum, ZERO } from './money.ts';
import { periodAt } from './period.ts';
import { joinPooled } from './pool.ts';
import type { PriceBook } from './price-book.ts';
import { type EdgeLine, rate } from './rating.ts';
import type { SessionCell } from './session-cells.ts';

/** What some use costs one account, as it is read while it accrues. What is owed stands in the statement. */
export interface Spend {
  readonly currency: string;
  readonly amount: Nano;
  readonly lines: readonly EdgeLine[];
}

export interface SpendRequest {
  readonly accountId: string;
  /** The account's. */
  readonly currency: string;
  /** Of any range; a cell does not reach over the end of a period. Cells of other accounts are ignored. */
  readonly cells: readonly UsageCell[];
  /** What the period of the first of them had before: it decides in which tier they begin. Default: nothing. */
  readonly before?: readonly UsageCell[];
  /** The time of sessions, for prices that bill it; of the account alone, and in the same two parts. */
  readonly sessions?: readonly SessionCell[];
  readonly sessionsBefore?: readonly SessionCell[];
  readonly book: PriceBook;
}

/**
 * The cost of use at the prices that held when it was used, period by period. A flat price and a fee are owed once for a
 * period, not for a part of it: their lines are there and cost nothing. The use of a session is taken as if it had come
 * right after what the period had before.
 */
export function spendOf(request: SpendRequest): Spend {
  const { accountId, currency, cells, before = [], sessions = [], sessionsBefore = [], book } = request;
  const byPeriod = <Cell extends UsageCell | SessionCell>(of: readonly Cell[]) =>
    Map.groupBy(
      of.filter((cell) => cell.accountId === accountId),
      ({ atMs }) => periodAt(atMs).name,
    );
  const [used, usedBefore] = [byPeriod(cells), byPeriod(before)];
  const [timed, timedBefore] = [byPeriod(sessions), byPeriod(sessionsBefore)];
  const rated = [...new Set([...used.keys(), ...timed.keys()])].flatMap(
    (period) =>
      rate(used.get(period) ?? [], book, {
        before: usedBefore.get(period) ?? [],
        sessions: timed.get(period) ?? [],
        sessionsBefore: timedBefore.get(period) ?? [],
      }).lines,
  );
  const lines = [...Map.groupBy(rated, ({ sellerId, key }) => `${sellerId} ${key}`).values()].flatMap(asOne);
  return { currency, amount: sum(lines.map(({ amount }) => amount)), lines };
}

/** A line of several periods as one. */
function asOne(ofPeriods: readonly EdgeLine[]): EdgeLine[] {
  const [first] = ofPeriods;
  if (first === undefined) return [];
  const isDueOnce = first.tariff.kind !== 'per-unit';
  return [
    {
      ...first,
      quantity: ofPeriods.reduce((units, { quantity }) => units + quantity, 0n),
      amount: isDueOnce ? ZERO : nano(sum(ofPeriods.map(({ amount }) => amount))),
      ...joinPooled(ofPeriods),
    },
  ];
}
