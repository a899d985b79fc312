import { expect, test } from 'vitest';
import { isImplausible, type MissedProof, type Recheck, recheckOf } from './proof-recheck.ts';

const HOUR_MS = 3_600_000;

/** Looked for once a day, until it lapses. */
function days(found: readonly boolean[]): readonly Recheck[] {
  let missed: MissedProof = { missedCount: 0, missedSince: undefined };
  return found.map((isFound, day) => {
    const nowMs = day * 24 * HOUR_MS;
    const outcome = recheckOf(missed, { isFound, nowMs });
    missed = isFound
      ? { missedCount: 0, missedSince: undefined }
      : { missedCount: missed.missedCount + 1, missedSince: missed.missedSince ?? new Date(nowMs) };
    return outcome;
  });
}

test('three looks in vain are told to the owners, and a day later, 72 hours after the first, it is proved no longer', () => {
  expect(days([true, false, false, false, false])).toEqual(['stands', 'missed', 'missed', 'warn', 'lapse']);
});

test('a record that comes back in time stands as if it had never been away', () => {
  expect(days([false, false, false, true, false, false])).toEqual([
    ...(['missed', 'missed', 'warn', 'stands', 'missed', 'missed'] as const),
  ]);
});

test('many looks within a day take nothing away', () => {
  const missedSince = new Date(0);
  for (let missedCount = 3; missedCount < 50; missedCount += 1)
    expect(recheckOf({ missedCount, missedSince }, { isFound: false, nowMs: 71 * HOUR_MS })).toBe('missed');
});

test('when most records vanish at once, it is our own look that is wrong', () => {
  expect(isImplausible({ checkedCount: 100, newlyMissingCount: 51 })).toBe(true);
  expect(isImplausible({ checkedCount: 100, newlyMissingCount: 50 })).toBe(false);
  expect(isImplausible({ checkedCount: 3, newlyMissingCount: 3 })).toBe(false);
});
