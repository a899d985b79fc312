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

test('tax of a seller is called so where it is paid, passed on and taken back (decision 0023)', () => {
  const held = { what: 'paid', book: 'tax-held', amount: '5' };
  expect(movementText(held)).toBe('More tax is held for you');
  expect(movementText({ ...held, what: 'refund', amount: '-5' })).toBe('Less tax is held for you');
  expect(movementText({ ...held, amount: '-5', isOfPlatform: true })).toBe('More tax is held for a seller');
  expect(movementText({ ...held, what: 'tax', amount: '-5' })).toBe('Tax passed on');
  expect(movementText({ what: 'paid', book: 'tax', amount: '-5' })).toBe('More tax is yours to declare');
  expect(movementText({ what: 'tax', book: 'clearing', amount: '5' })).toBe('Tax passed on to your account');
  expect(movementText({ what: 'tax', book: 'clearing', amount: '-5' })).toBe('Tax taken back');
  expect(movementText({ ...held, what: 'tax' })).toBe('Tax is held again');
});

test('what a balance paid is called so, and by no names of books', () => {
  expect(movementText({ what: 'paid', book: 'drawn', amount: '5' })).toBe('Invoice paid by the balance');
  expect(movementText({ what: 'refund-failed', book: 'balance', amount: '5' })).toContain(
    'could not be given back',
  );
});

test('what somebody below got back is less for who earned of it, and less to pay for the platform', () => {
  const back = { what: 'refund', book: 'owed', amount: '-5' };
  expect(movementText(back)).toBe('Less is owed to you');
  expect(movementText({ ...back, amount: '5', isOfPlatform: true })).toBe('Less is owed by the platform');
});
