import { ServiceError } from '@patchbay/kit/errors';
import { beforeEach, describe, expect, test } from 'vitest';
import { collectingHandlers, payStatement, refundStatement, voidStatement } from './collecting-handlers.ts';
import type { InvoiceCollection } from './collection/invoice-collection.ts';
import { MemoryRail } from './collection/memory-rail.testing.ts';
import { RailError } from './collection/rail.ts';
import { noBacking } from './collection/shares.ts';
import { billing } from './definition.ts';
import { type BillingDocument, issue, unsaidTerms } from './documents/document.ts';
import { type MemoryDocuments, memoryDocuments } from './documents/memory-documents.testing.ts';
import { memoryBilling } from './memory-billing.testing.ts';
import { nano } from './money.ts';
import {
  emptyComparisons,
  emptyCustomers,
  emptyLedger,
  emptyReconciliation,
  emptyReminders,
  emptyTrail,
  emptyVerifier,
  memoryOwnCollecting,
  plainPrinting,
} from './plain-ports.testing.ts';
import type { BillingPorts } from './ports.ts';
import { PostingBudget } from './posting-budget.ts';

const nowMs = Date.UTC(2026, 11, 2);
const party = (accountId: string) => ({ accountId, legalName: accountId, addressLines: [] });

let documents: MemoryDocuments;
let rail: MemoryRail;
let ports: BillingPorts;
let audited: unknown[];
let told: object[];
/** What was to be done at once. */
let hurried: string[];

beforeEach(() => {
  [audited, told, hurried] = [[], [], []];
  documents = memoryDocuments();
  rail = new MemoryRail();
  const world = {
    edges: [],
    catalogue: new Map(),
    currency: 'EUR',
    records: [],
    prices: [],
    nowMs: () => nowMs,
  };
  ports = {
    billing: memoryBilling(world),
    posting: new PostingBudget(),
    catalogue: new Map(),
    documents,
    railOf: async () => rail,
    collectorOf: async (accountId) => (accountId.startsWith('test') ? 'test-top' : 'platform'),
    isTest: async (accountId) => accountId.startsWith('test'),
    ledger: emptyLedger,
    printing: plainPrinting,
    trail: emptyTrail,
    verifier: emptyVerifier,
    customers: emptyCustomers,
    reminders: emptyReminders,
    ownCollecting: memoryOwnCollecting(),
    comparisons: emptyComparisons,
    reconciliation: emptyReconciliation,
    checkOwnRail: async () => 'usable',
    webhookUrlOf: (accountId) => `https://patchbay.test/api/stripe/${accountId}`,
    returnUrlOf: (accountId) => `https://patchbay.test/accounts/${accountId}`,
    asked: (what) => {
      hurried.push(what);
    },
  };
});

function contextOf(accountId: string) {
  const chain = accountId === 'platform' ? ['platform'] : ['platform', accountId];
  return {
    actor: { kind: 'platform' as const },
    requestId: 'req_1',
    nowMs: () => nowMs,
    signal: new AbortController().signal,
    entity: { accountId, chain },
    error: (code: string, publicDetail: string) => {
      const found = Object.entries(billing.errors).find(([reason]) => `billing.${reason}` === code);
      return new ServiceError({
        status: 404,
        title: '',
        owner: 'client',
        retry: 'never',
        remedy: '',
        ...found?.[1],
        code,
        publicDetail,
      });
    },
    audit: (change: unknown) => void audited.push(change),
    emit: async (event: string, payload: object, at = accountId) => void told.push({ event, at, ...payload }),
  };
}

const refusalOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (refusal: unknown) => (refusal instanceof ServiceError ? refusal.fields.code : refusal),
  );

