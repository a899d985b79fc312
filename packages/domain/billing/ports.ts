import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import type { BillingStore } from './billing-store.ts';
import type { PaymentRail } from './collection/rail.ts';
import type { Reconciliation } from './collection/reconciliation.ts';
import type { ComparisonBook } from './comparison.ts';
import type { CustomerBook } from './customer-links.ts';
import type { DocumentStore } from './documents/document-store.ts';
import type { DocumentPrinting } from './documents/printing.ts';
import type { LedgerReader } from './ledger-reader.ts';
import type { LineTrail } from './line-trail.ts';
import type { OwnCollectingBook, OwnRailCheck, OwnRailCredentials } from './own-collecting.ts';
import type { PostingBudget } from './posting-budget.ts';
import type { ReminderBook } from './reminders.ts';
import type { BookVerifier, MonthRecount } from './verification.ts';

/** What the operations of billing need from the world. */
export interface BillingPorts {
  readonly billing: BillingStore;
  readonly documents: DocumentStore;
  readonly ledger: LedgerReader;
  readonly trail: LineTrail;
  readonly verifier: BookVerifier & MonthRecount;
  readonly customers: CustomerBook;
  readonly reminders: ReminderBook;
  readonly printing: DocumentPrinting;
  /** What collects from an account. Undefined: nothing does, and all else is as with it. */
  railOf(accountId: string): Promise<PaymentRail | undefined>;
  /** The top of an account's tree, which collects from it unless a seller between does. Undefined: there is no such account. */
  collectorOf(accountId: string): Promise<string | undefined>;
  readonly ownCollecting: OwnCollectingBook;
  readonly comparisons: ComparisonBook;
  readonly reconciliation: Reconciliation;
  /** `knownCustomers` are of the rail that the credentials would go on with. */
  checkOwnRail(credentials: OwnRailCredentials, knownCustomers: readonly string[]): Promise<OwnRailCheck>;
  /** Where the own Stripe account of a seller tells what happened. */
  webhookUrlOf(accountId: string): string;
  /** Whether an account is on the books of tests (PRD-1). */
  isTest(accountId: string): Promise<boolean>;
  /** A month was asked to close, or money to move: it is done as soon as what was said is kept, and not in the next round. */
  asked(what: 'closing' | 'collecting'): void;
  /** Where somebody comes back to who said where payouts go. */
  returnUrlOf(accountId: string): string;
  /** Says for each reading of a statement whether it may post: whoever looks often must not fill the ledger. */
  readonly posting: PostingBudget;
  /** What the services declare: only that has a price. */
  readonly catalogue: MeterCatalogue;
}
