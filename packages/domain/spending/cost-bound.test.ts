import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nano, sum } from '../billing/money.ts';
import { periodOf } from '../billing/period.ts';
import type { Price, Tariff } from '../billing/price.ts';
import { anyTariff } from '../billing/random-worlds.testing.ts';
import { meterCatalogue } from '../metering/meter-catalogue.ts';
import type { UsageCell } from '../metering/roll-up.ts';
import type { Dimensions } from '../metering/usage-record.ts';
import { spendByMeter } from './account-spend.ts';
import { costBound, HOLD_MS, metersByMonth } from './cost-bound.ts';

const period = periodOf('2026-11');
const dimensions = { region: 'open' as const, direction: ['in', 'out'] };
const catalogue = meterCatalogue({
  'relay.time': { service: 'relay', meter: 'time', unit: 'millisecond', dimensions, isPriced: true },
  'relay.bytes': { service: 'relay', meter: 'bytes', unit: 'byte', dimensions, isPriced: true },
  'relay.starts': { service: 'relay', meter: 'starts', unit: 'count', dimensions, isPriced: true },
});
const always = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
const edges = [{ sellerId: 'seller', buyerId: 'buyer', currency: 'EUR', ...always }];

let priceCount = 0;
const price = (meter: string, tariff: Tariff, rest: Partial<Price> = {}): Price => ({
  ...{ id: `prc_${++priceCount}`, accountId: 'seller', service: 'relay', meter, where: {}, tariff },
  ...{ currency: 'EUR', ...always, ...rest },
});
const perThousand = (amount: bigint, terms: object = {}): Tariff => ({
  ...{ kind: 'per-unit', amount: nano(amount), per: 1_000n },
  ...terms,
});
const cellOf = (meter: string, quantity: bigint, rest: Partial<UsageCell> = {}): UsageCell => ({
  ...{ accountId: 'buyer', atMs: period.fromMs, meter: `relay.${meter}`, dimensions: { direction: 'in' } },
  ...{ inclusive: quantity, own: quantity, entryCount: 1, ...rest },
});
const boundOf = (prices: readonly Price[], rest: Partial<Parameters<typeof costBound>[0]> = {}) =>
  costBound({
    ...{ accountId: 'buyer', book: { catalogue, edges, prices }, period, cells: [], sessions: [] },
    ...{ atMs: period.fromMs + 1, services: ['relay'], ...rest },
  });

test('a session holds each meter at the dearest of its prices and tiers, and bytes at the bit rate that it may have', () => {
  const prices = [
    price('time', perThousand(7n), { where: { direction: 'in' } }),
    price('time', perThousand(9n)),
    price('bytes', perThousand(1_000n)),
    price('starts', perThousand(5_000n)),
  ];
  const plain = { once: 5n, atOnce: 0n, perSecond: 9n + 10n };
  expect(boundOf(prices, { bitsPerSecondMax: 80 })).toEqual(plain);
  expect(boundOf(prices, { services: ['other'] })).toEqual({ once: 0n, atOnce: 0n, perSecond: 0n });
  const tiers = [{ after: 10n, amount: nano(9n) }];
  expect(boundOf([price('time', perThousand(7n, { tiers }))])).toMatchObject({ perSecond: 9n });
  // With the tax of the seller, as it is drawn.
  expect(boundOf(prices, { bitsPerSecondMax: 80, taxBasisPoints: 1_900 })).toEqual({
    ...{ once: 6n, atOnce: 0n, perSecond: 23n },
  });
});

test('what bills the time of sessions is held at each of its prices: a session in and out pays both for its time', () => {
  const binary = perThousand(3n, { accounting: 'binary' });
  const bytes = (direction: string) => price('bytes', binary, { where: { direction } });
  expect(boundOf([bytes('in'), bytes('out')], { bitsPerSecondMax: 80_000 })).toMatchObject({ perSecond: 6n });
});