/** 20.00 and 3.80 of tax, of which 10.00 are paid. */
function anInvoice(changed: Partial<InvoiceCollection> = {}): BillingDocument {
  const document = issue(
    {
      kind: 'invoice',
      accountId: 'leaf',
      sellerId: 'top',
      period: '2026-11',
      currency: 'EUR',
      lines: [
        {
          kind: 'use',
          key: 'relay.bytes',
          period: '2026-11',
          meter: 'relay.bytes',
          quantity: '1000',
          price: { amount: '20000000', per: '1' },
          amount: nano(20_000_000_000n),
          minorUnits: 2000n,
        },
      ],
      carriedIn: nano(0n),
      residue: nano(0n),
      netMinorUnits: 2000n,
    },
    {
      id: 'doc_invoice',
      sequence: 7,
      seller: party('top'),
      buyer: party('leaf'),
      terms: { ...unsaidTerms, taxName: 'VAT', taxBasisPoints: 1900, numberPrefix: 'TOP' },
      nowMs,
    },
  );
  documents.stored.push({
    document,
    collection: {
      kind: 'invoice',
      documentId: document.id,
      accountId: 'leaf',
      period: '2026-11',
      currency: 'EUR',
      number: document.number,
      sellerName: 'top',
      dueAtMs: nowMs,
      taxMinorUnits: 380n,
      totalMinorUnits: 2380n,
      lines: [],
      shares: [],
      addedKeys: [],
      isSent: true,
      isVoidAsked: false,
      askedRefunds: [],
      takenRefundIds: [],
      state: 'open',
      payUrl: 'https://rail.test/pay',
      paidMinorUnits: 1000n,
      refunds: [],
      disputes: [],
      ...changed,
    },
  });
  return document;
}

describe('sellers', () => {
  const { get, set } = collectingHandlers.sellers;
  test('get 200: who has said nothing is called as its account is, and it says whether anything collects', async () => {
    expect(await get(contextOf('leaf'), {}, { ...ports, railOf: async () => undefined })).toMatchObject({
      legalName: 'LEAF',
      paymentDays: 14,
      isCollecting: false,
      collectedBy: 'platform',
    });
  });

  test('set 200: what is said stands there, and the change is on record', async () => {
    const taxRules = [
      { country: 'FR', name: 'TVA', basisPoints: 2000, reverseCharge: 'businesses' as const },
    ];
    const names = { legalName: 'Leaf GmbH', addressLines: ['1 Way'], country: 'DE' };
    const said = { ...unsaidTerms, numberPrefix: 'LEAF', ...names, taxRules };
    await set(contextOf('leaf'), said, ports);
    expect(await get(contextOf('leaf'), {}, ports)).toMatchObject({ ...said, isCollecting: true });
    expect(audited).toMatchObject([{ target: 'leaf/seller', before: undefined, after: said }]);
    await set(contextOf('leaf'), said, ports);
    expect(told).toEqual([{ event: 'seller.changed', at: 'leaf' }]);
  });

  test('set 200: a prefix that is left out is one that no other has, and later the one that it was (BIL-6)', async () => {
    const names = { ...unsaidTerms, legalName: 'Leaf GmbH', addressLines: [], taxRules: [] };
    expect(await get(contextOf('leaf'), {}, ports)).toMatchObject({ numberPrefix: 'LEAF' });
    expect(await set(contextOf('leaf'), names, ports)).toMatchObject({ numberPrefix: 'LEAF' });
    await set(contextOf('leaf'), { ...names, numberPrefix: 'LF' }, ports);
    expect(await set(contextOf('leaf'), names, ports)).toMatchObject({ numberPrefix: 'LF' });
  });

  test('set 409: two sellers of one name have no numbers in common, and nothing is changed', async () => {
    const said = {
      ...unsaidTerms,
      numberPrefix: 'ONE',
      legalName: 'One Ltd',
      addressLines: [],
      taxRules: [],
    };
    await set(contextOf('leaf'), said, ports);
    expect(await refusalOf(set(contextOf('other'), said, ports))).toBe('billing.number_prefix_taken');
    expect(await get(contextOf('other'), {}, ports)).toMatchObject({ legalName: 'OTHER' });
    expect(audited).toHaveLength(1);
  });
});

