'use client';

import { LiveDot } from '@patchbay/ui/badge';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';

const PAGE_COUNT = 20;
const REFRESH_MS = 2_000;

/** What is kept of a channel, the newest first, as it comes. */
export function ChannelMessages({ channel }: { readonly channel: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useInfiniteQuery(
    trpc.notification.listMessages.infiniteQueryOptions(
      { accountId, channel, limit: PAGE_COUNT },
      { ...paged, refetchInterval: REFRESH_MS },
    ),
  );
  const messages = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="messages">
      <h2 id="messages" className="mb-1 flex items-center gap-2 font-semibold">
        Messages <LiveDot />
      </h2>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={4} /> : null}
      {list.isSuccess && messages.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">Nothing is kept now.</p>
      ) : null}
      {messages.length === 0 ? null : (
        <ol className="divide-y border-y">
          {messages.map(({ messageId, offset, publishedAt, publisher, data, base64 }) => (
            <li key={messageId} className="grid gap-0.5 py-2">
              <p className="flex flex-wrap gap-x-3 text-sm text-ink-faint">
                <span className="tabular-nums">{offset}</span>
                <span>{publisher ?? 'server'}</span>
                <span className="whitespace-nowrap">{showMoment(publishedAt)}</span>
              </p>
              <pre className="font-mono text-sm whitespace-pre-wrap wrap-anywhere">
                {base64 === undefined ? JSON.stringify(data) : `base64 ${base64}`}
              </pre>
            </li>
          ))}
        </ol>
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}
