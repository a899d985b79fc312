import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rollUp, type UsageCell } from '../metering/roll-up.ts';
import { accrue, netByAccount } from './ledger.ts';
import { cutAndCarry, formatDecimal, halfEven, minorUnitOf, nano, parseDecimal, sum } from './money.ts';
import { nextPeriod } from './period.ts';
import type { Price, Tariff, UnitTariff } from './price.ts';
import { type PricedEdge, spanStarts } from './price-book.ts';
import { anyTariff, catalogue, period, type World, worlds } from './random-worlds.testing.ts';
import { type EdgeLine, rate } from './rating.ts';
import { statementOf } from './statement.ts';
import { bandsOf, nextUnitPrice } from './tiers.ts';

const minute = 60_000;
const always = { fromMs: -Infinity, toMs: Infinity };
const currency = 'EUR';

const tier = (after: bigint, amount: string) => ({ after, amount: parseDecimal(amount) });
const unitPrice = (amount: string, terms: Partial<UnitTariff> = {}): UnitTariff => ({
  kind: 'per-unit',
  amount: parseDecimal(amount),
  per: 1n,
  ...terms,
});
/** To 100 free, to 1000 at 0.01, above at 0.008. */
const threeTiers = unitPrice('0', { tiers: [tier(100n, '0.01'), tier(1000n, '0.008')] });

const chain = (...names: readonly string[]): PricedEdge[] =>
  names.slice(1).map((buyerId, index) => ({ sellerId: names[index] ?? '', buyerId, currency, ...always }));

let priceCount = 0;
const price = (accountId: string, tariff: Tariff, more: Partial<Price> = {}): Price => ({
  id: `prc_${++priceCount}`,
  accountId,
  service: 'relay',
  meter: 'minutes',
  where: {},
  tariff,
  currency,
  ...always,
  ...more,
});

/** Use of an account below others, as the totals have it: once for itself, and once for each above. */
const use = (
  lineage: readonly string[],
  quantity: bigint,
  { atMinute = 0, region = 'eu' }: { readonly atMinute?: number; readonly region?: string } = {},
): UsageCell[] =>
  lineage.map((accountId, index) => ({
    accountId,
    atMs: period.fromMs + atMinute * minute,
    meter: 'relay.minutes',
    dimensions: { region, modality: 'audio' },
    inclusive: quantity,
    own: index === 0 ? quantity : 0n,
    entryCount: 1,
  }));

const linesOf = (cells: readonly UsageCell[], prices: readonly Price[], edges = chain('platform', 'leaf')) =>
  rate(cells, { edges, prices, catalogue }, { period }).lines;

const amountsOf = (lines: readonly EdgeLine[]) => lines.map(({ amount }) => formatDecimal(amount));
const costOf = (tariff: UnitTariff, total: bigint) =>
  sum(bandsOf(tariff, { from: 0n, to: total, total }).map(({ cost }) => cost));
const told = (lines: readonly EdgeLine[]) =>
  lines.flatMap(({ pooled }) =>
    (pooled?.bands ?? []).map(({ quantity, amount }) => [quantity, formatDecimal(amount)]),
  );

