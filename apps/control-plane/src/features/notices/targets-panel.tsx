'use client';

import { Button } from '@patchbay/ui/button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { wayTitles } from './notice-state.tsx';

type Target = Outputs['notification']['listSubscriptions']['items'][number];

/** Where endpoints are reached. */
export function TargetsPanel(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useInfiniteQuery(
    trpc.notification.listSubscriptions.infiniteQueryOptions(listRequest(accountId), paged),
  );
  const targets = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="targets">
      <h2 id="targets" className="mb-1 font-semibold">
        Subscriptions
      </h2>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={2} /> : null}
      {list.isSuccess && targets.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          No browser, app, number or address was subscribed yet. One that is gone is forgotten by itself.
        </p>
      ) : null}
      {targets.length === 0 ? null : (
        <Table label="Subscriptions" columns={columns} rows={targets} rowKey={({ id }) => id} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

const columns: readonly Column<Target>[] = [
  {
    key: 'endpoint',
    header: 'Endpoint',
    isTitle: true,
    cell: ({ endpoint }) => <span className="font-mono wrap-anywhere">{endpoint}</span>,
  },
  {
    key: 'way',
    header: 'Reached by',
    cell: ({ way, device, label }) => (
      <span className="wrap-anywhere">
        {wayTitles[way]}{' '}
        <span className="text-ink-soft">{device === undefined ? label : `${device}, ${label}`}</span>
      </span>
    ),
  },
  {
    key: 'used',
    header: 'Last used',
    cell: ({ usedAt }) => (
      <span className="whitespace-nowrap text-ink-soft">
        {usedAt === undefined ? 'never' : showMoment(usedAt)}
      </span>
    ),
  },
  { key: 'remove', header: 'Actions', isAction: true, cell: (target) => <RemoveButton target={target} /> },
];

function RemoveButton({
  target: { id: subscriptionId, endpoint, label },
}: {
  readonly target: Target;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const remove = useMutation(
    trpc.notification.removeSubscription.mutationOptions({
      onSettled: () => queries.invalidateQueries(trpc.notification.listSubscriptions.pathFilter()),
    }),
  );
  return (
    <IfMay to="notification.removeSubscription">
      <Button
        size="small"
        variant="ghost"
        isPending={remove.isPending}
        aria-label={`Remove ${label} of ${endpoint}`}
        onClick={() => remove.mutate({ accountId, subscriptionId })}
      >
        Remove
      </Button>
    </IfMay>
  );
}
