import type { UsageCell } from '../metering/roll-up.ts';
import { canonicalOnce } from '../metering/usage-record.ts';
import { minorUnitOf, type Nano, nano, settlementStepOf, split, subtract, sum, ZERO } from './money.ts';
import { Nested } from './nested.ts';
import type { Collector } from './own-collecting.ts';
import type { Period } from './period.ts';
import type { PriceBook } from './price-book.ts';
import { type EdgeLine, type RatedSession, type Rating, rate } from './rating.ts';
import { isBinary, type SessionCell, usesKey } from './session-cells.ts';
import { type Settlement, settle } from './settlement.ts';

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

/** What the ledger has from the period before: fractions of minor units. */
export interface Carried {
  readonly charge: Nano;
  readonly payout: Nano;
}

/** Whom an account bought from, for a part of a period: an account that moved bought from several. Half-open. */
export interface PeriodSeller {
  readonly sellerId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Statement extends Settlement {
  readonly accountId: string;
  readonly period: Period;
  /** The account's own, in which it pays and in which its children do. Only the platform has children of others. */
  readonly currency: string;
  /** In the order of time. The platform buys from nobody. */
  readonly sellers: readonly PeriodSeller[];
  /** What all the account's use costs at its seller's price, that of its children included: ownUse + passedThrough. */
  readonly payable: Nano;
  /** What its children's use costs them at its own price, in `currency`. */
  readonly receivable: Nano;
  /** receivable − passedThrough = margins − subsidies, in `currency`. */
  readonly margin: Nano;
  /** What its children owe it by currency, the own one first: sums of two currencies mean nothing. */
  readonly totals: readonly CurrencyTotal[];
  readonly lines: readonly PayableLine[];
  readonly children: readonly ChildStatement[];
  /** What its children pay comes to the account itself (decision 0017). */
  readonly isOwnCollector: boolean;
  /** Who asks the account and pays out to it, where that was looked for. The platform is asked by nobody. */
  readonly collector?: Collector;
}

export interface StatementRequest {
  readonly accountId: string;
  readonly period: Period;
  /** The account's. */
  readonly currency: string;
  /** Of the account and of its children, within the period. Cells of others are ignored. */
  readonly cells: readonly UsageCell[];
  /** Of the meters whose price here bills the time of sessions: see `binaryMeters`. */
  readonly sessions?: readonly SessionCell[];
  readonly book: PriceBook;
  /** Nothing, if absent. */
  readonly carried?: Carried;
  /** Absent: the account does not collect itself, and who does is not asked. */
  readonly collecting?: { readonly isOwnCollector: boolean; readonly collector?: Collector };
}

/** One statement: what an account owes, what it is owed and what it earns, line by line and child by child (BIL-4). */
export function statementOf(request: StatementRequest): Statement {
  const { accountId, period, currency, cells, book, sessions = [] } = request;
  const { isOwnCollector = false, collector } = request.collecting ?? {};
  const rating = rate(cells, book, { period, accountId, sessions });
  const { lines } = rating;
  const shares = shareLines(accountId, rating);
  const payableLines = [...shares].map(([line, ofLine]) => ({ ...line, parts: partsOf(ofLine) }));
  const children = childStatements(
    lines.filter(({ sellerId }) => sellerId === accountId),
    costByLine(shares),
  );
  const totals = totalsOf(currency, children);
  const { receivable, margin } = totals[0];
  return {
    accountId,
    period,
    currency,
    sellers: sellersOf(accountId, book, period),
    payable: sum(payableLines.map(({ amount }) => amount)),
    receivable,
    margin,
    totals,
    ...settle({
      ownUse: ownUseOf(shares),
      children: children.filter((child) => child.currency === currency),
      carried: request.carried ?? { charge: ZERO, payout: ZERO },
      unit: minorUnitOf(currency),
      step: settlementStepOf(currency),
      isOwnCollector,
    }),
    lines: payableLines,
    children,
    isOwnCollector,
    ...(collector === undefined ? {} : { collector }),
  };
}

function sellersOf(accountId: string, { edges }: PriceBook, period: Period): readonly PeriodSeller[] {
  return edges
    .filter(
      ({ buyerId, fromMs, toMs }) => buyerId === accountId && fromMs < period.toMs && period.fromMs < toMs,
    )
    .map(({ sellerId, fromMs, toMs }) => ({
      sellerId,
      fromMs: Math.max(fromMs, period.fromMs),
      toMs: Math.min(toMs, period.toMs),
    }))
    .sort((left, right) => left.fromMs - right.fromMs);
}

/** What the account used itself, at its seller's price. */
function ownUseOf(shares: ReadonlyMap<EdgeLine, readonly Share[]>): Nano {
  const own = [...shares.values()].flat().filter(({ childLine }) => childLine === undefined);
  return sum(own.map(({ amount }) => amount));
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
  readonly childLine?: EdgeLine;
  readonly quantity: bigint;
  readonly amount: Nano;
}

type OpenShare = Omit<Share, 'amount'>;

/**
 * Splits each payable line over those who caused it, so that parts and costs sum to it to the last nano unit. In the
 * order of the lines.
 */
function shareLines(
  accountId: string,
  { lines, cells: rated, sessions }: Rating,
): Map<EdgeLine, readonly Share[]> {
  const lineOfUse = new Nested<EdgeLine>();
  const sharesOf = new Map<EdgeLine, OpenShare[]>();
  for (const line of lines) if (line.buyerId === accountId) sharesOf.set(line, []);
  /** What sessions were billed for is shared by their time alone, below. */
  const addUse = (line: EdgeLine | undefined, share: OpenShare) => {
    if (line !== undefined && !isBinary(line.tariff)) sharesOf.get(line)?.push(share);
  };
  for (const { cell, line } of rated) {
    if (cell.accountId !== accountId) continue;
    lineOfUse.at(cell.atMs).at(cell.meter).set(canonicalOnce(cell.dimensions), line);
    if (cell.own > 0n) addUse(line, { accountId, quantity: cell.own });
  }
  for (const { cell, line: childLine } of rated) {
    if (childLine.sellerId !== accountId) continue;
    const payable = lineOfUse.at(cell.atMs).at(cell.meter).get(canonicalOnce(cell.dimensions));
    addUse(payable, { accountId: cell.accountId, childLine, quantity: cell.inclusive });
  }
  shareSessions(accountId, sessions, sharesOf);
  return new Map(
    [...sharesOf].map(([line, shares]) => [line, divide(line.amount, orOwn(accountId, shares))]),
  );
}

/** The lines that bill the time of sessions, over those whose sessions they were: each by the time that was counted. */
function shareSessions(
  accountId: string,
  sessions: readonly RatedSession[],
  sharesOf: ReadonlyMap<EdgeLine, OpenShare[]>,
): void {
  const linesOfUses = new Nested<readonly EdgeLine[]>();
  for (const { cell, lines } of sessions) {
    if (cell.accountId !== accountId) continue;
    linesOfUses.at(cell.atMs).at(cell.meter).set(usesKey(cell.uses), lines);
    if (cell.own === 0n) continue;
    for (const line of new Set(lines))
      if (isBinary(line.tariff)) sharesOf.get(line)?.push({ accountId, quantity: cell.own });
  }
  for (const { cell, lines: childLines } of sessions) {
    if (childLines[0]?.sellerId !== accountId) continue;
    const lines = linesOfUses.at(cell.atMs).at(cell.meter).get(usesKey(cell.uses)) ?? [];
    for (const line of new Set(lines)) {
      const childLine = childLines[lines.indexOf(line)];
      if (childLine === undefined || !isBinary(line.tariff)) continue;
      sharesOf.get(line)?.push({ accountId: cell.accountId, childLine, quantity: cell.inclusive });
    }
  }
}

/** A fee that nothing was used for is the account's own. */
const orOwn = (accountId: string, shares: readonly OpenShare[]): readonly OpenShare[] =>
  shares.length === 0 ? [{ accountId, quantity: 0n }] : shares;

function divide(amount: Nano, shares: readonly OpenShare[]): Share[] {
  const [only, ...others] = shares;
  if (only !== undefined && others.length === 0) return [{ ...only, amount }];
  const sorted = [...Map.groupBy(shares, ({ childLine }) => childLine).values()]
    .map(sumOfShares)
    .sort((left, right) => (shareKey(left) < shareKey(right) ? -1 : 1));
  const amounts = split(
    amount,
    sorted.map(({ quantity }) => quantity),
  );
  return sorted.map((share, index) => ({ ...share, amount: amounts[index] ?? ZERO }));
}

function sumOfShares(ofLine: readonly OpenShare[]): OpenShare {
  const [first] = ofLine;
  if (first === undefined) throw new RangeError('A group of shares is never empty.');
  return { ...first, quantity: ofLine.reduce((total, { quantity }) => total + quantity, 0n) };
}

function partsOf(shares: readonly Share[]): LinePart[] {
  const [only, ...others] = shares;
  if (only !== undefined && others.length === 0) {
    const { accountId, quantity, amount } = only;
    return [{ accountId, quantity, amount }];
  }
  return [...Map.groupBy(shares, ({ accountId }) => accountId)].map(([accountId, ofAccount]) => ({
    accountId,
    quantity: ofAccount.reduce((total, { quantity }) => total + quantity, 0n),
    amount: sum(ofAccount.map(({ amount }) => amount)),
  }));
}

/** What each line of each child costs the account. */
function costByLine(shares: ReadonlyMap<EdgeLine, readonly Share[]>): Map<EdgeLine, Nano> {
  const costs = new Map<EdgeLine, Nano>();
  for (const ofLine of shares.values()) {
    for (const { childLine, amount } of ofLine) {
      if (childLine !== undefined) costs.set(childLine, nano((costs.get(childLine) ?? 0n) + amount));
    }
  }
  return costs;
}

function childStatements(lines: readonly EdgeLine[], costs: ReadonlyMap<EdgeLine, Nano>): ChildStatement[] {
  return [...Map.groupBy(lines, ({ buyerId }) => buyerId)].map(([accountId, ofChild]) => {
    const currency = ofChild[0]?.currency ?? '';
    const withMargins = ofChild.map((line) => {
      const cost = costs.get(line) ?? ZERO;
      return { ...line, cost, margin: subtract(line.amount, cost) };
    });
    const receivable = sum(withMargins.map(({ amount }) => amount));
    const cost = sum(withMargins.map((line) => line.cost));
    return { accountId, currency, receivable, cost, margin: subtract(receivable, cost), lines: withMargins };
  });
}

const shareKey = ({ accountId, childLine }: OpenShare): string => `${accountId} ${childLine?.key ?? ''}`;
