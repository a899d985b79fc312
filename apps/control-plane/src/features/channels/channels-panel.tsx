'use client';

import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { channelPath } from './channel-path.ts';
import { NamespacesPanel } from './namespaces-panel.tsx';

type Channel = Outputs['notification']['listChannels']['items'][number];

const REFRESH_MS = 5_000;

/** The channels of an account, and how those of each namespace behave. */
export function ChannelsPanel(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const list = useInfiniteQuery(
    trpc.notification.listChannels.infiniteQueryOptions(listRequest(accountId), {
      ...paged,
      refetchInterval: REFRESH_MS,
    }),
  );
  const channels = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <>
      <section aria-labelledby="channels">
        <h2 id="channels" className="mb-1 font-semibold">
          Channels
        </h2>
        {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
        {list.isPending ? <TableSkeleton rows={3} /> : null}
        {list.isSuccess && channels.length === 0 ? (
          <p className="border-y py-2 text-ink-faint">
            Nothing was published yet. A channel is there with its first message.
          </p>
        ) : null}
        {channels.length === 0 ? null : (
          <Table
            label="Channels"
            columns={columnsOf(accountId)}
            rows={channels}
            rowKey={({ name }) => name}
            onOpen={({ name }) => router.push(channelPath(accountId, name))}
          />
        )}
        <LoadMore
          hasMore={list.hasNextPage}
          isPending={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      </section>
      <NamespacesPanel />
    </>
  );
}

const columnsOf = (accountId: string): readonly Column<Channel>[] => [
  {
    key: 'name',
    header: 'Channel',
    isTitle: true,
    cell: ({ name }) => (
      <Link href={channelPath(accountId, name)} className="font-mono wrap-anywhere hover:underline">
        {name}
      </Link>
    ),
  },
  { key: 'messages', header: 'Messages', isNumber: true, cell: ({ headOffset }) => headOffset },
  { key: 'members', header: 'There now', isNumber: true, cell: ({ memberCount }) => memberCount },
  {
    key: 'last',
    header: 'Last message',
    cell: ({ publishedAt }) => (
      <span className="whitespace-nowrap text-ink-soft">
        {publishedAt === undefined ? '–' : showMoment(publishedAt)}
      </span>
    ),
  },
];
