'use client';

import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';

type Member = Outputs['notification']['listMembers']['items'][number];

const REFRESH_MS = 2_000;

/** Who is in a channel now: each connection by itself. */
export function ChannelMembers({ channel }: { readonly channel: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useInfiniteQuery(
    trpc.notification.listMembers.infiniteQueryOptions(
      { ...listRequest(accountId), channel },
      { ...paged, refetchInterval: REFRESH_MS },
    ),
  );
  const members = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const count = list.data?.pages[0]?.memberCount ?? 0;
  return (
    <section aria-labelledby="members">
      <h2 id="members" className="mb-1 font-semibold">
        There now{count === 0 ? '' : `: ${count}`}
      </h2>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={2} /> : null}
      {list.isSuccess && members.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nobody. Who subscribes with presence is shown here within a second.
        </p>
      ) : null}
      {members.length === 0 ? null : (
        <Table label="Members" columns={columns} rows={members} rowKey={({ connectionId }) => connectionId} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

const columns: readonly Column<Member>[] = [
  {
    key: 'identity',
    header: 'Identity',
    isTitle: true,
    cell: ({ identity }) => <span className="wrap-anywhere">{identity}</span>,
  },
  { key: 'device', header: 'Device', cell: ({ device }) => device ?? '–' },
  {
    key: 'since',
    header: 'Since',
    cell: ({ since }) => <span className="whitespace-nowrap text-ink-soft">{showMoment(since)}</span>,
  },
];
