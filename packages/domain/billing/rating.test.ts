import { describe, expect, test } from 'vitest';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import { rollUp } from '../metering/roll-up.ts';
import { type Dimensions, modalities, type UsageRecord } from '../metering/usage-record.ts';
import { accrue, netByAccount } from './ledger.ts';
import { formatDecimal, nano, parseDecimal, sum } from './money.ts';
import { periodOf } from './period.ts';
import { amountOf, choosePrice, type Price } from './price.ts';
import { type PricedEdge, priceLookup, spanStarts } from './price-book.ts';
import { rate } from './rating.ts';
import { statementOf } from './statement.ts';
import { tariffFromWire, tariffToWire, type WireTariff } from './wire-tariff.ts';

const november = periodOf('2026-11');
const noon = Date.UTC(2026, 10, 22, 12);
const minute = 60_000;
const currency = 'EUR';
const always = { fromMs: -Infinity, toMs: Infinity };

const catalogue: MeterCatalogue = new Map(
  ['bytes', 'minutes', 'checkBytes'].map((name) => [
    `relay.${name}`,
    {
      service: 'relay',
      name,
      unit: 'count',
      dimensions: { direction: ['in', 'out'], region: 'open', modality: modalities },
      isPriced: name !== 'checkBytes',
    },
  ]),
);

/** platform → parent → leaf, or as many levels as there are names. */
const chain = (...names: readonly string[]): PricedEdge[] =>
  names.slice(1).map((buyerId, index) => ({ sellerId: names[index] ?? '', buyerId, currency, ...always }));

let priceCount = 0;
function price(accountId: string, amount: string, more: Partial<Price> = {}): Price {
  return {
    id: `prc_${++priceCount}`,
    accountId,
    service: 'relay',
    meter: 'minutes',
    where: {},
    tariff: { kind: 'per-unit', amount: parseDecimal(amount), per: 1n },
    currency,
    ...always,
    ...more,
  };
}

let sequence = 0;
function use(
  accountId: string,
  quantity: number,
  more: Partial<UsageRecord> & { meter?: string; dimensions?: Dimensions } = {},
): UsageRecord {
  const { meter = 'minutes', dimensions = {}, ...fields } = more;
  return {
    id: { nodeId: 'nod_1', boot: 1, sequence: ++sequence },
    accountId,
    segment: 0,
    service: 'relay',
    region: 'eu',
    modality: 'audio',
    fromMs: noon,
    toMs: noon,
    quantities: [{ meter, quantity, dimensions }],
    ...fields,
  };
}

function nets(records: readonly UsageRecord[], edges: readonly PricedEdge[], prices: readonly Price[]) {
  const { lines } = rate(rollUp(records, edges).cells, { edges, prices, catalogue });
  const { transactions } = accrue({ period: november.name, lines, positions: [] });
  return Object.fromEntries(
    [...netByAccount(transactions)].map(([id, amount]) => [id, formatDecimal(amount)]),
  );
}

interface World {
  readonly records: readonly UsageRecord[];
  readonly edges: readonly PricedEdge[];
  readonly prices: readonly Price[];
}

function statement(accountId: string, { records, edges, prices }: World) {
  const { cells } = rollUp(records, edges);
  return statementOf({
    accountId,
    period: november,
    currency,
    cells,
    book: { edges, prices, catalogue },
  });
}

