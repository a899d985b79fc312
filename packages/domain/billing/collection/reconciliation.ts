import type { Page } from '../documents/document-store.ts';
import type { FoundDifference } from './found-difference.ts';

/** One difference, and the document that it is of. */
export interface KeptDifference extends FoundDifference {
  readonly documentId: string;
  /** Absent of a top-up, which is no document. */
  readonly documentNumber?: string;
  readonly accountId: string;
  readonly period: string;
  readonly currency: string;
}

/** Who collects: without `collectorId` the top of the tree. */
export interface Collecting {
  readonly accountId: string;
  readonly collectorId?: string;
}

/** Documents against what the rail has of them (BIL-6). */
export interface Reconciliation {
  /** Of the newest documents first; `limit` is of documents. */
  list(
    of: Collecting,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<KeptDifference>>;
  /** All that is still watched is read in the next round: of how many documents. */
  readAgain(of: Collecting, nowMs: number): Promise<number>;
}
