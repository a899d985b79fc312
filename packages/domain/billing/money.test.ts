import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cutAndCarry,
  formatDecimal,
  halfEven,
  minorUnitOf,
  type Nano,
  nano,
  parseDecimal,
  split,
  sum,
} from './money.ts';

const CENT = minorUnitOf('EUR');
const amounts = fc.bigInt(-(10n ** 15n), 10n ** 15n).map(nano);
const cents = (text: string) => halfEven(parseDecimal(text), CENT);

describe('money is exact (BIL-3)', () => {
  test('a decimal text is read and written without loss', () => {
    expect(parseDecimal('-1.0125')).toBe(-1_012_500_000n);
    expect(formatDecimal(parseDecimal('166.666666666'))).toBe('166.666666666');
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(parseDecimal(formatDecimal(amount))).toBe(amount);
      }),
    );
  });

  test.each(['', '1.', '.5', '1e3', '0.1234567891', '1,5', ' 1', '+1'])(
    '%j is refused, not guessed',
    (text) => {
      expect(() => parseDecimal(text)).toThrow(RangeError);
    },
  );

  test('half to even, as in the worked example', () => {
    expect(['0.005', '0.015', '0.025', '-0.015', '1.005', '1.015'].map(cents)).toEqual([
      0n,
      2n,
      2n,
      -2n,
      100n,
      102n,
    ]);
    const line = parseDecimal('0.005');
    expect([3n * halfEven(line, CENT), halfEven(sum([line, line, line]), CENT)]).toEqual([0n, 2n]);
  });

  test('rounding is off by half a unit at most, and always carries what it took', () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        const residue = amount - halfEven(amount, CENT) * CENT;
        expect(2n * (residue < 0n ? -residue : residue)).toBeLessThanOrEqual(CENT);
      }),
    );
  });

  test('six months of 0.333333333 cut off and carried, as in the worked example', () => {
    const units: bigint[] = [];
    let carry: Nano = nano(0n);
    for (let month = 0; month < 6; month++) {
      const paid = cutAndCarry(carry, parseDecimal('0.333333333'), CENT);
      units.push(paid.units);
      carry = paid.carry;
    }
    expect(units).toEqual([33n, 33n, 33n, 34n, 33n, 33n]);
    expect(carry).toBe(9_999_998n);
  });

  test('a currency brings its own minor unit', () => {
    expect(['EUR', 'JPY', 'KWD'].map(minorUnitOf)).toEqual([10_000_000n, 1_000_000_000n, 1_000_000n]);
  });

  test('a split sums to its total, and no share is off by a whole unit', () => {
    const weights = fc.array(fc.bigInt(0n, 10n ** 12n), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(amounts, weights, (total, given) => {
        const shares = split(total, given);
        const whole = given.reduce((left, right) => left + right, 0n);
        expect(sum(shares)).toBe(total);
        if (whole === 0n) return;
        for (const [index, share] of shares.entries()) {
          const off = share * whole - total * (given[index] ?? 0n);
          expect(off < whole && off > -whole).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('what is left of a split goes to the largest remainder, ties to the earlier', () => {
    expect(split(nano(10n), [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
    expect(split(nano(-10n), [1n, 5n, 1n])).toEqual([-2n, -7n, -1n]);
    expect(split(nano(7n), [0n, 0n])).toEqual([7n, 0n]);
  });
});
