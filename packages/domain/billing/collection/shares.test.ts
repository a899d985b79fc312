import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rollUp } from '../../metering/roll-up.ts';
import { type Nano, nano, sum } from '../money.ts';
import { catalogue, period, type World, worlds } from '../random-worlds.testing.ts';
import { statementOf } from '../statement.ts';
import { chainShares, type Link } from './chain.testing.ts';
import {
  entitledOf,
  fundedOf,
  latePassing,
  type Passing,
  passingOf,
  sharesOf,
  sharesOfParts,
} from './shares.ts';

describe('the share of those above', () => {
  const edge = (sellerId: string, receivable: bigint, cost: bigint) => ({
    sellerId,
    receivable: nano(receivable),
    cost: nano(cost),
  });
  const weights = (charge: bigint, ...edges: Omit<Link, 'buyerId'>[]): [string, Nano][] => {
    const links = edges.map((link, index) => ({ ...link, buyerId: edges[index - 1]?.sellerId ?? 'x' }));
    return chainShares(nano(charge), links).map(({ accountId, weight }) => [accountId, weight]);
  };

  it('is the margin of each edge on the way up; what arrives at the top is nobody’s payout', () => {
    expect(weights(2000n, edge('a', 2000n, 1250n), edge('b', 1250n, 1000n), edge('top', 1000n, 0n))).toEqual([
      ['a', 750n],
      ['b', 250n],
    ]);
  });

  it('does not grow where somebody sells below cost: the rest is that one’s own invoice', () => {
    expect(weights(500n, edge('a', 500n, 1000n), edge('b', 1000n, 600n), edge('top', 600n, 0n))).toEqual([
      ['b', 200n],
    ]);
  });

  it('is a seller’s whose own seller sold nothing: a fee for a month without use (BIL-6)', () => {
    const passing = new Map<string, Passing>([
      ['w', { edges: [], bought: [{ sellerId: 'z', charge: nano(500n), through: nano(0n) }] }],
      ['z', { edges: [{ buyerId: 'w', receivable: nano(500n), cost: nano(0n) }], bought: [] }],
    ]);
    expect(
      sharesOf(nano(500n), { accountId: 'w', collectorId: 'platform' }, (id) => passing.get(id)),
    ).toEqual([{ accountId: 'z', weight: 500n }]);
  });

  it('is each seller’s of whom somebody bought that moved, and ends where two stood above each other in turn', () => {
    const bought = (sellerId: string, charge: bigint, through = 0n) => ({
      sellerId,
      charge: nano(charge),
      through: nano(through),
    });
    const passing = new Map<string, Passing>([
      ['c', { edges: [], bought: [bought('a', 300n), bought('b', 100n)] }],
      [
        'a',
        {
          edges: [
            { buyerId: 'c', receivable: nano(300n), cost: nano(100n) },
            { buyerId: 'b', receivable: nano(50n), cost: nano(50n) },
          ],
          bought: [bought('b', 0n, 150n)],
        },
      ],
      [
        'b',
        {
          edges: [{ buyerId: 'c', receivable: nano(100n), cost: nano(50n) }],
          bought: [bought('a', 0n, 50n)],
        },
      ],
    ]);
    const shares = sharesOf(nano(400n), { accountId: 'c', collectorId: 'top' }, (id) => passing.get(id));
    expect(shares).toEqual([
      { accountId: 'a', weight: 200n },
      { accountId: 'b', weight: 50n },
    ]);
  });

  it('of what came late is what came late of each edge, and where that is less, of the whole month', () => {
    const edge = (receivable: bigint, cost: bigint) => ({
      buyerId: 'x',
      receivable: nano(receivable),
      cost: nano(cost),
    });
    const late = (now: [bigint, bigint], closed?: [bigint, bigint]) =>
      latePassing({ edges: [edge(...now)], bought: [] }, closed && { edges: [edge(...closed)], bought: [] })
        .edges;
    expect(late([1500n, 1000n], [1000n, 800n])).toEqual([edge(500n, 200n)]);
    expect(late([900n, 700n], [1000n, 800n])).toEqual([edge(900n, 700n)]);
    expect(late([900n, 700n])).toEqual([edge(900n, 700n)]);
  });

  it('is less by as much as is asked less, where a month before came to less', () => {
    const part = (asked: bigint, weight: bigint) => ({
      asked: nano(asked),
      shares: [{ accountId: 'a', weight: nano(weight) }],
    });
    expect(sharesOfParts([part(1000n, 400n), part(500n, 200n)])).toEqual([{ accountId: 'a', weight: 600n }]);
    expect(sharesOfParts([part(1000n, 400n), { asked: nano(-250n), shares: [] }])).toEqual([
      { accountId: 'a', weight: 300n },
    ]);
    expect(sharesOfParts([part(1000n, 400n), { asked: nano(-1000n), shares: [] }])).toEqual([]);
  });

  it('of any tree, any prices and any use comes to what each is paid out, and never to more than is asked', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { statements, sharesOfAll } = sharedOut(world);
        for (const { accountId, charge } of statements)
          expect(sum((sharesOfAll.get(accountId) ?? []).map(({ weight }) => weight))).toBeLessThanOrEqual(
            charge.amount,
          );
        const earned = Map.groupBy([...sharesOfAll.values()].flat(), ({ accountId }) => accountId);
        for (const { accountId, payout } of statements) {
          const weight = sum((earned.get(accountId) ?? []).map((share) => share.weight));
          const off = payout.amount - weight;
          // A nano unit of rounding at each account on the way, of each that pays.
          expect([accountId, off > -ROUNDED_MAX && off < ROUNDED_MAX]).toEqual([accountId, true]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

const ROUNDED_MAX = 100n;

/** Of each account, how its charge is shared. */
function sharedOut(world: World) {
  const { cells } = rollUp(world.records, world.edges);
  const statements = world.accounts.map((accountId) =>
    statementOf({
      accountId,
      period,
      currency: world.currencyOf(accountId),
      cells,
      book: { ...world, catalogue },
    }),
  );
  const passing = new Map(statements.map((each) => [each.accountId, passingOf(each)]));
  const [, ...payers] = statements;
  return {
    statements: payers,
    sharesOfAll: new Map(
      payers.map(({ accountId, charge }) => [
        accountId,
        sharesOf(charge.amount, { accountId, collectorId: 'a0' }, (id) => passing.get(id)),
      ]),
    ),
  };
}

describe('what may leave of a payout', () => {
  const CENT = nano(10_000_000n);
  const of = (cents: bigint, backing: { weight: bigint; paid?: bigint; lost?: bigint }) => ({
    totalMinorUnits: cents,
    unit: CENT,
    backing: {
      weight: nano(backing.weight),
      paid: nano(backing.paid ?? 0n),
      lost: nano(backing.lost ?? 0n),
    },
  });

  it('is nothing where no invoice is behind it, and all that its account is still to get', () => {
    expect(fundedOf(of(500n, { weight: 0n }))).toBe(0n);
    expect(entitledOf(of(500n, { weight: 0n }))).toBe(500n);
  });

  it('is no more than was paid, where the invoices behind it come to less than it', () => {
    const part = of(500n, { weight: 300n * CENT, paid: 300n * CENT });
    expect(fundedOf(part)).toBe(300n);
    expect(fundedOf(part, nano(150n * CENT))).toBe(450n);
    expect(fundedOf(part, nano(900n * CENT))).toBe(500n);
  });

  it('is all of it once all is paid, though rounding left some nano units to others', () => {
    expect(fundedOf(of(500n, { weight: 500n * CENT - 7n, paid: 500n * CENT - 7n }))).toBe(500n);
  });
});