test('a step of rounding that may begin is held whole; a minimum or a flat price as long as nothing was used in the month', () => {
  const rounded = price('time', perThousand(1_000n, { roundUpTo: 60_000n }));
  expect(boundOf([rounded])).toEqual({ once: 0n, atOnce: 59_999n + 1n, perSecond: 1_000n });
  const least = price('time', perThousand(1_000n, { minimum: nano(5_000_000n) }));
  expect(boundOf([least]).atOnce).toBe(5_000_000n - 1n + 1n);
  expect(boundOf([least], { cells: [cellOf('time', 1n)] }).atOnce).toBe(1n);
  const flat = price('time', { kind: 'flat', amount: nano(70n) });
  expect(boundOf([flat]).atOnce).toBe(70n);
  expect(boundOf([flat], { cells: [cellOf('time', 1n)] }).atOnce).toBe(0n);
  const fee = price('time', { kind: 'fee', amount: nano(70n) });
  expect(boundOf([fee])).toEqual({ once: 0n, atOnce: 0n, perSecond: 0n });
});

test('a dearer tier of all that was used in the month is held where the session may come to it', () => {
  const tiers = [{ after: 100_000n, amount: nano(3_000n) }];
  const volume = price('time', perThousand(1_000n, { tiers, tiering: 'volume' }));
  const near = boundOf([volume], { cells: [cellOf('time', 99_999n)] });
  expect(near).toMatchObject({ atOnce: 100_001n * 3n - 99_999n - 2n * 3n + 1n, perSecond: 3_000n });
  expect(boundOf([volume], { cells: [cellOf('time', 50_000n)] }).atOnce).toBe(1n);
});

test('filters of one region are held together, and those of two are not: a session is in one', () => {
  const least = (minimum: bigint, where: Dimensions) =>
    price('time', perThousand(0n, { minimum: nano(minimum) }), { where });
  const prices = [
    least(100n, { region: 'eu', direction: 'in' }),
    least(20n, { region: 'eu', direction: 'out' }),
    least(110n, { region: 'us' }),
    least(3n, { direction: 'out' }),
  ];
  expect(boundOf(prices).atOnce).toBe(100n + 20n + 3n);
});

test('only of prices that ask by the month anybody has to know what was used in it', () => {
  const prices = [
    price('time', perThousand(1n, { minimum: nano(1n) })),
    price('bytes', perThousand(1n, { accounting: 'binary' })),
    price('starts', perThousand(1n)),
  ];
  const of = { accountId: 'buyer', book: { catalogue, edges, prices }, atMs: 1 };
  expect([...metersByMonth({ ...of, services: ['relay'] })]).toEqual(['relay.time']);
  expect(metersByMonth({ ...of, services: ['other'] }).size).toBe(0);
});

const filters: readonly Dimensions[] = [
  {},
  { direction: 'in' },
  { region: 'eu' },
  { region: 'us', direction: 'out' },
];
const quantity = fc.oneof(fc.bigInt(0n, 40_000n), fc.constantFrom(0n, 1n, 30_000n), fc.bigInt(0n, 10n ** 9n));
/** Tiers, allowances and steps that a session of half a minute comes across. */
const nearTariff = anyTariff.map((tariff): Tariff => {
  if (tariff.kind !== 'per-unit') return tariff;
  const near = (units: bigint) => (units % 40_000n) + 1n;
  let after = 0n;
  return {
    ...tariff,
    ...(tariff.free === undefined ? {} : { free: near(tariff.free) }),
    ...(tariff.roundUpTo === undefined ? {} : { roundUpTo: near(tariff.roundUpTo) }),
    ...(tariff.tiers === undefined
      ? {}
      : {
          tiers: tariff.tiers.map((tier) => {
            after += near(tier.after);
            return { ...tier, after };
          }),
        }),
  };
});

