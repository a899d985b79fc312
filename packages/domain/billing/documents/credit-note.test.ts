import { expect, test } from 'vitest';
import { nano, ZERO } from '../money.ts';
import { creditNoteOf } from './credit-note.ts';
import { type DocumentDraft, issue, unsaidTerms } from './document.ts';

const party = (accountId: string) => ({ accountId, legalName: accountId, addressLines: [] });
const terms = {
  ...unsaidTerms,
  numberPrefix: 'D',
  taxRules: [
    { country: 'CA', name: 'GST', basisPoints: 500, reverseCharge: 'none' as const },
    { country: 'CA', name: 'PST', basisPoints: 700, reverseCharge: 'none' as const },
  ],
};
const draft: DocumentDraft = {
  ...{ kind: 'invoice', accountId: 'leaf', sellerId: 'top', period: '2026-11', currency: 'EUR', lines: [] },
  ...{ carriedIn: ZERO, residue: ZERO, netMinorUnits: 999n },
};
const issuing = { seller: party('top'), buyer: party('leaf'), terms, nowMs: 0 };
const invoice = issue(draft, { ...issuing, id: 'doc_1', sequence: 1, taxed: { country: 'CA' } });
const noteOf = (minorUnits: bigint, creditedMinorUnits: bigint) =>
  issue(creditNoteOf(invoice, { minorUnits, creditedMinorUnits }), { ...issuing, id: 'doc_2', sequence: 1 });

test('a credit note says net and each tax at the rates of its invoice, and comes to what goes back', () => {
  expect([invoice.totalMinorUnits, invoice.taxLines.map((tax) => tax.minorUnits)]).toEqual([
    1119n,
    [50n, 70n],
  ]);
  const note = noteOf(500n, 0n);
  expect(note).toMatchObject({ netMinorUnits: 447n, totalMinorUnits: 500n });
  expect(note.taxLines).toMatchObject([
    { name: 'GST', basisPoints: 500, minorUnits: 22n },
    { name: 'PST', basisPoints: 700, minorUnits: 31n },
  ]);
  expect(note.lines).toMatchObject([{ kind: 'refund', minorUnits: 447n, amount: nano(4_470_000_000n) }]);
});

test('credit notes over all of an invoice sum to its net and to each of its taxes, in whatever parts', () => {
  for (const part of [1n, 7n, 333n, 1119n]) {
    let [credited, net] = [0n, 0n];
    const taxes = [0n, 0n];
    while (credited < invoice.totalMinorUnits) {
      const left = invoice.totalMinorUnits - credited;
      const note = noteOf(part < left ? part : left, credited);
      credited += note.totalMinorUnits;
      net += note.netMinorUnits;
      for (const [index, tax] of note.taxLines.entries()) {
        expect(tax.minorUnits).toBeGreaterThanOrEqual(0n);
        taxes[index] = (taxes[index] ?? 0n) + tax.minorUnits;
      }
    }
    expect([net, ...taxes]).toEqual([999n, 50n, 70n]);
  }
  // What a refund that failed was credited for is given back once more: no tax is left of it.
  expect(noteOf(100n, 1119n)).toMatchObject({ netMinorUnits: 100n, totalMinorUnits: 100n });
});

test('of a buyer that owes the tax itself the note says that, too', () => {
  const owed = {
    ...invoice,
    taxLines: [{ name: 'VAT', basisPoints: 0, isReverseCharge: true as const, minorUnits: 0n }],
  };
  const note = creditNoteOf({ ...owed, totalMinorUnits: 999n }, { minorUnits: 10n, creditedMinorUnits: 0n });
  expect(note).toMatchObject({ netMinorUnits: 10n, taxLines: [{ isReverseCharge: true, minorUnits: 0n }] });
});
