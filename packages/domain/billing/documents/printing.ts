import type { documentAnswer } from '../collecting-answers.ts';
import type { DocumentLook } from './document-look.ts';

export type DocumentAnswer = ReturnType<typeof documentAnswer>;

/** What puts documents on paper. */
export interface DocumentPrinting {
  lookOf(sellerId: string): Promise<DocumentLook>;
  /** The same facts as the page, as a PDF, with the logo of its seller. Who that is, the answer need not say. */
  pdfOf(document: DocumentAnswer, sellerId: string): Promise<Uint8Array>;
}
