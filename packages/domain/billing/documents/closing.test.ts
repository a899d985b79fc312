import { expect, test } from 'vitest';
import { nano, ZERO } from '../money.ts';
import { periodOf } from '../period.ts';
import { type Statement, statementOf } from '../statement.ts';
import { draftsOf } from './closing.ts';

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
