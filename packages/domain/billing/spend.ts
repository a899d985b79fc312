import type { UsageCell } from '../metering/roll-up.ts';
import { type Nano, sum, ZERO } from './money.ts';
import type { PriceBook } from './price-book.ts';
import { type EdgeLine, rate } from './rating.ts';

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
  /** Of any range. Cells of other accounts are ignored. */
  readonly cells: readonly UsageCell[];
  readonly book: PriceBook;
}

/**
 * The cost of use at the prices that held when it was used. A flat price is owed once for a period, not for a part of
 * it: its lines are there and cost nothing.
 */
export function spendOf({ accountId, currency, cells, book }: SpendRequest): Spend {
  const own = cells.filter((cell) => cell.accountId === accountId);
  const lines = rate(own, book).lines.map((line) =>
    line.tariff.kind === 'flat' ? { ...line, amount: ZERO } : line,
  );
  return { currency, amount: sum(lines.map(({ amount }) => amount)), lines };
}
