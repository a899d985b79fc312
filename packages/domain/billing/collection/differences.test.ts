import { describe, expect, test } from 'vitest';
import { parseDecimal } from '../money.ts';
import { invoiceDifferences, transferDifferences } from './differences.ts';
import { newlyFound, withFound } from './found-difference.ts';
import { type InvoiceCollection, notAskedYet, seen } from './invoice-collection.ts';
import {
  afterPayoutStep,
  nextPayoutStep,
  type PayoutCollection,
  seenTransfer,
  sendingAgain,
  sentOf,
} from './payout-collection.ts';
import { settlePayout } from './postings.ts';
import type { RailInvoice } from './rail.ts';
import { noBacking } from './shares.ts';

const asked: InvoiceCollection = {
  ...notAskedYet,
  ...{ kind: 'invoice', documentId: 'doc_1', accountId: 'leaf', period: '2026-11', currency: 'EUR' },
  ...{ number: 'D-I00001', sellerName: 'Seller', dueAtMs: 0, taxMinorUnits: 0n, totalMinorUnits: 2000n },
  ...{ lines: [], shares: [], invoiceId: 'in_1', customerId: 'cus_1', state: 'open', isSent: true },
};
const open: RailInvoice = {
  ...{ id: 'in_1', state: 'open', currency: 'EUR', customerId: 'cus_1', minorUnits: 2000n },
  ...{ paidMinorUnits: 0n, lineKeys: [], refunds: [], disputes: [] },
};
const kindsOf = (of: InvoiceCollection, read: Partial<RailInvoice>) =>
  invoiceDifferences(of, { ...open, ...read }).map(({ kind, found }) => `${kind} ${found}`);

describe('an invoice that was read', () => {
  test('differs from its document in amount, currency, customer, or because somebody ended it at the rail', () => {
    expect(kindsOf(asked, {})).toEqual([]);
    expect(kindsOf(asked, { minorUnits: 100n })).toEqual(['amount 100']);
    expect(kindsOf(asked, { currency: 'USD' })).toEqual(['currency USD']);
    expect(kindsOf(asked, { customerId: 'cus_2' })).toEqual(['customer cus_2']);
    expect(kindsOf(asked, { state: 'void' })).toEqual(['state void']);
    expect(kindsOf(asked, { state: 'uncollectible' })).toEqual(['state uncollectible']);
    expect(kindsOf({ ...asked, isVoidAsked: true }, { state: 'void' })).toEqual([]);
    expect(kindsOf(asked, { state: 'draft', minorUnits: 0n })).toEqual([]);
    const { customerId: _, ...before } = asked;
    expect(kindsOf(before, { customerId: 'cus_2' })).toEqual([]);
  });

  test('is never paid while less came in than it asks for', () => {
    const lowered = seen(asked, { ...open, state: 'paid', minorUnits: 100n, paidMinorUnits: 100n });
    expect(lowered).toMatchObject({ state: 'open', paidMinorUnits: 100n });
    expect(seen(asked, { ...open, state: 'paid', paidMinorUnits: 2000n }).state).toBe('paid');
  });
});

describe('a difference', () => {
  const found = invoiceDifferences(asked, { ...open, minorUnits: 100n });
  test('is found once, ends when it is gone, and is found anew when it comes back', () => {
    const first = withFound([], { railIds: ['in_1'], found, nowMs: 1 });
    expect(first).toMatchObject([{ kind: 'amount', expected: '2000', found: '100', foundAtMs: 1 }]);
    expect(withFound(first, { railIds: ['in_1'], found, nowMs: 2 })).toEqual(first);
    const gone = withFound(first, { railIds: ['in_1'], found: [], nowMs: 3 });
    expect(gone).toMatchObject([{ foundAtMs: 1, endedAtMs: 3 }]);
    expect(newlyFound(first, gone)).toEqual([]);
    const again = withFound(gone, { railIds: ['in_1'], found, nowMs: 4 });
    expect(newlyFound(gone, again)).toMatchObject([{ foundAtMs: 4 }]);
    // Of what was not read nothing is said.
    expect(withFound(first, { railIds: ['in_2'], found: [], nowMs: 5 })).toEqual(first);
  });
});

