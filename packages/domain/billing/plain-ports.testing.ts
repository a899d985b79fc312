import type { DocumentPrinting } from './documents/printing.ts';
import type { LedgerReader } from './ledger-reader.ts';

/** A ledger in which nothing was booked. */
export const emptyLedger: LedgerReader = {
  transactions: async () => ({ items: [] }),
  balances: async () => [],
};

/** Documents whose seller is called by its id in capitals, and whose paper says their number alone. */
export const plainPrinting: DocumentPrinting = {
  lookOf: async (sellerId) => ({ name: sellerId.toUpperCase() }),
  pdfOf: async ({ number, look }) => Buffer.from(`${number} of ${look.name}`),
};
