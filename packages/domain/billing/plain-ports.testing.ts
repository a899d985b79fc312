import type { Reconciliation } from './collection/reconciliation.ts';
import type { ComparisonBook } from './comparison.ts';
import type { CustomerBook } from './customer-links.ts';
import type { DocumentPrinting } from './documents/printing.ts';
import type { LedgerReader } from './ledger-reader.ts';
import type { LineTrail } from './line-trail.ts';
import { KEY_HINT_LENGTH, type OwnCollecting, type OwnCollectingBook } from './own-collecting.ts';
import type { ReminderBook } from './reminders.ts';
import { type BookVerifier, emptyRun, type MonthRecount } from './verification.ts';

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

/** Sellers that collect themselves, in memory; `above` says who does of which account. */
export function memoryOwnCollecting(above: ReadonlyMap<string, string> = new Map()): OwnCollectingBook {
  const kept = new Map<string, OwnCollecting>();
  return {
    find: async (accountId) => kept.get(accountId),
    knownCustomers: async (accountId) => (kept.has(accountId) ? [`cus_of_${accountId}`] : []),
    async connect(accountId, { credentials, fromPeriod }) {
      const before = kept.get(accountId)?.span.fromPeriod;
      kept.set(accountId, {
        span: { fromPeriod: before ?? fromPeriod },
        keyHint: credentials.secretKey.slice(-KEY_HINT_LENGTH),
        openInvoiceCount: 0,
      });
      return true;
    },
    async disconnect(accountId, { currentPeriod, forgetsKey }) {
      const before = kept.get(accountId);
      if (before === undefined) return { refundingNumbers: [] };
      const { keyHint, ...rest } = before;
      kept.set(accountId, {
        ...rest,
        span: { ...rest.span, toPeriod: currentPeriod },
        ...(forgetsKey || keyHint === undefined ? {} : { keyHint }),
      });
      return { refundingNumbers: [] };
    },
    collectorOf: async (accountId) => above.get(accountId),
    isWithin: async (accountId) => above.has(accountId) || kept.has(accountId),
  };
}

/** Everybody is asked for money. */
export const emptyReconciliation: Reconciliation = {
  list: async () => ({ items: [] }),
  readAgain: async () => 0,
};

export const emptyComparisons: ComparisonBook = {
  accounts: async () => [],
  compare: async () => [],
  customers: async () => [],
  start: async () => 'started',
  end: async () => false,
  setFigures: async () => undefined,
};

/** Nothing is closed. */
export const emptyVerifier: BookVerifier & MonthRecount = {
  closedAccounts: async () => [],
  verify: async (accountId, { name }) => ({
    ...{ accountId, period: name, currency: 'EUR', outcome: 'agrees', goneDayCount: 0, lines: [] },
  }),
  runs: async () => [],
  recount: async (_platformId, { name }) => emptyRun(name, 0),
  forget: async () => undefined,
};

/** Documents whose seller is called by its id in capitals, and whose paper says their number alone. */
export const plainPrinting: DocumentPrinting = {
  lookOf: async ({ accountId }) => ({ name: accountId.toUpperCase() }),
  pdfOfCollected: async ({ period }, { legalName }) => Buffer.from(`${period} of ${legalName}`),
  pdfOf: async ({ number, look }) => Buffer.from(`${number} of ${look.name}`),
};
