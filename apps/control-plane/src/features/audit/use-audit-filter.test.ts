import { expect, test } from 'vitest';
import { timesOf } from './use-audit-filter.ts';

test('a day is asked for whole, from its first moment to its last', () => {
  expect(timesOf({ from: '2026-11-24', until: '2026-11-24' })).toEqual({
    from: '2026-11-24T00:00:00.000Z',
    to: '2026-11-25T00:00:00.000Z',
  });
  expect(timesOf({ from: '', until: '' })).toEqual({});
});
