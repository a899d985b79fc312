import type { CollectedMonth } from '../collected-tax-operations.ts';
import type { documentAnswer } from '../collecting-answers.ts';
import type { DocumentLook } from './document-look.ts';

export type DocumentAnswer = ReturnType<typeof documentAnswer>;

/** Of a document, whose paper it is. */
export interface PrintedSeller {
  readonly accountId: string;
  /** As the document names it. */
  readonly legalName: string;
}

/** What puts documents on paper. */
export interface DocumentPrinting {
  /** Of its brand. Without one of its own its name is the letterhead, and nothing of anybody above stands on it (PRD-2). */
  lookOf(seller: PrintedSeller): Promise<DocumentLook>;
  /** What was collected in the name of a seller in a month. */
  pdfOfCollected(month: CollectedMonth, seller: PrintedSeller): Promise<Uint8Array>;
  /** The same facts as the page, as a PDF, with the logo of its seller. Who that is, the answer need not say. */
  pdfOf(document: DocumentAnswer, sellerId: string): Promise<Uint8Array>;
}
