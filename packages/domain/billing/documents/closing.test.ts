import { expect, test } from 'vitest';
import { nano, ZERO } from '../money.ts';
import { periodOf } from '../period.ts';
import { type Statement, statementOf } from '../statement.ts';
import { draftsOf } from './closing.ts';
import { soldOf, taxLinesOf, unsaidTerms } from './document.ts';

const period = periodOf('2026-12');
const always = { fromMs: -Infinity, toMs: Infinity };
const unusedOf = (currency: string): Statement =>
  statementOf({
    ...{ accountId: 'leaf', period, currency, cells: [] },
    book: {
      edges: [{ sellerId: 'top', buyerId: 'leaf', currency, ...always }],
      prices: [],
      catalogue: new Map(),
    },
  });
const late = [{ period: '2026-11', charge: 2000n, payout: 0n }];

test('an invoice for late use alone has its correction, and no line of nothing that nobody asked for (BIL-7)', () => {
  const [invoice, ...others] = draftsOf({ statement: unusedOf('EUR'), sellerId: 'top', outstanding: late });
  expect(others).toEqual([]);
  expect(invoice).toMatchObject({ kind: 'invoice', netMinorUnits: 2000n });
  expect(invoice?.lines).toEqual([
    {
      ...{ kind: 'adjustment', key: 'adjustment 2026-11', period: '2026-11' },
      ...{ amount: nano(20_000_000_000n), minorUnits: 2000n },
    },
  ]);
});

test('a fraction of earlier months that became a whole unit stands on a line, so that lines sum to what is asked', () => {
  const unused = unusedOf('EUR');
  const carried = {
    ...unused,
    charge: { ...unused.charge, carriedIn: nano(10_000_000n), minorUnits: 1n, residue: ZERO },
  };
  const [invoice] = draftsOf({ statement: carried, sellerId: 'top', outstanding: [] });
  expect(invoice?.lines.map(({ kind, minorUnits }) => [kind, minorUnits])).toEqual([['subsidy', 1n]]);
});

/** A month in which its account earned so many minor units, and is asked for nothing. */
const earning = (minorUnits: bigint, currency = 'EUR'): Statement => {
  const unused = unusedOf(currency);
  return { ...unused, payout: { ...unused.payout, minorUnits } };
};
const linesOf = (request: Omit<Parameters<typeof draftsOf>[0], 'sellerId'>) =>
  draftsOf({ ...request, sellerId: 'top' })
    .filter(({ kind }) => kind === 'invoice')
    .flatMap(({ lines }) => lines.map(({ kind, minorUnits }) => [kind, minorUnits]));

test('what others used of a credit is asked of its giver as far as its payout is not there to be kept for it (BIL-5)', () => {
  const asked = (usedCredit: bigint, earned: bigint) =>
    linesOf({ statement: earning(earned), outstanding: [], usedCredit });
  expect(asked(1500n, 1000n)).toEqual([['given-credit', 500n]]);
  expect(asked(1500n, 0n)).toEqual([['given-credit', 1500n]]);
  expect(asked(1000n, 1000n)).toEqual([]);
  expect(asked(-5n, 0n)).toEqual([]);
  expect(linesOf({ statement: unusedOf('EUR'), outstanding: late, usedCredit: 1500n })).toEqual([
    ['adjustment', 2000n],
    ['given-credit', 1500n],
  ]);
  // Of thousandths whole tens are asked for.
  expect(linesOf({ statement: earning(0n, 'KWD'), outstanding: [], usedCredit: 1505n })).toEqual([
    ['given-credit', 1500n],
  ]);
});

test('what was kept for credit and was not used in the end comes back by a payout note of its own where nothing was earned (BIL-5)', () => {
  const notes = (usedCredit: bigint, earned: bigint, currency = 'EUR') =>
    draftsOf({ statement: earning(earned, currency), sellerId: 'top', outstanding: [], usedCredit }).filter(
      ({ kind }) => kind === 'payout-note',
    );
  const [note, ...more] = notes(-500n, 0n);
  expect(more).toEqual([]);
  expect(note).toMatchObject({ netMinorUnits: 500n, carriedIn: 0n, residue: 0n });
  expect(note?.lines).toMatchObject([{ kind: 'given-credit', minorUnits: 500n }]);
  // It is no income: over time payout notes say what the ledger does.
  expect(note && soldOf(note)).toBe(0n);
  // What was earned takes it along.
  expect(notes(-500n, 1000n)).toMatchObject([{ netMinorUnits: 1000n, lines: [] }]);
  // Of thousandths whole tens are paid out, and less than that waits.
  expect(notes(-1505n, 0n, 'KWD')).toMatchObject([{ netMinorUnits: 1500n }]);
  expect(notes(-5n, 0n, 'KWD')).toEqual([]);
});

test('where a month comes to less than nothing, an invoice is of the given credit alone, and the rest stays outstanding', () => {
  const less = [{ period: '2026-11', charge: -2000n, payout: 0n }];
  const [invoice] = draftsOf({
    ...{ statement: unusedOf('EUR'), sellerId: 'top', outstanding: less, usedCredit: 1500n },
  });
  expect(invoice).toMatchObject({ netMinorUnits: 1500n, carriedIn: 0n, residue: 0n });
  expect(invoice?.lines.map(({ kind }) => kind)).toEqual(['given-credit']);
});

test('money for credit that was given is no sale: it is taxed with what others bought by it, and not once more', () => {
  const [invoice] = draftsOf({
    ...{ statement: unusedOf('EUR'), sellerId: 'top', outstanding: late, usedCredit: 1500n },
  });
  if (invoice === undefined) throw new Error('There is one.');
  const terms = { ...unsaidTerms, numberPrefix: 'T', taxBasisPoints: 1900 };
  expect(taxLinesOf(invoice, terms, {}).map(({ minorUnits }) => minorUnits)).toEqual([380n]);
  expect(soldOf(invoice)).toBe(2000n);
});
