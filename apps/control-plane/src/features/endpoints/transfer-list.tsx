'use client';

import { Button } from '@patchbay/ui/button';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { ArrowDownLeft, ArrowUpRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { useMay } from '../shell/use-may.ts';
import type { Transfer } from './endpoint.ts';
import { TransferState } from './endpoint-badges.tsx';

const PAGE = 20;

/** Which way endpoints went, the newest first: of one endpoint, or of all of the account. Nothing where none did. */
export function TransferList({ endpointId }: { readonly endpointId?: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const withdraw = useMutation(trpc.endpointTransfers.update.mutationOptions({ onError: useRefusalToast() }));
  const mayWithdraw = useMay('endpointTransfers.update');
  const request = { accountId, limit: PAGE, ...(endpointId === undefined ? {} : { endpointId }) };
  const list = useInfiniteQuery(trpc.endpointTransfers.list.infiniteQueryOptions(request, paged));
  const transfers = (list.data?.pages ?? []).flatMap(({ items }) => items);
  if (list.error !== null) return <ProblemNote error={list.error} onRetry={() => void list.refetch()} />;
  if (transfers.length === 0) return null;
  const onWithdraw = (transferId: string) => withdraw.mutate({ accountId, transferId, state: 'withdrawn' });
  const columns = mayWithdraw ? [...facts, withdrawalColumn(onWithdraw)] : facts;
  return (
    <section aria-labelledby="transfers" className="mt-8">
      <h2 id="transfers" className="mb-1 font-semibold">
        Transfers
      </h2>
      <Table label="Transfers" columns={columns} rows={transfers} rowKey={({ id }) => id} />
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

const facts: readonly Column<Transfer>[] = [
  {
    key: 'endpoint',
    header: 'Endpoint',
    isTitle: true,
    cell: ({ identifier, direction }) => (
      <span className="inline-flex min-w-0 items-center gap-2 font-medium">
        {direction === 'incoming' ? (
          <ArrowDownLeft className="size-4 shrink-0 text-ink-faint" aria-label="to this account" />
        ) : (
          <ArrowUpRight className="size-4 shrink-0 text-ink-faint" aria-label="from this account" />
        )}
        <span className="wrap-anywhere">{identifier}</span>
      </span>
    ),
  },
  { key: 'state', header: 'State', cell: ({ state }) => <TransferState state={state} /> },
  {
    key: 'other',
    header: 'Other account',
    cell: ({ otherAccountId }) =>
      otherAccountId === undefined ? (
        <span className="text-ink-faint">not shown here</span>
      ) : (
        <code className="text-sm" title={otherAccountId}>
          {otherAccountId.slice(0, 12)}…
        </code>
      ),
  },
  {
    key: 'note',
    header: 'Note',
    isWide: true,
    cell: ({ note }) => (note === '' ? <span className="text-ink-faint">–</span> : note),
  },
  {
    key: 'at',
    header: 'When',
    cell: ({ endedAt, createdAt }) => (
      <span className="whitespace-nowrap text-ink-soft">{showMoment(endedAt ?? createdAt)}</span>
    ),
  },
];

const withdrawalColumn = (onWithdraw: (transferId: string) => void): Column<Transfer> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: ({ id, state, direction, identifier }) =>
    state === 'offered' && direction === 'outgoing' ? (
      <Button
        size="small"
        variant="ghost"
        onClick={() => onWithdraw(id)}
        aria-label={`Withdraw the offer of ${identifier}`}
      >
        Withdraw
      </Button>
    ) : null,
});