describe('documents', () => {
  const { get, list } = collectingHandlers.documents;
  test('list 200: invoices with their number, tax and how they stand', async () => {
    anInvoice();
    const { items } = await list(contextOf('leaf'), { limit: 10, of: 'own' }, ports);
    expect(items).toMatchObject([
      {
        number: 'TOP-I00007',
        netMinorUnits: '2000',
        totalMinorUnits: '2380',
        dueAt: '2026-12-16T00:00:00.000Z',
        standing: { state: 'open', paidMinorUnits: '1000', payUrl: 'https://rail.test/pay' },
      },
    ]);
    expect((await list(contextOf('other'), { limit: 10, of: 'own' }, ports)).items).toEqual([]);
    expect((await list(contextOf('top'), { limit: 10, of: 'issued' }, ports)).items).toHaveLength(1);
  });

  test('get 200: line by line, with its parties', async () => {
    const { id } = anInvoice();
    expect(await get(contextOf('leaf'), { documentId: id }, ports)).toMatchObject({
      seller: { legalName: 'top' },
      lines: [{ service: 'relay', meter: 'bytes', quantity: '1000', minorUnits: '2000' }],
      taxLines: [{ name: 'VAT', minorUnits: '380' }],
    });
  });

  test('getPdf 200: the file is called as the document is', async () => {
    const { id } = anInvoice();
    const { getPdf } = collectingHandlers.documents;
    const { fileName, base64 } = await getPdf(contextOf('leaf'), { documentId: id }, ports);
    expect([fileName, Buffer.from(base64, 'base64').toString()]).toEqual([
      'TOP-I00007.pdf',
      'TOP-I00007 of TOP',
    ]);
  });

  test('getPdf 404: of a document of another account there is none', async () => {
    const { id } = anInvoice();
    const asked = collectingHandlers.documents.getPdf(contextOf('other'), { documentId: id }, ports);
    expect(await refusalOf(asked)).toBe('resource.unknown');
  });

  test('get 404: a document of another account is unknown', async () => {
    const { id } = anInvoice();
    expect(await refusalOf(get(contextOf('other'), { documentId: id }, ports))).toBe('resource.unknown');
  });
});

