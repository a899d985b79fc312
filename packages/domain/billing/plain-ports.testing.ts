import type { CustomerBook } from './customer-links.ts';
import type { DocumentPrinting } from './documents/printing.ts';
import type { LedgerReader } from './ledger-reader.ts';
import type { LineTrail } from './line-trail.ts';
import type { ReminderBook } from './reminders.ts';
import type { BookVerifier } from './verification.ts';

/** A ledger in which nothing was booked. */
export const emptyLedger: LedgerReader = {
  transactions: async () => ({ items: [] }),
  entries: async () => ({ entries: [] }),
  balances: async () => [],
};

/** Lines that lead nowhere. */
export const emptyTrail: LineTrail = {
  days: async () => undefined,
  sessions: async () => undefined,
  records: async () => undefined,
  linesOfSession: async () => [],
};

/** Nobody is a customer of anything. */
export const emptyCustomers: CustomerBook = {
  accountsOf: async () => new Map(),
  linksOf: async () => [],
  link: async () => true,
  list: async () => ({ items: [] }),
};

/** Nobody is reminded of anything. */
export const emptyReminders: ReminderBook = {
  terms: async () => [],
  setTerms: async () => undefined,
  sent: async () => ({ items: [] }),
  overdue: async () => [],
};

/** Nothing is closed. */
export const emptyVerifier: BookVerifier = {
  closedAccounts: async () => [],
  verify: async (accountId, { name }) => ({
    ...{ accountId, period: name, currency: 'EUR', outcome: 'agrees', goneDayCount: 0, lines: [] },
  }),
  runs: async () => [],
};

/** Documents whose seller is called by its id in capitals, and whose paper says their number alone. */
export const plainPrinting: DocumentPrinting = {
  lookOf: async (sellerId) => ({ name: sellerId.toUpperCase() }),
  pdfOf: async ({ number, look }) => Buffer.from(`${number} of ${look.name}`),
};
