import { domainContext } from '@patchbay/testing/domain-context';
import { describe, expect, test } from 'vitest';
import { billing } from './definition.ts';
import { causeOf } from './ledger-cause.ts';
import { ledgerHandlers } from './ledger-handlers.ts';
import type { BookedEntry, LedgerReader } from './ledger-reader.ts';
import { nano } from './money.ts';
import type { BillingPorts } from './ports.ts';

const entry = (accountId: string, amount: bigint): BookedEntry => ({
  accountId,
  book: 'clearing',
  counterpartyId: 'platform',
  currency: 'EUR',
  amount: nano(amount),
});
const booked = (entries: readonly BookedEntry[]): LedgerReader => ({
  transactions: async () => ({
    items: [{ id: 'txn_1', atMs: 0, period: '2026-11', sourceRef: 'paid:5/doc_1', entries }],
    nextCursor: 'txn_1',
  }),
  entries: async () => ({ entries: [] }),
  balances: async () => [
    { period: '2026-11', book: 'clearing', currency: 'EUR', amount: nano(-5n), entryCount: 1 },
  ],
});
const portsWith = (ledger: LedgerReader) =>
  ({
    ledger,
    billing: {
      namesAround: async () =>
        new Map([
          ['acc_1', 'One'],
          ['seller', 'Seller'],
          ['platform', 'Platform'],
        ]),
      namesBelow: async (_of: string, ids: readonly string[]) =>
        new Map(ids.filter((id) => id.startsWith('acc_')).map((id) => [id, `Name of ${id}`])),
    },
  }) as unknown as BillingPorts;

describe('ledger', () => {
  const context = domainContext<typeof billing, 'ledger', 'list'>(billing, {
    chain: ['platform', 'seller', 'acc_1'],
  }).context;
  const list = (entries: readonly BookedEntry[]) =>
    ledgerHandlers.ledger.list(context, { period: '2026-11', limit: 20 }, portsWith(booked(entries)));

  test('list 200: each transaction with its cause, and whether all of its entries are in sight', async () => {
    const whole = await list([entry('acc_1', -5n), entry('acc_0', 5n)]);
    expect(whole).toMatchObject({
      nextCursor: 'txn_1',
      items: [{ cause: { kind: 'document', what: 'paid', documentId: 'doc_1' }, view: 'whole' }],
    });
    expect((await list([entry('acc_1', -5n)])).items[0]?.view).toBe('part');
    // Whoever stands further above than the seller has no name here.
    const namesOf = ({
      accountName,
      counterpartyName,
    }: {
      accountName?: string | undefined;
      counterpartyName?: string | undefined;
    }) => [accountName, counterpartyName];
    expect(whole.items[0]?.entries.map(namesOf)).toEqual([
      ['Name of acc_1', undefined],
      ['Name of acc_0', undefined],
    ]);
    const sold = await list([{ ...entry('acc_1', -5n), counterpartyId: 'seller' }]);
    expect(sold.items[0]?.entries.map(namesOf)).toEqual([['Name of acc_1', 'Seller']]);
  });

  test('listBalances 200: what each book comes to in each month', async () => {
    const { context: read } = domainContext<typeof billing, 'ledger', 'listBalances'>(billing, {
      chain: ['acc_1'],
    });
    const { items } = await ledgerHandlers.ledger.listBalances(read, {}, portsWith(booked([])));
    expect(items).toEqual([
      { period: '2026-11', book: 'clearing', currency: 'EUR', amount: '-5', entryCount: 1 },
    ]);
  });
});

test.each([
  [
    'accrual/2026-11/EUR/acc_1/acc_2/relay.bytes {"direction":"in/out"} prc_1/3',
    { kind: 'use', service: 'relay', meter: 'bytes' },
  ],
  ['accrual/2026-11/EUR/acc_1/acc_2/charged:settlement/1', { kind: 'settlement' }],
  ['accrual/2026-11/EUR/acc_1/acc_2/carry:carry/out/2', { kind: 'carry' }],
  ['refund:re_1/doc_1', { kind: 'document', what: 'refund', documentId: 'doc_1' }],
  ['something else', { kind: 'other' }],
  ['drawn/txn_1', { kind: 'balance', what: 'drawn' }],
  ['credit/cdt_1', { kind: 'balance', what: 'credit-given' }],
  ['credit-ended/txn_1', { kind: 'balance', what: 'credit-ended' }],
  ['balance-refund/rfd_1', { kind: 'balance', what: 'refund-asked' }],
  ['paid/tup_1', { kind: 'balance', what: 'top-up' }],
])('the cause of %s is told', (sourceRef, cause) => {
  expect(causeOf(sourceRef)).toEqual(cause);
});