describe('statements', () => {
  const pay = (of = ports) => payStatement(contextOf('leaf'), { period: '2026-11' }, of);
  test('pay 200: where the rest is paid', async () => {
    anInvoice();
    expect(await pay()).toMatchObject({ payUrl: 'https://rail.test/pay', leftMinorUnits: '1380' });
  });

  test('pay 409: what is paid, or was not asked for yet, has no address', async () => {
    expect(await refusalOf(pay())).toBe('billing.nothing_to_pay');
    anInvoice({ state: 'paid' });
    expect(await refusalOf(pay())).toBe('billing.nothing_to_pay');
    expect(await refusalOf(pay({ ...ports, railOf: async () => undefined }))).toBe('billing.not_collecting');
  });

  const refund = (minorUnits: string, at = 'platform') =>
    refundStatement(contextOf(at), { buyerId: 'leaf', period: '2026-11', minorUnits }, ports);
  test('refund 200: a credit note of what was paid, once', async () => {
    const { id } = anInvoice();
    expect(await refund('600')).toMatchObject({
      kind: 'credit-note',
      correctsId: id,
      totalMinorUnits: '600',
    });
    expect(audited).toHaveLength(1);
    expect(hurried).toEqual(['collecting']);
    // Whose money it is hears of it, and those above it.
    expect(told).toMatchObject([
      { event: 'refunded', at: 'leaf', documentId: expect.not.stringMatching(id) },
    ]);
  });

  test('refund 422: no more than was paid, what is asked for already counted', async () => {
    anInvoice();
    await refund('600');
    expect(await refusalOf(refund('401'))).toBe('billing.refund_exceeds');
    expect(await refund('400')).toMatchObject({ totalMinorUnits: '400' });
  });

  test('refund 403: nobody but the platform gives back what others earned', async () => {
    anInvoice();
    expect(await refusalOf(refund('1', 'top'))).toBe('billing.collector_only');
    expect(documents.stored).toHaveLength(1);
  });

  const cancel = (at = 'platform') =>
    voidStatement(contextOf(at), { buyerId: 'leaf', period: '2026-11' }, ports);
  test('void 200: a credit note over all of an invoice that was not paid, once', async () => {
    const { id } = anInvoice({ paidMinorUnits: 0n, invoiceId: 'in_1' });
    expect(await cancel()).toMatchObject({
      kind: 'credit-note',
      correctsId: id,
      totalMinorUnits: '2380',
      lines: [{ kind: 'cancelled' }],
    });
    expect(audited).toHaveLength(1);
    expect(hurried).toEqual(['collecting']);
    expect(told).toMatchObject([{ event: 'voided', at: 'leaf' }]);
    expect(await refusalOf(cancel())).toBe('billing.already_paid');
  });

  test('void 409: not of what was paid in part, nor where there is none', async () => {
    expect(await refusalOf(cancel())).toBe('billing.nothing_to_pay');
    anInvoice();
    expect(await refusalOf(cancel())).toBe('billing.already_paid');
    expect(documents.stored).toHaveLength(1);
  });

  test('void 403: nobody but the platform stops asking for what others earn of', async () => {
    anInvoice({ paidMinorUnits: 0n });
    expect(await refusalOf(cancel('top'))).toBe('billing.collector_only');
  });

  test('refund 409, void 409: the platform of tests has no say about what is live (C11)', async () => {
    anInvoice();
    // The top of a tree as the platform is, and of another one.
    const top = () => {
      const context = contextOf('test-top');
      return { ...context, entity: { accountId: 'test-top', chain: ['test-top'] } };
    };
    const asked = { buyerId: 'leaf', period: '2026-11' };
    expect(await refusalOf(refundStatement(top(), { ...asked, minorUnits: '1' }, ports))).toBe(
      'billing.nothing_to_pay',
    );
    expect(await refusalOf(voidStatement(top(), asked, ports))).toBe('billing.nothing_to_pay');
    expect(await refusalOf(collectingHandlers.closings.close(top(), { period: '2026-11' }, ports))).toBe(
      'billing.collector_only',
    );
    expect(documents.stored).toHaveLength(1);
  });

  test('refund 403, void 403: what a seller asked for itself, it alone gives back or asks for no more (decision 0017)', async () => {
    anInvoice({ collectorId: 'top' });
    expect(await refusalOf(refund('1', 'platform'))).toBe('billing.collector_only');
    expect(await refusalOf(refund('1', 'elsewhere'))).toBe('billing.collector_only');
    // Once it took its key back nobody could do it.
    expect(await refusalOf(refund('1', 'top'))).toBe('billing.rail_key_gone');
    const credentials = { secretKey: 'rk_live_abcd1234', webhookSecrets: ['whsec_1'] };
    await ports.ownCollecting.connect('top', { credentials, fromPeriod: '2026-11' });
    expect(await refund('1', 'top')).toMatchObject({ totalMinorUnits: '1' });
    const { items } = await collectingHandlers.documents.list(
      contextOf('leaf'),
      { limit: 10, of: 'own' },
      ports,
    );
    expect(items[0]).toMatchObject({ kind: 'invoice', collectedBy: 'seller' });
  });

  test('refund 409: where there is no invoice nothing was paid', async () => {
    expect(await refusalOf(refund('1'))).toBe('billing.nothing_to_pay');
  });
});

