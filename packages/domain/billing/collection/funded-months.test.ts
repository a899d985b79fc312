import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Nano, nano } from '../money.ts';
import { closedMonths, MONTHS, months } from './closed-months.testing.ts';
import { CENT, expectSettled, happen, happenings, type World, worldOf } from './collection-world.testing.ts';
import { goneOf, sumsOf } from './invoice-collection.ts';
import { sentOf } from './payout-collection.ts';

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
