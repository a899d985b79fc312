import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nano } from '../money.ts';
import { chainShares, type Link } from './chain.testing.ts';
import {
  balancesOf,
  CENT,
  expectSettled,
  type Happening,
  happen,
  happenings,
  type Month,
  markup,
  monthOf,
  type World,
  worldOf,
} from './collection-world.testing.ts';
import { voidAsked } from './invoice-collection.ts';

/** A chain of up to three resellers, with leaves at any height; each edge at a margin or a subsidy. */
const months: fc.Arbitrary<Month> = fc
  .record({
    rates: fc.array(fc.bigInt(0n, 150n), { minLength: 1, maxLength: 4 }),
    leaves: fc.array(
      fc.record({
        height: fc.nat(),
        cents: fc.bigInt(1n, 100_000n),
        // Hundredths of a percent, up to twice as much as is sold, or as they were kept before decision 0023.
        basisPoints: fc.option(fc.array(fc.bigInt(1n, 10_000n), { maxLength: 2 })),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    usedCredits: fc.array(fc.bigInt(-500n, 100_000n), { maxLength: 4 }),
  })
  .map(({ rates, leaves, usedCredits }) => ({
    usedCredits,
    ...monthOf(
      leaves.map(({ height, cents, basisPoints }, index) => {
        const above = rates.slice(height % rates.length);
        const edges: Link[] = above.map((rate, level) => ({
          buyerId: level === 0 ? `leaf${index}` : `r${rates.length - above.length + level - 1}`,
          sellerId: level === above.length - 1 ? 'platform' : `r${rates.length - above.length + level}`,
          receivable: nano(100n),
          cost: nano(rate),
        }));
        const shares = chainShares(nano(cents * CENT), edges);
        const of = { accountId: `leaf${index}`, net: cents, shares };
        if (basisPoints === null) return { ...of, tax: cents / 5n };
        const taxes = basisPoints.map((points) => (cents * points) / 10_000n);
        const tax = taxes.reduce((total, each) => total + each, 0n);
        const sellerId = edges[0]?.sellerId;
        const isHeld = sellerId !== undefined && sellerId !== 'platform' && tax > 0n;
        return { ...of, tax, taxes, ...(isHeld ? { taxSellerId: sellerId } : {}) };
      }),
    ),
  }));

/** As `statements.void` does, whose transaction is not among those that die. */
function askVoid({ store }: World): void {
  const row = store.rows.get('doc_leaf');
  if (row?.held.collection.kind !== 'invoice') throw new Error('There is no invoice.');
  row.held = { ...row.held, collection: voidAsked(row.held.collection, 'doc_note') };
}

class Died extends Error {}

describe('for any month and whatever happens at the rail', () => {
  it('money in is money out and what is there, every transaction sums to zero, and late or stale reads change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(months, happenings, async (month, happened) => {
        const [world, watched] = [worldOf(month), worldOf(month)];
        for (const each of [world, watched]) await each.settle();
        const old = [...watched.rail.invoices.values()].map((invoice) => ({ ...invoice }));
        for (const each of happened) {
          happen(world, each);
          happen(watched, each);
          // One of the two looks at every turn, and sometimes sees what was long before.
          if (each.what === 'stale')
            watched.rail.staleRead = (now) => old.find(({ id }) => id === now.id) ?? now;
          await watched.collect();
          watched.rail.staleRead = undefined;
        }
        for (const each of [world, watched]) {
          await each.settle();
          expectSettled(each);
        }
        const cash = (of: World) =>
          Object.entries(balancesOf(of)).filter(([key]) =>
            /(clearing|disputed|invoiced|written-off)$/.test(key),
          );
        expect(cash(watched)).toEqual(cash(world));
      }),
      { numRuns: 150 },
    );
  });

  const paidAndDisputed: readonly Happening[] = [
    { at: 0, what: 'pay-all', part: 1n },
    { at: 0, what: 'refund', part: 30n },
    { at: 0, what: 'dispute', part: 50n },
    { at: 0, what: 'won', part: 1n },
  ];
  const voidAskedFor: Happening = { at: 0, what: 'void', part: 1n };
  const paidMeanwhile: readonly Happening[] = [{ at: 0, what: 'pay-unseen', part: 1n }, voidAskedFor];
  it.each([
    ['paid, disputed and won', paidAndDisputed, 50],
    ['asked to be void', [voidAskedFor], 20],
    ['paid and then asked to be void', paidMeanwhile, 20],
  ] as const)(
    'a death before or after the n-th call of rail or store, for every n, leads to the same: %s',
    async (_, script, callCountMin) => {
      const run = async (dieAt: number) => {
        const world = worldOf(markup);
        let count = 0;
        let isDead = false;
        const tick = () => {
          isDead ||= ++count === dieAt;
          if (isDead) throw new Died();
        };
        world.rail.around = tick;
        world.store.around = tick;
        const settle = async () => {
          try {
            await world.settle();
          } catch (cause) {
            if (!(cause instanceof Died)) throw cause;
            isDead = false;
            await world.settle();
          }
        };
        await settle();
        for (const each of script) {
          happen(world, each);
          if (each.what === 'void') askVoid(world);
          if (each.what !== 'pay-unseen') await settle();
        }
        expectSettled(world);
        return { balances: balancesOf(world), count };
      };
      const whole = await run(0);
      for (let dieAt = 1; dieAt <= whole.count; dieAt++)
        expect((await run(dieAt)).balances).toEqual(whole.balances);
      expect(whole.count).toBeGreaterThan(callCountMin);
    },
  );
});
