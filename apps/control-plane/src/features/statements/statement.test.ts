import { expect, test } from 'vitest';
import { showMoment } from '../../formats/time.ts';
import { askedSum, sellersText } from './statement.ts';

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

test('of a closed month that is to be paid which its document asks for, whatever was used in it', () => {
  const settled = (minorUnits: string) => ({ minorUnits, amount: '0', carriedIn: '0', residue: '0' });
  const document = { documentId: 'doc_1', documentNumber: 'D-I00002', totalMinorUnits: '2380' };
  const month = { charge: settled('0'), payout: settled('5') };
  const closed = {
    ...month,
    state: 'closed' as const,
    documents: [{ side: 'charge' as const, ...document }],
  };
  expect(askedSum(closed, 'charge')).toMatchObject({ minorUnits: 2380n, document });
  // Below a whole unit, or less than nothing: there is no document, and the next one has it.
  expect(askedSum(closed, 'payout')).toEqual({ minorUnits: 0n });
  expect(askedSum({ ...month, state: 'open' }, 'payout')).toEqual({ minorUnits: 5n });
  expect(askedSum({ state: 'closed' }, 'charge')).toBeUndefined();
});
