import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creditNoteOf } from '../documents/credit-note.ts';
import { issue, unsaidTerms } from '../documents/document.ts';
import { nano, ZERO } from '../money.ts';
import { chainShares } from './chain.testing.ts';
import {
  balancesOf,
  CENT,
  expectSettled,
  firstInvoice,
  happen,
  happenings,
  monthOf,
  type World,
  worldOf,
} from './collection-world.testing.ts';
import type { InvoiceCollection } from './invoice-collection.ts';
import { sentOf } from './payout-collection.ts';
import { partsOf } from './postings.ts';
import { heldTaxOf, taxWithin } from './tax-held.ts';

/** 20.00 and 3.80 of tax, of which the platform has 10.00 and the reseller in whose name it is asked for 10.00. */
const edges = [
  { buyerId: 'leaf', sellerId: 'parent', receivable: nano(2000n * CENT), cost: nano(1000n * CENT) },
  { buyerId: 'parent', sellerId: 'platform', receivable: nano(1000n * CENT), cost: ZERO },
];
const shares = chainShares(nano(2000n * CENT), edges);
const sold = { accountId: 'leaf', net: 2000n, tax: 380n, taxes: [380n], shares };
const inItsName = () => worldOf(monthOf([{ ...sold, taxSellerId: 'parent' }]));

async function paid(world: World): Promise<void> {
  await world.settle();
  world.rail.pay(firstInvoice(world), firstInvoice(world).minorUnits);
  await world.settle();
  expectSettled(world);
}

const sentAs = (world: World, purpose: 'tax' | undefined): bigint =>
  world.payouts().reduce((sum, each) => (each.purpose === purpose ? sum + sentOf(each) : sum), 0n);

