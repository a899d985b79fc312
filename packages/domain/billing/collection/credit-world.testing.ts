import fc from 'fast-check';
import {
  addCredit,
  anyService,
  type Balance,
  balanceOf,
  changeCredit,
  debtOf,
  draw,
} from '../../spending/balance.ts';
import { creditGiven, useDrawn } from '../../spending/balance-postings.ts';
import { nano } from '../money.ts';
import { type closedMonths, MONTHS } from './closed-months.testing.ts';
import { balancesOf, CENT, invoiceOf, type World, worldOf } from './collection-world.testing.ts';
import { coveredBy } from './covering.ts';
import type { InvoiceCollection } from './invoice-collection.ts';
import type { PayoutCollection } from './payout-collection.ts';
import { issued, setOffPayout, settleInvoice } from './postings.ts';

export const PLATFORM = 'platform';
/** Whoever collects can pay out at any time: what it is owed is looked at here, and not what it has at hand. */
export const OWN_CASH = 10n ** 15n;
const EVERY_MS = 60_000;
/** Behind all in which anybody is asked for anything. */
const LAST_MONTH = '9999-12';

/** Money for the balance of an account: from an account above it, or, where that is nobody, paid in by itself. */
export interface Fund {
  readonly accountId: string;
  readonly givenById: string | undefined;
  readonly cents: bigint;
  readonly priority: number;
}

export type Closed = ReturnType<typeof closedMonths>;

/** The months of a tree in which some pay by their balances, and what became of credit that was given to those. */
export class CreditWorld {
  readonly world: World;
  readonly #balances = new Map<string, Balance>();
  readonly #funds = new Map<string, Fund>();
  readonly #isGiven: boolean;
  readonly #isAsked: boolean;
  #count = 0;

