import { expect, test } from 'vitest';
import { type TaxTerms, taxLinesAt, taxRates } from './tax.ts';

const terms: TaxTerms = {
  taxName: 'Tax',
  taxBasisPoints: 500,
  taxRules: [
    { country: 'DE', name: 'VAT', basisPoints: 1900, reverseCharge: 'none' },
    { country: 'FR', name: 'VAT', basisPoints: 2000, reverseCharge: 'businesses' },
    { country: 'CA', name: 'GST', basisPoints: 500, reverseCharge: 'none' },
    { country: 'CA', name: 'PST', basisPoints: 700, reverseCharge: 'none' },
    { country: 'US', name: 'Sales tax', basisPoints: 0, reverseCharge: 'none' },
  ],
};
const of = (country: string | undefined, taxId?: string) =>
  taxRates(terms, { country, taxId }).map(({ name, basisPoints }) => `${name} ${basisPoints}`);

test('tax is that of the country of the buyer, and where there is no rule for it that of all others', () => {
  expect(of('DE')).toEqual(['VAT 1900']);
  expect(of('DE', 'DE123')).toEqual(['VAT 1900']);
  expect(of('CA')).toEqual(['GST 500', 'PST 700']);
  expect(of('US')).toEqual([]);
  for (const other of ['JP', undefined]) expect(of(other)).toEqual(['Tax 500']);
  expect(taxRates({ taxName: 'Tax', taxBasisPoints: 0 }, {})).toEqual([]);
});

test('a business with a tax id owes the tax itself where the seller says so, and the document has a line that says so', () => {
  expect(of('FR')).toEqual(['VAT 2000']);
  expect(taxRates(terms, { country: 'FR', taxId: 'FR12' })).toEqual([
    { name: 'VAT', basisPoints: 0, isReverseCharge: true },
  ]);
  expect(taxLinesAt(taxRates(terms, { country: 'FR', taxId: 'FR12' }), 1_000n)[0]?.minorUnits).toBe(0n);
});

test('each tax is on the whole sum without tax, rounded half to even', () => {
  const cents = (net: bigint) =>
    taxLinesAt(taxRates(terms, { country: 'CA' }), net).map((line) => line.minorUnits);
  expect(cents(10_000n)).toEqual([500n, 700n]);
  expect(cents(50n)).toEqual([2n, 4n]);
  expect(cents(70n)).toEqual([4n, 5n]);
});
