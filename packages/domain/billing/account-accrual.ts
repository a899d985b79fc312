import { holdsAt } from '../metering/lineage.ts';
import type { UsageCell } from '../metering/roll-up.ts';
import { type AccrualLine, accrue, type LedgerPosition, type LedgerTransaction } from './ledger.ts';
import { type Nano, negate, sum } from './money.ts';
import { nextPeriod, type Period } from './period.ts';
import type { PriceBook } from './price-book.ts';
import { type Carried, type Statement, statementOf } from './statement.ts';

/** Moves a fraction of a minor unit out of a period, and into the next. */
const CARRY_OUT = 'carry/out';
const CARRY_IN = 'carry/in';

export interface AccountAccrualRequest {
  readonly accountId: string;
  readonly period: Period;
  readonly currency: string;
  readonly cells: readonly UsageCell[];
  readonly book: PriceBook;
  /** What the ledger has of the account's edges: of the period, and what was carried into the next. */
  readonly positions: readonly LedgerPosition[];
  readonly nextPositions: readonly LedgerPosition[];
  readonly nowMs: number;
}

/** What one period of the ledger gets. */
export interface Posting {
  readonly period: string;
  readonly transactions: readonly LedgerTransaction[];
  readonly positions: readonly LedgerPosition[];
}

/**
 * One account's statement, and what has to be posted so that the ledger says the same. Once the period is over, the
 * fraction that its rounded total leaves moves to the next one, and so does the rest of what is paid out; late usage
 * moves them again by the difference.
 */
export function accrueAccount(request: AccountAccrualRequest): {
  readonly statement: Statement;
  readonly postings: readonly Posting[];
} {
  const { accountId, period, currency, cells, book, positions, nextPositions, nowMs } = request;
  const own = positions.filter(({ buyerId }) => buyerId === accountId);
  const statement = statementOf({ accountId, period, currency, cells, book, carried: carriedIn(own) });
  const seller = book.edges.find((edge) => edge.buyerId === accountId && holdsAt(edge, period.toMs - 1));
  const isOver = nowMs >= period.toMs && seller !== undefined;
  const edge = { sellerId: seller?.sellerId ?? '', buyerId: accountId, currency };
  const carry = (key: string, sign: (amount: Nano) => Nano): AccrualLine[] =>
    isOver
      ? [
          { ...edge, book: 'carry', key, amount: sign(statement.residue) },
          // The rest of a payout is owed the other way: by the seller.
          { ...edge, book: 'payout', key, amount: negate(sign(statement.payout.residue)) },
        ]
      : [];
  const current = accrue({
    period: period.name,
    lines: [
      ...statement.lines,
      ...statement.children.flatMap(({ lines }) => lines),
      ...carry(CARRY_OUT, negate),
    ],
    positions: positions.filter(
      ({ book: of, buyerId, lineKey }) =>
        of === 'receivable' || (buyerId === accountId && lineKey === CARRY_OUT),
    ),
  });
  const next = accrue({
    period: nextPeriod(period).name,
    lines: carry(CARRY_IN, (amount) => amount),
    positions: nextPositions.filter(({ buyerId, lineKey }) => buyerId === accountId && lineKey === CARRY_IN),
  });
  return {
    statement,
    postings: [
      { period: period.name, ...current },
      { period: nextPeriod(period).name, ...next },
    ].filter(({ transactions }) => transactions.length > 0),
  };
}

/** What the period before left over, as the ledger has it. */
function carriedIn(own: readonly LedgerPosition[]): Carried {
  const total = (book: LedgerPosition['book']) =>
    sum(own.filter((each) => each.book === book && each.lineKey === CARRY_IN).map(({ posted }) => posted));
  return { due: total('carry'), payout: negate(total('payout')) };
}
