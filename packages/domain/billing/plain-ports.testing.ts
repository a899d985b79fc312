import type { DocumentPrinting } from './documents/printing.ts';
import type { LedgerReader } from './ledger-reader.ts';
import type { LineTrail } from './line-trail.ts';

/** A ledger in which nothing was booked. */
export const emptyLedger: LedgerReader = {
  transactions: async () => ({ items: [] }),
  balances: async () => [],
};

/** Lines that lead nowhere. */
export const emptyTrail: LineTrail = {
  days: async () => undefined,
  sessions: async () => undefined,
  records: async () => undefined,
  linesOfSession: async () => [],
};

/** Documents whose seller is called by its id in capitals, and whose paper says their number alone. */
export const plainPrinting: DocumentPrinting = {
  lookOf: async (sellerId) => ({ name: sellerId.toUpperCase() }),
  pdfOf: async ({ number, look }) => Buffer.from(`${number} of ${look.name}`),
};
