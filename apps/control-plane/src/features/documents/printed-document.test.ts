import type { DocumentAnswer } from '@patchbay/domain/billing/documents/printing';
import { expect, test } from 'vitest';
import { printedDocument } from './printed-document.ts';

const note: DocumentAnswer = {
  ...{ id: 'doc_2', kind: 'credit-note', number: 'F-C00001', accountId: 'acc_1', accountName: 'Leaf' },
  ...{ sellerId: 'acc_2', sellerName: 'Seller', period: '2026-11', currency: 'EUR' },
  ...{ issuedAt: '2026-12-01T00:00:00.000Z', netMinorUnits: '100', totalMinorUnits: '119' },
  ...{ correctsId: 'doc_1', correctsNumber: 'F-I00001', look: { name: 'Seller' }, isTest: false },
  seller: { legalName: 'Seller', addressLines: ['1 Way'], country: 'DE' },
  buyer: { legalName: 'Leaf', addressLines: ['2 Way', 'Germany'], country: 'DE' },
  lines: [{ kind: 'refund', period: '2026-11', amount: '1000000000', minorUnits: '100' }],
  ...{ carriedIn: '0', residue: '0' },
  taxLines: [{ name: 'VAT', basisPoints: 1900, minorUnits: '19' }],
};

test('a credit note says net and tax, the number of its invoice, and the country of each party once', () => {
  const { sums, notes, facts, parties } = printedDocument(note);
  expect(sums.map(({ text, amount }) => `${text} ${amount}`)).toEqual([
    'Net 1.00',
    'VAT 19 % 0.19',
    'Credited 1.19 EUR',
  ]);
  expect(facts).toContainEqual(['Corrects', 'F-I00001']);
  expect(notes).toEqual(['It corrects the invoice F-I00001.']);
  expect(parties.map(({ lines }) => lines)).toEqual([
    ['Seller', '1 Way', 'Germany'],
    ['Leaf', '2 Way', 'Germany'],
  ]);
});
