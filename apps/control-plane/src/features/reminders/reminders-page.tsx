'use client';

import { Button } from '@patchbay/ui/button';
import { Identifier } from '@patchbay/ui/copy-button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { MoneyTabs } from '../money/money-tabs.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { CustomerTerms } from './customer-terms.tsx';
import { type Terms, TermsForm } from './reminder-terms.tsx';
import { actionWords, offsetText } from './reminder-words.ts';

type Overdue = Outputs['reminders']['listOverdue']['items'][number];
type Sent = Outputs['reminders']['listSent']['items'][number];

/** When customers are reminded of invoices, who is overdue, and what was sent. */
export function RemindersPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const terms = useQuery(trpc.reminders.get.queryOptions({ accountId }));
  const overdue = useQuery(trpc.reminders.listOverdue.queryOptions({ accountId }));
  const sent = useInfiniteQuery(trpc.reminders.listSent.infiniteQueryOptions(listRequest(accountId), paged));
  const [all, ...ofChildren] = terms.data?.items ?? [];
  const reminders = (sent.data?.pages ?? []).flatMap(({ items }) => items);
  const error = terms.error ?? overdue.error ?? sent.error;
  return (
    <>
      <PageHeader
        title="Statements"
        scope="Mails to customers whose invoice is due and not paid, in the look that they know. Each is sent once."
        examples={[
          exampleOf({ operation: 'reminders.get', input: { accountId } }),
          exampleOf({
            operation: 'reminders.set',
            input: { accountId, beforeDays: 3, afterDays: [3, 10, 20], lastAction: 'mark' },
          }),
        ]}
      />
      <MoneyTabs />
      {error === null ? null : <ProblemNote error={error} onRetry={() => void terms.refetch()} />}
      {terms.isPending && error === null ? <TableSkeleton rows={3} /> : null}
      <div className="grid grid-cols-1 gap-8">
        {all === undefined ? null : (
          <section aria-labelledby="schedule" className="grid gap-3">
            <h2 id="schedule" className="font-semibold">
              All your customers
            </h2>
            <TermsForm key={JSON.stringify(all)} terms={all} />
          </section>
        )}
        {ofChildren.length === 0 ? null : <OwnTerms items={ofChildren} />}
        {all === undefined ? null : <CustomerTerms items={ofChildren} all={all} />}
        <section aria-labelledby="overdue">
          <h2 id="overdue" className="mb-1 font-semibold">
            Overdue
          </h2>
          {overdue.data?.items.length === 0 ? (
            <p className="text-ink-faint">Nobody here has had the last reminder of an open invoice.</p>
          ) : (
            <Table
              label="Overdue"
              columns={overdueColumns(accountId)}
              rows={overdue.data?.items ?? []}
              rowKey={({ documentId }) => documentId}
            />
          )}
        </section>
        {reminders.length === 0 ? null : (
          <section aria-labelledby="sent">
            <h2 id="sent" className="mb-1 font-semibold">
              Sent
            </h2>
            <Table
              label="Sent reminders"
              columns={sentColumns(accountId)}
              rows={reminders}
              rowKey={({ documentId, offsetDays }) => `${documentId} ${offsetDays}`}
            />
          </section>
        )}
      </div>
      <LoadMore
        hasMore={sent.hasNextPage}
        isPending={sent.isFetchingNextPage}
        onMore={() => void sent.fetchNextPage()}
      />
    </>
  );
}

/** Customers with words of their own. */
function OwnTerms({ items }: { readonly items: readonly Terms[] }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const reset = useMutation(
    trpc.reminders.reset.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.reminders.pathKey() }),
    }),
  );
  const columns: readonly Column<Terms>[] = [
    {
      key: 'child',
      header: 'Customer',
      isTitle: true,
      cell: ({ childId = '' }) => <Identifier id={childId} isShort />,
    },
    {
      key: 'days',
      header: 'Reminded',
      cell: ({ beforeDays, afterDays }) =>
        [...(beforeDays === undefined ? [] : [-beforeDays]), ...afterDays].map(offsetText).join(', ') ||
        'never',
    },
    { key: 'last', header: 'With the last', cell: ({ lastAction }) => actionWords[lastAction] },
    {
      key: 'reset',
      header: 'Actions',
      isAction: true,
      cell: ({ childId }) =>
        childId === undefined ? null : (
          <IfMay to="reminders.reset">
            <Button
              variant="ghost"
              isPending={reset.isPending}
              onClick={() => reset.mutate({ accountId, childId })}
            >
              As all others
            </Button>
          </IfMay>
        ),
    },
  ];
  return (
    <section aria-labelledby="own">
      <h2 id="own" className="mb-1 font-semibold">
        Customers with words of their own
      </h2>
      <Table label="Own schedules" columns={columns} rows={items} rowKey={({ childId = '' }) => childId} />
      {reset.error === null ? null : <ProblemNote error={reset.error} />}
    </section>
  );
}

const documentLink = (accountId: string, { documentId, number }: { documentId: string; number: string }) => (
  <Link href={pagePath(accountId, `documents/${documentId}`)} className="font-medium tabular-nums">
    {number}
  </Link>
);

const overdueColumns = (here: string): readonly Column<Overdue>[] => [
  { key: 'name', header: 'Account', isTitle: true, cell: ({ name }) => name },
  { key: 'invoice', header: 'Invoice', cell: (account) => documentLink(here, account) },
  { key: 'since', header: 'Since', cell: ({ since }) => <time dateTime={since}>{showMoment(since)}</time> },
  { key: 'action', header: 'Until it has paid', cell: ({ action }) => actionWords[action] },
];

const sentColumns = (here: string): readonly Column<Sent>[] => [
  { key: 'invoice', header: 'Invoice', isTitle: true, cell: (reminder) => documentLink(here, reminder) },
  {
    key: 'whose',
    header: 'To',
    cell: ({ accountId }) => (accountId === here ? 'this account' : <Identifier id={accountId} isShort />),
  },
  {
    key: 'when',
    header: 'From the day it is due',
    cell: ({ offsetDays, isLast }) => `${offsetText(offsetDays)}${isLast ? ', the last' : ''}`,
  },
  { key: 'sent', header: 'Sent', cell: ({ sentAt }) => <time dateTime={sentAt}>{showMoment(sentAt)}</time> },
];