describe('tax that is paid on an invoice in the name of a seller (decision 0023)', () => {
  it('is held for that seller and passed on to it, apart from what it earned', async () => {
    const world = inItsName();
    await paid(world);
    expect([sentAs(world, 'tax'), sentAs(world, undefined)]).toEqual([380n, 1000n]);
    // What is left with the platform is its own price, and none of the tax.
    expect(world.rail.balance).toBe(1000n);
    expect(balancesOf(world)).toMatchObject({ 'parent tax': -380n, 'parent clearing': 1380n });
    expect(balancesOf(world)).not.toHaveProperty('parent tax-held');
    expect([...world.rail.transfers.values()].map(({ minorUnits }) => minorUnits).sort()).toEqual([
      1000n,
      380n,
    ]);
  });

  it('stays where whoever sells collects itself', async () => {
    const world = worldOf(monthOf([sold]));
    await paid(world);
    expect([sentAs(world, 'tax'), world.rail.balance]).toEqual([0n, 1380n]);
  });

  it('is not passed on before it is paid, and waits for a payee as payouts do', async () => {
    const world = inItsName();
    for (const { held } of world.store.rows.values()) Object.assign(held, { payeeId: undefined });
    await paid(world).catch(() => undefined);
    expect(sentAs(world, 'tax')).toBe(0n);
    expect(balancesOf(world)).toMatchObject({ 'parent tax-held': 380n, 'parent tax': -380n });
  });

  it('is taken back while a bank holds what was paid, and passed on again once it does not', async () => {
    const world = inItsName();
    await paid(world);
    for (const [what, tax] of [
      ['dispute', 0n],
      ['won', 380n],
    ] as const) {
      happen(world, { at: 0, what, part: 100n });
      await world.settle();
      expectSettled(world);
      expect(sentAs(world, 'tax')).toBe(tax);
    }
  });

  it('leaves those who earn what is no tax, and no more: where the platform has nothing of it, it is short of nothing', async () => {
    const all = chainShares(nano(100n * CENT), [
      { buyerId: 'leaf', sellerId: 'parent', receivable: nano(100n * CENT), cost: ZERO },
      { buyerId: 'parent', sellerId: 'platform', receivable: ZERO, cost: ZERO },
    ]);
    const taxes = [1n, 1n, 1n];
    const world = worldOf(
      monthOf([{ ...sold, net: 100n, tax: 3n, taxes, shares: all, taxSellerId: 'parent' }]),
    );
    await paid(world);
    world.rail.refund(firstInvoice(world).id, 60n);
    await world.settle();
    expectSettled(world);
    // A part of 0.58 of a cent of each tax is cut off: the credit note has none of it.
    expect([sentAs(world, 'tax'), sentAs(world, undefined), world.rail.balance]).toEqual([3n, 40n, 0n]);
  });

  it('goes back with a refund as the credit note says, tax by tax and to the cent', () => {
    const party = (accountId: string) => ({ accountId, legalName: accountId, addressLines: [] });
    fc.assert(
      fc.property(
        fc.bigInt(1n, 100_000n),
        fc.array(fc.nat(10_000), { minLength: 1, maxLength: 3 }),
        fc.array(fc.bigInt(1n, 50_000n), { maxLength: 5 }),
        (netMinorUnits, rates, parts) => {
          const taxRules = rates.map((basisPoints, index) => ({
            ...{ country: 'CA', name: `Tax ${index}`, basisPoints, reverseCharge: 'none' as const },
          }));
          const draft = { period: '2027-01', currency: 'EUR', lines: [], carriedIn: ZERO, residue: ZERO };
          const document = issue(
            { ...draft, kind: 'invoice', accountId: 'leaf', sellerId: 'parent', netMinorUnits },
            {
              ...{ id: 'doc_1', sequence: 1, seller: party('parent'), buyer: party('leaf'), nowMs: 0 },
              ...{ terms: { ...unsaidTerms, numberPrefix: 'P', taxRules }, taxed: { country: 'CA' } },
            },
          );
          const { totalMinorUnits, taxLines } = document;
          const taxes = taxLines.map(({ minorUnits }) => minorUnits);
          const taxMinorUnits = totalMinorUnits - netMinorUnits;
          let [refunded, credited] = [0n, 0n];
          for (const part of parts) {
            const left = totalMinorUnits - refunded;
            const minorUnits = part < left ? part : left;
            const note = creditNoteOf(document, { minorUnits, creditedMinorUnits: refunded });
            refunded += minorUnits;
            credited += minorUnits - note.netMinorUnits;
            expect(taxWithin({ totalMinorUnits, taxMinorUnits, taxes }, refunded)).toBe(credited);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** What a seller's invoices have of tax by what the rail has, without the ledger: by what was paid less what is gone. */
function collectedOf({ store }: World, sellerId: string): bigint {
  return [...store.rows.values()].reduce((total, { held: { collection } }) => {
    if (collection.kind !== 'invoice' || collection.taxSellerId !== sellerId) return total;
    const { paidMinorUnits: paidIn, refunds, disputes } = collection;
    const back = [...refunds, ...disputes]
      .filter(({ state }) => ['succeeded', 'open', 'lost'].includes(state))
      .reduce((sum, { minorUnits }) => sum + minorUnits, 0n);
    const gone = back < paidIn ? back : paidIn;
    const tax = taxWithin(collection, paidIn) - taxWithin(collection, gone);
    return total + (tax < paidIn - gone ? tax : paidIn - gone);
  }, 0n);
}

/** Leaves below any of two resellers or the platform, whose price may be nothing: then all that is no tax is theirs. */
const months = fc
  .array(
    fc.record({
      level: fc.nat(2),
      cost: fc.constantFrom(0n, 70n),
      cents: fc.bigInt(1n, 100_000n),
      taxes: fc.array(fc.bigInt(1n, 50_000n), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((leaves) =>
    monthOf(
      leaves.map(({ level, cost, cents, taxes }, index) => {
        const sellers = ['r0', 'r1', 'platform'].slice(level);
        const links = sellers.map((sellerId, place) => ({
          ...{ buyerId: sellers[place - 1] ?? `leaf${index}`, sellerId },
          ...{ receivable: nano(100n), cost: nano(sellerId === 'platform' ? 0n : cost) },
        }));
        const [sellerId = ''] = sellers;
        return {
          ...{ accountId: `leaf${index}`, net: cents, taxes },
          tax: taxes.reduce((sum, each) => sum + each, 0n),
          shares: chainShares(nano(cents * CENT), links),
          ...(taxes.length === 0 || sellerId === 'platform' ? {} : { taxSellerId: sellerId }),
        };
      }),
    ),
  );

describe('for any tree, taxes and refunds', () => {
  it('what came in is what went out and is left: tax that was paid is passed on or held, for each seller, to the cent', async () => {
    await fc.assert(
      fc.asyncProperty(months, happenings, async (month, happened) => {
        const world = worldOf(month);
        await world.settle();
        for (const each of happened) {
          happen(world, each);
          await world.settle();
          expectSettled(world);
          const balances = balancesOf(world);
          for (const sellerId of ['r0', 'r1']) {
            const passedOn = world
              .payouts()
              .filter(({ accountId, purpose }) => accountId === sellerId && purpose === 'tax')
              .reduce((sum, payout) => sum + sentOf(payout), 0n);
            const held = balances[`${sellerId} tax-held`] ?? 0n;
            expect(passedOn + held).toBe(collectedOf(world, sellerId));
          }
          // Nobody passes on what did not come in: what a bank takes beyond that, whoever collects has put in.
          expect(world.rail.balance).toBeGreaterThanOrEqual(0n);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('what is held of an invoice is all of its tax once it is paid, none once nothing is left, and never below zero', () => {
    const invoice = { taxSellerId: 'r0', totalMinorUnits: 7n, taxMinorUnits: 4n, taxes: [2n, 2n] };
    const sums = { paid: 0n, refunded: 0n, disputed: 0n, lost: 0n, givenUp: 0n };
    const of = (changed: object) =>
      heldTaxOf(invoice as unknown as InvoiceCollection, { ...sums, ...changed });
    expect([of({}), of({ paid: 7n }), of({ paid: 7n, refunded: 7n }), of({ givenUp: 7n })]).toEqual([
      0n,
      4n,
      0n,
      0n,
    ]);
    // Of a last cent no two taxes take one each.
    expect(of({ paid: 7n, refunded: 6n })).toBe(1n);
    for (let paidIn = 0n; paidIn <= 7n; paidIn++)
      for (let back = 0n; back <= paidIn; back++)
        expect(of({ paid: paidIn, refunded: back })).toBeGreaterThanOrEqual(0n);
  });

  it('of invoices of a few cents, what is shared is at most its weight, and with the tax at most what is there', () => {
    for (const taxes of [
      [1n, 1n, 1n],
      [2n, 2n],
      [1n, 3n],
      [5n, 1n, 1n],
    ])
      for (let net = 1n; net <= 12n; net++) {
        const taxMinorUnits = taxes.reduce((sum, each) => sum + each, 0n);
        const totalMinorUnits = net + taxMinorUnits;
        const invoice = { taxSellerId: 'r0', totalMinorUnits, taxMinorUnits, taxes };
        const of = invoice as unknown as InvoiceCollection;
        const weight = nano(net * CENT);
        for (let paidIn = 0n; paidIn <= totalMinorUnits; paidIn++)
          for (let back = 0n; back <= paidIn; back++) {
            const sums = { paid: paidIn, refunded: back, disputed: 0n, lost: 0n, givenUp: 0n };
            const { paid: shared, lost } = partsOf(of, weight, sums);
            expect(shared).toBeGreaterThanOrEqual(0n);
            expect(shared + lost).toBeLessThanOrEqual(weight);
            expect(shared + heldTaxOf(of, sums) * CENT).toBeLessThanOrEqual((paidIn - back) * CENT);
            if (back === 0n && paidIn === totalMinorUnits) expect(shared).toBe(weight);
          }
      }
  });
});