describe('a transfer that was read', () => {
  const five = parseDecimal('5');
  const paid: PayoutCollection = {
    ...{ kind: 'payout', documentId: 'doc_2', accountId: 'top', period: '2026-11', currency: 'EUR' },
    ...{ totalMinorUnits: 500n, backing: { ...noBacking, weight: five, paid: five } },
    transfers: [
      { ordinal: 1, transferId: 'tr_1', minorUnits: 500n, reversedMinorUnits: 0n, reversalCount: 0 },
    ],
  };
  const back = { id: 'tr_1', minorUnits: 500n, reversedMinorUnits: 200n };

  test('and was taken back at the rail is money that came back, and is not sent once more', () => {
    const after = seenTransfer(paid, back);
    expect(sentOf(after)).toBe(300n);
    expect(transferDifferences(after, back)).toMatchObject([
      { kind: 'transfer-reversed', railId: 'tr_1', expected: '0', found: '200' },
    ]);
    expect(nextPayoutStep(after, { payeeId: 'acct_1' })).toBeUndefined();
    const [posted] = settlePayout(paid, after, 'platform');
    expect(posted?.entries).toContainEqual({ accountId: 'top', book: 'owed', amount: 2_000_000_000n });
    // Another part that comes back is another transaction.
    const more = seenTransfer(after, { ...back, reversedMinorUnits: 500n });
    const [later] = settlePayout(after, more, 'platform');
    expect(later?.sourceRef).not.toBe(posted?.sourceRef);
    expect(seenTransfer(more, back)).toBe(more);
  });

  test('and is to be sent again is sent again once, however often that is said; what is taken back of that waits once more', () => {
    const returned = seenTransfer(paid, back);
    const asked = sendingAgain(returned) ?? paid;
    expect(sendingAgain(asked)).toBeUndefined();
    expect(sendingAgain(paid)).toBeUndefined();
    // Nothing moves before the rail has done it.
    expect(settlePayout(returned, asked, 'platform')).toEqual([]);
    const step = nextPayoutStep(asked, { payeeId: 'acct_1' });
    expect(step).toMatchObject({
      call: { type: 'create-transfer', ordinal: 2, minorUnits: 200n },
      key: 'payout:top:2026-11:1:2',
    });
    if (step === undefined) return;
    const sent = afterPayoutStep(asked, step.call, 'tr_2');
    expect(sentOf(sent)).toBe(500n);
    expect(nextPayoutStep(sent, { payeeId: 'acct_1' })).toBeUndefined();
    expect(seenTransfer(sent, back)).toBe(sent);
    const twice = seenTransfer(sent, { id: 'tr_2', minorUnits: 200n, reversedMinorUnits: 50n });
    expect(nextPayoutStep(twice, { payeeId: 'acct_1' })).toBeUndefined();
    expect(sendingAgain(twice)).toMatchObject({ sentAgainMinorUnits: 250n });
  });

  test('and what went back to its payers after is not asked back a second time, and not sent again', () => {
    const returned = seenTransfer(paid, back);
    const [three, two] = [parseDecimal('3'), parseDecimal('2')];
    const lost = { ...returned, backing: { weight: five, paid: three, lost: two } };
    expect(nextPayoutStep(lost, { payeeId: 'acct_1' })).toBeUndefined();
    expect(nextPayoutStep(sendingAgain(lost) ?? paid, { payeeId: 'acct_1' })).toBeUndefined();
  });

  test('with another amount differs, and as it was sent does not', () => {
    expect(transferDifferences(paid, { ...back, reversedMinorUnits: 0n })).toEqual([]);
    expect(transferDifferences(paid, { ...back, minorUnits: 400n })).toMatchObject([
      { kind: 'transfer-amount', expected: '500', found: '400' },
    ]);
  });
});
