import { expect, test } from 'vitest';
import { collectionEvents } from './collection-events.ts';
import { type InvoiceCollection, notAskedYet } from './invoice-collection.ts';
import type { PayoutCollection } from './payout-collection.ts';
import { noBacking } from './shares.ts';

const fresh: InvoiceCollection = {
  kind: 'invoice',
  documentId: 'doc_1',
  accountId: 'acc_1',
  period: '2026-11',
  currency: 'EUR',
  number: 'P-2026-1',
  sellerName: 'Reseller',
  dueAtMs: 0,
  taxMinorUnits: 0n,
  totalMinorUnits: 1_000n,
  lines: [],
  shares: [],
  ...notAskedYet,
};
const open: InvoiceCollection = { ...fresh, state: 'open', payUrl: 'https://pay.example/1' };
const paid: InvoiceCollection = { ...open, state: 'paid', paidMinorUnits: 1_000n };
const named = (before: InvoiceCollection, after: InvoiceCollection) =>
  collectionEvents(before, after).map(({ name, data }) =>
    [name, data.minorUnits, data.state].filter(Boolean),
  );

test('an invoice is told of when it can be paid, when it is paid, and when nobody asks for it any more', () => {
  expect(named(fresh, open)).toEqual([['invoice.open', '1000']]);
  expect(collectionEvents(fresh, open)[0]?.data).toEqual({
    documentId: 'doc_1',
    number: 'P-2026-1',
    period: '2026-11',
    currency: 'EUR',
    minorUnits: '1000',
    payUrl: 'https://pay.example/1',
  });
  const { payUrl: _payUrl, ...unaddressed } = open;
  expect(named(fresh, unaddressed)).toEqual([]);
  expect(named(unaddressed, open)).toEqual([['invoice.open', '1000']]);
  expect(named(open, { ...open, paidMinorUnits: 400n })).toEqual([]);
  expect(named(open, paid)).toEqual([['invoice.paid', '1000']]);
  expect(named(fresh, paid)).toEqual([['invoice.paid', '1000']]);
  expect(
    named({ ...open, paidMinorUnits: 400n }, { ...open, paidMinorUnits: 400n, state: 'uncollectible' }),
  ).toEqual([['invoice.uncollectible', '600']]);
});

test('what changes nothing that was told of is told of no more', () => {
  expect(named(paid, paid)).toEqual([]);
  expect(named(paid, { ...paid, isSent: true, addedKeys: ['line'] })).toEqual([]);
});

test('money that goes back is told of once it did, and a dispute when it begins and when it ends', () => {
  const refunded = (state: 'pending' | 'succeeded') => ({
    ...paid,
    refunds: [{ id: 're_1', minorUnits: 300n, state }],
  });
  expect(named(paid, refunded('pending'))).toEqual([]);
  expect(named(refunded('pending'), refunded('succeeded'))).toEqual([['invoice.paid-back', '300']]);
  const disputed = (state: 'open' | 'won' | 'lost') => ({
    ...paid,
    disputes: [{ id: 'dp_1', minorUnits: 1_000n, state }],
  });
  expect(named(paid, disputed('open'))).toEqual([['invoice.disputed', '1000']]);
  expect(named(disputed('open'), disputed('won'))).toEqual([['invoice.dispute-ended', '1000', 'won']]);
  expect(named(paid, disputed('lost'))).toEqual([
    ['invoice.disputed', '1000'],
    ['invoice.dispute-ended', '1000', 'lost'],
  ]);
});

test('money for a balance is told of as that, and of no document', () => {
  const topUp = { purpose: 'top-up', documentId: 'tup_1' } as const;
  expect(collectionEvents({ ...open, ...topUp }, { ...paid, ...topUp })).toEqual([
    { name: 'top-up.paid', data: { topUpId: 'tup_1', currency: 'EUR', minorUnits: '1000' } },
  ]);
  expect(collectionEvents({ ...fresh, ...topUp }, { ...open, ...topUp })).toEqual([]);
});

test('a payout is told of as it is sent, and as it is taken back', () => {
  const payout = (...transfers: readonly (readonly [sent: bigint, back: bigint])[]): PayoutCollection => ({
    kind: 'payout',
    documentId: 'doc_2',
    accountId: 'acc_2',
    period: '2026-11',
    currency: 'EUR',
    totalMinorUnits: 500n,
    backing: noBacking,
    transfers: transfers.map(([minorUnits, reversedMinorUnits], index) => ({
      ordinal: index + 1,
      transferId: `tr_${index}`,
      minorUnits,
      reversedMinorUnits,
      reversalCount: 0,
    })),
  });
  const told = (before: PayoutCollection, after: PayoutCollection) =>
    collectionEvents(before, after).map(({ name, data }) => [name, data.minorUnits]);
  expect(told(payout(), payout([200n, 0n]))).toEqual([['payout.sent', '200']]);
  expect(told(payout([200n, 0n]), payout([200n, 0n], [300n, 0n]))).toEqual([['payout.sent', '300']]);
  expect(told(payout([200n, 0n]), payout([200n, 50n]))).toEqual([['payout.taken-back', '50']]);
  expect(told(payout([200n, 0n]), payout([200n, 0n]))).toEqual([]);
});
