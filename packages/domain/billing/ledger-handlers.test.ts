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
      parties: async (_topId: string, ids: readonly string[]) =>
        new Map(
          ids.map((id) => {
            const isSeen = id === 'acc_1' || id === 'acc_0';
            return [id, { isSeen, name: isSeen ? `Name of ${id}` : 'Brand' }];
          }),
        ),
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
    // Whoever stands above is a brand.
    expect(whole.items[0]?.entries.map(({ accountName }) => accountName)).toEqual([
      'Name of acc_1',
      'Name of acc_0',
    ]);
    expect(whole.items[0]?.entries.map(({ counterpartyName }) => counterpartyName)).toEqual([
      'Brand',
      'Brand',
    ]);
    for (const each of whole.items[0]?.entries ?? []) expect(each).not.toHaveProperty('counterpartyId');
    const sold = await list([{ ...entry('acc_1', -5n), counterpartyId: 'acc_0' }]);
    expect(sold.items[0]?.entries).toMatchObject([
      { counterpartyId: 'acc_0', counterpartyName: 'Name of acc_0' },
    ]);
  });

  test('list 200: of a cause that names an account above, nothing is told but that it is above (PRD-2)', async () => {
    const ledger: LedgerReader = {
      ...booked([]),
      transactions: async () => ({
        items: [
          {
            ...{ id: 'txn_1', atMs: 0, period: '2026-11', entries: [] },
            sourceRef: 'accrual/2026-11/EUR/acc_9/acc_1/relay.bytes prc_1/1',
          },
        ],
      }),
    };
    const { items } = await ledgerHandlers.ledger.list(
      context,
      { period: '2026-11', limit: 20 },
      portsWith(ledger),
    );
    expect(items[0]?.sourceRef).toBe('accrual/2026-11/EUR/above/acc_1/relay.bytes prc_1/1');
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
  ['tax:1.0/tax/acc_1/2026-11/EUR/', { kind: 'tax' }],
  ['paid/tup_1', { kind: 'balance', what: 'top-up' }],
])('the cause of %s is told', (sourceRef, cause) => {
  expect(causeOf(sourceRef)).toEqual(cause);
});
