import type { UsageCell } from '../metering/roll-up.ts';
import { type AccrualLine, accrue, type LedgerPosition, type LedgerTransaction } from './ledger.ts';
import { minorUnitOf, type Nano, nano, negate, sum } from './money.ts';
import { type Collector, collectorOf, noOwnCollectors, type OwnCollectors } from './own-collecting.ts';
import { nextPeriod, type Period } from './period.ts';
import type { PriceBook } from './price-book.ts';
import type { SessionCell } from './session-cells.ts';
import { type Carried, type Statement, statementOf } from './statement.ts';

/** Moves a fraction of a minor unit out of a period, and into the next. */
const CARRY_OUT = 'carry/out';
export const CARRY_IN = 'carry/in';
/** What of a period becomes money. */
const SETTLEMENT = 'settlement';

export interface AccountAccrualRequest {
  readonly accountId: string;
  readonly period: Period;
  readonly currency: string;
  readonly cells: readonly UsageCell[];
  readonly sessions?: readonly SessionCell[];
  readonly book: PriceBook;
  /** What the ledger has of the account's edges: of the period, and what was carried into the next. */
  readonly positions: readonly LedgerPosition[];
  readonly nextPositions: readonly LedgerPosition[];
  readonly nowMs: number;
  /** Absent: nobody but the top of the tree collects. */
  readonly ownCollectors?: OwnCollectors;
}

/** What one period of the ledger gets. */
export interface Posting {
  readonly period: string;
  readonly transactions: readonly LedgerTransaction[];
  readonly positions: readonly LedgerPosition[];
}

/**
 * One account's statement, and what has to be posted so that the ledger says the same. Once the period is over, the
 * account settles with whoever collects from it: what is asked of it and what is paid out to it leave the period, and the
 * fractions of both move to the next one, to whoever collects then, so that all its entries of the period sum to zero
 * (decisions 0006, 0017). Late usage moves them again by the difference.
 */
export function accrueAccount(request: AccountAccrualRequest): {
  readonly statement: Statement;
  readonly postings: readonly Posting[];
} {
  const statement = statementFor(request);
  return { statement, postings: postingsOf(request, statement, edgeLines(statement)) };
}

/**
 * One account's statement, and whether the ledger has less or more than it. The positions may have the lines of an edge
 * as one, without a key: what is read needs no difference line by line.
 */
export function readAccount(request: AccountAccrualRequest): {
  readonly statement: Statement;
  readonly isBehind: boolean;
} {
  const statement = statementFor(request);
  const postings = postingsOf(request, statement, byEdge(edgeLines(statement)));
  return { statement, isBehind: postings.length > 0 };
}

function statementFor(request: AccountAccrualRequest): Statement {
  const { accountId, period, currency, cells, sessions = [], book, positions } = request;
  const own = positions.filter(({ buyerId }) => buyerId === accountId);
  const { ownCollectors = noOwnCollectors } = request;
  const collector = collectorOf(accountId, { ...book, atMs: period.toMs - 1, own: ownCollectors.period });
  const collecting = {
    isOwnCollector: ownCollectors.period.has(accountId),
    ...(collector === undefined ? {} : { collector }),
  };
  return statementOf({
    accountId,
    period,
    currency,
    cells,
    sessions,
    book,
    carried: carriedIn(own),
    collecting,
  });
}

/** The lines of an account's edges: what it owes, and what its children owe it. */
const edgeLines = ({ lines, children }: Statement): readonly AccrualLine[] => [
  ...lines,
  ...children.flatMap((child) => child.lines),
];

function byEdge(lines: readonly AccrualLine[]): readonly AccrualLine[] {
  const edges = Map.groupBy(lines, ({ sellerId, buyerId, currency }) => `${currency} ${sellerId} ${buyerId}`);
  return [...edges.values()].flatMap((ofEdge) => {
    const [first] = ofEdge;
    return first === undefined ? [] : { ...first, key: '', amount: sum(ofEdge.map(({ amount }) => amount)) };
  });
}

function postingsOf(
  request: AccountAccrualRequest,
  statement: Statement,
  lines: readonly AccrualLine[],
): readonly Posting[] {
  const { accountId, period, currency, book, positions, nextPositions, nowMs } = request;
  const { ownCollectors = noOwnCollectors } = request;
  const { charge, payout, collector } = statement;
  const following = nextPeriod(period);
  // No account moves to where another collects, so the tree of this month says who does in the next.
  const nextCollector = collectorOf(accountId, { ...book, atMs: period.toMs - 1, own: ownCollectors.next });
  const isOver = nowMs >= period.toMs;
  // What is paid out is owed the other way: by whoever collects.
  const carry = (by: Collector | undefined, key: string, sign: (amount: Nano) => Nano): AccrualLine[] =>
    isOver && by !== undefined
      ? [
          {
            sellerId: by.accountId,
            buyerId: accountId,
            currency,
            book: 'carry',
            key,
            amount: sign(charge.residue),
          },
          {
            sellerId: by.accountId,
            buyerId: accountId,
            currency,
            book: 'payout',
            key,
            amount: negate(sign(payout.residue)),
          },
        ]
      : [];
  const unit = minorUnitOf(currency);
  const edge = { sellerId: collector?.accountId ?? '', buyerId: accountId, currency };
  const settlement: AccrualLine[] =
    isOver && collector !== undefined
      ? [
          { ...edge, book: 'charged', key: SETTLEMENT, amount: nano(-charge.minorUnits * unit) },
          { ...edge, book: 'paid-out', key: SETTLEMENT, amount: nano(payout.minorUnits * unit) },
        ]
      : [];
  const current = accrue({
    period: period.name,
    lines: [...lines, ...settlement, ...carry(collector, CARRY_OUT, negate)],
    positions: positions.filter(
      ({ book: of, buyerId, lineKey }) =>
        of === 'receivable' || (buyerId === accountId && lineKey !== CARRY_IN),
    ),
  });
  const next = accrue({
    period: following.name,
    lines: carry(nextCollector, CARRY_IN, (amount) => amount),
    positions: nextPositions.filter(({ buyerId, lineKey }) => buyerId === accountId && lineKey === CARRY_IN),
  });
  return [
    { period: period.name, ...current },
    { period: following.name, ...next },
  ].filter(({ transactions }) => transactions.length > 0);
}

/** What the period before left over, as the ledger has it. */
function carriedIn(own: readonly LedgerPosition[]): Carried {
  const total = (book: LedgerPosition['book']) =>
    sum(own.filter((each) => each.book === book && each.lineKey === CARRY_IN).map(({ posted }) => posted));
  return { charge: total('carry'), payout: negate(total('payout')) };
}
