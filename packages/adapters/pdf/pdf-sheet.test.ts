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

test('a sheet of many lines is a PDF of several pages, the same whenever it is made', async () => {
  const pdf = Buffer.from(await pdfOfSheet(sheet, { look: { name: 'Acme', accent: '#0550d0' }, atMs }));
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(1);
  const again = await pdfOfSheet(sheet, { look: { name: 'Acme', accent: '#0550d0' }, atMs });
  expect(Buffer.compare(pdf, Buffer.from(again))).toBe(0);
});

/** A letter that a font lacks has no glyph of its own, and is in no table of what its glyphs stand for. */
test('names of Latin, Greek and Cyrillic letters have their letters', async () => {
  const pdf = Buffer.from(await pdfOfSheet(sheet, { look: { name: 'Acme' }, atMs })).toString('latin1');
  const streams = [...pdf.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].map(([, bytes = '']) => {
    try {
      return inflateSync(Buffer.from(bytes, 'latin1')).toString('latin1');
    } catch {
      return '';
    }
  });
  const mapped = streams
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
