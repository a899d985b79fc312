import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rollUp, type UsageCell } from '../metering/roll-up.ts';
import type { UsageRecord } from '../metering/usage-record.ts';
import { accrueAccount as settleAccount } from './account-accrual.ts';
import { accrue, type LedgerPosition, type LedgerTransaction, netByAccount, positionKey } from './ledger.ts';
import { type Nano, nano, subtract, sum } from './money.ts';
import { noOwnCollectors, type OwnCollectors } from './own-collecting.ts';
import { nextPeriod, type Period } from './period.ts';
import { amountOf } from './price.ts';
import { priceLookup } from './price-book.ts';
import {
  catalogue,
  currencies,
  period,
  plainWorlds,
  stillWorlds,
  type World,
  worlds,
} from './random-worlds.testing.ts';
import { type EdgeLine, rate } from './rating.ts';
import { statementOf } from './statement.ts';

const linesOf = ({ records, edges, prices }: World): readonly EdgeLine[] =>
  rate(rollUp(records, edges).cells, { edges, prices, catalogue }, { period }).lines;

function statementsOf(world: World) {
  const { cells } = rollUp(world.records, world.edges);
  return world.accounts.map((accountId) =>
    statementOf({
      accountId,
      period,
      currency: world.currencyOf(accountId),
      cells,
      book: { ...world, catalogue },
    }),
  );
}

/** Posts the usage in steps, as the store does while a period goes on. */
function accrueInSteps(world: World, stepCount: number): LedgerTransaction[] {
  const positions = new Map<string, LedgerPosition>();
  const posted: LedgerTransaction[] = [];
  for (let step = 1; step <= stepCount; step++) {
    const records = world.records.slice(0, Math.ceil((world.records.length * step) / stepCount));
    const { transactions, positions: changed } = accrue({
      period: period.name,
      lines: linesOf({ ...world, records }),
      positions: [...positions.values()],
    });
    for (const position of changed) {
      positions.set(positionKey(position), position);
    }
    posted.push(...transactions);
  }
  return posted;
}

/** As a store does for one account: its own edges alone, rated from what it sees of the tree. */
function accrueAccount(
  ledger: Map<string, LedgerPosition>,
  accountId: string,
  world: World,
): readonly LedgerTransaction[] {
  const { cells } = rollUp(world.records, world.edges);
  const currency = world.currencyOf(accountId);
  const { lines, children } = statementOf({
    accountId,
    period,
    currency,
    cells,
    book: { ...world, catalogue },
  });
  const { transactions, positions } = accrue({
    period: period.name,
    lines: [...lines, ...children.flatMap((child) => child.lines)],
    positions: [...ledger.values()].filter(
      ({ sellerId, buyerId }) => sellerId === accountId || buyerId === accountId,
    ),
  });
  for (const position of positions) ledger.set(positionKey(position), position);
  return transactions;
}

/** statement = ledger, in each currency. */
function expectLedger(transactions: readonly LedgerTransaction[], world: World): void {
  const nets = new Map(
    currencies.map((of) => [
      of as string,
      netByAccount(transactions.filter(({ currency }) => currency === of)),
    ]),
  );
  for (const { accountId, currency, payable, totals } of statementsOf(world)) {
    for (const of of currencies) {
      const receivable = totals.find((total) => total.currency === of)?.receivable ?? 0n;
      expect(receivable - (currency === of ? payable : 0n)).toBe(nets.get(of)?.get(accountId) ?? 0n);
    }
  }
}

/** The ledger of a period, of the one after it and of what is carried into a third, long after all are over. */
class SettledLedger {
  readonly #world: World;
  readonly #ownCollectors: OwnCollectors;
  readonly #positions = new Map<string, Map<string, LedgerPosition>>();
  readonly #transactions: LedgerTransaction[] = [];

  constructor(world: World, ownCollectors: OwnCollectors = noOwnCollectors) {
    this.#world = world;
    this.#ownCollectors = ownCollectors;
  }

