import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addCredit, anyService, type Balance, changeCredit, debtOf, draw } from '../../spending/balance.ts';
import { creditGiven, useDrawn } from '../../spending/balance-postings.ts';
import { nano } from '../money.ts';
import { closedMonths, MONTHS, months } from './closed-months.testing.ts';
import { balancesOf, CENT, happen, happenings, type World, worldOf } from './collection-world.testing.ts';
import { coveredBy } from './covering.ts';
import type { InvoiceCollection } from './invoice-collection.ts';
import { fundingOf, type PayoutCollection, sentOf, setOffOf } from './payout-collection.ts';
import { setOffPayout, settleInvoice } from './postings.ts';

const PLATFORM = 'platform';
/** Whoever collects can pay out at any time: what it is owed is looked at here, and not what it has at hand. */
const OWN_CASH = 10n ** 15n;
const EVERY_MS = 60_000;

/** Money for the balance of an account: from an account above it, or, where that is nobody, paid in by itself. */
interface Fund {
  readonly accountId: string;
  readonly givenById: string | undefined;
  readonly cents: bigint;
  readonly priority: number;
}

type Closed = ReturnType<typeof closedMonths>;

/** The months of a tree in which some pay by their balances, and what became of credit that was given to those. */
class CreditWorld {
  readonly world: World;
  readonly #balances = new Map<string, Balance>();
  readonly #funds = new Map<string, Fund>();
  readonly #isGiven: boolean;
  #count = 0;

  /** Not `isGiven`: whoever got a credit has paid in as much by itself. */
  constructor({ invoices, notes }: Closed, prepaid: ReadonlySet<string>, isGiven: boolean) {
    this.#isGiven = isGiven;
    this.world = worldOf({
      notes,
      invoices: invoices.map((invoice) =>
        prepaid.has(invoice.accountId) ? { ...invoice, isPaidFromBalance: true, state: 'open' } : invoice,
      ),
    });
    this.world.rail.balance += OWN_CASH;
    for (const accountId of prepaid) this.#balances.set(accountId, { credits: [], draws: [] });
  }

