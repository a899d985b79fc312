import { pdfOfSheet } from '@patchbay/adapters/pdf/pdf-sheet';
import { expect, test } from 'vitest';
import { printedTax } from './printed-tax.ts';

const month = {
  ...{ period: '2026-11', currency: 'EUR', sellerName: 'Seller GmbH', documentCount: 700 },
  ...{ netMinorUnits: '1551', totalMinorUnits: '1738', paidMinorUnits: '619', paidTaxMinorUnits: '67' },
  ...{ passedOnMinorUnits: '40', setOffMinorUnits: '0', heldMinorUnits: '27', returnedMinorUnits: '0' },
  ...{ earned: '2757500000', passedThrough: '2762500000' },
  taxes: [
    { name: 'GST', basisPoints: 500, minorUnits: '187' },
    { name: 'TVA', basisPoints: 0, minorUnits: '0', isReverseCharge: true as const },
  ],
  documents: [
    {
      ...{ id: 'doc_1', number: 'S-I00001', issuedAt: '2026-12-02T03:00:00.000Z', buyerName: 'Leaf' },
      ...{ netMinorUnits: '999', taxMinorUnits: '120', totalMinorUnits: '1119' },
      ...{ paidMinorUnits: '619', paidTaxMinorUnits: '67' },
    },
    {
      ...{ id: 'doc_2', number: 'S-C00001', correctsNumber: 'S-I00001', buyerName: 'Leaf' },
      ...{ issuedAt: '2026-12-03T03:00:00.000Z', paidMinorUnits: '0', paidTaxMinorUnits: '0' },
      ...{ netMinorUnits: '-447', taxMinorUnits: '-53', totalMinorUnits: '-500' },
    },
  ],
};

test('the paper of a month has each document, each tax by its rate, and where what was paid went (decision 0023)', async () => {
  const printed = printedTax(month);
  expect(printed.rows).toMatchObject([
    { text: 'S-I00001 · Leaf', quantity: '9.99 + 1.20', price: '11.19', amount: '6.19' },
    { note: '2026-12-03, corrects S-I00001', price: '-5.00', amount: '' },
  ]);
  const sums = Object.fromEntries(printed.sums.map(({ text, amount }) => [text, amount]));
  expect(sums).toMatchObject({
    'GST 5 %': '1.87',
    'TVA: reverse charge, owed by the buyers': '0.00',
    'of it tax, which is yours': '0.67',
    'Tax held until it is sent': '0.27',
    'Tax passed on to you': '0.40 EUR',
  });
  expect(sums).not.toHaveProperty('Tax kept for credit that you gave and others used');
  expect(printed.notes[0]).toContain('698 further documents');
  const pdf = await pdfOfSheet(printed, { look: { name: 'Seller GmbH' }, atMs: 0 });
  expect(Buffer.from(pdf.subarray(0, 5)).toString()).toBe('%PDF-');
});
