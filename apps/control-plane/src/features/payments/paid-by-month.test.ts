import { expect, test } from 'vitest';
import { paidByMonth } from './paid-by-month.ts';

const period = '2026-11';
const moved = (what: string, amount: bigint) => ({ what, period, amount });
const sums = (...all: ReturnType<typeof moved>[]) => {
  const { kept, givenBack, paidOut } = paidByMonth(all);
  return [kept.get(period), givenBack.get(period), paidOut.get(period)];
};

test('what was given back is a part of what was paid in, and no payout', () => {
  expect(sums(moved('paid', -20n), moved('refund', 4n))).toEqual([16n, 4n, undefined]);
  expect(sums(moved('paid', -20n), moved('dispute-lost', 20n))).toEqual([undefined, 20n, undefined]);
});

test('payouts and tax that is passed on are paid out, less what was taken back of them', () => {
  expect(sums(moved('payout', 10n), moved('tax', 3n), moved('payout', -2n))).toEqual([
    undefined,
    undefined,
    11n,
  ]);
});
