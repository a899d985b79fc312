import { ServiceError } from '@patchbay/kit/errors';
import { domainContext } from '@patchbay/testing/domain-context';
import { beforeEach, describe, expect, test } from 'vitest';
import { collectedTaxHandlers } from './collected-tax-handlers.ts';
import { type CollectedTaxRow, collectedTaxColumns } from './collected-tax-rows.ts';
import { type InvoiceCollection, notAskedYet } from './collection/invoice-collection.ts';
import { noTaxHeld, withTaxHeld } from './collection/payout-collection.ts';
import { billing as definition } from './definition.ts';
import { creditNoteOf } from './documents/credit-note.ts';
import { type BillingDocument, issue, unsaidTerms } from './documents/document.ts';
import { type MemoryDocuments, memoryDocuments } from './documents/memory-documents.testing.ts';
import { nano, parseDecimal, sum, ZERO } from './money.ts';
import { memoryOwnCollecting, plainPrinting } from './plain-ports.testing.ts';
import type { BillingPorts } from './ports.ts';

const CENT = 10_000_000n;
const { list, get, getPdf, export: exported, sendAgain } = collectedTaxHandlers.collectedTaxes;
type Told = ReturnType<typeof domainContext<typeof definition, 'collectedTaxes', 'sendAgain'>>;

let documents: MemoryDocuments;
let ports: BillingPorts;

beforeEach(() => {
  documents = memoryDocuments();
  ports = {
    documents,
    billing: {
      chainPrices: async () => ({ currency: 'EUR', edges: [], prices: [] }),
      namesBelow: async () => new Map([['acc_seller', 'Seller']]),
    },
    printing: plainPrinting,
    ownCollecting: memoryOwnCollecting(),
    collectorOf: async () => 'acc_platform',
    asked: () => undefined,
  } as unknown as BillingPorts;
});

const contextOf = (chain: readonly string[]): Told =>
  domainContext<typeof definition, 'collectedTaxes', 'sendAgain'>(definition, { chain: [...chain] });
type Operation = keyof (typeof definition)['resources']['collectedTaxes']['operations'];
const ofSeller = <K extends Operation>() =>
  domainContext<typeof definition, 'collectedTaxes', K>(definition, { chain: ['acc_platform', 'acc_seller'] })
    .context;
const refusalOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof ServiceError ? error.fields.code : error),
  );

const party = (accountId: string) => ({ accountId, legalName: accountId, addressLines: [] });
const issuing = (id: string, sequence: number) => ({
  ...{ id, sequence, seller: party('acc_seller'), buyer: party(`acc_${id}`), nowMs: 0 },
  terms: {
    ...{ ...unsaidTerms, numberPrefix: 'S' },
    taxRules: [
      { country: 'CA', name: 'GST', basisPoints: 500, reverseCharge: 'none' as const },
      { country: 'CA', name: 'PST', basisPoints: 700, reverseCharge: 'none' as const },
    ],
  },
  taxed: { country: 'CA' },
});

/** 9.99 and 1.20 of two taxes, half of whose net the seller earns. */
function anInvoice(id: string, changed: Partial<InvoiceCollection>): BillingDocument {
  const document = issue(
    {
      ...{
        kind: 'invoice',
        accountId: `acc_${id}`,
        sellerId: 'acc_seller',
        period: '2026-11',
        currency: 'EUR',
      },
      ...{ lines: [], carriedIn: ZERO, residue: ZERO, netMinorUnits: 999n },
    },
    issuing(id, documents.stored.length + 1),
  );
  const { number, totalMinorUnits, taxLines } = document;
  documents.stored.push({
    document,
    collection: {
      ...notAskedYet,
      ...{ kind: 'invoice', documentId: id, accountId: `acc_${id}`, period: '2026-11', currency: 'EUR' },
      ...{ number, sellerName: 'acc_seller', dueAtMs: 0, lines: [], totalMinorUnits, taxMinorUnits: 120n },
      taxes: taxLines.map(({ minorUnits }) => minorUnits),
      taxSellerId: 'acc_seller',
      shares: [{ accountId: 'acc_seller', weight: nano(499n * CENT) }],
      ...changed,
    },
  });
  return document;
}

