import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfEven, minorUnitOf, nano } from './money.ts';
import { costOfPeriod } from './pool.ts';
import type { UnitTariff } from './price.ts';
import { tooLargeIn, UNIT_PRICE_MAX } from './price-bound.ts';
import { bandsOf } from './tiers.ts';
import { TARIFF_DIGITS_MAX, TIER_COUNT_MAX, tariffFromWire } from './wire-tariff.ts';

/** What a meter can count of a month: a total of its use has no room for more. */
const QUANTITY_MAX = 2n ** 63n - 1n;
/** What a row of the ledger, and a document, have room for: 38 digits. So many meters at their dearest fit into one. */
const HELD_MAX = 10n ** 38n;
const METER_COUNT = 1_000n;
const digitsMax = 10n ** BigInt(TARIFF_DIGITS_MAX) - 1n;

/** Mostly near a bound: there it breaks, if it does. */
const upTo = (max: bigint, min = 0n) => fc.oneof(fc.bigInt(min, max), fc.constantFrom(min, max, max - 1n));
const count = upTo(digitsMax).map(String);
const wire = fc.record(
  {
    amount: count,
    per: fc.oneof(count, fc.constantFrom('0', '1', '1000')),
    tiers: fc
      .uniqueArray(upTo(digitsMax, 1n), { minLength: 1, maxLength: TIER_COUNT_MAX })
      .chain((steps) =>
        fc.tuple(
          ...steps
            .toSorted((one, other) => (one < other ? -1 : 1))
            .map((after) => count.map((amount) => ({ after: after.toString(), amount }))),
        ),
      ),
    tiering: fc.constantFrom('graduated' as const, 'volume' as const),
    free: count,
    minimum: count,
    roundUpTo: upTo(digitsMax, 1n).map(String),
  },
  { requiredKeys: ['amount', 'per'] },
);
const accepted = wire
  .map(({ tiering, ...of }) => {
    if (of.per === '0') return tariffFromWire({ amount: of.amount, per: of.per });
    return tariffFromWire({ ...of, ...(of.tiers === undefined ? {} : { tiering }) });
  })
  .filter((tariff) => tooLargeIn(tariff) === undefined);

describe('the bound of a price', () => {
  const unit = (of: Partial<UnitTariff>) =>
    tooLargeIn({ kind: 'per-unit', amount: nano(1n), per: 1n, ...of });

  test('is of one unit, in each tier, and says what it is', () => {
    expect(unit({ amount: UNIT_PRICE_MAX })).toBeUndefined();
    expect(unit({ amount: nano(UNIT_PRICE_MAX + 1n) })).toMatch('at most 1000000 of the currency');
    expect(unit({ amount: nano(UNIT_PRICE_MAX * 60n), per: 60n })).toBeUndefined();
    expect(unit({ tiers: [{ after: 5n, amount: nano(UNIT_PRICE_MAX + 1n) }] })).toMatch('in each tier');
    expect(unit({ minimum: nano(10n ** 18n + 1n) })).toMatch('at most 1000000000 of the currency');
    for (const kind of ['fee', 'flat'] as const) {
      expect(tooLargeIn({ kind, amount: nano(10n ** 18n) })).toBeUndefined();
      expect(tooLargeIn({ kind, amount: nano(10n ** 30n) })).toMatch('A price for a month');
    }
  });

  test('lets no use of a month cost more than the ledger and a document hold, whatever the terms (BIL-3)', () => {
    fc.assert(
      fc.property(accepted, upTo(QUANTITY_MAX), (tariff, quantity) => {
        const cost = costOfPeriod(tariff, quantity);
        expect(cost).toBeGreaterThanOrEqual(0n);
        expect(cost * METER_COUNT).toBeLessThan(HELD_MAX);
        // With as much again of tax.
        expect(2n * halfEven(cost, minorUnitOf('EUR')) * METER_COUNT).toBeLessThan(HELD_MAX);
        if (tariff.kind !== 'per-unit') return;
        const bands = bandsOf(tariff, { from: 0n, to: quantity, total: quantity });
        for (const band of bands) expect(band.cost).toBeLessThanOrEqual(cost);
      }),
      { numRuns: 1_000 },
    );
  });
});
