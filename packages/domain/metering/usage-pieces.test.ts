import { zoneWindow } from '@patchbay/kit/zone-clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUCKET_COUNT_MAX, bucketCountOf, usagePieces } from './usage-pieces.ts';

const MINUTE_MS = 60_000;
const YEAR_MS = 366 * 86_400_000;

test('pieces of a range meet at the begin of a bucket, each is one answer, and together they are the range (MET-5)', () => {
  const asked = fc.record({
    fromMs: fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2028, 0) }),
    lengthMs: fc.integer({ min: 0, max: 3 * YEAR_MS }),
    bucket: fc.constantFrom(
      'minute' as const,
      'hour' as const,
      'day' as const,
      'month' as const,
      'all' as const,
    ),
    timeZone: fc.constantFrom('UTC', 'America/Havana', 'America/Santiago', 'Australia/Lord_Howe'),
  });
  fc.assert(
    fc.property(asked, ({ fromMs, lengthMs, bucket, timeZone }) => {
      const toMs = fromMs + lengthMs;
      const pieces = [...usagePieces({ fromMs, toMs, bucket, timeZone })];
      expect([pieces[0]?.fromMs, pieces.at(-1)?.toMs]).toEqual([fromMs, toMs]);
      pieces.forEach((piece, index) => {
        expect(bucketCountOf(piece, bucket)).toBeLessThanOrEqual(BUCKET_COUNT_MAX);
        const next = pieces[index + 1];
        if (next === undefined) return;
        expect(next.fromMs).toBe(piece.toMs);
        if (bucket === 'minute') expect(piece.toMs % MINUTE_MS).toBe(0);
        else if (bucket !== 'all') expect(zoneWindow(bucket, timeZone, piece.toMs).startMs).toBe(piece.toMs);
      });
    }),
    { numRuns: 60 },
  );
});

test('a year of minutes is 53 answers, and one of days a single one', () => {
  const year = { fromMs: Date.UTC(2026, 0), toMs: Date.UTC(2027, 0), timeZone: 'UTC' };
  expect([...usagePieces({ ...year, bucket: 'minute' })]).toHaveLength(53);
  expect([...usagePieces({ ...year, bucket: 'day' })]).toHaveLength(1);
});
