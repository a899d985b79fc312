import type { UsageCell } from '../metering/roll-up.ts';
import { canonicalDimensions } from '../metering/usage-record.ts';
import { cutAndCarry, halfEven, minorUnitOf, type Nano, nano, split, subtract, sum, ZERO } from './money.ts';
import type { Period } from './period.ts';
import type { PriceBook } from './price-book.ts';
import { type EdgeLine, type RatedCell, rate } from './rating.ts';

/** The share of one account in a payable line: the account's own use, or a child's with all below it. */
export interface LinePart {
  readonly accountId: string;
  readonly quantity: bigint;
  readonly amount: Nano;
}

export interface PayableLine extends EdgeLine {
  /** They sum to the line, exactly. */
  readonly parts: readonly LinePart[];
}

export interface ReceivableLine extends EdgeLine {
  /** What this use costs the account itself: the child's part of the account's own lines. */
  readonly cost: Nano;
  /** amount − cost. Below zero the account subsidises its child (BIL-2). */
  readonly margin: Nano;
}

export interface ChildStatement {
  readonly accountId: string;
  /** The child's. */
  readonly currency: string;
  readonly receivable: Nano;
  readonly cost: Nano;
  readonly margin: Nano;
  readonly lines: readonly ReceivableLine[];
}

/** What all children that count in one currency owe, and what of it the account earns. */
export interface CurrencyTotal {
  readonly currency: string;
  readonly receivable: Nano;
  readonly margin: Nano;
}

/**
 * What an account gets for a period out of its margin (BIL-4), cut off to whole minor units so that nothing unearned
 * leaves. A subsidy is no payout below zero: it is in what the account owes, and leaves what is carried as it was.
 */
export interface Payout {
  /** What the cut of the period before left over. */
  readonly carriedIn: Nano;
  readonly minorUnits: bigint;
  /** Carried to the next period. */
  readonly residue: Nano;
}

/** What the ledger has from the period before: fractions of minor units. */
export interface Carried {
  readonly due: Nano;
  readonly payout: Nano;
}

export interface Statement {
  readonly accountId: string;
  readonly period: Period;
  /** The account's own, in which it pays and in which its children do. Only the platform has children of others. */
  readonly currency: string;
  /** What the account owes its seller. */
  readonly payable: Nano;
  /** What its children owe it, in `currency`. */
  readonly receivable: Nano;
  /** receivable − what the children's use costs it, in `currency`. */
  readonly margin: Nano;
  /** What its children owe it by currency, the own one first: sums of two currencies mean nothing. */
  readonly totals: readonly CurrencyTotal[];
  /** What the rounding of the period before left over: it is due now. */
  readonly carriedIn: Nano;
  /** payable + carriedIn in minor units, rounded once, half to even. */
  readonly totalMinorUnits: bigint;
  /** payable + carriedIn − the rounded total: carried to the next period. */
  readonly residue: Nano;
  readonly payout: Payout;
  readonly lines: readonly PayableLine[];
  readonly children: readonly ChildStatement[];
}

export interface StatementRequest {
  readonly accountId: string;
  readonly period: Period;
  /** The account's. */
  readonly currency: string;
  /** Of the account and of its children, within the period. Cells of others are ignored. */
  readonly cells: readonly UsageCell[];
  readonly book: PriceBook;
  /** Nothing, if absent. */
  readonly carried?: Carried;
}

/** One statement: what an account owes, what it is owed and what it earns, line by line and child by child (BIL-4). */
export function statementOf(request: StatementRequest): Statement {
  const { accountId, period, currency, cells, book, carried = { due: ZERO, payout: ZERO } } = request;
  const { lines, cells: rated } = rate(cells, book);
  const shares = shareLines(accountId, lines, rated);
  const payableLines = lines
    .filter(({ buyerId }) => buyerId === accountId)
    .map((line) => ({ ...line, parts: partsOf(shares.get(payableKeyOf(line)) ?? []) }));
  const children = childStatements(
    lines.filter(({ sellerId }) => sellerId === accountId),
    costByLine(shares),
  );
  const payable = sum(payableLines.map(({ amount }) => amount));
  const totals = totalsOf(currency, children);
  const unit = minorUnitOf(currency);
  const due = nano(payable + carried.due);
  const totalMinorUnits = halfEven(due, unit);
  return {
    accountId,
    period,
    currency,
    payable,
    receivable: totals[0].receivable,
    margin: totals[0].margin,
    totals,
    carriedIn: carried.due,
    totalMinorUnits,
    residue: nano(due - totalMinorUnits * unit),
    payout: payoutOf(totals[0].margin, carried.payout, unit),
    lines: payableLines,
    children,
  };
}

function payoutOf(margin: Nano, carriedIn: Nano, unit: Nano): Payout {
  const { units, carry } =
    margin < 0n ? { units: 0n, carry: carriedIn } : cutAndCarry(carriedIn, margin, unit);
  return { carriedIn, minorUnits: units, residue: carry };
}