test('whatever the tariffs, and whatever was used in the month, what a session uses within its hold costs no more than is held (BIL-5)', () => {
  fc.assert(
    fc.property(
      fc.record({
        tariffs: fc.array(fc.oneof(anyTariff, nearTariff), { minLength: 1, maxLength: 4 }),
        before: nearTariff,
        isChanged: fc.boolean(),
        used: fc.array(
          fc.record({ own: quantity, below: fc.oneof(fc.constant(0n), quantity), of: fc.nat(3) }),
          {
            maxLength: 3,
          },
        ),
        shares: fc.array(fc.record({ share: fc.nat(100), of: fc.nat(3) }), { minLength: 1, maxLength: 3 }),
        region: fc.constantFrom('eu', 'us'),
        ms: fc.oneof(fc.integer({ min: 0, max: HOLD_MS }), fc.constant(HOLD_MS)),
      }),
      ({ tariffs, before, isChanged, used, shares, region, ms }) => {
        const changedMs = period.fromMs + 60_000;
        const prices = tariffs.flatMap((tariff, index) => {
          const where = filters[index] ?? {};
          if (!isChanged || index > 0) return price('time', tariff, { where });
          return [
            price('time', before, { where, toMs: changedMs }),
            price('time', tariff, { where, fromMs: changedMs }),
          ];
        });
        const placeOf = (index: number): Dimensions => ({
          direction: index % 2 === 0 ? 'in' : 'out',
          region: index < 2 ? 'eu' : 'us',
        });
        const cells = used.map(({ own, below, of }, index) =>
          cellOf('time', own, {
            ...{ inclusive: own + below, own, dimensions: placeOf(of) },
            atMs: period.fromMs + (index % 2) * 60_000,
          }),
        );
        const book = { catalogue, edges, prices };
        const atMs = changedMs + 1;
        const bound = boundOf(prices, { book, cells, atMs });
        const whole = BigInt(shares.reduce((total, { share }) => total + share, 0) || 1);
        const more = shares.map(({ share, of }) =>
          cellOf('time', (BigInt(ms) * BigInt(share)) / whole, {
            ...{ atMs, dimensions: { ...placeOf(of), region } },
          }),
        );
        const ownOf = (all: readonly UsageCell[]) =>
          sum(
            spendByMeter({
              ...{ accountId: 'buyer', period, cells: all, sessions: [], meters: new Set(['relay.time']) },
              ...{ book, dayStartMs: period.fromMs },
            }).map(({ own }) => own),
          );
        const cost = ownOf([...cells, ...more]) - ownOf(cells);
        const held = bound.atOnce + (bound.perSecond * BigInt(ms) + 999n) / 1_000n;
        // Each line is cut off for itself, and shared between accounts.
        expect(cost).toBeLessThanOrEqual(held + BigInt(3 * more.length));
      },
    ),
    { numRuns: 500 },
  );
});

test('no more is held at once than a step of rounding, what a flat price or a minimum asks, and a nano unit', () => {
  fc.assert(
    fc.property(fc.oneof(anyTariff, nearTariff), quantity, (tariff, used) => {
      const isVolume = tariff.kind === 'per-unit' && tariff.tiering === 'volume';
      fc.pre(!isVolume);
      const cells = used === 0n ? [] : [cellOf('time', used)];
      const { atOnce } = boundOf([price('time', tariff)], { cells });
      const owed =
        used > 0n || tariff.kind === 'fee'
          ? 0n
          : tariff.kind === 'flat'
            ? tariff.amount
            : (tariff.minimum ?? 0n);
      const { roundUpTo = 1n } = tariff.kind === 'per-unit' ? tariff : {};
      const step =
        tariff.kind === 'per-unit'
          ? (roundUpTo *
              [tariff.amount, ...(tariff.tiers ?? []).map((tier) => tier.amount)].reduce(
                (left, right) => (left > right ? left : right),
                0n,
              )) /
            tariff.per
          : 0n;
      expect(atOnce).toBeLessThanOrEqual(owed + step + 2n);
    }),
    { numRuns: 500 },
  );
});
