import { expect, test } from 'vitest';
import { type BookedEntry, moneyOf, owedBy } from './money-chain.ts';

const chain = { platformId: 'p', resellerId: 'r', customerId: 'c', endId: 'e' };
const entry = (
  transactionId: string,
  [accountId, counterpartyId, book, amount]: readonly [string, string, string, string],
): BookedEntry => ({ transactionId, accountId, counterpartyId, book, amount, currency: 'EUR' });

/** Of 10.00 that the end customer pays, 4.00 are the reseller's. */
const books = [
  entry('use', ['e', 'c', 'payable', '-10']),
  entry('use', ['c', 'e', 'receivable', '10']),
  entry('paid', ['e', 'p', 'clearing', '-10']),
  entry('paid', ['p', 'e', 'clearing', '10']),
  entry('sent', ['r', 'p', 'clearing', '4']),
  entry('sent', ['p', 'r', 'clearing', '-4']),
];

test('what came in is what went out, and what the platform keeps by its own side', () => {
  expect(moneyOf(books, chain)).toMatchObject({ unbalanced: [], in: 1000n, out: 400n, kept: 600n });
});

test('a side that is missing shows: in its transaction, at its edge, and in what came in', () => {
  expect(moneyOf(books.slice(1), chain)).toMatchObject({ unbalanced: ['use'] });
  expect(moneyOf(books.slice(1), chain).edges.at(-1)).toMatchObject({
    payable: 0n,
    receivable: 10_000_000_000n,
  });
  const money = moneyOf(books.slice(0, -1), chain);
  expect(money.in).not.toBe(money.out + money.kept);
});

test('by hand, what payers of a chain owe is what those who earn have', () => {
  const owed = owedBy({ bytes: 7n, allocationMs: 3n }, { bytes: 2n, allocationMs: 5n });
  expect(owed).toEqual({
    end: 353_000n,
    customerOwn: 125_000n,
    customerSubsidy: 70_000n,
    resellerMargin: 180_000n,
    platform: 368_000n,
  });
  expect(owed.end + owed.customerOwn + owed.customerSubsidy).toBe(owed.resellerMargin + owed.platform);
});
