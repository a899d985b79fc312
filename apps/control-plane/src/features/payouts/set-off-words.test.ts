import { expect, test } from 'vitest';
import { type PayoutStanding, payoutStateOf } from '../documents/payout-state.ts';
import { movementText } from '../payments/movement-words.ts';

const wordOf = (standing: Partial<PayoutStanding>) =>
  payoutStateOf({ state: 'waiting', paidMinorUnits: '0', fundedMinorUnits: '1000', ...standing }).text;

test('a payout that pays for credit says so, and is ready only for what is not kept (BIL-5)', () => {
  expect(wordOf({})).toBe('ready to be sent');
  expect(wordOf({ setOffMinorUnits: '400' })).toBe('ready to be sent');
  expect(wordOf({ setOffMinorUnits: '400', fundedMinorUnits: '400' })).toBe('waits for its payers');
  expect(wordOf({ setOffMinorUnits: '400', state: 'paid', paidMinorUnits: '600' })).toBe('sent');
  expect(wordOf({ setOffMinorUnits: '1000', state: 'paid' })).toBe('kept for credit you gave');
});

test('what is kept of a payout is told in both of its books, and what a refund changes of it', () => {
  const said = (what: string, book: string, amount: string) => movementText({ what, book, amount });
  expect(said('set-off', 'owed', '-400')).toBe('Kept of the payout for credit you gave');
  expect(said('set-off', 'granted', '400')).toBe('Credit you gave, paid by the payout');
  expect(said('refund', 'owed', '-400')).toBe('Less is owed to you');
  expect(said('refund', 'granted', '-200')).toBe('Less of the credit you gave is paid for');
});

test('what an invoice asks for credit that others used is told, and what a refund of it changes', () => {
  const said = (what: string, amount: string) => movementText({ what, book: 'granted', amount });
  expect(said('issued', '500')).toBe('Credit you gave, asked for by the invoice');
  expect(said('void', '-500')).toBe('Less of the credit you gave is paid for');
});

test('a payout of which a part was lost is sent, and one of which all was is nothing to wait for', () => {
  expect(wordOf({ state: 'paid', paidMinorUnits: '750', refundedMinorUnits: '250' })).toBe(
    'sent, a part lost',
  );
  expect(wordOf({ state: 'void', refundedMinorUnits: '1000' })).toBe('lost');
});
