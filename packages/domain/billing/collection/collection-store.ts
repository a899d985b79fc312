import type { InvoiceCollection, Step } from './invoice-collection.ts';
import type { PayoutCollection } from './payout-collection.ts';
import type { CollectionTransaction } from './postings.ts';

export type Collection = InvoiceCollection | PayoutCollection;

/** A step that was begun: what it had for an effect is not known before its answer is. */
export interface PendingStep extends Step {
  readonly sinceMs: number;
}

/** One document's collecting, with all that a change of it depends on. */
export interface HeldCollection {
  readonly collection: Collection;
  readonly pending?: PendingStep;
  /** Steps that the rail refused: a refusal is remembered under its key, so the next has another. */
  readonly refusedCount: number;
  /** Why the last step failed. */
  readonly failure?: string;
  /** Of an invoice: the payout notes of those who earn of it. */
  readonly notes: readonly PayoutCollection[];
  /** Of a payout: the others of its account. */
  readonly others: readonly PayoutCollection[];
  /** Who collects: the top of the tree, or a seller that does so itself. */
  readonly platformId: string;
  /** Of the account, at the rail, as far as it has them. */
  readonly customerId?: string;
  readonly payeeId?: string;
  readonly name: string;
  readonly email?: string;
}

export interface CollectionChange {
  readonly collection?: Collection;
  /** Null: there is none any more. Absent: as before. */
  readonly pending?: PendingStep | null;
  readonly refusedCount?: number;
  /** Null: it went on, and so did all that had failed without a reason. */
  readonly failure?: string | null;
  readonly customerId?: string;
  /** Those that changed. */
  readonly notes?: readonly PayoutCollection[];
  readonly transactions?: readonly CollectionTransaction[];
  /** When to look again without being told. Infinity: never. */
  readonly nextAtMs?: number;
}

export interface CollectionStore {
  /** Documents whose time has come, the longest due first. */
  due(nowMs: number, countMax: number): Promise<readonly string[]>;
  /**
   * Reads one document's collecting and writes what `change` makes of it, in one transaction, with everything that it
   * was read from held meanwhile: nothing comes between. Transactions that were posted before are left out. Returns what
   * stands there then; undefined, where there is no such document.
   */
  change(
    documentId: string,
    change: (held: HeldCollection) => CollectionChange | undefined,
  ): Promise<HeldCollection | undefined>;
  /**
   * Keeps that one document could not be brought on for a reason that nobody foresaw, without a look at what it says: that may
   * be what is wrong. `againAtMs` says when it is tried again, after so many faults in a row.
   */
  fault(
    documentId: string,
    fault: { readonly failure: string; readonly againAtMs: (faultCount: number) => number },
  ): Promise<void>;
}
