import type { InvoiceCollection } from '../collection/invoice-collection.ts';
import { isVoidable, refundableOf, voidAsked } from '../collection/invoice-collection.ts';
import { returnedOf, sendingAgain } from '../collection/payout-collection.ts';
import { creditNoteOf } from './credit-note.ts';
import { issue, unsaidTerms } from './document.ts';
import type {
  BillingParty,
  Closing,
  DocumentStore,
  Movement,
  RailParty,
  StoredDocument,
  StoredTax,
} from './document-store.ts';

export interface MemoryDocuments extends DocumentStore {
  readonly stored: StoredDocument[];
  readonly moved: Movement[];
  readonly taxes: StoredTax[];
}

/** Documents in memory. */
export function memoryDocuments(): MemoryDocuments {
  const parties = new Map<string, BillingParty>();
  const railParties = new Map<string, RailParty>();
  const asked: Closing[] = [];
  const stored: StoredDocument[] = [];
  const moved: Movement[] = [];
  const taxes: StoredTax[] = [];
  const of = (accountId: string) => stored.filter(({ document }) => document.accountId === accountId);
  const invoiceOf = (accountId: string, period: string) =>
    of(accountId).find(({ document }) => document.kind === 'invoice' && document.period === period);
  return {
    stored,
    moved,
    taxes,
    party: async (accountId) => parties.get(accountId),
    async setParty(accountId, party) {
      const isTaken = [...parties].some(
        ([id, { numberPrefix, legalName }]) =>
          id !== accountId && numberPrefix === party.numberPrefix && legalName === party.legalName,
      );
      if (isTaken) return 'taken';
      parties.set(accountId, party);
      return 'set';
    },
    prefixOf: async (accountId) => parties.get(accountId)?.numberPrefix ?? accountId.toUpperCase(),
    railParty: async (accountId) => railParties.get(accountId) ?? { isPayable: false },
    setRailParty: async (accountId, party) => void railParties.set(accountId, party),
    list: async (accountId, { kind, period, of: scope }) => ({
      items: (scope === 'issued'
        ? stored.filter(({ document }) => document.sellerId === accountId)
        : of(accountId)
      ).filter(
        ({ document }) =>
          (kind ?? document.kind) === document.kind && (period ?? document.period) === document.period,
      ),
    }),
    find: async (accountId, documentId) => of(accountId).find(({ document }) => document.id === documentId),
    issuedIn: async (sellerId, { from, to, afterId = '', limit }) =>
      stored
        .filter(
          ({ document: { id, sellerId: by, kind, period } }) =>
            by === sellerId &&
            ['invoice', 'credit-note'].includes(kind) &&
            period >= from &&
            period <= to &&
            id > afterId,
        )
        .slice(0, limit),
    heldTaxes: async (sellerId, period) =>
      taxes.filter(({ held }) => held.accountId === sellerId && (period ?? held.period) === held.period),
    findInvoice: async (accountId, period) => invoiceOf(accountId, period),
    movements: async () => ({ items: moved }),
    async refund({ accountId, period, minorUnits, nowMs }) {
      const invoice = invoiceOf(accountId, period);
      const collection = invoice?.collection as InvoiceCollection | undefined;
      if (invoice === undefined || collection === undefined || refundableOf(collection) < minorUnits)
        return undefined;
      const { seller, buyer, id: correctsId, number: correctsNumber } = invoice.document;
      const id = `doc_${stored.length}`;
      const draft = creditNoteOf(invoice.document, { minorUnits, creditedMinorUnits: 0n });
      const document = {
        ...issue(draft, {
          id,
          sequence: 1,
          seller,
          buyer,
          terms: { ...unsaidTerms, numberPrefix: 'D' },
          nowMs,
        }),
        correctsId,
        correctsNumber,
      };
      const askedRefunds = [...collection.askedRefunds, { refundId: id, minorUnits }];
      stored.splice(stored.indexOf(invoice), 1, { ...invoice, collection: { ...collection, askedRefunds } });
      stored.push({ document });
      return document;
    },
    async cancel({ accountId, period, nowMs }) {
      const invoice = invoiceOf(accountId, period);
      const collection = invoice?.collection as InvoiceCollection | undefined;
      if (invoice === undefined || collection === undefined || !isVoidable(collection)) return undefined;
      const { seller, buyer, id: correctsId, number: correctsNumber, totalMinorUnits } = invoice.document;
      const id = `doc_${stored.length}`;
      const draft = creditNoteOf(invoice.document, {
        ...{ minorUnits: totalMinorUnits, creditedMinorUnits: 0n, kind: 'cancelled' },
      });
      const document = {
        ...issue(draft, {
          id,
          sequence: 1,
          seller,
          buyer,
          terms: { ...unsaidTerms, numberPrefix: 'D' },
          nowMs,
        }),
        correctsId,
        correctsNumber,
      };
      stored.splice(stored.indexOf(invoice), 1, { ...invoice, collection: voidAsked(collection, id) });
      stored.push({ document });
      return document;
    },
    async sendAgain({ accountId, documentId }) {
      const tax = taxes.find(({ held }) => held.documentId === documentId);
      const again = tax && sendingAgain(tax.held);
      if (tax !== undefined && again !== undefined) {
        taxes.splice(taxes.indexOf(tax), 1, { held: again });
        return returnedOf(tax.held);
      }
      const payout = of(accountId).find(({ document }) => document.id === documentId);
      const { collection } = payout ?? {};
      if (payout === undefined || collection?.kind !== 'payout') return undefined;
      const after = sendingAgain(collection);
      if (after === undefined) return undefined;
      stored.splice(stored.indexOf(payout), 1, { ...payout, collection: after });
      return returnedOf(collection);
    },
    closings: async () => asked,
    async askClosing(period) {
      if (asked.some((closing) => closing.period === period)) return false;
      asked.push({ period, askedAtMs: 0, accountCount: 3, keptCount: 1, issuedCount: 0, documentCount: 0 });
      return true;
    },
  };
}