function totalsOf(
  own: string,
  children: readonly ChildStatement[],
): readonly [CurrencyTotal, ...CurrencyTotal[]] {
  const inCurrency = Map.groupBy(children, ({ currency }) => currency);
  const total = (currency: string): CurrencyTotal => {
    const ofCurrency = inCurrency.get(currency) ?? [];
    return {
      currency,
      receivable: sum(ofCurrency.map(({ receivable }) => receivable)),
      margin: sum(ofCurrency.map(({ margin }) => margin)),
    };
  };
  const others = [...inCurrency.keys()].filter((currency) => currency !== own).sort();
  return [total(own), ...others.map(total)];
}

/** The share of a payable line that one line of one child caused; of the account itself, no `childLine`. */
interface Share {
  readonly accountId: string;
  readonly childLine?: string;
  readonly quantity: bigint;
  readonly amount: Nano;
}

/** Splits each payable line over those who caused it, so that parts and costs sum to it to the last nano unit. */
function shareLines(
  accountId: string,
  lines: readonly EdgeLine[],
  rated: readonly RatedCell[],
): Map<string, Share[]> {
  const lineOfUse = new Map(
    rated
      .filter(({ cell }) => cell.accountId === accountId)
      .map(({ cell, lineKey, sellerId }) => [useOf(cell), payableKeyOf({ key: lineKey, sellerId })]),
  );
  const quantities = new Map<string, Map<string, Share>>();
  const addShare = (payableKey: string, share: Omit<Share, 'amount'>) => {
    const ofLine = quantities.get(payableKey) ?? new Map<string, Share>();
    const key = `${share.accountId} ${share.childLine ?? ''}`;
    ofLine.set(key, { ...share, quantity: (ofLine.get(key)?.quantity ?? 0n) + share.quantity, amount: ZERO });
    quantities.set(payableKey, ofLine);
  };
  for (const { cell, lineKey, sellerId } of rated) {
    const payableKey = lineOfUse.get(useOf(cell));
    if (payableKey === undefined) continue;
    if (cell.accountId === accountId && cell.own > 0n)
      addShare(payableKey, { accountId, quantity: cell.own });
    if (sellerId === accountId) {
      addShare(payableKey, { accountId: cell.accountId, childLine: lineKey, quantity: cell.inclusive });
    }
  }
  return new Map(
    lines
      .filter(({ buyerId }) => buyerId === accountId)
      .map((line) => {
        const key = payableKeyOf(line);
        return [key, divide(line.amount, [...(quantities.get(key)?.values() ?? [])])];
      }),
  );
}

function divide(amount: Nano, shares: readonly Share[]): Share[] {
  const sorted = [...shares].sort((left, right) => (shareKey(left) < shareKey(right) ? -1 : 1));
  const amounts = split(
    amount,
    sorted.map(({ quantity }) => quantity),
  );
  return sorted.map((share, index) => ({ ...share, amount: amounts[index] ?? ZERO }));
}

function partsOf(shares: readonly Share[]): LinePart[] {
  return [...Map.groupBy(shares, ({ accountId }) => accountId)].map(([accountId, ofAccount]) => ({
    accountId,
    quantity: ofAccount.reduce((total, { quantity }) => total + quantity, 0n),
    amount: sum(ofAccount.map(({ amount }) => amount)),
  }));
}

/** What each line of each child costs the account, by child and line. */
function costByLine(shares: ReadonlyMap<string, readonly Share[]>): Map<string, Nano> {
  const costs = new Map<string, Nano>();
  for (const share of [...shares.values()].flat()) {
    if (share.childLine === undefined) continue;
    const key = `${share.accountId} ${share.childLine}`;
    costs.set(key, nano((costs.get(key) ?? 0n) + share.amount));
  }
  return costs;
}

function childStatements(lines: readonly EdgeLine[], costs: ReadonlyMap<string, Nano>): ChildStatement[] {
  return [...Map.groupBy(lines, ({ buyerId }) => buyerId)].map(([accountId, ofChild]) => {
    const currency = ofChild[0]?.currency ?? '';
    const withMargins = ofChild.map((line) => {
      const cost = costs.get(`${accountId} ${line.key}`) ?? ZERO;
      return { ...line, cost, margin: subtract(line.amount, cost) };
    });
    const receivable = sum(withMargins.map(({ amount }) => amount));
    const cost = sum(withMargins.map((line) => line.cost));
    return { accountId, currency, receivable, cost, margin: subtract(receivable, cost), lines: withMargins };
  });
}

/** An account that moved within the period has lines to two sellers. */
const payableKeyOf = ({ sellerId, key }: { sellerId: string; key: string }): string => `${sellerId} ${key}`;
const useOf = ({ atMs, meter, dimensions }: UsageCell): string =>
  `${atMs} ${meter} ${canonicalDimensions(dimensions)}`;
const shareKey = ({ accountId, childLine }: Share): string => `${accountId} ${childLine ?? ''}`;
