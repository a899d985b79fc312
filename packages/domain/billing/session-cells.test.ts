import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rollUp } from '../metering/roll-up.ts';
import type { UsageRecord } from '../metering/usage-record.ts';
import { accrue, netByAccount } from './ledger.ts';
import { formatDecimal, nano, parseDecimal, sum } from './money.ts';
import type { Price, UnitTariff } from './price.ts';
import { type PricedEdge, spanStarts } from './price-book.ts';
import { catalogue, period, worlds } from './random-worlds.testing.ts';
import { rate } from './rating.ts';
import { binaryMeters, isBinary } from './session-cells.ts';
import { sessionCellsOf } from './session-roll-up.testing.ts';
import { spendOf } from './spend.ts';
import { statementOf } from './statement.ts';
import { tariffFromWire, tariffToWire } from './wire-tariff.ts';

const minute = 60_000;
const always = { currency: 'EUR', fromMs: -Infinity, toMs: Infinity };

interface Used {
  readonly from: number;
  readonly to: number;
  readonly meter?: string;
  readonly region?: string;
  readonly sessionId?: string;
}

let sequence = 0;
/** Use of a session, by minutes of the period. */
const used = (accountId: string, { from, to, meter = 'minutes', region = 'eu', sessionId = 'ses_1' }: Used) =>
  ({
    id: { nodeId: 'nod_1', boot: 1, sequence: sequence++ },
    accountId,
    sessionId,
    segment: 0,
    service: 'relay',
    region,
    modality: 'audio',
    fromMs: period.fromMs + from * minute,
    toMs: period.fromMs + to * minute,
    quantities: [{ meter, quantity: (to - from) * minute, dimensions: {} }],
  }) satisfies UsageRecord;

const perMinute = (amount: string, terms: Partial<UnitTariff> = {}): UnitTariff => ({
  kind: 'per-unit',
  amount: parseDecimal(amount),
  per: BigInt(minute),
  ...terms,
});
const binary = (amount: string, terms: Partial<UnitTariff> = {}) =>
  perMinute(amount, { accounting: 'binary', ...terms });
const price = (accountId: string, tariff: UnitTariff, more: Partial<Price> = {}): Price => ({
  id: `prc_${sequence++}`,
  accountId,
  service: 'relay',
  meter: 'minutes',
  where: {},
  tariff,
  ...always,
  ...more,
});

const chain = (...names: readonly string[]): PricedEdge[] =>
  names.slice(1).map((buyerId, index) => ({ sellerId: names[index] ?? '', buyerId, ...always }));

function rated(
  records: readonly UsageRecord[],
  prices: readonly Price[],
  edges: readonly PricedEdge[] = chain('platform', 'leaf'),
) {
  const starts = spanStarts({ edges, prices }, period);
  const sessions = sessionCellsOf(records, { edges, starts, toMs: period.toMs });
  const { cells } = rollUp(records, edges);
  const book = { edges, prices, catalogue };
  const { lines } = rate(cells, book, { period, sessions });
  return { lines, book, cells, sessions };
}
const told = (of: ReturnType<typeof rated>) =>
  of.lines.map(({ quantity, amount }) => [Number(quantity) / minute, formatDecimal(amount)]);

/** A call of ten minutes: what says so is the use of another meter. */
const call = used('leaf', { from: 0, to: 10, meter: 'bytes' });