describe('prices nest (BIL-2)', () => {
  const edges = chain('platform', 'parent', 'leaf');

  test('worked example 1: 1000 minutes at 0.01 and 0.02 give the platform 10 and the parent 10', () => {
    const prices = [price('platform', '0.01'), price('parent', '0.02')];
    expect(nets([use('leaf', 1000)], edges, prices)).toEqual({ platform: '10', parent: '10', leaf: '-20' });
  });

  test('a profile of 0.005: 5 from the child, 5 from the parent, 10 to the platform', () => {
    const prices = [price('platform', '0.01'), price('parent', '0.005')];
    expect(nets([use('leaf', 1000)], edges, prices)).toEqual({ platform: '10', parent: '-5', leaf: '-5' });
  });

  test('worked example 2: four edges, the third level subsidises, all sums to zero', () => {
    const deep = chain('platform', 'a', 'b', 'c', 'leaf');
    const prices = [price('platform', '0.01'), price('a', '0.0125'), price('b', '0.009'), price('c', '0.03')];
    expect(nets([use('leaf', 777)], deep, prices)).toEqual({
      platform: '7.77',
      a: '1.9425',
      b: '-2.7195',
      c: '16.317',
      leaf: '-23.31',
    });
  });

  test('a level without a price passes on what it pays, and earns nothing', () => {
    expect(nets([use('leaf', 1000)], edges, [price('platform', '0.01')])).toEqual({
      platform: '10',
      parent: '0',
      leaf: '-10',
    });
  });

  test('where nobody set a price the use is listed and costs nothing', () => {
    const { lines } = rate(rollUp([use('leaf', 1000)], edges).cells, {
      edges,
      prices: [],
      catalogue,
    });
    expect(lines.map(({ buyerId, quantity, amount }) => [buyerId, quantity, amount])).toEqual([
      ['leaf', 1000n, 0n],
      ['parent', 1000n, 0n],
    ]);
  });

  test('a line is cut off below one nano once, on its summed quantity, and not once an event', () => {
    const prices = [
      price('platform', '0.01', { tariff: { kind: 'per-unit', amount: parseDecimal('0.01'), per: 60n } }),
    ];
    const seconds = [use('leaf', 1), use('leaf', 999_999)];
    expect(nets(seconds, chain('platform', 'leaf'), prices)).toEqual({
      platform: '166.666666666',
      leaf: '-166.666666666',
    });
    const perEvent = amountOf(tariffFromWire({ amount: '10000000', per: '60' }), 1n) * 1_000_000n;
    expect(formatDecimal(nano(perEvent))).toBe('166.666');
  });

  test('checks that carry no media are in no line, whatever the profile says (QUE-5)', () => {
    const prices = [price('platform', '1', { meter: 'checkBytes' })];
    const { lines } = rate(rollUp([use('leaf', 5, { meter: 'checkBytes' })], edges).cells, {
      edges,
      prices,
      catalogue,
    });
    expect(lines).toEqual([]);
  });
});

