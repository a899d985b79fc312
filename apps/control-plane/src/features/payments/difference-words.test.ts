import { expect, test } from 'vitest';
import { isReturnedTax } from './difference-words.ts';

const returned = { documentId: 'tax/acc_seller/2026-11/EUR/', kind: 'transfer-reversed' } as const;

test('tax that was passed on and taken back at Stripe can be sent again, as long as it is not put right, and nothing else can here (BIL-6)', () => {
  expect(isReturnedTax(returned)).toBe(true);
  expect(isReturnedTax({ ...returned, endedAt: '2026-12-01T00:00:00.000Z' })).toBe(false);
  expect(isReturnedTax({ ...returned, kind: 'transfer-amount' })).toBe(false);
  // A payout has its own page for that.
  expect(isReturnedTax({ ...returned, documentId: 'doc_note' })).toBe(false);
});