  constructor(
    { invoices, notes }: Closed,
    prepaid: ReadonlySet<string>,
    {
      isGiven,
      isAsked = false,
    }: {
      /** Not: whoever got a credit has paid in as much by itself. */
      readonly isGiven: boolean;
      /** Whether givers are asked by invoices for what their payouts do not cover. */
      readonly isAsked?: boolean;
    },
  ) {
    this.#isGiven = isGiven;
    this.#isAsked = isAsked;
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
  close(months: readonly string[] = MONTHS): void {
    for (const period of months) {
      for (const { accountId, totalMinorUnits } of this.#covered().filter((each) => each.period === period))
        this.#draw(accountId, period, totalMinorUnits);
      if (this.#isAsked) for (const giverId of this.#givers()) this.#ask(giverId, period);
      for (const accountId of this.#balances.keys()) this.cover(accountId, period);
      for (const note of this.world.payouts()) if (note.period === period) this.#setOff(note);
    }
  }

  #draw(accountId: string, period: string, minorUnits: bigint): void {
    const balance = this.#balances.get(accountId) ?? { credits: [], draws: [] };
    const amount = nano(minorUnits * CENT);
    this.#balances.set(accountId, draw(balance, { period, service: anyService, amount, atMs: EVERY_MS }));
    this.#post(useDrawn({ ...this.#posting(accountId), amount }));
  }

  /** Puts what a giver owes beyond its payout on its invoice of a month, or makes one of that alone. */
  #ask(accountId: string, period: string): void {
    const note = this.world.payouts().find((each) => each.accountId === accountId && each.period === period);
    const minorUnits = this.owedOf(accountId) - (note?.totalMinorUnits ?? 0n);
    if (minorUnits <= 0n) return;
    const isPrepaid = this.#balances.has(accountId);
    const known = this.invoices().find((each) => each.accountId === accountId && each.period === period);
    const invoice: InvoiceCollection = known ?? {
      ...invoiceOf(accountId, { net: 0n, tax: 0n, shares: [] }),
      ...{ documentId: `doc_${accountId}_${period}`, period, lines: [] },
      ...(isPrepaid ? { isPaidFromBalance: true, state: 'open' } : {}),
    };
    const line = { key: 'given-credit', text: 'Credit', minorUnits };
    const asked: InvoiceCollection = {
      ...invoice,
      totalMinorUnits: invoice.totalMinorUnits + minorUnits,
      givenCreditMinorUnits: minorUnits,
      lines: [...invoice.lines, line],
    };
    if (known === undefined)
      this.world.store.add({
        ...{ collection: asked, refusedCount: 0, platformId: PLATFORM },
        ...{ payeeId: `payee_${accountId}`, name: accountId },
      });
    else this.#keep(asked);
    const document = {
      kind: 'invoice' as const,
      ...{ id: `credit_${asked.documentId}`, accountId, period, currency: 'EUR' },
      ...{ totalMinorUnits: minorUnits, netMinorUnits: minorUnits },
      lines: [
        {
          kind: 'given-credit' as const,
          ...{ key: line.key, period, amount: nano(minorUnits * CENT), minorUnits },
        },
      ],
    };
    this.#post(issued(document, PLATFORM));
    if (isPrepaid) this.#draw(accountId, period, minorUnits);
  }

  /** As the balance stands, and with it what those above may be paid. */
  cover(accountId: string, until = LAST_MONTH): void {
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

  /** In cents, what others used of credit that an account gave, and nothing is kept or asked for. */
  owedOf(giverId: string): bigint {
    const granted = balancesOf(this.world)[`${giverId} granted`] ?? 0n;
    return this.usedOf(giverId) - this.givenOf(giverId) - granted;
  }

  /** In cents, of what accounts have paid in, or were given, what is left: less what their balances owe. */
  leftOf = (accountId: string): bigint => {
    const balance = this.#balances.get(accountId);
    return balance === undefined ? 0n : balanceOf(balance) / CENT;
  };

  /** In cents, of what an account was given, what is left. */
  gotLeftOf = (accountId: string): bigint =>
    this.#leftOfFunds(
      (fund) => fund.accountId === accountId && fund.givenById !== undefined && this.#isGiven,
    );

  #leftOfFunds = (isMeant: (fund: Fund) => boolean): bigint =>
    [...this.#funds].reduce((total, [id, fund]) => {
      const credits = this.#balances.get(fund.accountId)?.credits ?? [];
      const left = credits.find((credit) => credit.id === id)?.left ?? 0n;
      return isMeant(fund) ? total + left / CENT : total;
    }, 0n);

  debtOf = (accountId: string): bigint => debtOf(this.#balances.get(accountId) ?? { draws: [] }) / CENT;

  /** In cents, what an account has paid in by itself. */
  boughtOf = (accountId: string): bigint =>
    this.#sumOf((fund) => fund.accountId === accountId && (fund.givenById === undefined || !this.#isGiven));

  /** Accounts below the platform that gave something. */
  #givers = (): ReadonlySet<string> =>
    new Set(
      [...this.#funds.values()].flatMap(({ givenById }) =>
        givenById === undefined || givenById === PLATFORM ? [] : [givenById],
      ),
    );

  givenOf = (giverId: string): bigint => this.#sumOf(({ givenById }) => givenById === giverId);
  gotOf = (accountId: string): bigint =>
    this.#sumOf((fund) => fund.accountId === accountId && fund.givenById !== undefined);

  #sumOf(isMeant: (fund: Fund) => boolean): bigint {
    return [...this.#funds.values()].filter(isMeant).reduce((total, { cents }) => total + cents, 0n);
  }

  #setOff(note: PayoutCollection): void {
    // One of nothing is no document, and nothing is kept of it.
    if (note.totalMinorUnits === 0n) return;
    const usedMinorUnits = this.#isGiven ? this.owedOf(note.accountId) : 0n;
    const after = setOffPayout(note, { usedMinorUnits, platformId: PLATFORM });
    this.#keep(after.note);
    this.#post(after.transactions);
  }

  invoices(): readonly InvoiceCollection[] {
    return [...this.world.store.rows.values()].flatMap(({ held: { collection } }) =>
      collection.kind === 'invoice' ? [collection] : [],
    );
  }

  #covered = (): readonly InvoiceCollection[] =>
    this.invoices().filter(({ isPaidFromBalance }) => isPaidFromBalance === true);

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

/** From any account to any below it; most from one that earns of those to whom it gives. */
export const funds = (tree: Parameters<typeof closedMonths>[0], { invoices }: Closed) => {
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
