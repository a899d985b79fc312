import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closedMonths, months } from './closed-months.testing.ts';
import { balancesOf, happen, happenings, type World } from './collection-world.testing.ts';
import { CreditWorld, funds } from './credit-world.testing.ts';
import { fundingOf, sentOf, setOffOf } from './payout-collection.ts';

/** In cents, over all books of an account. */
const worthOf = (world: World, accountId: string): bigint =>
  Object.entries(balancesOf(world))
    .filter(([key]) => key.startsWith(`${accountId} `))
    .reduce((total, [, amount]) => total + amount, 0n);

const ofAccount = <Of extends { readonly accountId: string }>(all: readonly Of[], accountId: string) =>
  all.filter((each) => each.accountId === accountId);

const sentTo = (world: World, accountId: string): bigint =>
  ofAccount(world.payouts(), accountId).reduce((total, note) => total + sentOf(note), 0n);

const keptOf = (world: World, accountId: string): bigint =>
  ofAccount(world.payouts(), accountId).reduce((total, note) => total + setOffOf(note), 0n);

/** Every account bears what it gave and others used, and nobody else has more or less than if that had been paid in. */
function expectBorneByGivers(given: CreditWorld, paidIn: CreditWorld, accounts: readonly string[]): void {
  for (const accountId of accounts) {
    const used = given.usedOf(accountId);
    const [sent, wouldBe] = [sentTo(given.world, accountId), sentTo(paidIn.world, accountId)];
    expect(worthOf(given.world, accountId) - worthOf(paidIn.world, accountId)).toBe(
      given.gotOf(accountId) - given.givenOf(accountId),
    );
    const kept = keptOf(given.world, accountId);
    expect(kept).toBeLessThanOrEqual(used);
    expect(sent).toBeLessThanOrEqual(wouldBe);
    // What it is sent less, it is no poorer by than by what it gave: the rest stands in its book for the next payout.
    expect(wouldBe - sent).toBeLessThanOrEqual(kept);
    if (given.givenOf(accountId) === 0n) expect(sent).toBe(wouldBe);
    expect(balancesOf(given.world)[`${accountId} granted`] ?? 0n).toBe(kept - given.givenOf(accountId));
    for (const note of ofAccount(given.world.payouts(), accountId)) {
      const same = paidIn.world.payouts().find(({ documentId }) => documentId === note.documentId);
      expect(note.backing).toEqual(same?.backing);
      const others = given.world.payouts().filter((each) => each !== note);
      const left = fundingOf(note, others) - setOffOf(note);
      expect(sentOf(note)).toBe(left > 0n ? left : 0n);
    }
  }
}

describe('for any tree, and credit that any account gives to any below it (BIL-5)', () => {
  it('each giver bears what others used of it out of what it earned, and all others have what they would have without', async () => {
    let borneCount = 0;
    const cases = months.chain(({ tree, used }) => {
      const closed = closedMonths(tree, used);
      const given = funds(tree, closed);
      return fc.record({
        ...{ tree: fc.constant(tree), closed: fc.constant(closed) },
        ...{ before: given, later: given, happened: happenings },
        paysAfter: fc.array(fc.nat(), { maxLength: 2 }),
      });
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ tree, closed, before, later, happened, paysAfter }) => {
        const [, ...accounts] = tree.accounts;
        const afterwards = new Set(paysAfter.map((place) => accounts[place % accounts.length]));
        const prepaid = new Set(accounts.filter((id) => !afterwards.has(id)));
        const worlds = [true, false].map((isGiven) => new CreditWorld(closed, prepaid, { isGiven }));
        const [given, paidIn] = worlds;
        if (given === undefined || paidIn === undefined) return;
        for (const each of worlds) {
          for (const fund of before) each.add(fund);
          each.close();
          await each.world.settle();
        }
        expectBorneByGivers(given, paidIn, accounts);
        for (const [index, what] of happened.entries()) {
          for (const each of worlds) {
            const fund = later[index];
            if (fund !== undefined) each.add(fund);
            if (what.what === 'look') each.takeBack(what.at);
            happen(each.world, what);
            await each.world.settle();
          }
          expectBorneByGivers(given, paidIn, accounts);
        }
        if (accounts.some((id) => keptOf(given.world, id) > 0n)) borneCount += 1;
      }),
      { numRuns: 60 },
    );
    // Worlds in which nothing is borne prove nothing.
    expect(borneCount).toBeGreaterThan(0);
  });
});
