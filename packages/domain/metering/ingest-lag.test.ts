import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addLags, type LagCounts, lagBoundMs } from './ingest-lag.ts';

test('a bound is never below the lag, and at most a fifth above it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 86_400_000 }), (lagMs) => {
      const bound = lagBoundMs(lagMs);
      expect(bound).toBeGreaterThanOrEqual(lagMs);
      expect(bound).toBeLessThanOrEqual(Math.ceil(lagMs * 1.19) + 1);
      // It is its own, so that what is stored by it is found by it.
      expect(lagBoundMs(bound)).toBeGreaterThanOrEqual(bound);
    }),
  );
  expect([-5_000, 0, 10, Number.MAX_SAFE_INTEGER].map(lagBoundMs)).toEqual([10, 10, 10, 86_400_000]);
});

test('records are counted by the lag of each', () => {
  const counts: LagCounts = new Map();
  addLags(counts, [{ toMs: 1_000 }, { toMs: 1_000 }, { toMs: 0 }], 1_010);
  addLags(counts, [{ toMs: 2_000 }], 2_005);
  expect([...counts]).toEqual([
    [10, 3],
    [lagBoundMs(1_010), 1],
  ]);
});