describe('which price holds', () => {
  const at = {
    service: 'relay',
    meter: 'minutes',
    dimensions: { modality: 'video', region: 'eu' },
    atMs: noon,
  };

  test("the child's own before the one for all, then the filter that names most", () => {
    const forAll = price('p', '1', { where: { modality: 'video', region: 'eu' } });
    const own = price('p', '2', { childId: 'c' });
    const ownVideo = price('p', '3', { childId: 'c', where: { modality: 'video' } });
    const others = price('p', '4', { childId: 'd', where: { modality: 'video' } });
    expect(choosePrice([forAll, own, ownVideo, others], 'c', at)).toBe(ownVideo);
    expect(choosePrice([forAll, own, others], 'c', at)).toBe(own);
    expect(choosePrice([forAll, others], 'c', at)).toBe(forAll);
    expect(choosePrice([others], 'c', at)).toBeUndefined();
  });

  test('between two filters that name as many, the choice does not depend on their order', () => {
    const two = [
      price('p', '1', { where: { region: 'eu' } }),
      price('p', '2', { where: { modality: 'video' } }),
    ];
    expect(choosePrice(two, 'c', at)).toBe(choosePrice([...two].reverse(), 'c', at));
  });

  test('a filter that does not match lets the next level decide', () => {
    const edges = chain('platform', 'parent', 'leaf');
    const audio = price('parent', '9', { where: { modality: 'audio' } });
    const base = price('platform', '1');
    const found = priceLookup({ edges, prices: [audio, base] }).priceFor('leaf', at);
    expect(found).toEqual({ price: base, origin: 'inherited' });
  });

  test('the price of the time of use holds: a new version starts at its minute, not before', () => {
    const edges = chain('platform', 'leaf');
    const prices = [price('platform', '1', { toMs: noon }), price('platform', '3', { fromMs: noon })];
    const records = [use('leaf', 10, { fromMs: noon - 1, toMs: noon - 1 }), use('leaf', 10)];
    const { lines } = rate(rollUp(records, edges).cells, { edges, prices, catalogue });
    expect(lines.map(({ amount }) => formatDecimal(amount)).sort()).toEqual(['10', '30']);
    expect(spanStarts({ edges, prices }, november)).toEqual([november.fromMs, noon]);
  });

  test('a flat price is charged once an edge and period, over all dimension sets and a change of version', () => {
    const edges = chain('platform', 'leaf');
    const flat = (amount: string, times: Partial<Price>) =>
      price('platform', amount, { tariff: { kind: 'flat', amount: parseDecimal(amount) }, ...times });
    const prices = [flat('5', { toMs: noon }), flat('7', { fromMs: noon })];
    const records = [
      use('leaf', 3),
      use('leaf', 1, { toMs: noon - minute, fromMs: 0 }),
      use('leaf', 1, { region: 'us' }),
    ];
    for (const order of [records, [...records].reverse()]) {
      const { lines } = rate(rollUp(order, edges).cells, { edges, prices, catalogue });
      expect(lines.map(({ quantity, amount }) => [quantity, formatDecimal(amount)])).toEqual([[5n, '5']]);
    }
  });

  test('what is not accepted: prices below zero and counts of units below zero', () => {
    expect(() => tariffFromWire({ amount: '-1', per: '1' })).toThrow(RangeError);
    expect(() => tariffFromWire({ amount: '1', per: '-1' })).toThrow(RangeError);
    expect(tariffToWire(tariffFromWire({ amount: '7', per: '0' }))).toEqual({ amount: '7', per: '0' });
    const unit = { amount: '1', per: '1' };
    const tier = (after: string, amount = '1') => ({ after, amount });
    const refused: WireTariff[] = [
      { ...unit, tiers: [tier('0')] },
      { ...unit, tiers: [tier('5'), tier('5')] },
      { ...unit, tiers: [tier('5', '-1')] },
      { ...unit, tiering: 'volume' },
      { ...unit, minimum: '-1' },
      { ...unit, roundUpTo: '0' },
      { ...unit, due: 'period' },
      { amount: '1', per: '0', free: '1' },
      { amount: '1', per: '0', due: 'period', minimum: '1' },
    ];
    for (const wire of refused) expect(() => tariffFromWire(wire), JSON.stringify(wire)).toThrow(RangeError);
  });

  test('what a price says is said again in the same words, and what says nothing is left out', () => {
    const full: WireTariff = {
      amount: '1',
      per: '2',
      tiers: [{ after: '3', amount: '4' }],
      tiering: 'volume',
      free: '5',
      minimum: '6',
      roundUpTo: '7',
    };
    expect(tariffToWire(tariffFromWire(full))).toEqual(full);
    const empty: WireTariff = { amount: '1', per: '2', free: '0', minimum: '0', roundUpTo: '1' };
    expect(tariffToWire(tariffFromWire(empty))).toEqual({ amount: '1', per: '2' });
    const fee: WireTariff = { amount: '1', per: '0', due: 'period' };
    expect(tariffToWire(tariffFromWire(fee))).toEqual(fee);
  });
});

