import { expect, test } from 'vitest';
import { movementText } from './movement-words.ts';

test('a payout that is taken back is called so, on both sides of it', () => {
  const sent = { what: 'payout', book: 'clearing', amount: '5' };
  expect(movementText(sent)).toBe('Payout');
  expect(movementText({ ...sent, amount: '-5' })).toBe('Payout taken back');
  expect(movementText({ ...sent, amount: '-5', isOfPlatform: true })).toBe('Payout');
  expect(movementText({ ...sent, isOfPlatform: true })).toBe('Payout taken back');
  const settled = { what: 'payout', book: 'owed', amount: '-5' };
  expect(movementText(settled)).toBe('Payout settled');
  expect(movementText({ ...settled, amount: '5' })).toBe('Payout unsettled');
});

test('what somebody below got back is less for who earned of it, and less to pay for the platform', () => {
  const back = { what: 'refund', book: 'owed', amount: '-5' };
  expect(movementText(back)).toBe('Less is owed to you');
  expect(movementText({ ...back, amount: '5', isOfPlatform: true })).toBe('Less is owed by the platform');
});