describe('the worked examples', () => {
  const nets = (quantity: bigint, rates: readonly string[]) => {
    const names = ['platform', ...rates.map((_, index) => `level${index + 1}`)];
    const prices = rates.map((amount, index) => price(names[index] ?? '', unitPrice(amount)));
    const lines = linesOf(use(names.slice(1).reverse(), quantity), prices, chain(...names));
    const net = netByAccount(accrue({ period: period.name, lines, positions: [] }).transactions);
    return names.map((name) => formatDecimal(net.get(name) ?? nano(0n)));
  };

  test('1 and 2: a markup, and four edges of which one subsidises', () => {
    expect(nets(1000n, ['0.01', '0.02'])).toEqual(['10', '10', '-20']);
    expect(nets(777n, ['0.01', '0.0125', '0.009', '0.03'])).toEqual([
      '7.77',
      '1.9425',
      '-2.7195',
      '16.317',
      '-23.31',
    ]);
  });

  test('3: 1200 units are 10.60 in graduated tiers and 9.60 in volume tiers, and the line shows how', () => {
    const graduated = [0n, 100n, 1000n, 1200n].map((quantity) => formatDecimal(costOf(threeTiers, quantity)));
    expect(graduated).toEqual(['0', '0', '9', '10.6']);
    const volume = linesOf(use(['leaf'], 1200n), [price('platform', { ...threeTiers, tiering: 'volume' })]);
    expect([amountsOf(volume), told(volume)]).toEqual([['9.6'], [[1200n, '0.008']]]);
    const lines = linesOf(use(['leaf'], 1200n), [price('platform', threeTiers)]);
    expect([amountsOf(lines), told(lines)]).toEqual([
      ['10.6'],
      [
        [100n, '0'],
        [900n, '0.01'],
        [200n, '0.008'],
      ],
    ]);
    // The same said with an allowance: tiers count what is left of it.
    const allowance = unitPrice('0.01', { free: 100n, tiers: [tier(900n, '0.008')] });
    expect(told(linesOf(use(['leaf'], 1200n), [price('platform', allowance)]))).toEqual(told(lines));
  });

  test('4 and 5: half to even in cents, and six months of a third that are cut off and carried', () => {
    const cent = minorUnitOf(currency);
    const rounded = ['0.005', '0.015', '0.025', '-0.015', '1.005', '1.015'].map((text) =>
      halfEven(parseDecimal(text), cent),
    );
    expect(rounded).toEqual([0n, 2n, 2n, -2n, 100n, 102n]);
    const half = parseDecimal('0.005');
    expect([3n * halfEven(half, cent), halfEven(nano(3n * half), cent)]).toEqual([0n, 2n]);
    let carry = nano(0n);
    const months = Array.from({ length: 6 }, () => {
      const paid = cutAndCarry(carry, parseDecimal('0.333333333'), cent);
      carry = paid.carry;
      return paid.units;
    });
    expect([months, carry]).toEqual([[33n, 33n, 33n, 34n, 33n, 33n], 9_999_998n]);
  });
});

describe('what a price counts over the period (BIL-1)', () => {
  test('all dimension sets, and the versions of a price, are one pool: the allowance is given once', () => {
    const tariff = unitPrice('1', { free: 10n });
    const prices = [
      price('platform', tariff, { toMs: period.fromMs + 5 * minute }),
      price('platform', unitPrice('2', { free: 10n }), { fromMs: period.fromMs + 5 * minute }),
    ];
    const cells = [
      ...use(['leaf'], 6n),
      ...use(['leaf'], 6n, { region: 'us' }),
      ...use(['leaf'], 5n, { atMinute: 7 }),
    ];
    expect(amountsOf(linesOf(cells, prices)).sort()).toEqual(['10', '2']);
    expect(linesOf(cells.reverse(), prices)).toEqual(linesOf(cells.reverse(), prices));
  });

  test('each filter is a pool of its own, and use under a version without tiers moves them on too', () => {
    const video = price('platform', unitPrice('5', { free: 1n }), { where: { region: 'us' } });
    const prices = [
      price('platform', unitPrice('1'), { toMs: period.fromMs + minute }),
      price('platform', unitPrice('9', { tiers: [tier(100n, '1')] }), { fromMs: period.fromMs + minute }),
      video,
    ];
    const cells = [
      ...use(['leaf'], 100n),
      ...use(['leaf'], 1n, { atMinute: 1 }),
      ...use(['leaf'], 3n, { region: 'us' }),
    ];
    expect(amountsOf(linesOf(cells, prices)).sort()).toEqual(['1', '10', '100']);
  });

  test("each edge's own quantity decides: a seller that passes tiers on earns what its children do not reach together", () => {
    const edges: PricedEdge[] = [
      ...chain('platform', 'parent', 'anna'),
      { sellerId: 'parent', buyerId: 'bert', currency, ...always },
    ];
    const cells = [...use(['anna', 'parent'], 600n), ...use(['bert', 'parent'], 600n)];
    const pooled = cells.filter(({ accountId }) => accountId === 'parent');
    const parent = { ...pooled[0], inclusive: 1200n } as UsageCell;
    const all = [...cells.filter(({ accountId }) => accountId !== 'parent'), parent];
    const book = { edges, prices: [price('platform', threeTiers)], catalogue };
    const statement = statementOf({ accountId: 'parent', period, currency, cells: all, book });
    expect(formatDecimal(statement.payable)).toBe('10.6');
    expect(statement.children.map(({ receivable, cost }) => [receivable, cost].map(formatDecimal))).toEqual([
      ['5', '5.3'],
      ['5', '5.3'],
    ]);
    expect(statement.lines[0]?.parts.map(({ amount }) => formatDecimal(amount))).toEqual(['5.3', '5.3']);
  });

  test('a minimum raises what a period with any use costs, once, and is told apart', () => {
    const prices = [price('platform', unitPrice('1', { minimum: parseDecimal('5') }))];
    const [line] = linesOf([...use(['leaf'], 2n), ...use(['leaf'], 1n, { atMinute: 3 })], prices);
    expect([line?.amount, line?.pooled?.topUp].map((of) => formatDecimal(of ?? nano(0n)))).toEqual([
      '5',
      '2',
    ]);
    expect(amountsOf(linesOf(use(['leaf'], 6n), prices))).toEqual(['6']);
    expect(linesOf([], prices)).toEqual([]);
  });

  test('what is not free is billed in steps that were begun, over the period and not each time', () => {
    const prices = [price('platform', unitPrice('0.01', { free: 30n, roundUpTo: 60n }))];
    const cells = [...use(['leaf'], 31n), ...use(['leaf'], 59n, { atMinute: 2 })];
    expect(told(linesOf(cells, prices))).toEqual([
      [30n, '0'],
      [60n, '0.01'],
    ]);
    expect(amountsOf(linesOf([...cells, ...use(['leaf'], 1n, { atMinute: 9 })], prices))).toEqual(['1.2']);
  });

  test('what one unit more costs: nothing while it is free or its step is begun on nothing, and then its tier', () => {
    const next = [0n, 99n, 100n, 999n, 1000n].map((total) => nextUnitPrice(threeTiers, total).amount);
    expect(next.map(formatDecimal)).toEqual(['0', '0', '0.01', '0.01', '0.008']);
    const volume = nextUnitPrice({ ...threeTiers, tiering: 'volume' }, 1000n);
    expect(formatDecimal(volume.amount)).toBe('0.008');
    expect(nextUnitPrice(unitPrice('1', { free: 3n }), 2n).amount).toBe(0n);
  });
});

