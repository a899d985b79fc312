import type { LogoImage } from '../../branding/logo-image.ts';
import type { documentAnswer } from '../collecting-answers.ts';

/** How a seller appears on its documents, as it does today: what a document says never changes, its look may. */
export interface DocumentLook {
  readonly name: string;
  /** Of its brand, as on a light ground. */
  readonly accent?: string;
  readonly logo?: Pick<LogoImage, 'widthPixels' | 'heightPixels'> & { readonly path: string };
}

export type DocumentAnswer = ReturnType<typeof documentAnswer>;

/** What puts documents on paper. */
export interface DocumentPrinting {
  lookOf(sellerId: string): Promise<DocumentLook>;
  /** The same facts as the page, as a PDF. */
  pdfOf(document: DocumentAnswer): Promise<Uint8Array>;
}
