'use client';

import { Button } from '@patchbay/ui/button';
import { Identifier } from '@patchbay/ui/copy-button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showExactMoney, signOf } from '../../formats/money.ts';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import type { Statement } from './statement.ts';

type Entry = Outputs['statements']['listEntries']['items'][number];

/** The bookings behind the lines (BIL-3). They are fetched when asked for. */
export function LedgerEntries({ statement }: { readonly statement: Statement }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const { period, currency, ledger } = statement;
  const query = useInfiniteQuery(
    trpc.statements.listEntries.infiniteQueryOptions(
      { ...listRequest(accountId), period },
      { ...paged, enabled: isOpen },
    ),
  );
  const entries = (query.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="ledger" className="print:hidden">
      <div className="mb-1 flex items-center justify-between">
        <h2 id="ledger" className="font-semibold">
          Ledger entries behind it{' '}
          <span className="font-normal text-ink-faint tabular-nums">{ledger.entryCount}</span>
        </h2>
        <Button size="small" onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
          {isOpen ? 'Hide' : 'Show'}
        </Button>
      </div>
      {isOpen ? null : (
        <p className="border-y py-2 text-ink-faint">
          Every line is booked twice, once in the books of each side; every transaction sums to zero.
        </p>
      )}
      {query.error === null ? null : <ProblemNote error={query.error} />}
      {isOpen && query.isPending ? <TableSkeleton rows={5} /> : null}
      {isOpen && query.isSuccess && entries.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">Nothing was booked in this period yet.</p>
      ) : null}
      {isOpen && entries.length > 0 ? (
        <Table
          label="Ledger entries"
          columns={columnsOf(currency)}
          rows={entries}
          rowKey={(entry) =>
            `${entry.transactionId} ${entry.book} ${entry.counterpartyId ?? ''} ${entry.sourceRef}`
          }
        />
      ) : null}
      {isOpen && entries.length > 0 ? (
        <p className="mt-2 text-ink-soft tabular-nums">
          {entries.length} of {ledger.entryCount} entries. All of them: {showExactMoney(ledger.payable)} owed
          {sumText('to come', ledger.receivable)}
          {sumText('asked', ledger.charged)}
          {sumText('paid out', ledger.paidOut)}, in {currency}.
        </p>
      ) : null}
      {isOpen ? (
        <LoadMore
          hasMore={query.hasNextPage}
          isPending={query.isFetchingNextPage}
          onMore={() => void query.fetchNextPage()}
        />
      ) : null}
    </section>
  );
}

const sumText = (name: string, amount: string): string =>
  signOf(amount) === 0 ? '' : `, ${showExactMoney(amount)} ${name}`;

const columnsOf = (currency: string): readonly Column<Entry>[] => [
  {
    key: 'at',
    header: 'Booked',
    isTitle: true,
    cell: ({ at }) => <time dateTime={at}>{showMoment(at)}</time>,
  },
  {
    key: 'transaction',
    header: 'Transaction',
    cell: ({ transactionId }) => <Identifier id={transactionId} isShort />,
  },
  { key: 'book', header: 'Book', cell: ({ book }) => book },
  {
    key: 'with',
    header: 'With',
    cell: ({ counterpartyId, counterpartyName }) => <span title={counterpartyId}>{counterpartyName}</span>,
  },
  {
    key: 'source',
    header: 'For',
    isWide: true,
    cell: ({ sourceRef }) => (
      <code
        className="block max-w-80 truncate text-sm text-ink-soft max-sm:max-w-none max-sm:whitespace-normal max-sm:break-all"
        title={sourceRef}
      >
        {sourceRef}
      </code>
    ),
  },
  { key: 'amount', header: currency, isNumber: true, cell: ({ amount }) => showExactMoney(amount) },
];
