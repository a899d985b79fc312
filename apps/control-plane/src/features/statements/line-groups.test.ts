import { expect, test } from 'vitest';
import { groupLines } from './line-groups.ts';

const line = (fields: Partial<Parameters<typeof groupLines>[0][number]> = {}) => ({
  service: 'network-discovery',
  meter: 'bytes',
  quantity: '10',
  amountPerUnit: { amount: '1', per: '3' },
  amount: '3',
  ...fields,
});

test('lines of one meter at one price are one row, whose amount is the sum of its lines and not multiplied anew (BIL-3)', () => {
  const groups = groupLines([line(), line({ amount: '4', quantity: '14' }), line({ meter: 'packets' })]);
  expect(groups.map(({ meter, quantity, amount, lines }) => [meter, quantity, amount, lines.length])).toEqual(
    [
      ['bytes', 24n, 7n, 2],
      ['packets', 10n, 3n, 1],
    ],
  );
});

test('a price that changed within the period is a row of its own', () => {
  const later = line({ amountPerUnit: { amount: '2', per: '3' } });
  expect(groupLines([line(), later])).toHaveLength(2);
});

test('the dearest line of a row comes first, beyond 2^53 too', () => {
  const [group] = groupLines([line({ amount: '9007199254740992' }), line({ amount: '9007199254740994' })]);
  expect(group?.lines.map(({ amount }) => amount)).toEqual(['9007199254740994', '9007199254740992']);
});