describe('a price chooses which it bills by (MET-3)', () => {
  const recording = used('leaf', { from: 3, to: 8 });

  test('of ten minutes with five of recording: segmented bills five, binary ten', () => {
    const lines = (tariff: UnitTariff) => told(rated([call, recording], [price('platform', tariff)]))[1];
    expect(lines(perMinute('1'))).toEqual([5, '5']);
    expect(lines(binary('1'))).toEqual([10, '10']);
  });

  test('a session counts once at each price, however many segments and kinds of use it had', () => {
    const many = [
      recording,
      used('leaf', { from: 1, to: 2, region: 'us' }),
      used('leaf', { from: 9, to: 10 }),
    ];
    expect(told(rated([call, ...many], [price('platform', binary('1'))]))[1]).toEqual([10, '10']);
    const prices = [
      price('platform', binary('1')),
      price('platform', binary('3'), { where: { region: 'us' } }),
    ];
    expect(told(rated([call, ...many], prices)).slice(1)).toEqual([
      [10, '30'],
      [10, '10'],
    ]);
  });

  test('a session that did not use it, and use of no session, cost nothing', () => {
    const { sessionId: _, ...ofNone } = recording;
    expect(told(rated([call, ofNone], [price('platform', binary('1'))]))[1]).toEqual([0, '0']);
    expect(told(rated([call], [price('platform', binary('1'))]))).toHaveLength(1);
  });

  test('the part of a session in the period is billed, each part at the price of its time, with tiers and allowances', () => {
    const long = [used('leaf', { from: -30, to: 20, meter: 'bytes' }), recording];
    const later = period.fromMs + 15 * minute;
    const prices = [
      price('platform', binary('1'), { toMs: later }),
      price('platform', binary('2'), { fromMs: later }),
    ];
    expect(told(rated(long, prices)).slice(1).sort()).toEqual([
      [15, '15'],
      [5, '10'],
    ]);
    const terms = {
      free: 4n * BigInt(minute),
      tiers: [{ after: 6n * BigInt(minute), amount: parseDecimal('3') }],
    };
    expect(told(rated(long, [price('platform', binary('1', terms))]))[1]).toEqual([20, '36']);
  });

  test('above a level that bills otherwise, the cost of a line is that of the sessions behind it', () => {
    const edges = chain('platform', 'parent', 'leaf');
    const books = [
      [price('platform', binary('1')), price('parent', perMinute('4'))],
      [price('platform', perMinute('1')), price('parent', binary('4'))],
    ];
    const own = used('parent', { from: 0, to: 2 });
    const margins = books.map((prices) => {
      const { cells, sessions, book } = rated([call, recording, own], prices, edges);
      const of = { accountId: 'parent', period, currency: 'EUR', cells, sessions, book };
      const { payable, ownUse, passedThrough, receivable, lines } = statementOf(of);
      const parts = lines.find(({ meter }) => meter === 'relay.minutes')?.parts ?? [];
      return [payable, ownUse, passedThrough, receivable, ...parts.map(({ amount }) => amount)].map(
        formatDecimal,
      );
    });
    expect(margins).toEqual([
      ['12', '2', '10', '20', '10', '2'],
      ['7', '2', '5', '40', '5', '2'],
    ]);
  });

  test('what a running session costs is its time so far, from where the month had come to', () => {
    const prices = [price('platform', binary('1', { free: 4n * BigInt(minute) }))];
    const { book, cells, sessions } = rated([call, recording], prices);
    const before = used('leaf', { from: -20, to: 0, sessionId: 'ses_0' });
    const earlier = sessionCellsOf([{ ...before, fromMs: period.fromMs, toMs: period.fromMs + 3 * minute }], {
      edges: book.edges,
      starts: [period.fromMs],
      toMs: period.toMs,
    });
    const of = { accountId: 'leaf', currency: 'EUR', cells, sessions, book };
    expect(formatDecimal(spendOf(of).amount)).toBe('6');
    expect(formatDecimal(spendOf({ ...of, sessionsBefore: earlier }).amount)).toBe('9');
  });

  test('the wire says it in one word, and a price a month has none', () => {
    const wire = { amount: '5', per: '60000', accounting: 'binary' } as const;
    expect(tariffToWire(tariffFromWire(wire))).toEqual(wire);
    expect(tariffToWire(tariffFromWire({ ...wire, accounting: 'segmented' }))).toEqual({
      amount: '5',
      per: '60000',
    });
    expect(() => tariffFromWire({ ...wire, per: '0' })).toThrow('accounting');
    expect(binaryMeters([price('a', binary('1')), price('b', perMinute('1'), { meter: 'bytes' })])).toEqual([
      'relay.minutes',
    ]);
  });
});

test('in any tree, with sessions over any spans: transactions sum to zero, and parts, costs and statements are the lines', () => {
  fc.assert(
    fc.property(worlds, fc.array(fc.nat(9), { minLength: 12, maxLength: 12 }), (world, numbers) => {
      const at = (index: number) => numbers[index % numbers.length] ?? 0;
      const records = world.records.map((record, index) => ({
        ...record,
        sessionId: `ses_${at(index) % 3}`,
        fromMs: record.fromMs - at(index + 1) * 20_000,
      }));
      const prices = world.prices.map(
        (each, index): Price =>
          each.tariff.kind === 'per-unit' && at(index) > 3
            ? { ...each, tariff: { ...each.tariff, accounting: 'binary' } }
            : each,
      );
      const { edges } = world;
      const { lines, cells, sessions, book } = rated(records, prices, edges);
      const { transactions } = accrue({ period: period.name, lines, positions: [] });
      expect(sum([...netByAccount(transactions).values()])).toBe(0n);
      for (const accountId of world.accounts) {
        const currency = world.currencyOf(accountId);
        const statement = statementOf({ accountId, period, currency, cells, sessions, book });
        expect(statement.payable).toBe(
          sum(lines.filter(({ buyerId }) => buyerId === accountId).map(({ amount }) => amount)),
        );
        expect(sum(statement.totals.map(({ receivable }) => receivable))).toBe(
          sum(lines.filter(({ sellerId }) => sellerId === accountId).map(({ amount }) => amount)),
        );
        expect(nano(statement.ownUse + statement.passedThrough)).toBe(statement.payable);
        for (const { parts, amount, quantity, tariff } of statement.lines) {
          expect(sum(parts.map((part) => part.amount))).toBe(amount);
          const ofParts = parts.reduce((total, part) => total + part.quantity, 0n);
          if (isBinary(tariff)) expect(ofParts).toBe(quantity);
        }
      }
    }),
    { numRuns: 300 },
  );
});