describe('payout notes', () => {
  const CENT = 10_000_000n;
  /** 10.00 were earned, of which so much was paid and kept, lost, and sent. */
  const standingOf = async (paid: bigint, lost: bigint, sent: bigint) => {
    const document = { ...anInvoice(), id: 'doc_note', kind: 'payout-note' as const };
    const transfer = { ordinal: 1, transferId: 'tr_1', reversedMinorUnits: 0n, reversalCount: 0 };
    documents.stored.splice(0, documents.stored.length, {
      document,
      collection: {
        kind: 'payout',
        ...{ documentId: document.id, accountId: 'leaf', period: '2026-11', currency: 'EUR' },
        totalMinorUnits: 1000n,
        backing: { weight: nano(1000n * CENT), paid: nano(paid * CENT), lost: nano(lost * CENT) },
        transfers: sent === 0n ? [] : [{ ...transfer, minorUnits: sent }],
      },
    });
    const { items } = await collectingHandlers.documents.list(
      contextOf('leaf'),
      { limit: 10, of: 'own' },
      ports,
    );
    return items[0]?.standing;
  };

  test('list 200: what went back to its payers is lost, and nobody waits for it', async () => {
    expect(await standingOf(400n, 0n, 0n)).toMatchObject({ state: 'waiting', refundedMinorUnits: '0' });
    expect(await standingOf(750n, 0n, 400n)).toMatchObject({ state: 'open', fundedMinorUnits: '750' });
    expect(await standingOf(750n, 250n, 750n)).toMatchObject({ state: 'paid', refundedMinorUnits: '250' });
    expect(await standingOf(750n, 250n, 1000n)).toMatchObject({ state: 'open' });
    expect(await standingOf(0n, 1000n, 0n)).toMatchObject({ state: 'void', refundedMinorUnits: '1000' });
  });
});

describe('payments', () => {
  test('list 200: what moved, and because of which document', async () => {
    documents.moved.push({
      transactionId: 'txn_1',
      atMs: nowMs,
      accountId: 'leaf',
      accountName: 'Leaf',
      book: 'clearing',
      period: '2026-11',
      currency: 'EUR',
      amount: nano(-5n),
      sourceRef: 'refund:re_1/doc_1',
    });
    const { items } = await collectingHandlers.payments.list(contextOf('leaf'), { limit: 10 }, ports);
    expect(items).toMatchObject([
      { what: 'refund', documentId: 'doc_1', amount: '-5', accountId: 'leaf', accountName: 'Leaf' },
    ]);
  });
});

