import fc from 'fast-check';
import { expect } from 'vitest';
import { rollUp } from '../../metering/roll-up.ts';
import { nano, sum, ZERO } from '../money.ts';
import type { Price } from '../price.ts';
import { catalogue, period, type World as Tree, worlds } from '../random-worlds.testing.ts';
import type { Carried } from '../statement.ts';
import { statementOf } from '../statement.ts';
import { CENT, invoiceOf, noteOf } from './collection-world.testing.ts';
import type { InvoiceCollection } from './invoice-collection.ts';
import { type PayoutCollection, weighed } from './payout-collection.ts';
import { passingOf, sharesOf } from './shares.ts';

const CURRENCY = 'EUR';
export const MONTHS = ['2027-01', '2027-02', '2027-03'];

/** Documents of some months of one tree, each with other use of it, as closing makes them: what rounds is carried. */
export function closedMonths(tree: Tree, used: readonly (readonly boolean[])[]) {
  const [collectorId = 'a0', ...accounts] = tree.accounts;
  const payers = accounts.filter((accountId) => tree.currencyOf(accountId) === CURRENCY);
  const carried = new Map<string, Carried>();
  const invoices: InvoiceCollection[] = [];
  const notes: PayoutCollection[] = [];
  for (const [index, name] of MONTHS.entries()) {
    const records = tree.records.filter((_, place) => used[index]?.[place] !== false);
    const { cells } = rollUp(records, tree.edges);
    const statements = payers.map((accountId) =>
      statementOf({
        ...{ accountId, period, currency: CURRENCY, cells, book: { ...tree, catalogue } },
        carried: carried.get(accountId) ?? { charge: ZERO, payout: ZERO },
      }),
    );
    const passing = new Map(statements.map((each) => [each.accountId, passingOf(each)]));
    let ofMonth: readonly PayoutCollection[] = statements
      .filter(({ payout }) => payout.minorUnits > 0n)
      .map(({ accountId, payout: { minorUnits: totalMinorUnits } }) => ({
        ...noteOf(accountId, { totalMinorUnits, backing: { weight: ZERO, paid: ZERO, lost: ZERO } }),
        documentId: `doc_note_${accountId}_${name}`,
        period: name,
      }));
    for (const { accountId, charge, payout } of statements) {
      carried.set(accountId, { charge: charge.residue, payout: payout.residue });
      if (charge.minorUnits <= 0n) continue;
      const asked = nano(charge.minorUnits * CENT);
      const invoice: InvoiceCollection = {
        ...invoiceOf(accountId, {
          ...{ net: charge.minorUnits, tax: 0n },
          shares: sharesOf(asked, { accountId, collectorId }, (id) => passing.get(id)),
        }),
        documentId: `doc_${accountId}_${name}`,
        period: name,
      };
      expect(sum(invoice.shares.map(({ weight }) => weight))).toBeLessThanOrEqual(asked);
      invoices.push(invoice);
      const waiting = weighed(invoice, ofMonth);
      ofMonth = [...ofMonth.filter((note) => !waiting.some(isSame(note))), ...waiting];
    }
    notes.push(...ofMonth);
  }
  return { invoices, notes };
}

const isSame =
  ({ documentId }: PayoutCollection) =>
  (other: PayoutCollection) =>
    other.documentId === documentId;

/**
 * Sums of a few cents, so that what rounds, is carried and falls into months without a payout is most of it; and every account
 * sells at a price of its own.
 */
const smallTrees = fc
  .record({
    tree: worlds,
    cents: fc.array(fc.bigInt(0n, 3n * CENT), { minLength: 9, maxLength: 9 }),
    kinds: fc.array(fc.constantFrom('per-unit', 'per-unit', 'fee', 'flat'), { minLength: 9, maxLength: 9 }),
  })
  .map(({ tree, cents, kinds }): Tree => {
    const own = tree.accounts.map((accountId, index): Price => {
      const amount = nano(cents[index] ?? 0n);
      const kind = kinds[index] ?? 'per-unit';
      return {
        id: `own_${index}`,
        ...{ accountId, service: 'relay', meter: 'bytes', where: {}, currency: CURRENCY },
        tariff: kind === 'per-unit' ? { kind, amount, per: 1n } : { kind, amount },
        ...{ fromMs: -Infinity, toMs: Infinity },
      };
    });
    return {
      ...tree,
      currencyOf: () => CURRENCY,
      edges: tree.edges.map((edge) => ({ ...edge, currency: CURRENCY })),
      prices: own,
      records: tree.records.map((record) => ({
        ...record,
        quantities: record.quantities.map(({ quantity }) => ({
          ...{ meter: 'bytes', dimensions: {} },
          quantity: quantity % 5,
        })),
      })),
    };
  });

export const months = smallTrees.chain((tree) =>
  fc.record({
    tree: fc.constant(tree),
    used: fc.array(
      fc.array(fc.boolean(), { minLength: tree.records.length, maxLength: tree.records.length }),
      {
        minLength: MONTHS.length,
        maxLength: MONTHS.length,
      },
    ),
  }),
);
