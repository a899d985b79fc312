'use client';

import { allBooks } from '@patchbay/domain/billing/ledger-reader';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { BookOpen } from 'lucide-react';
import { useSearchParams } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showExactMoney, signOf } from '../../formats/money.ts';
import { showPeriod } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ExportMenu } from '../money/export-menu.tsx';
import { MoneyTabs } from '../money/money-tabs.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { bookWords } from './book-words.ts';
import { TransactionTable } from './transaction-table.tsx';

type Balance = Outputs['ledger']['listBalances']['items'][number];

const REFRESH_MS = 10_000;
const anyBook = 'any';
const books = [anyBook, ...allBooks] as const;
type BookChoice = (typeof books)[number];

const thisMonth = (): string => new Date().toISOString().slice(0, 7);

/** The account's books: what each comes to in a month, and every transaction with its entries and its cause (BIL-3). */
export function LedgerPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const asked = useSearchParams().get('period');
  const [period, setPeriod] = useState(asked !== null && /^\d{4}-\d{2}$/.test(asked) ? asked : thisMonth());
  const [book, setBook] = useState<BookChoice>(anyBook);
  const balances = useQuery(
    trpc.ledger.listBalances.queryOptions({ accountId }, { refetchInterval: REFRESH_MS }),
  );
  const list = useInfiniteQuery(
    trpc.ledger.list.infiniteQueryOptions(
      { ...listRequest(accountId), period, ...(book === anyBook ? {} : { book }) },
      paged,
    ),
  );
  const months = [...new Set([period, ...(balances.data?.items ?? []).map((each) => each.period)])];
  const ofMonth = (balances.data?.items ?? []).filter((each) => each.period === period);
  const items = (list.data?.pages ?? []).flatMap((page) => page.items);
  const error = list.error ?? balances.error;
  return (
    <>
      <PageHeader
        title="Statements"
        scope="The books of this account. Every transaction sums to zero; above zero is to the good of whose entry it is."
        examples={[
          exampleOf({ operation: 'ledger.list', input: { accountId, period } }),
          exampleOf({ operation: 'ledger.listBalances', input: { accountId } }),
          exampleOf({
            operation: 'ledger.export',
            input: { accountId, from: period },
            cli: `billing export ledger --from ${period} --account ${accountId}`,
          }),
        ]}
        actions={<ExportMenu what="ledger" from={period} to={period} />}
      />
      <MoneyTabs />
      <div className="mb-4 flex flex-wrap gap-2">
        <Select
          label="Month"
          value={period}
          options={months
            .toSorted()
            .reverse()
            .map((value) => ({ value, label: showPeriod(value) }))}
          onChange={setPeriod}
        />
        <Select
          label="Book"
          value={book}
          options={books.map((value) => ({
            value,
            label: value === anyBook ? 'All books' : bookWords[value].title,
          }))}
          onChange={setBook}
        />
      </div>
      {error === null ? null : <ProblemNote error={error} onRetry={() => void list.refetch()} />}
      {list.isPending && error === null ? <TableSkeleton rows={6} /> : null}
      {list.isSuccess && balances.isSuccess && ofMonth.length === 0 && items.length === 0 ? (
        <EmptyState icon={<BookOpen />} title="Nothing was booked in this month">
          Use is booked within minutes, line by line; documents, payments and payouts when they happen.
        </EmptyState>
      ) : null}
      <div className="grid grid-cols-1 gap-8">
        {ofMonth.length === 0 ? null : <Balances balances={ofMonth} />}
        {items.length === 0 ? null : <TransactionTable transactions={items} />}
      </div>
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}

function Balances({ balances }: { readonly balances: readonly Balance[] }): ReactNode {
  return (
    <section aria-labelledby="balances">
      <h2 id="balances" className="mb-1 font-semibold">
        What the books come to
      </h2>
      <Table
        label="Balances"
        columns={balanceColumns}
        rows={balances}
        rowKey={({ book, currency }) => `${book} ${currency}`}
      />
    </section>
  );
}

const balanceColumns: readonly Column<Balance>[] = [
  {
    key: 'book',
    header: 'Book',
    isTitle: true,
    cell: ({ book }) => <span className="font-medium">{bookWords[book].title}</span>,
  },
  {
    key: 'says',
    header: 'What it holds',
    isWide: true,
    cell: ({ book }) => <span className="text-ink-soft">{bookWords[book].says}</span>,
  },
  { key: 'count', header: 'Entries', isNumber: true, cell: ({ entryCount }) => entryCount },
  {
    key: 'amount',
    header: 'Balance',
    isNumber: true,
    cell: ({ amount, currency }) => (
      <span className={signOf(amount) === 0 ? 'whitespace-nowrap text-ink-faint' : 'whitespace-nowrap'}>
        {showExactMoney(amount)} <span className="text-ink-faint">{currency}</span>
      </span>
    ),
  },
];