describe('a fee for a period', () => {
  const fee = (amount: string): Tariff => ({ kind: 'fee', amount: parseDecimal(amount) });
  const days = (count: number) => period.fromMs + count * 86_400_000;

  test('is owed without use, covers all use, and by whole minutes where it begins or ends within', () => {
    expect(amountsOf(linesOf([], [price('platform', fee('30'))]))).toEqual(['30']);
    const used = linesOf(use(['leaf'], 7n), [price('platform', fee('30'))]);
    expect(used.map(({ quantity, amount }) => [quantity, formatDecimal(amount)])).toEqual([[7n, '30']]);
    expect(amountsOf(linesOf([], [price('platform', fee('30'), { fromMs: days(10) })]))).toEqual(['20']);
    expect(amountsOf(linesOf([], [price('platform', fee('30'), { toMs: days(1) })]))).toEqual(['1']);
    const late = [{ sellerId: 'platform', buyerId: 'leaf', currency, fromMs: days(15), toMs: Infinity }];
    expect(amountsOf(linesOf([], [price('platform', fee('30'))], late))).toEqual(['15']);
    expect(linesOf([], [price('platform', fee('30'), { fromMs: nextPeriod(period).fromMs })])).toEqual([]);
  });

  test('two versions of one amount cost together what one would, to the nano unit', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 12n), fc.integer({ min: 1, max: 43_199 }), (amount, at) => {
        const cut = period.fromMs + at * minute;
        const tariff: Tariff = { kind: 'fee', amount: nano(amount) };
        const halves = [price('platform', tariff, { toMs: cut }), price('platform', tariff, { fromMs: cut })];
        expect(sum(linesOf([], halves).map((line) => line.amount))).toBe(amount);
      }),
    );
  });

  test('is between the two whom it was set for: those below use what it covers, and the seller bears it', () => {
    const edges = chain('platform', 'parent', 'leaf');
    const lines = linesOf(use(['leaf', 'parent'], 5n), [price('platform', fee('30'))], edges);
    expect(lines.map(({ buyerId, amount }) => [buyerId, formatDecimal(amount)])).toEqual([
      ['leaf', '0'],
      ['parent', '30'],
    ]);
    // Nobody is shown a fee that is not due.
    expect(lines.map(({ tariff }) => tariff)).toEqual([unitPrice('0'), fee('30')]);
  });

  test("a child's own price stands before the fee for all, for as long as it holds", () => {
    const own = price('platform', unitPrice('1'), { childId: 'leaf', fromMs: days(10), toMs: days(20) });
    expect(amountsOf(linesOf([], [price('platform', fee('30')), own]))).toEqual(['20']);
  });

  test('that nothing was used for is the own cost of the account, and no part of a child', () => {
    const book = {
      edges: chain('platform', 'parent', 'leaf'),
      prices: [price('platform', fee('30'))],
      catalogue,
    };
    const { ownUse, passedThrough, lines } = statementOf({
      accountId: 'parent',
      period,
      currency,
      cells: [],
      book,
    });
    expect([ownUse, passedThrough].map(formatDecimal)).toEqual(['30', '0']);
    expect(lines[0]?.parts).toEqual([{ accountId: 'parent', quantity: 0n, amount: parseDecimal('30') }]);
  });
});