describe('payouts', () => {
  const { get, setUp } = collectingHandlers.payouts;
  const say = (country?: string) =>
    documents.setParty('leaf', {
      ...unsaidTerms,
      numberPrefix: 'LEAF',
      legalName: 'Leaf',
      addressLines: [],
      ...(country === undefined ? {} : { country }),
    });

  test('setUp 200: one payee for an account, however often it is asked, and get 200 says how it stands', async () => {
    await say('DE');
    expect(await get(contextOf('leaf'), {}, ports)).toEqual({ state: 'none' });
    expect(await setUp(contextOf('leaf'), {}, ports)).toMatchObject({ url: 'https://rail.test' });
    const first = await documents.railParty('leaf');
    await setUp(contextOf('leaf'), {}, ports);
    expect(await documents.railParty('leaf')).toEqual(first);
    expect(await get(contextOf('leaf'), {}, ports)).toEqual({ state: 'payable' });
    expect(told).toEqual([{ event: 'payee.changed', at: 'leaf', state: 'payable' }]);
  });

  test('setUp 409: not without a country, nor without anything that pays', async () => {
    await say();
    expect(await refusalOf(setUp(contextOf('leaf'), {}, ports))).toBe('billing.seller_incomplete');
    expect(await refusalOf(setUp(contextOf('leaf'), {}, { ...ports, railOf: async () => undefined }))).toBe(
      'billing.not_collecting',
    );
  });

  const aPayout = (returnedMinorUnits: bigint, collectorId?: string) => {
    const transfer = { ordinal: 1, transferId: 'tr_1', minorUnits: 1000n, reversalCount: 0 };
    documents.stored.splice(0, documents.stored.length, {
      document: { ...anInvoice(), id: 'doc_note', kind: 'payout-note' as const },
      collection: {
        kind: 'payout',
        ...(collectorId === undefined ? {} : { collectorId }),
        ...{ documentId: 'doc_note', accountId: 'leaf', period: '2026-11', currency: 'EUR' },
        totalMinorUnits: 1000n,
        backing: noBacking,
        transfers: [{ ...transfer, reversedMinorUnits: returnedMinorUnits, returnedMinorUnits }],
      },
    });
    // Whoever pays it out sees the notes of those below it.
    documents.find = async (_accountId, id) => documents.stored.find(({ document }) => document.id === id);
  };
  const again = (accountId: string) =>
    collectingHandlers.payouts.sendAgain(contextOf(accountId), { documentId: 'doc_note' }, ports);

  test('sendAgain 200: what was taken back at the rail is asked for at once, and told to whom it is for', async () => {
    aPayout(400n);
    expect(await again('platform')).toMatchObject({ id: 'doc_note' });
    expect((await documents.find('leaf', 'doc_note'))?.collection).toMatchObject({
      sentAgainMinorUnits: 400n,
    });
    expect(audited).toEqual([
      {
        target: 'leaf/documents/doc_note',
        before: { number: anInvoice().number, returnedMinorUnits: '400' },
        after: { number: anInvoice().number, returnedMinorUnits: '0' },
      },
    ]);
    expect(told).toMatchObject([{ event: 'payout.asked-again', at: 'leaf', minorUnits: '400' }]);
    expect(hurried).toEqual(['collecting']);
  });

  test('sendAgain 409: once however often it is asked, and nothing where nothing was taken back', async () => {
    aPayout(400n);
    await again('platform');
    expect(await refusalOf(again('platform'))).toBe('billing.nothing_returned');
    expect((await documents.find('leaf', 'doc_note'))?.collection).toMatchObject({
      sentAgainMinorUnits: 400n,
    });
    aPayout(0n);
    expect(await refusalOf(again('platform'))).toBe('billing.nothing_returned');
    expect(audited).toHaveLength(1);
    // A seller whose key is gone.
    aPayout(400n, 'seller');
    expect(await refusalOf(again('seller'))).toBe('billing.rail_key_gone');
  });

  test('sendAgain 403: nobody but who paid it out', async () => {
    aPayout(400n);
    for (const accountId of ['leaf', 'seller'])
      expect(await refusalOf(again(accountId))).toBe('billing.collector_only');
    aPayout(400n, 'seller');
    expect(await refusalOf(again('platform'))).toBe('billing.collector_only');
    expect(audited).toEqual([]);
  });

  test('sendAgain 404: no document that there is not', async () => {
    documents.stored.length = 0;
    expect(await refusalOf(again('platform'))).toBe('resource.unknown');
    expect(audited).toEqual([]);
  });

  test('setUp 502: what the rail does not do leaves nothing here', async () => {
    await say('DE');
    rail.around = () => {
      throw new RailError('unavailable', 'No answer.');
    };
    expect(await refusalOf(setUp(contextOf('leaf'), {}, ports))).toBe('billing.rail_failed');
    expect(audited).toEqual([]);
    expect(await get(contextOf('leaf'), {}, ports)).toEqual({ state: 'none' });
  });
});

describe('closings', () => {
  const { close, list } = collectingHandlers.closings;
  test('close 200: a month that is over, and list 200 has it', async () => {
    const asked = () => close(contextOf('platform'), { period: '2026-11' }, ports);
    expect(await asked()).toEqual({ period: '2026-11', isNew: true });
    expect(hurried).toEqual(['closing']);
    expect(await asked()).toEqual({ period: '2026-11', isNew: false });
    expect(told).toEqual([{ event: 'closing.asked', at: 'platform', period: '2026-11' }]);
    const { items } = await list(contextOf('platform'), {}, ports);
    expect(items).toMatchObject([
      { period: '2026-11', state: 'settling', accountCount: 3, keptCount: 1, issuedCount: 0 },
    ]);
  });

  test('close 409: not one that goes on', async () => {
    expect(await refusalOf(close(contextOf('platform'), { period: '2026-12' }, ports))).toBe(
      'billing.period_running',
    );
    expect(hurried).toEqual([]);
  });

  test('close 403: of the platform alone', async () => {
    expect(await refusalOf(close(contextOf('leaf'), { period: '2026-11' }, ports))).toBe(
      'billing.collector_only',
    );
  });

  test('list 403: of the platform alone', async () => {
    expect(await refusalOf(list(contextOf('leaf'), {}, ports))).toBe('billing.collector_only');
  });
});
