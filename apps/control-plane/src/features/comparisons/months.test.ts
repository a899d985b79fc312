import { expect, test } from 'vitest';
import { monthsAround } from './months.ts';

test('a year back and half a year ahead, over the turn of the year', () => {
  const { past, coming } = monthsAround('2026-12');
  expect([past[0], past.at(-1)]).toEqual(['2026-11', '2025-12']);
  expect([coming[0], coming.at(-1)]).toEqual(['2027-01', '2027-06']);
});