/** Of the first 5.00 went back, the second is open; 0.67 of tax are held, of which nothing was sent. */
function aMonth(): void {
  const paid = anInvoice('doc_1', {
    ...{ state: 'paid', paidMinorUnits: 1119n },
    refunds: [{ id: 're_1', minorUnits: 500n, state: 'succeeded' }],
  });
  documents.stored.push({
    document: {
      ...issue(creditNoteOf(paid, { minorUnits: 500n, creditedMinorUnits: 0n }), issuing('doc_2', 1)),
      ...{ correctsId: paid.id, correctsNumber: paid.number },
    },
  });
  anInvoice('doc_3', { state: 'open' });
  documents.taxes.push({ held: withTaxHeld(heldIn('2026-11'), 67n) });
}
const heldIn = (period: string) => noTaxHeld({ period, currency: 'EUR' }, 'acc_seller');

describe('what was collected in the name of a seller (decision 0023)', () => {
  test('list 200: by month, what of it is tax, and was passed on or is held', async () => {
    aMonth();
    const { items } = await list(ofSeller(), {}, ports);
    expect(items).toEqual([
      {
        ...{ period: '2026-11', currency: 'EUR', paidTaxMinorUnits: '67', passedOnMinorUnits: '0' },
        ...{ setOffMinorUnits: '0', heldMinorUnits: '67', returnedMinorUnits: '0' },
      },
    ]);
  });

  test('get 200: net and each tax of invoices less credit notes, and where what was paid of them went', async () => {
    aMonth();
    const month = await get(ofSeller(), { period: '2026-11' }, ports);
    expect(month).toMatchObject({
      ...{ sellerName: 'acc_seller', documentCount: 3, netMinorUnits: '1551', totalMinorUnits: '1738' },
      taxes: [
        { name: 'GST', basisPoints: 500, minorUnits: '78' },
        { name: 'PST', basisPoints: 700, minorUnits: '109' },
      ],
      ...{ paidMinorUnits: '619', paidTaxMinorUnits: '67', heldMinorUnits: '67' },
      documents: [
        { number: 'S-I00001', paidMinorUnits: '619', paidTaxMinorUnits: '67' },
        { number: 'S-C00001', correctsNumber: 'S-I00001', netMinorUnits: '-447', totalMinorUnits: '-500' },
        { number: 'S-I00003', paidMinorUnits: '0' },
      ],
    });
    // What is paid of them is tax, earned, or passed through: nothing is left out.
    const { paidMinorUnits, paidTaxMinorUnits, earned, passedThrough } = month;
    expect(BigInt(earned) + BigInt(passedThrough)).toBe(
      (BigInt(paidMinorUnits) - BigInt(paidTaxMinorUnits)) * CENT,
    );
    expect(BigInt(earned) / CENT).toBe(275n);
  });

  test('get 200: of a month in which nothing was sold, nothing, and of an invoice before this no tax is held', async () => {
    expect(await get(ofSeller(), { period: '2026-10' }, ports)).toMatchObject({
      ...{ documentCount: 0, paidMinorUnits: '0', heldMinorUnits: '0', sellerName: 'Seller', documents: [] },
    });
    anInvoice('doc_1', { state: 'paid', paidMinorUnits: 1119n });
    const [stored] = documents.stored;
    if (stored?.collection?.kind !== 'invoice') throw new Error('There is no invoice.');
    const { taxSellerId: _, ...before } = stored.collection;
    documents.stored.splice(0, 1, { ...stored, collection: before });
    const month = await get(ofSeller(), { period: '2026-11' }, ports);
    expect(month).toMatchObject({ paidMinorUnits: '1119', paidTaxMinorUnits: '0' });
  });

  test('get 200: where it collects itself all that was paid is with it, its tax too', async () => {
    anInvoice('doc_1', { state: 'paid', paidMinorUnits: 1119n, collectorId: 'acc_seller', shares: [] });
    const month = await get(ofSeller(), { period: '2026-11' }, ports);
    expect(month).toMatchObject({ paidTaxMinorUnits: '120', passedThrough: '0', heldMinorUnits: '0' });
    expect(BigInt(month.earned)).toBe(999n * CENT);
  });

  test('getPdf 200: the same as a file that is called after its month', async () => {
    aMonth();
    const { fileName, base64 } = await getPdf(ofSeller(), { period: '2026-11' }, ports);
    expect([fileName, Buffer.from(base64, 'base64').toString()]).toEqual([
      'tax-2026-11.pdf',
      '2026-11 of acc_seller',
    ]);
  });

  test('export 200: a row for each tax of each document, in parts, whose columns sum to the month', async () => {
    aMonth();
    const rows: CollectedTaxRow[] = [];
    for (let after: string | undefined; ; ) {
      const part = await exported(
        ofSeller(),
        { from: '2026-11', limit: 1, ...(after === undefined ? {} : { after }) },
        ports,
      );
      rows.push(...part.rows);
      after = part.nextAfter;
      if (after === undefined) break;
    }
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual([...collectedTaxColumns].sort());
    const total = (column: (typeof collectedTaxColumns)[number]) =>
      sum(rows.flatMap((row) => (row[column] === '' ? [] : [parseDecimal(row[column])]))) / CENT;
    expect(rows).toHaveLength(6);
    expect([total('net'), total('tax'), total('gross'), total('paid'), total('paidTax')]).toEqual([
      ...[1551n, 187n, 1738n, 619n, 67n],
    ]);
    expect(rows[0]).toMatchObject({
      number: 'S-I00001',
      taxName: 'GST',
      taxPercent: '5',
      buyerId: 'acc_doc_1',
    });
    expect(rows[1]).toMatchObject({ number: 'S-I00001', taxName: 'PST', net: '', paid: '' });
  });
});

