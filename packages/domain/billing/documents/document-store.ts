import type { Collection } from '../collection/collection-store.ts';
import type { PayoutCollection } from '../collection/payout-collection.ts';
import type { CollectionBook } from '../collection/postings.ts';
import type { Nano } from '../money.ts';
import type { BillingDocument, DocumentKind, SellerTerms } from './document.ts';

/** What an account says of itself, and of the documents that it issues. */
export interface BillingParty extends SellerTerms {
  readonly legalName: string;
  readonly addressLines: readonly string[];
  /** ISO 3166, two letters. */
  readonly country?: string;
  readonly taxId?: string;
  readonly email?: string;
}

/** An account at whatever collects. */
export interface RailParty {
  readonly payeeId?: string;
  readonly isPayable: boolean;
}

export interface StoredDocument {
  readonly document: BillingDocument;
  /** Of invoices and payout notes. */
  readonly collection?: Collection;
  /** Why its last step failed. */
  readonly failure?: string;
}

/** 'own': of the account itself. 'issued': in its name. 'below': of the account and all below it. */
export const documentScopes = ['own', 'issued', 'below'] as const;
export type DocumentScope = (typeof documentScopes)[number];

export interface DocumentQuery {
  readonly of: DocumentScope;
  readonly kind?: DocumentKind | undefined;
  readonly period?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** What moved in the books of collecting. */
export interface Movement {
  readonly transactionId: string;
  readonly atMs: number;
  /** Who was asked or paid: of what the platform sees, one of those below it. */
  readonly accountId: string;
  readonly accountName: string;
  readonly book: CollectionBook;
  readonly period: string;
  readonly currency: string;
  /** + is to the account's good. */
  readonly amount: Nano;
  /** What happened to which document, such as `paid:2000/doc_…`. */
  readonly sourceRef: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

export interface Closing {
  readonly period: string;
  readonly askedAtMs: number;
  readonly issuedAtMs?: number;
  /** Accounts with something to close, of how many the statement is kept, and of how many the documents are issued. */
  readonly accountCount: number;
  readonly keptCount: number;
  readonly issuedCount: number;
  /** Once it is closed. */
  readonly documentCount: number;
}

export interface RefundRequest {
  readonly accountId: string;
  readonly period: string;
  readonly minorUnits: bigint;
  readonly nowMs: number;
}

export interface SendAgainRequest {
  /** Who is paid. */
  readonly accountId: string;
  readonly documentId: string;
  readonly nowMs: number;
}

/** Documents in the name of a seller, of months from one to another, the oldest first. */
export interface IssuedQuery {
  readonly from: string;
  readonly to: string;
  /** Of the last document that is known. */
  readonly afterId?: string | undefined;
  readonly limit: number;
}

/** What is held of tax for a seller, of one month and currency. */
export interface StoredTax {
  readonly held: PayoutCollection;
  /** Why its last step failed. */
  readonly failure?: string;
}

/** Documents, and how they stand. Every call sees one account and what lies below it. */
export interface DocumentStore {
  party(accountId: string): Promise<BillingParty | undefined>;
  /** 'taken': another seller of the same legal name or tax id has, or had, numbers with this prefix. */
  setParty(accountId: string, party: BillingParty): Promise<'set' | 'taken'>;
  /** What stands before the numbers of its documents: what it said, or what no other seller has. */
  prefixOf(accountId: string): Promise<string>;
  /** With `collectorId`, at the rail of a seller that collects itself. */
  railParty(accountId: string, collectorId?: string): Promise<RailParty>;
  /** Payouts that wait for it are looked at again. */
  setRailParty(accountId: string, party: RailParty, collectorId?: string): Promise<void>;
  /** The newest first. */
  list(accountId: string, query: DocumentQuery): Promise<Page<StoredDocument>>;
  /** Of the account, or of one below it. */
  find(accountId: string, documentId: string): Promise<StoredDocument | undefined>;
  /** Invoices and credit notes, with how the invoices stand. */
  issuedIn(sellerId: string, query: IssuedQuery): Promise<readonly StoredDocument[]>;
  /** The newest month first, at most so many as ten years have; or of one month. */
  heldTaxes(sellerId: string, period?: string): Promise<readonly StoredTax[]>;
  findInvoice(accountId: string, period: string): Promise<StoredDocument | undefined>;
  /** The newest first. */
  movements(accountId: string, page: { cursor?: string | undefined; limit: number }): Promise<Page<Movement>>;
  /** Issues a credit note and asks the rail for the refund; undefined: that much was not paid, or went back already. */
  refund(request: RefundRequest): Promise<BillingDocument | undefined>;
  /**
   * Asks for nothing of an invoice any more: issues a credit note over all of it, and asks the rail to void it. Undefined:
   * something of it was paid, or it is void already.
   */
  cancel(request: Omit<RefundRequest, 'minorUnits'>): Promise<BillingDocument | undefined>;
  /**
   * Says of a payout that what was taken back of it at the rail is to be sent once more, and has that done: so many minor units.
   * Undefined: nothing was, or it is to be sent already. Of tax that is held for a seller, likewise.
   */
  sendAgain(request: SendAgainRequest): Promise<bigint | undefined>;
  /** Months that are closed or being closed, the newest first. */
  closings(): Promise<readonly Closing[]>;
  /** Closes a month without waiting for late use. Whether it was not asked for before. */
  askClosing(period: string): Promise<boolean>;
}
