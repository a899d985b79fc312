import { expect, test } from 'vitest';
import { inputWithoutDirection } from './without-direction.ts';

test('the direction of an infinite query is not sent: requests are strict', () => {
  expect(inputWithoutDirection({ accountId: 'acc_1', limit: 50, direction: 'forward' })).toEqual({
    accountId: 'acc_1',
    limit: 50,
  });
});

test('every other input is sent as it is', () => {
  for (const input of [undefined, { accountId: 'acc_1' }]) expect(inputWithoutDirection(input)).toBe(input);
});
