import { type Nano, subtract, sum, ZERO } from './money.ts';
import type { EdgeLine } from './rating.ts';

/**
 * 'payable': what an account owes the one above it, below zero. 'receivable': what one below it owes it. The others are
 * between an account and the platform, on both sides, once a period is over (decision 0006). 'charged': what is asked of
 * the account in whole minor units. 'paid-out': what it is paid. 'carry' and 'payout': the fractions of the one and of the
 * other that move from a period to the next; over all periods each of these two sums to zero.
 */
export const ledgerBooks = ['payable', 'receivable', 'charged', 'paid-out', 'carry', 'payout'] as const;
export type LedgerBook = (typeof ledgerBooks)[number];

/** The book in which the seller has its side of a line; the buyer's side of a receivable is a payable. */
export type SellerBook = Exclude<LedgerBook, 'payable'>;

export interface LedgerEntry {
  readonly accountId: string;
  readonly book: LedgerBook;
  readonly counterpartyId: string;
  /** + is to the account's good. */
  readonly amount: Nano;
}

/** Immutable. Its entries sum to zero. */
export interface LedgerTransaction {
  /** Says what was posted, once: a second transaction with this reference is refused by the store. */
  readonly sourceRef: string;
  readonly period: string;
  readonly currency: string;
  readonly entries: readonly LedgerEntry[];
}

/** What the ledger has for one line of an edge in a period and currency: the sum of all transactions, and their count. */
export interface LedgerPosition {
  readonly sellerId: string;
  readonly buyerId: string;
  readonly currency: string;
  readonly book: SellerBook;
  readonly lineKey: string;
  readonly posted: Nano;
  readonly revision: number;
}

/** What a buyer owes its seller for something: use, or a fraction that is carried. */
export interface AccrualLine extends Pick<EdgeLine, 'sellerId' | 'buyerId' | 'currency' | 'key' | 'amount'> {
  /** Default: 'receivable'. */
  readonly book?: SellerBook;
}

export interface AccrualRequest {
  readonly period: string;
  /** All lines of the edges that are accrued, as rated now. */
  readonly lines: readonly AccrualLine[];
  /** All positions of the same edges. One whose line is gone is posted back to zero. */
  readonly positions: readonly LedgerPosition[];
}

export interface Accrual {
  readonly transactions: readonly LedgerTransaction[];
  /** Those that changed. */
  readonly positions: readonly LedgerPosition[];
}

/**
 * What has to be posted so that the ledger says what rating says: for each edge and line the difference to what was
 * posted before. Accruing again without new usage posts nothing.
 */
export function accrue({ period, lines, positions }: AccrualRequest): Accrual {
  const before = new Map(positions.map((position) => [positionKey(position), position]));
  const targets = new Map<string, LedgerPosition>(
    positions.map((position) => [positionKey(position), { ...position, posted: ZERO }]),
  );
  for (const { book = 'receivable', sellerId, buyerId, currency, key: lineKey, amount } of lines) {
    const key = positionKey({ sellerId, buyerId, currency, book, lineKey });
    targets.set(key, {
      sellerId,
      buyerId,
      currency,
      book,
      lineKey,
      posted: amount,
      revision: before.get(key)?.revision ?? 0,
    });
  }
  const transactions: LedgerTransaction[] = [];
  const changed: LedgerPosition[] = [];
  for (const [key, target] of targets) {
    const delta = subtract(target.posted, before.get(key)?.posted ?? ZERO);
    if (delta === 0n) continue;
    const position = { ...target, revision: target.revision + 1 };
    changed.push(position);
    transactions.push({
      sourceRef: `accrual/${period}/${key}/${position.revision}`,
      period,
      currency: position.currency,
      entries: transfer(position, delta),
    });
  }
  return { transactions, positions: changed };
}

/** The two sides of an amount that a buyer owes its seller. */
export function transfer(
  { sellerId, buyerId, book }: Pick<LedgerPosition, 'sellerId' | 'buyerId' | 'book'>,
  amount: Nano,
): LedgerEntry[] {
  const buyerBook = book === 'receivable' ? 'payable' : book;
  return [
    { accountId: buyerId, book: buyerBook, counterpartyId: sellerId, amount: subtract(ZERO, amount) },
    { accountId: sellerId, book, counterpartyId: buyerId, amount },
  ];
}

/** What each account has in the end, of one currency: + to its good. The nets of a tree sum to zero. */
export function netByAccount(transactions: readonly LedgerTransaction[]): Map<string, Nano> {
  const entries = transactions.flatMap((transaction) => transaction.entries);
  return new Map(
    [...Map.groupBy(entries, ({ accountId }) => accountId)].map(([accountId, own]) => [
      accountId,
      sum(own.map(({ amount }) => amount)),
    ]),
  );
}

/** What one position is for, as text: unique in a period. */
export const positionKey = ({
  sellerId,
  buyerId,
  currency,
  book,
  lineKey,
}: Pick<LedgerPosition, 'sellerId' | 'buyerId' | 'currency' | 'book' | 'lineKey'>) =>
  `${currency}/${sellerId}/${buyerId}/${book === 'receivable' ? '' : `${book}:`}${lineKey}`;
