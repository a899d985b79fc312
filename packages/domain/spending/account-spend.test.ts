import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nano, sum } from '../billing/money.ts';
import { catalogue, period, worlds } from '../billing/random-worlds.testing.ts';
import { statementOf } from '../billing/statement.ts';
import { meterCatalogue } from '../metering/meter-catalogue.ts';
import { rollUp } from '../metering/roll-up.ts';
import { spendByMeter } from './account-spend.ts';
import { costBound } from './hold.ts';

const DAY_MS = 86_400_000;

test('meter by meter, what is spent is what the statement says, own use apart; and a day is what it adds (BIL-5)', () => {
  fc.assert(
    fc.property(worlds, fc.integer({ min: 0, max: 29 }), (world, day) => {
      const book = { ...world, catalogue };
      const { cells } = rollUp(world.records, world.edges);
      const meters = new Set(catalogue.keys());
      for (const accountId of world.accounts) {
        const currency = world.currencyOf(accountId);
        const statement = statementOf({ accountId, period, currency, cells, book });
        const of = { accountId, period, meters, book, dayStartMs: period.fromMs + day * DAY_MS };
        const own = cells.filter((cell) => cell.accountId === accountId);
        const spends = spendByMeter({ ...of, cells: own, sessions: [] });
        expect(sum(spends.map(({ amount }) => amount))).toBe(statement.payable);
        // Parts of several children are cut off each for itself: a nano unit a line at most.
        const difference = sum(spends.map((spend) => spend.own)) - statement.ownUse;
        expect(difference < 0n ? -difference : difference).toBeLessThanOrEqual(
          BigInt(statement.lines.length),
        );
        const isEarlier = ({ atMs }: { readonly atMs: number }) => atMs < of.dayStartMs;
        const before = spendByMeter({ ...of, cells: own.filter(isEarlier), sessions: [] });
        if (day > 0)
          expect(sum(spends.map(({ beforeDay }) => beforeDay))).toBe(sum(before.map(({ amount }) => amount)));
      }
    }),
    { numRuns: 100 },
  );
});

test('a session holds each meter at the dearest of its prices and tiers, and bytes at the bit rate that it may have', () => {
  const meters = meterCatalogue({
    'relay.time': { service: 'relay', meter: 'time', unit: 'millisecond', dimensions: {}, isPriced: true },
    'relay.bytes': { service: 'relay', meter: 'bytes', unit: 'byte', dimensions: {}, isPriced: true },
    'relay.starts': { service: 'relay', meter: 'starts', unit: 'count', dimensions: {}, isPriced: true },
  });
  const price = (meter: string, amount: bigint, rest: object = {}) => ({
    ...{ id: `prc_${meter}`, accountId: 'seller', service: 'relay', meter, where: {} },
    ...{ currency: 'EUR', fromMs: 0, toMs: Number.POSITIVE_INFINITY },
    tariff: { kind: 'per-unit' as const, amount: nano(amount), per: 1_000n, ...rest },
  });
  const edges = [
    { sellerId: 'seller', buyerId: 'buyer', currency: 'EUR', fromMs: 0, toMs: Number.POSITIVE_INFINITY },
  ];
  const prices = [
    price('time', 7n, { tiers: [{ after: 10n, amount: nano(9n) }] }),
    price('bytes', 1_000n),
    price('starts', 5_000n),
  ];
  const of = { accountId: 'buyer', catalogue: meters, atMs: 1, services: ['relay'] };
  const chain = { currency: 'EUR', edges, prices };
  expect(costBound({ ...of, chain, bitsPerSecondMax: 80 })).toEqual({ once: 5n, perSecond: 9n + 10n });
  expect(costBound({ ...of, chain, services: ['other'] })).toEqual({ once: 0n, perSecond: 0n });
  // What bills the time of sessions costs its time, and not its bytes.
  const binary = { currency: 'EUR', edges, prices: [price('bytes', 3n, { accounting: 'binary' })] };
  expect(costBound({ ...of, chain: binary, bitsPerSecondMax: 80_000 })).toEqual({ once: 0n, perSecond: 3n });
});
