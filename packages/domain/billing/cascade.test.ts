import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Edge } from '../metering/lineage.ts';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import { rollUp } from '../metering/roll-up.ts';
import type { UsageRecord } from '../metering/usage-record.ts';
import { accrue, type LedgerPosition, type LedgerTransaction, netByAccount } from './ledger.ts';
import { minorUnitOf, nano, sum } from './money.ts';
import { periodOf } from './period.ts';
import { amountOf, type Price } from './price.ts';
import { priceLookup } from './price-book.ts';
import { type EdgeLine, rate } from './rating.ts';
import { statementOf } from './statement.ts';

const period = periodOf('2026-11');
const minute = 60_000;
const currency = 'EUR';
const meters = ['bytes', 'minutes'] as const;
const regions = ['eu', 'us'] as const;
const catalogue: MeterCatalogue = new Map(
  meters.map((name) => [
    `relay.${name}`,
    { service: 'relay', name, unit: 'count', dimensions: ['region', 'modality'], isPriced: true },
  ]),
);

interface World {
  readonly accounts: readonly string[];
  readonly edges: readonly Edge[];
  readonly prices: readonly Price[];
  readonly records: readonly UsageRecord[];
}

/** A tree of up to nine accounts, one of which may move, any profiles at all in it, and any use below the platform. */
const worlds: fc.Arbitrary<World> = fc
  .record({
    parents: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
    move: fc.option(fc.record({ account: fc.nat(), to: fc.nat(), atMinute: fc.nat(5) })),
    prices: fc.array(
      fc.record({
        owner: fc.nat(),
        child: fc.option(fc.nat()),
        meter: fc.constantFrom(...meters),
        region: fc.option(fc.constantFrom(...regions)),
        amount: fc.bigInt(0n, 10n ** 10n),
        per: fc.bigInt(0n, 1000n),
        fromMinute: fc.nat(5),
        forMinutes: fc.integer({ min: 1, max: 6 }),
      }),
      { maxLength: 12 },
    ),
    uses: fc.array(
      fc.record({
        account: fc.nat(),
        meter: fc.constantFrom(...meters),
        region: fc.constantFrom(...regions),
        quantity: fc.nat(1_000_000_000),
        atMinute: fc.nat(5),
      }),
      { maxLength: 25 },
    ),
  })
  .map(({ parents, move, prices, uses }) => {
    const accounts = ['a0', ...parents.map((_, index) => `a${index + 1}`)];
    const pick = (index: number) => accounts[index % accounts.length] ?? 'a0';
    const below = (index: number) => accounts[1 + (index % parents.length)] ?? 'a1';
    const at = (minutes: number) => period.fromMs + minutes * minute;
    const parentOf = (index: number) => `a${(parents[index] ?? 0) % (index + 1)}`;
    return {
      accounts,
      edges: moved(
        parents.map((_, index) => ({
          sellerId: parentOf(index),
          buyerId: `a${index + 1}`,
          fromMs: -Infinity,
          toMs: Infinity,
        })),
        move === null
          ? undefined
          : { buyerId: below(move.account), to: pick(move.to), atMs: at(move.atMinute) },
      ),
      prices: prices.map(({ owner, child, meter, region, amount, per, fromMinute, forMinutes }, index) => ({
        id: `prc_${index}`,
        accountId: pick(owner),
        ...(child === null ? {} : { childId: pick(child) }),
        service: 'relay',
        meter,
        where: region === null ? {} : { region },
        tariff:
          per === 0n
            ? { kind: 'flat', amount: nano(amount) }
            : { kind: 'per-unit', amount: nano(amount), per },
        currency: 'EUR',
        fromMs: at(fromMinute),
        toMs: at(fromMinute + forMinutes),
      })),
      records: uses.map(({ account, meter, region, quantity, atMinute }, sequence) => ({
        id: { nodeId: 'nod_1', boot: 1, sequence },
        accountId: below(account),
        segment: 0,
        service: 'relay',
        region,
        modality: 'audio',
        fromMs: at(atMinute),
        toMs: at(atMinute) + 1,
        quantities: [{ meter, quantity, dimensions: {} }],
      })),
    };
  });

