import type { CollectionBook } from './collection/postings.ts';
import { collectionBooks } from './collection/postings.ts';
import type { Page } from './documents/document-store.ts';
import { type LedgerBook, ledgerBooks } from './ledger.ts';
import type { Nano } from './money.ts';

/** All books: those of use, and those of collecting. */
export const allBooks = [...ledgerBooks, ...collectionBooks] as const;
export type AnyBook = LedgerBook | CollectionBook;

export interface BookedEntry {
  readonly accountId: string;
  readonly book: AnyBook;
  readonly counterpartyId: string;
  readonly currency: string;
  /** + is to the good of the account whose entry it is. */
  readonly amount: Nano;
}

export interface BookedTransaction {
  readonly id: string;
  readonly atMs: number;
  readonly period: string;
  readonly sourceRef: string;
  /** Those of the account and of accounts below it: of nobody above, so they need not sum to zero. */
  readonly entries: readonly BookedEntry[];
}

/** An entry with what its transaction says. */
export interface ExportedEntry extends BookedEntry {
  readonly transactionId: string;
  readonly atMs: number;
  readonly period: string;
  readonly sourceRef: string;
}

export interface ExportQuery {
  /** The first and the last month. */
  readonly from: string;
  readonly to: string;
  readonly book?: AnyBook | undefined;
  /** 'own': of the account. 'descendants': of all below it too. */
  readonly scope: 'own' | 'descendants';
  /** As it came with the part before. */
  readonly after?: readonly string[] | undefined;
  readonly limit: number;
}

/** What stands in one book for one month. */
export interface BookBalance {
  readonly period: string;
  readonly book: AnyBook;
  readonly currency: string;
  readonly amount: Nano;
  readonly entryCount: number;
}

export interface BookQuery {
  readonly period: string;
  readonly book?: AnyBook | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Reads the ledger of an account: transaction by transaction, and what its books come to. */
export interface LedgerReader {
  /** The newest first. */
  transactions(accountId: string, query: BookQuery): Promise<Page<BookedTransaction>>;
  /** Entry by entry: account after account, month after month, in the order of posting. */
  entries(
    accountId: string,
    query: ExportQuery,
  ): Promise<{ readonly entries: readonly ExportedEntry[]; readonly nextAfter?: readonly string[] }>;
  /** Of all months from one on, the newest first. */
  balances(accountId: string, fromPeriod: string): Promise<readonly BookBalance[]>;
}