/** Chosen by a seed, so that ten thousand of them take seconds: a tree, profiles of all kinds, and use in three spans. */
function worldOf(seed: number) {
  let state = seed * 2_654_435_761;
  const below = (bound: number): number => {
    state = (Math.imul(state ^ (state >>> 15), state | 1) ^ (state + 0x6d2b79f5)) >>> 0;
    return ((state ^ (state >>> 14)) >>> 0) % bound;
  };
  const amount = () => nano(BigInt(below(10_000_000)));
  const accounts = Array.from({ length: 3 + below(4) }, (_, index) => `a${index}`);
  const parentOf = (index: number) => `a${below(index)}`;
  const edges = accounts
    .slice(1)
    .map((buyerId, index): PricedEdge => ({ sellerId: parentOf(index + 1), buyerId, currency, ...always }));
  const tariff = (): Tariff => {
    const kind = below(8);
    if (kind < 2) return { kind: kind === 0 ? 'flat' : 'fee', amount: amount() };
    const [first, second] = [1n + BigInt(below(500)), 1n + BigInt(below(500))];
    return {
      kind: 'per-unit',
      amount: amount(),
      per: 1n + BigInt(below(1000)),
      ...(kind < 6
        ? {
            tiers: [
              { after: first, amount: amount() },
              { after: first + second, amount: amount() },
            ],
            tiering: kind < 4 ? 'graduated' : 'volume',
          }
        : {}),
      ...(below(3) === 0 ? { free: BigInt(below(300)) } : {}),
      ...(below(4) === 0 ? { minimum: amount() } : {}),
      ...(below(4) === 0 ? { roundUpTo: 2n + BigInt(below(60)) } : {}),
    };
  };
  const cut = period.fromMs + 10 * minute;
  const prices = Array.from({ length: 2 + below(5) }, (_, index): Price => {
    const span =
      [always, { fromMs: -Infinity, toMs: cut }, { fromMs: cut, toMs: Infinity }][below(3)] ?? always;
    const owner = below(accounts.length);
    return {
      id: `prc_${index}`,
      accountId: accounts[owner] ?? 'a0',
      ...(below(4) === 0 ? { childId: accounts[1 + below(accounts.length - 1)] ?? 'a1' } : {}),
      service: 'relay',
      meter: 'minutes',
      where: below(3) === 0 ? { region: 'eu' } : {},
      tariff: tariff(),
      currency,
      ...span,
    };
  });
  const own = accounts
    .slice(1)
    .flatMap((accountId) =>
      [0, 10].map((atMinute) => ({ accountId, atMinute, quantity: BigInt(below(3) === 0 ? 0 : below(900)) })),
    );
  const isAtOrBelow = (accountId: string, above: string): boolean => {
    const seller = edges.find(({ buyerId }) => buyerId === accountId)?.sellerId;
    return accountId === above || (seller !== undefined && isAtOrBelow(seller, above));
  };
  const region = (accountId: string) => (accountId.endsWith('1') ? 'us' : 'eu');
  const cells = accounts.flatMap((accountId) =>
    [0, 10].flatMap((atMinute) =>
      ['eu', 'us'].flatMap((of) => {
        const inside = own.filter(
          (each) =>
            each.atMinute === atMinute &&
            region(each.accountId) === of &&
            isAtOrBelow(each.accountId, accountId),
        );
        const total = (some: typeof own) => some.reduce((units, { quantity }) => units + quantity, 0n);
        const [cell] = use([accountId], total(inside), { atMinute, region: of });
        const ownUse = total(inside.filter((each) => each.accountId === accountId));
        return cell === undefined ? [] : [{ ...cell, own: ownUse }];
      }),
    ),
  );
  return { accounts, edges, prices, cells };
}

/** Every price in two, at a time within it. Of one profile and filter no two prices hold at once, as in a store. */
function cutInTwo({ prices, ...world }: World, atMs: number): World {
  const cut = prices.flatMap((whole) =>
    whole.fromMs < atMs && atMs < whole.toMs
      ? [
          { ...whole, toMs: atMs },
          { ...whole, id: `${whole.id}b`, fromMs: atMs },
        ]
      : [whole],
  );
  return { ...world, prices: cut };
}