/** A move below the mover itself would be a cycle: tenancy refuses it, and so does this. */
function moved(edges: readonly Edge[], move?: { buyerId: string; to: string; atMs: number }): Edge[] {
  if (move === undefined || descendantsOf(edges, move.buyerId).has(move.to)) return [...edges];
  return edges.flatMap((edge) =>
    edge.buyerId === move.buyerId
      ? [
          { ...edge, toMs: move.atMs },
          { ...edge, sellerId: move.to, fromMs: move.atMs },
        ]
      : [edge],
  );
}

function descendantsOf(edges: readonly Edge[], accountId: string): Set<string> {
  const found = new Set([accountId]);
  for (const edge of edges) if (found.has(edge.sellerId)) found.add(edge.buyerId);
  return found;
}

const linesOf = ({ records, edges, prices }: World): readonly EdgeLine[] =>
  rate(rollUp(records, edges).cells, { edges, prices, catalogue, currency }).lines;

function statementsOf(world: World) {
  const { cells } = rollUp(world.records, world.edges);
  return world.accounts.map((accountId) =>
    statementOf({ accountId, period, cells, book: { ...world, catalogue, currency } }),
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
      currency: 'EUR',
      lines: linesOf({ ...world, records }),
      positions: [...positions.values()],
    });
    for (const position of changed) {
      positions.set([position.sellerId, position.buyerId, position.lineKey].join(), position);
    }
    posted.push(...transactions);
  }
  return posted;
}

describe('for any tree, any profiles and any use (BIL-2, BIL-3)', () => {
  test('every transaction and the whole ledger sum to zero', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const transactions = accrueInSteps(world, 3);
        for (const { entries } of transactions) expect(sum(entries.map(({ amount }) => amount))).toBe(0n);
        expect(sum(netByAccount(transactions).values())).toBe(0n);
      }),
    );
  });

  test('statement + residue = ledger = recomputation from raw records', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 6 }), (world, stepCount) => {
        const transactions = accrueInSteps(world, stepCount);
        const nets = netByAccount(transactions);
        for (const { accountId, payable, receivable, totalMinorUnits, residue } of statementsOf(world)) {
          expect(receivable - payable).toBe(nets.get(accountId) ?? 0n);
          expect(totalMinorUnits * minorUnitOf('EUR') + residue).toBe(payable);
        }
        expect(new Set(transactions.map(({ sourceRef }) => sourceRef)).size).toBe(transactions.length);
      }),
    );
  });

  test('accruing twice posts nothing the second time', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const lines = linesOf(world);
        const first = accrue({ period: period.name, currency: 'EUR', lines, positions: [] });
        expect(
          accrue({ period: period.name, currency: 'EUR', lines, positions: first.positions }).transactions,
        ).toEqual([]);
      }),
    );
  });

  test('parts sum to their line, costs of children and own parts to all that is payable', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const { accountId, lines, children, payable, margin, receivable } of statementsOf(world)) {
          for (const { parts, amount, quantity } of lines) {
            expect(sum(parts.map((part) => part.amount))).toBe(amount);
            expect(parts.reduce((total, part) => total + part.quantity, 0n)).toBe(quantity);
          }
          const own = lines.flatMap(({ parts }) => parts.filter((part) => part.accountId === accountId));
          const costs = sum(children.map(({ cost }) => cost));
          expect(costs + sum(own.map(({ amount }) => amount))).toBe(payable);
          expect(receivable - costs).toBe(margin);
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
      fc.property(worlds, (world) => {
        const { cells } = rollUp(world.records, world.edges);
        const { priceFor, edgeAt } = priceLookup({ ...world, currency });
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
        expect(statementsOf(world)[0]?.receivable).toBe(sum(expected));
      }),
    );
  });
});
