'use client';

import { EmptyState } from '@patchbay/ui/empty-state';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Inbox } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { useMay } from '../shell/use-may.ts';
import { type DeliveryState, deliveriesRequest, deliveryStates } from './deliveries-request.ts';
import { type Delivery, latencyText, outcomeText, waitingText } from './delivery.ts';
import { DeliveryDialog } from './delivery-dialog.tsx';
import { DeliveryBadge } from './webhook-badges.tsx';

/** What is under way changes by itself. */
const REFRESH_MS = 3_000;
const stateLabels: Readonly<Record<DeliveryState, string>> = {
  all: 'all',
  waiting: 'waiting',
  delivered: 'delivered',
  failed: 'given up',
  cancelled: 'cancelled',
};
const stateOptions = deliveryStates.map((value) => ({ value, label: stateLabels[value] }));

/** What became of each event at a webhook, newest first. */
export function DeliveryList({ webhookId }: { readonly webhookId: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [state, setState] = useState<DeliveryState>('all');
  const [opened, setOpened] = useState<Delivery>();
  const mayTest = useMay('webhooks.sendTest');
  const list = useInfiniteQuery({
    ...trpc.deliveries.list.infiniteQueryOptions(deliveriesRequest({ accountId, webhookId }, state), paged),
    refetchInterval: REFRESH_MS,
  });
  const deliveries = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="deliveries">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="deliveries" className="font-semibold">
          Deliveries
        </h2>
        <Select label="State" value={state} options={stateOptions} onChange={setState} isLabelled />
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={5} /> : null}
      {list.isSuccess && deliveries.length === 0 ? (
        <EmptyState icon={<Inbox />} title={state === 'all' ? 'No event yet' : 'None in this state'}>
          {state === 'all'
            ? mayTest
              ? 'Send a test above: it arrives within a second, and stands here with what your server answered.'
              : 'Each event that is sent stands here, with what the server answered.'
            : 'Choose another state to see the others.'}
        </EmptyState>
      ) : null}
      {deliveries.length === 0 ? null : (
        <Table
          label="Deliveries"
          columns={columns}
          rows={deliveries}
          rowKey={({ id }) => id}
          onOpen={setOpened}
        />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      {opened === undefined ? null : <DeliveryDialog delivery={opened} onDone={() => setOpened(undefined)} />}
    </section>
  );
}

const columns: readonly Column<Delivery>[] = [
  {
    key: 'type',
    header: 'Event',
    isTitle: true,
    cell: ({ eventType, replayId, batchId }) => (
      <span className="font-medium">
        {eventType}
        <span className="ml-2 font-normal text-ink-faint">
          {[replayId === undefined ? '' : 'again', batchId === undefined ? '' : 'in a batch']
            .filter((word) => word !== '')
            .join(', ')}
        </span>
      </span>
    ),
  },
  {
    key: 'state',
    header: 'State',
    cell: (delivery) => (
      <span className="inline-flex flex-wrap items-center gap-x-2">
        <DeliveryBadge delivery={delivery} />
        <span className="text-sm text-ink-soft">{waitingText(delivery)}</span>
      </span>
    ),
  },
  {
    key: 'outcome',
    header: 'Last answer',
    cell: (delivery) => (
      <span className={delivery.error === undefined ? 'text-ink-soft' : 'text-fail'}>
        {outcomeText(delivery)}
      </span>
    ),
  },
  { key: 'attempts', header: 'Attempts', isNumber: true, cell: ({ attempts }) => attempts },
  {
    key: 'latency',
    header: 'Took',
    isNumber: true,
    cell: ({ latencyMs }) => latencyText(latencyMs),
  },
  {
    key: 'at',
    header: 'Since',
    isNumber: true,
    cell: ({ createdAt }) => (
      <time dateTime={createdAt} className="whitespace-nowrap text-ink-soft">
        {showMoment(createdAt)}
      </time>
    ),
  },
];