/** What each edge owes for each meter whose prices all count over the period. */
function owedOf({ edges, prices }: World, cells: readonly UsageCell[]): Map<string, bigint> {
  const owed = new Map<string, bigint>();
  for (const line of rate(cells, { edges, prices, catalogue }, { period }).lines) {
    // A line without terms is cut off by itself, so each cut of it may lose a nano unit.
    if (line.tariff.kind === 'per-unit' && line.pooled === undefined) continue;
    const key = `${line.sellerId} ${line.buyerId} ${line.meter}`;
    owed.set(key, (owed.get(key) ?? 0n) + line.amount);
  }
  return owed;
}

describe('for any prices (BIL-1)', () => {
  test('10,000 worlds: transactions sum to zero, statements = ledger = raw cells, in any order of them', () => {
    let pooledCount = 0;
    for (let seed = 1; seed <= 10_000; seed++) {
      const { edges, prices, cells, accounts } = worldOf(seed);
      const book = { edges, prices, catalogue };
      const { lines } = rate(cells, book, { period });
      const { transactions } = accrue({ period: period.name, lines, positions: [] });
      const problems: string[] = [];
      if (!transactions.every(({ entries }) => sum(entries.map(({ amount }) => amount)) === 0n)) {
        problems.push('a transaction does not sum to zero');
      }
      for (const { amount, pooled } of lines) {
        if (pooled === undefined) continue;
        pooledCount += 1;
        const costs = sum([...pooled.bands.map(({ cost }) => cost), pooled.topUp]);
        if (costs !== amount) problems.push('the bands of a line do not sum to it');
      }
      const turned = [...cells.slice(seed % 5), ...cells.slice(0, seed % 5)].reverse();
      const again = rate(turned, book, { period }).lines;
      const text = (of: readonly EdgeLine[]) => of.map(({ key, amount }) => `${key} ${amount}`).join();
      if (text(again) !== text(lines)) problems.push('the order of cells changes a line');
      // One account of the tree, as its store would rate it: it says what the ledger of all says.
      const accountId = accounts[seed % accounts.length] ?? 'a0';
      const own = statementOf({ accountId, period, currency, cells, book });
      const net = netByAccount(transactions).get(accountId) ?? 0n;
      if (own.receivable - own.payable !== net) problems.push('statement and ledger differ');
      const areWhole = own.lines.every(
        ({ parts, amount }) => sum(parts.map((part) => part.amount)) === amount,
      );
      if (!areWhole) problems.push('the parts of a line do not sum to it');
      if (problems.length > 0) expect({ seed, problems }).toEqual({ seed, problems: [] });
    }
    expect(pooledCount).toBeGreaterThan(10_000);
  });

  test('cutting a price in two that say the same changes nothing', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 10 }), (any, at) => {
        const { cells } = rollUp(any.records, any.edges);
        const filters = Map.groupBy(any.prices, ({ accountId, childId, meter, where, currency: of }) =>
          JSON.stringify([accountId, childId, meter, where, of]),
        );
        const world = { ...any, prices: [...filters.values()].flatMap((same) => same.slice(0, 1)) };
        const cut = cutInTwo(world, period.fromMs + at * minute);
        expect(owedOf(cut, cells)).toEqual(owedOf(world, cells));
      }),
      { numRuns: 300 },
    );
  });

  test('minutes that are summed within spans of equal prices cost what they cost one by one', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { cells } = rollUp(world.records, world.edges);
        const starts = spanStarts(world, period);
        const spanOf = (atMs: number) => starts.findLast((start) => start <= atMs) ?? period.fromMs;
        const inSpans = cells.map((cell) => ({ ...cell, atMs: spanOf(cell.atMs) }));
        expect(owedOf(world, inSpans)).toEqual(owedOf(world, cells));
      }),
    );
  });

  test('graduated prices never get cheaper with more use; volume tiers do, where a tier begins', () => {
    const units = fc.bigInt(0n, 4n * 10n ** 9n);
    const graduated = anyTariff.filter(
      (of): of is UnitTariff => of.kind === 'per-unit' && of.tiering !== 'volume',
    );
    fc.assert(
      fc.property(graduated, units, units, (tariff, one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        expect(costOf(tariff, less) <= costOf(tariff, more)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    const volume = unitPrice('0.000000007', {
      tiering: 'volume',
      tiers: [tier(100n, '0.000000005'), tier(10_000n, '0.000000002')],
    });
    expect(costOf(volume, 9_891n) > costOf(volume, 10_001n)).toBe(true);
  });
});