describe('a statement explains itself (BIL-4)', () => {
  const edges: PricedEdge[] = [
    ...chain('platform', 'parent', 'anna'),
    { sellerId: 'parent', buyerId: 'bert', currency, ...always },
    { sellerId: 'anna', buyerId: 'carl', currency, ...always },
  ];
  const third = { kind: 'per-unit', amount: parseDecimal('0.000000001'), per: 3n } as const;
  const records = [
    use('parent', 1),
    use('anna', 4),
    use('carl', 1),
    use('bert', 2),
    use('bert', 5, { modality: 'video' }),
  ];
  const prices = [
    price('platform', '0', { tariff: third }),
    price('parent', '2', { where: { modality: 'video' } }),
    price('parent', '0.000000002', { childId: 'anna' }),
  ];

  test('lines split over own use and children, and the parts sum to the line', () => {
    const { lines } = statement('parent', { records, edges, prices });
    const audio = lines.find(({ dimensions }) => dimensions.modality === 'audio');
    expect(audio).toMatchObject({ quantity: 8n, amount: 2n });
    expect(audio?.parts.map(({ accountId, quantity, amount }) => [accountId, quantity, amount])).toEqual([
      ['anna', 5n, 1n],
      ['bert', 2n, 1n],
      ['parent', 1n, 0n],
    ]);
  });

  test('margin is what the child pays less what its use costs here; own use is no margin', () => {
    const parent = statement('parent', { records, edges, prices });
    expect(
      parent.children.map(({ accountId, receivable, cost, margin }) => [accountId, receivable, cost, margin]),
    ).toEqual([
      ['anna', 10n, 1n, 9n],
      ['bert', 10_000_000_000n, 2n, 9_999_999_998n],
    ]);
    const ownPart = sum(
      parent.lines
        .flatMap(({ parts }) => parts.filter((part) => part.accountId === 'parent'))
        .map(({ amount }) => amount),
    );
    expect(parent.receivable - parent.payable).toBe(parent.margin - ownPart);
  });

  test('a grandchild is inside its parent: the account above has no line with it', () => {
    const { children, lines } = statement('parent', { records, edges, prices });
    expect(children.map(({ accountId }) => accountId)).not.toContain('carl');
    expect(lines.flatMap(({ parts }) => parts).map(({ accountId }) => accountId)).not.toContain('carl');
  });

  test('the total is rounded once and the residue is kept', () => {
    const bert = statement('bert', {
      records: [use('bert', 1)],
      edges,
      prices: [price('parent', '0.015000001')],
    });
    const { minorUnits, residue } = bert.charge;
    expect([minorUnits, residue]).toEqual([2n, -4_999_999n]);
    expect(minorUnits * 10_000_000n + residue).toBe(bert.payable);
  });

  test('an account that moved within the period owes each seller for its own time', () => {
    const moved: PricedEdge[] = [
      ...chain('platform', 'parent'),
      { sellerId: 'platform', buyerId: 'other', currency, ...always },
      { sellerId: 'parent', buyerId: 'leaf', currency, fromMs: -Infinity, toMs: noon },
      { sellerId: 'other', buyerId: 'leaf', currency, fromMs: noon, toMs: Infinity },
    ];
    const before = use('leaf', 3, { fromMs: 0, toMs: noon - 1 });
    const world = { records: [before, use('leaf', 4)], edges: moved, prices: [price('platform', '1')] };
    expect(statement('leaf', world).lines.map(({ sellerId, quantity }) => [sellerId, quantity])).toEqual([
      ['other', 4n],
      ['parent', 3n],
    ]);
    expect(statement('parent', world).receivable).toBe(3_000_000_000n);
  });
});

describe('accruing', () => {
  const edges = chain('platform', 'leaf');
  const position = {
    sellerId: 'platform',
    buyerId: 'leaf',
    currency,
    book: 'receivable',
    lineKey: 'gone',
    posted: parseDecimal('3'),
    revision: 4,
  } as const;

  test('a line that is rated no more is posted back to zero, once', () => {
    const request = { period: november.name, lines: [], positions: [position] };
    const { transactions, positions } = accrue(request);
    expect(
      transactions.map(({ sourceRef, entries }) => [sourceRef, entries.map(({ amount }) => amount)]),
    ).toEqual([['accrual/2026-11/EUR/platform/leaf/gone/5', [3_000_000_000n, -3_000_000_000n]]]);
    expect(accrue({ ...request, positions }).transactions).toEqual([]);
  });

  test('a price in another currency is no price', () => {
    const dollars = price('platform', '1', { currency: 'USD' });
    const { lines } = rate(rollUp([use('leaf', 5)], edges).cells, {
      edges,
      prices: [dollars],
      catalogue,
    });
    expect(lines.map(({ amount }) => amount)).toEqual([0n]);
  });
});
