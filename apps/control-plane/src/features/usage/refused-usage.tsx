'use client';

import { Identifier } from '@patchbay/ui/copy-button';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMetered, textOf } from '../../formats/quantity.ts';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { dimensionText, meterOf, unitOf } from './meters.ts';

type Refused = Outputs['usage']['listRefused']['items'][number];

/** What nodes reported and nobody counted. Nothing is drawn where there is none, as it should be. */
export function RefusedUsage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useInfiniteQuery(trpc.usage.listRefused.infiniteQueryOptions(listRequest(accountId), paged));
  const refused = (list.data?.pages ?? []).flatMap(({ items }) => items);
  if (refused.length === 0) return null;
  return (
    <section aria-labelledby="refused" className="mt-10">
      <h2 id="refused" className="mb-1 font-semibold">
        Refused usage
      </h2>
      <p className="mb-2 text-ink-soft">
        Reported, kept and not counted: it is in no figure above and on no statement.
      </p>
      <Table
        label="Refused usage"
        columns={columns}
        rows={refused}
        rowKey={({ at, nodeId, from, to }) => `${at} ${nodeId} ${from} ${to}`}
      />
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

const columns: readonly Column<Refused>[] = [
  {
    key: 'at',
    header: 'Came',
    isTitle: true,
    cell: ({ at }) => <time dateTime={at}>{showMoment(at)}</time>,
  },
  { key: 'reason', header: 'Why', cell: ({ reason }) => <span className="text-fail">{reason}</span> },
  { key: 'account', header: 'Account', cell: ({ accountId }) => <Identifier id={accountId} isShort /> },
  { key: 'node', header: 'Node', cell: ({ nodeId }) => <Identifier id={nodeId} isShort /> },
  {
    key: 'quantities',
    header: 'What',
    isWide: true,
    cell: ({ service, quantities }) => (
      <span className="grid">
        {quantities.map(({ meter, quantity, dimensions }) => (
          <span key={`${meter} ${dimensionText(dimensions)}`}>
            {meterOf(`${service}.${meter}`)?.label ?? meter}{' '}
            {textOf(showMetered(quantity, unitOf(`${service}.${meter}`)))}{' '}
            <span className="text-sm text-ink-faint">{dimensionText(dimensions)}</span>
          </span>
        ))}
      </span>
    ),
  },
];
