'use client';

import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { Stat } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { CreditCard } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showExactMoney, showMoney } from '../../formats/money.ts';
import { showMoment, showPeriod } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { MoneyTabs } from '../money/money-tabs.tsx';
import { MonthChart } from '../money/month-chart.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { isPlatform } from '../shell/account-standing.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { LinkCustomers } from './link-customers.tsx';
import { movementText } from './movement-words.ts';
import { paidByMonth } from './paid-by-month.ts';
import { RailDifferences } from './rail-differences.tsx';

type Movement = Outputs['payments']['list']['items'][number];
type Balance = Outputs['ledger']['listBalances']['items'][number];

const REFRESH_MS = 10_000;

/** What was asked of the account, what it paid and was paid, what went back and what a bank holds (BIL-6). */
export function PaymentsPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const list = useInfiniteQuery(
    trpc.payments.list.infiniteQueryOptions(listRequest(accountId), {
      ...paged,
      refetchInterval: REFRESH_MS,
    }),
  );
  const balances = useQuery(
    trpc.ledger.listBalances.queryOptions({ accountId }, { refetchInterval: REFRESH_MS }),
  );
  const items = (list.data?.pages ?? []).flatMap((page) => page.items);
  const error = list.error ?? balances.error;
  return (
    <>
      <PageHeader
        title="Statements"
        scope={`What moved between ${isPlatform(account) ? 'all accounts' : 'this account'} and the platform. Above zero is to the good of ${isPlatform(account) ? 'the platform' : 'this account'}.`}
        examples={[exampleOf({ operation: 'payments.list', input: { accountId } })]}
        actions={<LinkCustomers />}
      />
      <MoneyTabs />
      <RailDifferences />
      {error === null ? null : (
        <ProblemNote error={error} onRetry={() => void Promise.all([list.refetch(), balances.refetch()])} />
      )}
      {list.isPending && error === null ? <TableSkeleton rows={5} /> : null}
      {list.isSuccess && items.length === 0 ? (
        <EmptyState icon={<CreditCard />} title="Nothing was asked for or paid yet">
          When a month closes, what is to be paid is asked for, and what was earned is owed. Both stand here,
          with every payment.
        </EmptyState>
      ) : null}
      {items.length > 0 ? (
        <div className="grid grid-cols-1 gap-6">
          {balances.data === undefined ? null : (
            <Standing balances={balances.data.items} movements={items} isOfPlatform={isPlatform(account)} />
          )}
          <Table
            label="Movements"
            columns={columnsOf(accountId, isPlatform(account))}
            rows={items}
            rowKey={({ transactionId, book }) => `${transactionId} ${book}`}
          />
        </div>
      ) : null}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}

/** What stands open, in each currency, and what of the movements below is money that came and went. */
function Standing({
  balances,
  movements,
  isOfPlatform,
}: {
  readonly balances: readonly Balance[];
  readonly movements: readonly Movement[];
  /** Its books have the other side of everybody's. */
  readonly isOfPlatform: boolean;
}): ReactNode {
  const side = isOfPlatform ? -1n : 1n;
  return [...Map.groupBy(balances, ({ currency }) => currency)].map(([currency, ofCurrency]) => {
    const of = (book: Balance['book']) =>
      ofCurrency
        .filter((each) => each.book === book)
        .reduce((sum, { amount }) => sum + BigInt(amount) * side, 0n);
    const clearing = movements.filter((moved) => moved.book === 'clearing' && moved.currency === currency);
    const moved = paidByMonth(
      clearing.map(({ what, period, amount }) => ({ what, period, amount: BigInt(amount) * side })),
    );
    const held = of('tax-held');
    const figures = [
      [isOfPlatform ? 'Open invoices' : 'Open to be paid', -of('invoiced'), 'asked for and not paid yet'],
      [
        isOfPlatform ? 'Owed to others' : 'Owed to you',
        of('owed'),
        'earned, and sent once its payers have paid',
      ],
      ['Held by a bank', of('disputed'), 'while a payment is disputed'],
      // Few have any.
      ...(held === 0n
        ? []
        : [
            [
              isOfPlatform ? 'Tax held for sellers' : 'Tax held for you',
              held,
              'paid in the name of whoever sells',
            ] as const,
          ]),
    ] as const;
    if (clearing.length === 0 && figures.every(([, amount]) => amount === 0n)) return null;
    return (
      <section key={currency} aria-label={`Standing in ${currency}`} className="grid grid-cols-1 gap-5">
        <div
          className={`grid gap-x-10 gap-y-4 border-y py-3 ${figures.length > 3 ? 'sm:grid-cols-2 lg:grid-cols-4' : 'sm:grid-cols-3'}`}
        >
          {figures.map(([label, amount, note]) => (
            <Stat key={label} label={label} value={showMoney(amount, currency)} unit={currency} note={note} />
          ))}
        </div>
        <MonthChart
          label={`Paid in and out for each month in ${currency}`}
          currency={currency}
          series={[
            { label: 'paid in', colour: '--money', amounts: moved.kept },
            // Only where there is any: it was paid in, and is there no more.
            ...(moved.givenBack.size === 0
              ? []
              : [
                  {
                    label: 'paid in and given back',
                    colour: '--ink-faint',
                    amounts: moved.givenBack,
                  } as const,
                ]),
            { label: 'paid out', colour: '--live', amounts: moved.paidOut },
          ]}
        />
      </section>
    );
  });
}

const columnsOf = (accountId: string, isOfPlatform: boolean): readonly Column<Movement>[] => [
  {
    key: 'what',
    header: 'What',
    isTitle: true,
    cell: (movement) => <span className="font-medium">{movementText({ ...movement, isOfPlatform })}</span>,
  },
  ...(isOfPlatform
    ? [
        {
          key: 'account',
          header: 'Account',
          cell: (movement: Movement) => (
            <Link href={pagePath(movement.accountId, 'payments')} className="underline underline-offset-2">
              {movement.accountName}
            </Link>
          ),
        },
      ]
    : []),
  { key: 'at', header: 'When', cell: ({ at }) => <time dateTime={at}>{showMoment(at)}</time> },
  { key: 'period', header: 'Month', cell: ({ period }) => showPeriod(period) },
  {
    key: 'document',
    header: 'Document',
    cell: ({ what, documentId }) =>
      documentId === undefined ? (
        <Link
          href={pagePath(accountId, what === 'tax' ? 'payouts' : 'balance')}
          className="underline underline-offset-2"
        >
          {what === 'tax' ? 'tax' : 'balance'}
        </Link>
      ) : (
        <Link href={pagePath(accountId, `documents/${documentId}`)} className="underline underline-offset-2">
          document
        </Link>
      ),
  },
  {
    key: 'amount',
    header: 'Amount',
    isNumber: true,
    cell: ({ amount, currency }) => (
      <span className="whitespace-nowrap">
        {showExactMoney(amount)} <span className="text-ink-faint">{currency}</span>
      </span>
    ),
  },
];
