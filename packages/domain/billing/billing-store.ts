import type { ClosedMonth } from './closed-statement.ts';
import type { LedgerBook } from './ledger.ts';
import type { Nano } from './money.ts';
import type { PartyBook } from './parties.ts';
import type { Period } from './period.ts';
import type { Price } from './price.ts';
import type { PricedEdge } from './price-book.ts';
import type { PriceChange } from './price-change.ts';
import type { EdgeCursor, SimulatedChange, SimulationPage } from './simulation.ts';
import type { Spend } from './spend.ts';
import type { Statement } from './statement.ts';

/** What the ledger itself says of an account and period, of use alone: without what was carried. */
export interface LedgerTotals {
  /** In the currency of the statement, as the next one. */
  readonly payable: Nano;
  readonly receivable: Nano;
  /** What was asked of the account and what it was paid, in nano units: nothing before the period is over. */
  readonly charged: Nano;
  readonly paidOut: Nano;
  /** Of all books. */
  readonly entryCount: number;
  /** By currency, that of the statement first. */
  readonly totals: readonly { readonly currency: string; readonly receivable: Nano }[];
}

export interface AccruedStatement {
  readonly statement: Statement;
  readonly ledger: LedgerTotals;
  /** Whether there is use that the ledger does not have yet. Never after posting. */
  readonly isBehind: boolean;
}

export interface PostedEntry {
  readonly transactionId: string;
  readonly atMs: number;
  readonly book: LedgerBook;
  readonly counterpartyId: string;
  readonly currency: string;
  readonly amount: Nano;
  readonly sourceRef: string;
}

export interface EntryPage {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface PostedEntries {
  readonly items: readonly PostedEntry[];
  /** Absent: these were the last. */
  readonly nextCursor?: string;
}

/** The part of the tree and of its profiles that an account's prices depend on. */
export interface ChainPrices {
  /** The account's own. */
  readonly currency: string;
  readonly edges: readonly PricedEdge[];
  readonly prices: readonly Price[];
}

/** Use that asks for its cost: from one whole minute to another. */
export interface SpendQuery {
  readonly accountId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Of this session alone. */
  readonly sessionId?: string;
}

/** Other prices for the use of one period. */
export interface SimulationQuery {
  readonly period: Period;
  readonly change: SimulatedChange;
  readonly cursor?: EdgeCursor | undefined;
  readonly limit: number;
}

export interface LineQuery {
  readonly accountId: string;
  readonly period: Period;
  /** `service.meter`. */
  readonly meter?: string;
}

/** What billing needs from the world. Every call sees one account, what lies below it, and the prices of its chain. */
export interface BillingStore extends PartyBook {
  /**
   * Rates a period anew, posts what the ledger does not have yet, and reads both: they agree, or an alarm is due. All in
   * one transaction; an accrual that came first makes it start again.
   */
  accrue(accountId: string, period: Period): Promise<AccruedStatement>;
  /** Rates a period anew and reads what the ledger says, without posting anything. */
  read(accountId: string, period: Period): Promise<AccruedStatement>;
  /** How a period was closed, with what came of it since. Undefined: it is not closed. */
  readClosed(accountId: string, period: Period): Promise<ClosedMonth | undefined>;
  /** The lines of a period as rated now, of one meter or of all: without what was carried, and without the ledger. */
  readLines(query: LineQuery): Promise<Pick<Statement, 'lines' | 'children'>>;
  /** Accrues every account that used anything, or into which something was carried. Returns how many there were. */
  accrueAll(period: Period): Promise<number>;
  /** Rates a range without posting anything: for reading, as use accrues. */
  spend(query: SpendQuery): Promise<Spend>;
  /** What other prices would have made of a period's use, edge by edge below their account. Nothing is set. */
  simulate(query: SimulationQuery): Promise<SimulationPage>;
  /** Periods with use or a fee, newest first. */
  listPeriods(accountId: string): Promise<readonly Period[]>;
  /** Entries of an account in the order of their posting, `limit` at most; those after `cursor`. */
  listEntries(accountId: string, period: Period, page: EntryPage): Promise<PostedEntries>;
  /** What holds now or will: prices that are over are left out. */
  chainPrices(accountId: string, atMs: number): Promise<ChainPrices>;
  setPrices(change: PriceChange): Promise<void>;
  /** Of accounts at or below one. */
  namesBelow(accountId: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * The oldest of the periods before `period` in which an account has not settled what the ledger says of it: late use
   * that only one side has yet, or a month that was accrued before accounts settled with the platform (decision 0006).
   */
  oldestUnsettled(period: Period): Promise<Period | undefined>;
  /** Transactions that do not sum to zero, and edges whose entries and positions differ in a currency: 0, or an alarm. */
  countMismatches(): Promise<number>;
}
