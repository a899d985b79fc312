import type { documentAnswer } from '../collecting-answers.ts';
import type { DocumentLook } from './document-look.ts';

export type DocumentAnswer = ReturnType<typeof documentAnswer>;

/** What puts documents on paper. */
export interface DocumentPrinting {
  lookOf(sellerId: string): Promise<DocumentLook>;
  /** The same facts as the page, as a PDF. */
  pdfOf(document: DocumentAnswer): Promise<Uint8Array>;
}
