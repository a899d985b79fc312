import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rollUp } from '../../metering/roll-up.ts';
import { type Nano, nano, sum, ZERO } from '../money.ts';
import type { Price } from '../price.ts';
import { catalogue, period, type World as Tree, worlds } from '../random-worlds.testing.ts';
import type { Carried } from '../statement.ts';
import { statementOf } from '../statement.ts';
import {
  CENT,
  expectSettled,
  happen,
  happenings,
  invoiceOf,
  noteOf,
  type World,
  worldOf,
} from './collection-world.testing.ts';
import { goneOf, type InvoiceCollection, sumsOf } from './invoice-collection.ts';
import { type PayoutCollection, sentOf, weighed } from './payout-collection.ts';
import { passingOf, sharesOf } from './shares.ts';

const CURRENCY = 'EUR';
const MONTHS = ['2027-01', '2027-02', '2027-03'];

/** Documents of some months of one tree, each with other use of it, as closing makes them: what rounds is carried. */
function closedMonths(tree: Tree, used: readonly (readonly boolean[])[]) {
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

/** What each account has earned by now of what was paid and kept. */
function earnedByNow(world: World): ReadonlyMap<string, Nano> {
  const earned = new Map<string, Nano>();
  for (const { held } of world.store.rows.values()) {
    const { collection } = held;
    if (collection.kind !== 'invoice') continue;
    const sums = sumsOf(collection);
    const kept = sums.paid - (goneOf(sums) - sums.givenUp);
    for (const { accountId, weight } of collection.shares) {
      const part = (weight * kept) / collection.totalMinorUnits;
      earned.set(accountId, nano((earned.get(accountId) ?? 0n) + part));
    }
  }
  return earned;
}

/** No account has more than it has earned by now, but for what rounding moves: never so much that all of it makes a cent. */
function expectFunded(world: World): void {
  const earned = earnedByNow(world);
  for (const [accountId, notes] of Map.groupBy(world.payouts(), (note) => note.accountId)) {
    const sent = notes.reduce((total, note) => total + sentOf(note), 0n);
    // Of each payout, less than a minor unit is carried to what is asked for later.
    const dust = BigInt(notes.length) * CENT;
    expect(sent * CENT).toBeLessThanOrEqual((earned.get(accountId) ?? 0n) + dust);
  }
}

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

const months = smallTrees.chain((tree) =>
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

describe('for any tree, any prices, any use of some months and whatever happens at the rail (BIL-6)', () => {
  it('what was sent is at every moment no more than each earned of what was paid and kept', async () => {
    await fc.assert(
      fc.asyncProperty(months, happenings, async ({ tree, used }, happened) => {
        const world = worldOf(closedMonths(tree, used));
        await world.settle();
        expectFunded(world);
        for (const each of happened) {
          happen(world, each);
          await world.settle();
          expectFunded(world);
          expectSettled(world);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('all that was earned is sent once all is paid, but for what invoices of later months ask for', async () => {
    await fc.assert(
      fc.asyncProperty(months, async ({ tree, used }) => {
        const world = worldOf(closedMonths(tree, used));
        await world.settle();
        for (const invoice of world.rail.invoices.values()) world.rail.pay(invoice, invoice.minorUnits);
        await world.settle();
        expectFunded(world);
        const earned = earnedByNow(world);
        for (const [accountId, notes] of Map.groupBy(world.payouts(), (note) => note.accountId)) {
          const sent = notes.reduce((total, note) => total + sentOf(note), 0n);
          const owed = notes.reduce((total, note) => total + note.totalMinorUnits, 0n);
          const asked = (earned.get(accountId) ?? 0n) / CENT;
          // A cent of each month, where what is behind it falls on two.
          expect(sent).toBeGreaterThanOrEqual((owed < asked ? owed : asked) - BigInt(MONTHS.length));
        }
      }),
      { numRuns: 100 },
    );
  });
});
