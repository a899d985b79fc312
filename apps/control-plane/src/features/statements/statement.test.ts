import { expect, test } from 'vitest';
import { showMoment } from '../../formats/time.ts';
import { sellersText } from './statement.ts';

test('a statement names its seller, and each with its time where the account moved', () => {
  const from = '2026-11-14T10:00:00.000Z';
  const old = { sellerName: 'Old', from: '2026-11-01T00:00:00.000Z' };
  expect(sellersText({ sellerName: 'Old', sellers: [old] })).toBe('Old');
  expect(sellersText({ sellerName: 'New', sellers: [old, { sellerName: 'New', from }] })).toBe(
    `Old, from ${showMoment(from)} of New`,
  );
  // The platform buys from nobody, and is named as its own.
  expect(sellersText({ sellerName: 'Platform', sellers: [] })).toBe('Platform');
});
