'use client';

import { Button } from '@patchbay/ui/button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { Deliveries, type Notice, NoticeState } from './notice-state.tsx';
import { SendForm } from './send-form.tsx';

const REFRESH_MS = 2_000;
const isUnderWay = ({ state }: Notice): boolean => state === 'waiting' || state === 'sent';

/** What endpoints were told, and what became of it. */
export function NoticesPanel(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isSending, setSending] = useState(false);
  const list = useInfiniteQuery(
    trpc.notification.listNotices.infiniteQueryOptions(listRequest(accountId), {
      ...paged,
      refetchInterval: ({ state }) =>
        state.data?.pages.some(({ items }) => items.some(isUnderWay)) === true ? REFRESH_MS : false,
    }),
  );
  const notices = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="notices">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="notices" className="font-semibold">
          Notices
        </h2>
        <IfMay to="notification.send">
          <Button size="small" onClick={() => setSending(true)}>
            Send one …
          </Button>
        </IfMay>
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && notices.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nobody was told anything yet. A notice goes to one endpoint, by WebSocket, push, SMS, e-mail or
          webhook.
        </p>
      ) : null}
      {notices.length === 0 ? null : (
        <Table label="Notices" columns={columns} rows={notices} rowKey={({ id }) => id} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      {isSending ? <SendForm onDone={() => setSending(false)} /> : null}
    </section>
  );
}

const columns: readonly Column<Notice>[] = [
  {
    key: 'title',
    header: 'Notice',
    isTitle: true,
    cell: ({ title, body }) => (
      <div className="max-w-xs">
        <p className="font-medium wrap-anywhere">{title ?? 'erased'}</p>
        {body === undefined ? null : <p className="text-sm text-ink-soft wrap-anywhere">{body}</p>}
      </div>
    ),
  },
  {
    key: 'endpoint',
    header: 'Endpoint',
    cell: ({ endpoint }) => <span className="font-mono wrap-anywhere">{endpoint}</span>,
  },
  { key: 'state', header: 'State', cell: ({ state }) => <NoticeState state={state} /> },
  { key: 'ways', header: 'Ways tried', cell: (notice) => <Deliveries notice={notice} /> },
  {
    key: 'at',
    header: 'When',
    cell: ({ createdAt }) => <span className="whitespace-nowrap text-ink-soft">{showMoment(createdAt)}</span>,
  },
  { key: 'cancel', header: 'Actions', isAction: true, cell: (notice) => <CancelButton notice={notice} /> },
];

function CancelButton({ notice: { id: noticeId, state, title } }: { readonly notice: Notice }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const cancel = useMutation(
    trpc.notification.cancelNotice.mutationOptions({
      onSettled: () => queries.invalidateQueries(trpc.notification.listNotices.pathFilter()),
    }),
  );
  if (state !== 'waiting') return null;
  return (
    <IfMay to="notification.cancelNotice">
      <Button
        size="small"
        variant="ghost"
        isPending={cancel.isPending}
        aria-label={`Cancel ${title ?? noticeId}`}
        onClick={() => cancel.mutate({ accountId, noticeId })}
      >
        Cancel
      </Button>
    </IfMay>
  );
}
