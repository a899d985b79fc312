import { inflateSync } from 'node:zlib';
import { pngOf } from '@patchbay/domain/branding/logo-image.testing';
import { expect, test } from 'vitest';
import { pdfOfSheet, type Sheet } from './pdf-sheet.ts';

const sheet: Sheet = {
  title: 'Invoice',
  number: 'D-I00001',
  facts: [['Issued', '2026-11-30']],
  parties: [{ role: 'From', lines: ['Acme', 'Žluťoučká 1', 'Οδός 1', 'ул. Мира 1'] }],
  amountHead: 'EUR',
  rows: Array.from({ length: 90 }, (_, index) => ({ text: `Line ${index}`, quantity: '1', amount: '1.00' })),
  sums: [{ text: 'To be paid', amount: '90.00 EUR', isTotal: true }],
  notes: ['https://rail.test/pay'],
};
const atMs = Date.UTC(2026, 10, 30);
const A4_WIDTH_POINTS = 595;
const MARGIN_POINTS = 48;

const streamsOf = (pdf: string): readonly string[] =>
  [...pdf.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].map(([, bytes = '']) => {
    try {
      return inflateSync(Buffer.from(bytes, 'latin1')).toString('latin1');
    } catch {
      return '';
    }
  });

test('a sheet of many lines is a PDF of several pages, the same whenever it is made', async () => {
  const pdf = Buffer.from(await pdfOfSheet(sheet, { look: { name: 'Acme', accent: '#0550d0' }, atMs }));
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(1);
  const again = await pdfOfSheet(sheet, { look: { name: 'Acme', accent: '#0550d0' }, atMs });
  expect(Buffer.compare(pdf, Buffer.from(again))).toBe(0);
});

/** Of each page, where its texts begin, in points from the left: the text matrices of its stream. */
async function placesOf(of: Sheet): Promise<readonly (readonly number[])[]> {
  const pdf = Buffer.from(await pdfOfSheet(of, { look: { name: 'Acme' }, atMs })).toString('latin1');
  return streamsOf(pdf)
    .map((text) => [...text.matchAll(/1 0 0 1 ([\d.]+) [\d.]+ Tm/g)].map(([, left]) => Number(left)))
    .filter((places) => places.length > 0);
}

test('however long a name is, nothing that stands beside it leaves the page', async () => {
  const name = 'Donaudampfschifffahrtsgesellschaft'.repeat(5);
  const [page = []] = await placesOf({
    ...sheet,
    parties: [
      { role: 'From', lines: [name, name] },
      { role: 'To', lines: [name] },
    ],
    rows: [{ text: name, note: 'Relay', quantity: '1,234,567 min', price: '0.01', amount: '12,345.67' }],
  });
  expect(page.length).toBeGreaterThan(10);
  expect(Math.max(...page)).toBeLessThan(A4_WIDTH_POINTS - MARGIN_POINTS);
});

test('sums stay together, on the page behind the lines where they do not fit below them', async () => {
  const rows = sheet.rows.slice(0, 20);
  const sums = Array.from({ length: 19 }, () => ({ text: 'VAT', amount: '1.00' }));
  const [first = []] = await placesOf({ ...sheet, rows, sums, notes: [] });
  const [single = []] = await placesOf({ ...sheet, rows, sums: sums.slice(0, 1), notes: [] });
  // One is below the lines; of many, none.
  expect(first.length).toBeLessThan(single.length);
});

/** A letter that a font lacks has no glyph of its own, and is in no table of what its glyphs stand for. */
test('names of Latin, Greek and Cyrillic letters have their letters', async () => {
  const pdf = Buffer.from(await pdfOfSheet(sheet, { look: { name: 'Acme' }, atMs })).toString('latin1');
  const mapped = streamsOf(pdf)
    .filter((text) => text.includes('beginbfrange'))
    .join('')
    .toLowerCase();
  for (const letter of 'Žťčόςулр')
    expect(mapped, letter).toContain(letter.codePointAt(0)?.toString(16).padStart(4, '0'));
});

test('a logo stands on it in place of the name', async () => {
  const logo = { bytes: pngOf({ widthPixels: 64, heightPixels: 32 }), widthPixels: 64, heightPixels: 32 };
  const pdf = Buffer.from(await pdfOfSheet(sheet, { look: { name: 'Acme', logo }, atMs })).toString('latin1');
  expect(pdf).toContain('/Subtype /Image');
});

test('what is only tried says so across each page', async () => {
  const bytesOf = async (of: Sheet) => (await pdfOfSheet(of, { look: { name: 'Acme' }, atMs })).length;
  const textOf = async (of: Sheet) => {
    const pdf = Buffer.from(await pdfOfSheet(of, { look: { name: 'Acme' }, atMs })).toString('latin1');
    return pdf.match(/\/ca 0\.15/g)?.length ?? 0;
  };
  expect([await textOf(sheet), await textOf({ ...sheet, stamp: 'Test' })]).toEqual([0, 1]);
  expect(await bytesOf({ ...sheet, stamp: 'Test' })).toBeGreaterThan(await bytesOf(sheet));
});