  /** Settles the period and the next for each account, and returns how many transactions that took. */
  settleAll(accounts: readonly string[], records: readonly UsageRecord[]): number {
    const before = this.#transactions.length;
    const used = rollUp(records, this.#world.edges).cells;
    for (const of of [period, nextPeriod(period)]) {
      for (const accountId of accounts) this.#settle(accountId, of, of === period ? used : []);
    }
    return this.#transactions.length - before;
  }

  #settle(accountId: string, of: Period, cells: readonly UsageCell[]): void {
    const positionsOf = ({ name }: Period) =>
      [...(this.#positions.get(name)?.values() ?? [])].filter(
        ({ sellerId, buyerId, book }) =>
          buyerId === accountId || (sellerId === accountId && book === 'receivable'),
      );
    const { postings } = settleAccount({
      accountId,
      period: of,
      currency: this.#world.currencyOf(accountId),
      cells,
      book: { ...this.#world, catalogue },
      positions: positionsOf(of),
      nextPositions: positionsOf(nextPeriod(of)),
      nowMs: Infinity,
      // Of the month after, the same as in it: who begins or stops does so between the two.
      ownCollectors:
        of === period
          ? this.#ownCollectors
          : { period: this.#ownCollectors.next, next: this.#ownCollectors.next },
    });
    for (const { period: name, transactions, positions } of postings) {
      const known = this.#positions.get(name) ?? new Map<string, LedgerPosition>();
      for (const position of positions) known.set(positionKey(position), position);
      this.#positions.set(name, known);
      this.#transactions.push(...transactions);
    }
  }

  /** By period and currency, each account's sum; without the third period, into which fractions are only carried. */
  balances(): [string, Map<string, Nano>][] {
    return [period, nextPeriod(period)].flatMap(({ name }) =>
      currencies.map((of): [string, Map<string, Nano>] => [
        `${name} ${of}`,
        netByAccount(
          this.#transactions.filter(
            (transaction) => transaction.period === name && transaction.currency === of,
          ),
        ),
      ]),
    );
  }
}

describe('for any tree, any profiles and any use (BIL-2, BIL-3)', () => {
  test('every transaction and the whole ledger sum to zero', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const transactions = accrueInSteps(world, 3);
        for (const { entries } of transactions) expect(sum(entries.map(({ amount }) => amount))).toBe(0n);
        for (const of of currencies) {
          const inCurrency = transactions.filter(({ currency }) => currency === of);
          expect(sum(netByAccount(inCurrency).values())).toBe(0n);
        }
      }),
    );
  });

  test('statement = ledger = recomputation from raw records', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 6 }), (world, stepCount) => {
        const transactions = accrueInSteps(world, stepCount);
        expectLedger(transactions, world);
        expect(new Set(transactions.map(({ sourceRef }) => sourceRef)).size).toBe(transactions.length);
      }),
    );
  });

  test('the same, account by account, in any order and as often as anybody looks', () => {
    const looked = worlds.chain((world) =>
      fc.record({
        world: fc.constant(world),
        looks: fc.array(
          fc.record({ accountId: fc.constantFrom(...world.accounts), known: fc.nat(world.records.length) }),
          { maxLength: 20 },
        ),
      }),
    );
    fc.assert(
      fc.property(looked, ({ world, looks }) => {
        const ledger = new Map<string, LedgerPosition>();
        // Usage only ever grows, and in the end everybody is accrued with all of it.
        const growing = looks.toSorted((one, other) => one.known - other.known);
        const last = world.accounts.map((accountId) => ({ accountId, known: world.records.length }));
        const transactions = [...growing, ...last, ...last].flatMap(({ accountId, known }) =>
          accrueAccount(ledger, accountId, { ...world, records: world.records.slice(0, known) }),
        );
        for (const { entries } of transactions) expect(sum(entries.map(({ amount }) => amount))).toBe(0n);
        expectLedger(transactions, world);
        expect(new Set(transactions.map(({ sourceRef }) => sourceRef)).size).toBe(transactions.length);
      }),
    );
  });

  test('accruing twice posts nothing the second time', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const lines = linesOf(world);
        const first = accrue({ period: period.name, lines, positions: [] });
        expect(accrue({ period: period.name, lines, positions: first.positions }).transactions).toEqual([]);
      }),
    );
  });

  test('what is asked of all, less what is paid out to all, is what the platform is owed, to the nano unit', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const [platform, ...others] = statementsOf(world);
        for (const of of currencies) {
          const inCurrency = others.filter(({ currency }) => currency === of);
          const asked = sum(inCurrency.map(({ charge }) => charge.amount));
          const paidOut = sum(inCurrency.map(({ payout }) => payout.amount));
          const revenue = platform?.totals.find(({ currency }) => currency === of)?.receivable ?? nano(0n);
          expect(subtract(asked, paidOut)).toBe(revenue);
        }
      }),
    );
  });

  test('nobody is asked and paid out at once but for own use, and no use is asked of two', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const statement of statementsOf(world)) {
          const { ownUse, passedThrough, payable, margins, subsidies, margin, charge, payout } = statement;
          expect(ownUse + passedThrough).toBe(payable);
          expect(margins - subsidies).toBe(margin);
          expect([charge.amount - ownUse, payout.amount]).toEqual(margin < 0n ? [-margin, 0n] : [0n, margin]);
        }
      }),
    );
  });

  test('once a period is over and everybody has settled, all that anybody has in it sums to zero, then and in each after', () => {
    const months = fc.record({ world: worlds, late: fc.nat(25), order: fc.infiniteStream(fc.nat()) });
    fc.assert(
      fc.property(months, ({ world, late, order }) => {
        const ledger = new SettledLedger(world);
        const shuffled = () =>
          world.accounts
            .map((accountId) => ({ accountId, place: order.next().value }))
            .sort((one, other) => one.place - other.place)
            .map(({ accountId }) => accountId);
        // First without what comes late, and each account in any order.
        ledger.settleAll(shuffled(), world.records.slice(late));
        ledger.settleAll(shuffled(), world.records);
        for (const [name, balances] of ledger.balances()) {
          for (const balance of balances.values()) expect([name, balance]).toEqual([name, 0n]);
        }
        expect(ledger.settleAll(shuffled(), world.records)).toBe(0);
      }),
    );
  });

  test('so it does wherever accounts collect themselves, from one month to the next (BIL-6, decision 0017)', () => {
    const months = fc.record({
      world: stillWorlds,
      late: fc.nat(25),
      own: fc.infiniteStream(fc.boolean()),
    });
    fc.assert(
      fc.property(months, ({ world, late, own }) => {
        const some = () => new Set(world.accounts.slice(1).filter(() => own.next().value));
        const ledger = new SettledLedger(world, { period: some(), next: some() });
        ledger.settleAll(world.accounts, world.records.slice(late));
        ledger.settleAll(world.accounts.toReversed(), world.records);
        for (const [name, balances] of ledger.balances()) {
          for (const balance of balances.values()) expect([name, balance]).toEqual([name, 0n]);
        }
        expect(ledger.settleAll(world.accounts, world.records)).toBe(0);
      }),
    );
  });

  test('parts sum to their line, costs of children and own parts to all that is payable', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const { accountId, lines, children, payable, totals } of statementsOf(world)) {
          for (const { parts, amount, quantity } of lines) {
            expect(sum(parts.map((part) => part.amount))).toBe(amount);
            expect(parts.reduce((total, part) => total + part.quantity, 0n)).toBe(quantity);
          }
          const own = lines.flatMap(({ parts }) => parts.filter((part) => part.accountId === accountId));
          const costs = sum(children.map(({ cost }) => cost));
          expect(costs + sum(own.map(({ amount }) => amount))).toBe(payable);
          const owed = sum(totals.map(({ receivable }) => receivable));
          expect(owed - costs).toBe(sum(totals.map(({ margin }) => margin)));
        }
      }),
    );
  });

  test('what a child owes is what its sellers are owed by it', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const statements = statementsOf(world);
        for (const { accountId, payable } of statements) {
          const receivables = statements.flatMap(({ children }) =>
            children.filter((child) => child.accountId === accountId).map(({ receivable }) => receivable),
          );
          expect(sum(receivables)).toBe(payable);
        }
      }),
    );
  });

  test('order and repetition of batches change no line (MET-2)', () => {
    const shuffled = worlds.chain((world) =>
      fc
        .shuffledSubarray([...world.records, ...world.records], { minLength: world.records.length * 2 })
        .map((records) => ({ world, again: { ...world, records } })),
    );
    fc.assert(
      fc.property(shuffled, ({ world, again }) => {
        expect(linesOf(again)).toEqual(linesOf(world));
      }),
    );
  });

  test('the platform collects exactly its own price for all that its own children and those below them used', () => {
    fc.assert(
      fc.property(plainWorlds, (world) => {
        const { cells } = rollUp(world.records, world.edges);
        const { priceFor, edgeAt } = priceLookup(world);
        const top = cells.filter(({ accountId, atMs }) => edgeAt(accountId, atMs)?.sellerId === 'a0');
        const expected = [
          ...Map.groupBy(top, (cell) => {
            const use = {
              service: 'relay',
              meter: cell.meter.slice(6),
              dimensions: cell.dimensions,
              atMs: cell.atMs,
            };
            const found = priceFor(cell.accountId, use)?.price;
            const dimensions = found?.tariff.kind === 'flat' ? found.where : cell.dimensions;
            return JSON.stringify([
              cell.accountId,
              cell.meter,
              dimensions,
              found?.tariff.kind === 'flat' || found?.id,
            ]);
          }).values(),
        ].map((group) => {
          const first = group
            .toSorted((left, right) => left.atMs - right.atMs)
            .find(({ inclusive }) => inclusive > 0n);
          if (first === undefined) return nano(0n);
          const use = {
            service: 'relay',
            meter: first.meter.slice(6),
            dimensions: first.dimensions,
            atMs: first.atMs,
          };
          const tariff = priceFor(first.accountId, use)?.price.tariff;
          const quantity = group.reduce((total, { inclusive }) => total + inclusive, 0n);
          return tariff === undefined ? nano(0n) : amountOf(tariff, quantity);
        });
        expect(sum(statementsOf(world)[0]?.totals.map(({ receivable }) => receivable) ?? [])).toBe(
          sum(expected),
        );
      }),
    );
  });
});