describe('what was taken back of it at the rail by hand', () => {
  const transfer = {
    ordinal: 1,
    transferId: 'tr_1',
    minorUnits: 67n,
    reversedMinorUnits: 67n,
    reversalCount: 0,
  };
  const taken = (collectorId?: string) =>
    documents.taxes.push({
      held: {
        ...withTaxHeld(heldIn('2026-11'), 67n),
        ...(collectorId === undefined ? {} : { collectorId }),
        transfers: [{ ...transfer, returnedMinorUnits: 67n }],
      },
    });
  const again = (chain: readonly string[], told = contextOf(chain)) =>
    sendAgain(told.context, { sellerId: 'acc_seller', period: '2026-11' }, ports);

  test('sendAgain 200: it is asked for at once, is on record, and told to its seller', async () => {
    taken();
    const told = contextOf(['acc_platform']);
    expect(await again(['acc_platform'], told)).toMatchObject({
      returnedMinorUnits: '0',
      heldMinorUnits: '67',
    });
    expect(told.audited).toMatchObject([
      { target: 'acc_seller/collected-taxes/2026-11', before: { returnedMinorUnits: '67' } },
    ]);
  });

  test('sendAgain 409: once however often it is asked, and not by a key that is gone', async () => {
    taken();
    await again(['acc_platform']);
    expect(await refusalOf(again(['acc_platform']))).toBe('billing.nothing_returned');
    documents.taxes.length = 0;
    taken('acc_own');
    expect(await refusalOf(again(['acc_platform', 'acc_own']))).toBe('billing.rail_key_gone');
  });

  test('sendAgain 403: nobody but who passed it on, whatever there is', async () => {
    expect(await refusalOf(again(['acc_other']))).toBe('billing.collector_only');
    taken();
    expect(await refusalOf(again(['acc_other']))).toBe('billing.collector_only');
    expect(documents.taxes[0]?.held.sentAgainMinorUnits).toBeUndefined();
  });
});
