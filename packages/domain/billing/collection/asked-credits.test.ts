import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closedMonths, months } from './closed-months.testing.ts';
import { happen, happenings } from './collection-world.testing.ts';
import { CreditWorld, type Fund, funds, OWN_CASH, PLATFORM } from './credit-world.testing.ts';
import { goneCreditOf, sumsOf, unpaidCreditOf } from './invoice-collection.ts';
import { earnedOf, setOffOf, unpaidSetOffOf } from './payout-collection.ts';

/** Whoever pays for credit by credit leaves that to the next month, as often as there are levels. */
const LATER_MONTHS = Array.from({ length: 8 }, (_, index) => `2027-${String(index + 4).padStart(2, '0')}`);

const cases = months.chain(({ tree, used }) => {
  const closed = closedMonths(tree, used);
  return fc.record({
    ...{ accounts: fc.constant(tree.accounts.slice(1)), closed: fc.constant(closed) },
    ...{ given: funds(tree, closed), happened: happenings },
    paysAfter: fc.array(fc.nat(), { maxLength: 2 }),
  });
});

const sumOf = <Item>(items: readonly Item[], of: (item: Item) => bigint): bigint =>
  items.reduce((total, item) => total + of(item), 0n);

/** In cents: what came in, through the rail or into balances, less what went back and what was paid out. */
const moneyOf = (of: CreditWorld, accounts: readonly string[]): bigint =>
  of.world.rail.balance - OWN_CASH + sumOf(accounts, of.boughtOf);

/**
 * In cents: what others used of credits and no money came in for yet: what the platform gave, what givers still owe, and what is kept of
 * payouts that nobody has paid in for.
 */
const debtsOf = (of: CreditWorld, accounts: readonly string[]): bigint =>
  of.usedOf(PLATFORM) +
  sumOf(accounts, (id) => of.owedOf(id)) +
  sumOf(of.invoices(), unpaidCreditOf) +
  sumOf(of.world.payouts(), (payout) => unpaidSetOffOf(payout, of.world.payouts()));

/** In cents, what an account earned and has, less what it paid. Of what is earned a fraction may wait for what is asked for next. */
const worthOf = (of: CreditWorld, accountId: string): bigint =>
  sumOf(of.world.payouts(), (note) => (note.accountId === accountId ? earnedOf(note) : 0n)) -
  sumOf(of.invoices(), (each) =>
    each.accountId === accountId && each.isPaidFromBalance !== true ? each.paidMinorUnits : 0n,
  ) -
  of.boughtOf(accountId) +
  of.leftOf(accountId);

const keptOf = (of: CreditWorld, accountId: string): bigint =>
  sumOf(of.world.payouts(), (note) => (note.accountId === accountId ? setOffOf(note) : 0n));

/** In cents, what invoices of an account ask for what others used: less what nobody pays for any more. */
const askedOf = (of: CreditWorld, accountId: string): bigint =>
  sumOf(of.invoices(), (each) =>
    each.accountId === accountId ? (each.givenCreditMinorUnits ?? 0n) - goneCreditOf(each, sumsOf(each)) : 0n,
  );

function begun(
  closed: ReturnType<typeof closedMonths>,
  prepaid: ReadonlySet<string>,
  given: readonly Fund[],
) {
  const worlds = [true, false].map(
    (isGiven) => new CreditWorld(closed, prepaid, { isGiven, isAsked: isGiven }),
  );
  const [asked, paidIn] = worlds;
  if (asked === undefined || paidIn === undefined) throw new Error('There are two.');
  for (const each of worlds) {
    for (const fund of given) each.add(fund);
    each.close();
  }
  return { asked, paidIn };
}

/** Everybody pays what they are asked for, month after month, until nobody is asked for anything. */
async function payAll(of: CreditWorld, accounts: readonly string[]): Promise<void> {
  for (const month of LATER_MONTHS) {
    for (const accountId of accounts) {
      const cents = of.debtOf(accountId);
      if (cents > 0n) of.add({ accountId, givenById: undefined, cents, priority: 9 });
    }
    await of.world.settle();
    for (const invoice of of.world.rail.invoices.values())
      if (invoice.state === 'open') of.world.rail.pay(invoice, invoice.minorUnits);
    await of.world.settle();
    const isOwed = accounts.some((id) => of.owedOf(id) > 0n || of.debtOf(id) > 0n);
    if (!isOwed) return;
    of.close([month]);
    await of.world.settle();
  }
}

const prepaidOf = (accounts: readonly string[], paysAfter: readonly number[]): ReadonlySet<string> => {
  const afterwards = new Set(paysAfter.map((place) => accounts[place % accounts.length]));
  return new Set(accounts.filter((id) => !afterwards.has(id)));
};

describe('for any tree, and credit that any account gives to any below it (BIL-5)', () => {
  it('no more is paid out than came in, but for what givers owe, are asked for, or had kept of what nobody has paid yet', async () => {
    let askedCount = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ accounts, closed, given, happened, paysAfter }) => {
        const { asked } = begun(closed, prepaidOf(accounts, paysAfter), given);
        const expectCovered = () => {
          const left = sumOf(accounts, (id) => asked.leftOf(id) + asked.debtOf(id) - asked.gotLeftOf(id));
          // A note is in whole cents: of each, less than one may leave before what it is of is asked for.
          const early = BigInt(asked.world.payouts().length);
          expect(moneyOf(asked, accounts) + debtsOf(asked, accounts) + early).toBeGreaterThanOrEqual(left);
          for (const accountId of accounts)
            expect(asked.owedOf(accountId)).toBe(
              asked.usedOf(accountId) - keptOf(asked, accountId) - askedOf(asked, accountId),
            );
        };
        await asked.world.settle();
        expectCovered();
        for (const each of happened) {
          happen(asked.world, each);
          await asked.world.settle();
          expectCovered();
        }
        if (asked.invoices().some(({ givenCreditMinorUnits = 0n }) => givenCreditMinorUnits > 0n))
          askedCount += 1;
      }),
      { numRuns: 60, endOnFailure: true },
    );
    // Worlds in which nobody is asked prove nothing.
    expect(askedCount).toBeGreaterThan(0);
  });

  it('once everything is paid all is square to the cent: each giver has paid what others used, and nobody else anything of it', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ accounts, closed, given, happened, paysAfter }) => {
        const { asked, paidIn } = begun(closed, prepaidOf(accounts, paysAfter), given);
        for (const each of happened.filter(({ what }) => what.startsWith('pay'))) {
          happen(asked.world, each);
          await asked.world.settle();
        }
        for (const each of [asked, paidIn]) await payAll(each, accounts);
        expect(sumOf(asked.invoices(), unpaidCreditOf)).toBe(0n);
        for (const accountId of accounts) {
          expect(asked.owedOf(accountId)).toBe(0n);
          expect(worthOf(asked, accountId)).toBe(
            worthOf(paidIn, accountId) + asked.gotOf(accountId) - asked.usedOf(accountId),
          );
        }
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});