  add(fund: Fund): void {
    const balance = this.#balances.get(fund.accountId);
    if (balance === undefined) return;
    const id = `credit_${++this.#count}`;
    this.#funds.set(id, fund);
    const { cents, priority, accountId } = fund;
    const left = nano(cents * CENT);
    const after = addCredit(balance, { id, left, priority, createdAtMs: this.#count * EVERY_MS });
    this.#balances.set(accountId, after);
    const givenById = this.#isGiven ? fund.givenById : undefined;
    if (givenById !== undefined)
      this.#post(creditGiven({ ...this.#posting(accountId), givenById, amount: left }));
    this.cover(accountId);
  }

  /** What was paid in goes back, as far as it is not given: what it had paid for is owed again. */
  takeBack(place: number): void {
    const bought = [...this.#funds].filter(([, { givenById }]) => givenById === undefined);
    const [id, fund] = bought[place % Math.max(bought.length, 1)] ?? [];
    const balance = fund && this.#balances.get(fund.accountId);
    if (id === undefined || fund === undefined || balance === undefined) return;
    this.#funds.delete(id);
    this.#balances.set(fund.accountId, changeCredit(balance, id, nano(-fund.cents * CENT)));
    this.cover(fund.accountId);
  }

  /** Each month in turn: its invoices are paid by balances, and what others used by then is kept of its payouts. */
  close(): void {
    for (const period of MONTHS) {
      for (const { accountId, totalMinorUnits } of this.#covered().filter((each) => each.period === period)) {
        const balance = this.#balances.get(accountId) ?? { credits: [], draws: [] };
        const amount = nano(totalMinorUnits * CENT);
        const use = { period, service: anyService, amount, atMs: EVERY_MS };
        this.#balances.set(accountId, draw(balance, use));
        this.#post(useDrawn({ ...this.#posting(accountId), amount }));
      }
      for (const accountId of this.#balances.keys()) this.cover(accountId, period);
      for (const note of this.world.payouts()) if (note.period === period) this.#setOff(note);
    }
  }

  /** As the balance stands, and with it what those above may be paid. */
  cover(accountId: string, until = MONTHS.at(-1) ?? ''): void {
    const balance = this.#balances.get(accountId);
    const invoices = this.#covered().filter((each) => each.accountId === accountId && each.period <= until);
    if (balance === undefined) return;
    const drawn = balance.draws.filter(({ amount }) => amount > 0n);
    for (const [index, after] of coveredBy(invoices, debtOf({ draws: drawn }) / CENT).entries()) {
      const before = invoices[index];
      if (before === undefined || before === after || drawn.length === 0) continue;
      const notes = this.world
        .payouts()
        .filter(
          (note) =>
            note.period === after.period && after.shares.some((share) => share.accountId === note.accountId),
        );
      const settled = settleInvoice({ before, after, notes, platformId: PLATFORM });
      for (const each of [after, ...settled.notes]) this.#keep(each);
      this.#post(settled.transactions);
    }
  }

  /** In cents, of credit that an account gave: what others used of it. */
  usedOf(giverId: string): bigint {
    if (!this.#isGiven) return 0n;
    const given = [...this.#funds].filter(([, { givenById }]) => givenById === giverId);
    return given.reduce((total, [id, { accountId, cents }]) => {
      const left = this.#balances.get(accountId)?.credits.find((credit) => credit.id === id)?.left ?? 0n;
      return total + cents - left / CENT;
    }, 0n);
  }

  givenOf = (giverId: string): bigint => this.#sumOf(({ givenById }) => givenById === giverId);
  gotOf = (accountId: string): bigint =>
    this.#sumOf((fund) => fund.accountId === accountId && fund.givenById !== undefined);

  #sumOf(isMeant: (fund: Fund) => boolean): bigint {
    return [...this.#funds.values()].filter(isMeant).reduce((total, { cents }) => total + cents, 0n);
  }

  #setOff(note: PayoutCollection): void {
    // One of nothing is no document, and nothing is kept of it.
    if (note.totalMinorUnits === 0n) return;
    const others = this.world.payouts().filter((each) => each.accountId === note.accountId);
    const kept = others.reduce((total, each) => total + setOffOf(each), 0n);
    const usedMinorUnits = this.usedOf(note.accountId) - kept;
    const after = setOffPayout(note, { usedMinorUnits, platformId: PLATFORM });
    this.#keep(after.note);
    this.#post(after.transactions);
  }

  #covered(): readonly InvoiceCollection[] {
    return [...this.world.store.rows.values()].flatMap(({ held: { collection } }) =>
      collection.kind === 'invoice' && collection.isPaidFromBalance === true ? [collection] : [],
    );
  }

  #keep(collection: InvoiceCollection | PayoutCollection): void {
    const row = this.world.store.rows.get(collection.documentId);
    if (row !== undefined) row.held = { ...row.held, collection };
  }

  #post(transactions: ReturnType<typeof creditGiven>): void {
    for (const each of transactions) this.world.store.transactions.set(each.sourceRef, each);
  }

  #posting = (accountId: string) => ({
    ...{ accountId, platformId: PLATFORM, period: MONTHS[0] ?? '', currency: 'EUR' },
    sourceRef: `posted/${++this.#count}`,
  });
}

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

/** From any account to any below it; most from one that earns of those to whom it gives. */
const funds = (tree: Parameters<typeof closedMonths>[0], { invoices }: Closed) => {
  const parents = new Map(tree.edges.map(({ buyerId, sellerId }) => [buyerId, sellerId]));
  const aboveOf = (id: string): readonly string[] => {
    const above = parents.get(id);
    return above === undefined ? [] : [above, ...aboveOf(above)];
  };
  const nameOf = (id: string) => (id === tree.accounts[0] ? PLATFORM : id);
  const gifts = [
    ...invoices.flatMap(({ accountId, shares }) =>
      shares.map((share) => ({ accountId, givenById: share.accountId })),
    ),
    ...tree.accounts.flatMap((accountId) =>
      [undefined, ...aboveOf(accountId).map(nameOf)].map((givenById) => ({ accountId, givenById })),
    ),
  ];
  return fc
    .array(fc.record({ gift: fc.constantFrom(...gifts), cents: fc.bigInt(1n, 60n), priority: fc.nat(3) }), {
      maxLength: 8,
    })
    .map((all) => all.map(({ gift, ...fund }): Fund => ({ ...fund, ...gift })));
};

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
        const worlds = [true, false].map((isGiven) => new CreditWorld(closed, prepaid, isGiven));
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
