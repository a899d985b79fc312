import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nano } from '../billing/money.ts';
import { type CreditLineWord, isCovered, leftOf, lineOf } from './credit-line.ts';

const topId = 'platform';
const words = fc.uniqueArray(
  fc.record({ byId: fc.constantFrom(topId, 'above', 'between'), amount: fc.bigInt(0n, 50n).map(nano) }),
  { selector: ({ byId }) => byId },
);

test('of all words the narrowest holds, and none before whoever collects has one (BIL-5)', () => {
  fc.assert(
    fc.property(words, (said) => {
      const amounts = said.map(({ amount }) => amount);
      const isStoodFor = said.some(({ byId }) => byId === topId);
      const line = lineOf({ words: said, topId });
      expect(line).toBe(isStoodFor ? amounts.sort((left, right) => (left < right ? -1 : 1))[0] : 0n);
    }),
  );
});

test('what may be given is what is left of the line, and what stands unpaid is never more than it (BIL-5)', () => {
  fc.assert(
    fc.property(words, fc.array(fc.bigInt(-30n, 30n)), (said, asked) => {
      let unpaid = nano(0n);
      for (const amount of asked) {
        const standing = { words: said, topId, isBounded: true, unpaid };
        // Below zero something of what was given comes back.
        if (amount > 0n && !isCovered(standing, nano(amount))) {
          expect(amount).toBeGreaterThan(leftOf(standing));
          continue;
        }
        unpaid = nano(unpaid + amount);
        expect(unpaid <= 0n || unpaid <= lineOf(standing)).toBe(true);
      }
    }),
  );
});

test('nothing bounds whoever collects, nor the books of tests', () => {
  const none: readonly CreditLineWord[] = [];
  expect(isCovered({ words: none, topId, isBounded: false, unpaid: nano(9n) }, nano(1n))).toBe(true);
});
