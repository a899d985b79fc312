import type {
  CollectionBook,
  CollectionEntry,
  CollectionTransaction,
} from '../billing/collection/postings.ts';
import { type Nano, nano, ZERO } from '../billing/money.ts';

/** What an account gets in a book: the platform has it the other way round. */
interface Moved {
  readonly accountId: string;
  readonly book: CollectionBook;
  readonly amount: Nano;
}

interface Posting {
  /** Whose balance it is. */
  readonly accountId: string;
  readonly platformId: string;
  readonly period: string;
  readonly currency: string;
  readonly sourceRef: string;
}

function transaction({ platformId, ...posting }: Posting, moved: readonly Moved[]): CollectionTransaction[] {
  const totals = new Map<string, CollectionEntry>();
  const add = (entry: CollectionEntry) => {
    const key = `${entry.accountId} ${entry.book}`;
    totals.set(key, { ...entry, amount: nano((totals.get(key)?.amount ?? ZERO) + entry.amount) });
  };
  for (const { accountId, book, amount } of moved) {
    add({ accountId, book, amount });
    add({ accountId: platformId, book, amount: nano(-amount) });
  }
  const entries = [...totals.values()].filter(({ amount }) => amount !== 0n);
  return entries.length === 0 ? [] : [{ ...posting, entries }];
}

interface GivenCredit extends Posting {
  readonly givenById: string;
  readonly amount: Nano;
}

/** Whoever gives a credit bears it: what the one has more, the other has less. The platform bears its own. */
export const creditGiven = ({
  givenById,
  amount,
  ...posting
}: GivenCredit): readonly CollectionTransaction[] =>
  transaction(posting, [
    { accountId: posting.accountId, book: 'balance', amount },
    { accountId: givenById, book: 'granted', amount: nano(-amount) },
  ]);

/** What nobody used goes back to whoever gave it. */
export const creditEnded = ({
  givenById,
  amount,
  ...posting
}: GivenCredit): readonly CollectionTransaction[] =>
  creditGiven({ ...posting, givenById, amount: nano(-amount) });

/** Use that was paid out of the balance, and is on no invoice yet. */
export const useDrawn = ({ amount, ...posting }: Posting & { readonly amount: Nano }) =>
  transaction(posting, [
    { accountId: posting.accountId, book: 'balance', amount: nano(-amount) },
    { accountId: posting.accountId, book: 'drawn', amount },
  ]);

/** Bought money that is on its way back: it is nobody's to use, and owed. */
export const refundAsked = ({ amount, ...posting }: Posting & { readonly amount: Nano }) =>
  transaction(posting, [
    { accountId: posting.accountId, book: 'balance', amount: nano(-amount) },
    { accountId: posting.accountId, book: 'owed', amount },
  ]);
