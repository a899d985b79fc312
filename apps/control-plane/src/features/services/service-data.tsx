'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { serviceResources } from '@patchbay/kit/service-resources';
import { services } from '@patchbay/services/registry.generated';
import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import type { z } from 'zod';
import { showBytes, textOf } from '../../formats/quantity.ts';
import { showDay, showMoment } from '../../formats/time.ts';
import { serviceKeys, useServiceClient } from '../../trpc/service-client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { pagePath } from '../shell/pages.ts';

/** Whose data: what an account's use of a service left, or what an application or an endpoint had a part in. */
export type DataScope =
  | { readonly kind: 'account' }
  | { readonly kind: 'application'; readonly applicationId: string }
  | { readonly kind: 'endpoint'; readonly endpointId: string };

type Resources = ReturnType<typeof serviceResources>;
type Item = z.output<Resources['listData']['response']>['items'][number];

const PAGE_COUNT = 10;
const operations = {
  account: 'listData',
  application: 'listApplicationData',
  endpoint: 'listEndpointData',
} as const;

/** A kind that is registered after this page was written is shown by its name. */
const kindWords: Readonly<Record<string, string>> = {
  'session-log': 'Log of a session',
  event: 'Event',
  export: 'Export',
  speech: 'Spoken text',
  transcoded: 'Transcoded file',
};

interface ServiceDataProps {
  readonly scope: DataScope;
  /** Of which services: where there are several, one is chosen. */
  readonly of?: readonly ServiceKey[];
}

/** What services left: each with its size, how long it is kept, and where it is read (API-2). */
export function ServiceData({ scope, of = serviceKeys }: ServiceDataProps): ReactNode {
  const [chosen, setChosen] = useState(of[0]);
  if (chosen === undefined) return null;
  return (
    <section aria-labelledby="data">
      <div className="mb-1 flex flex-wrap items-end justify-between gap-4">
        <h2 id="data" className="font-semibold">
          What it left
        </h2>
        {of.length === 1 ? null : (
          <Labelled label="Service">
            <Select
              label="Service"
              value={chosen}
              options={of.map((value) => ({ value, label: services[value].title }))}
              onChange={setChosen}
            />
          </Labelled>
        )}
      </div>
      <DataList key={chosen} service={chosen} scope={scope} />
    </section>
  );
}

function DataList({
  service,
  scope: { kind, ...entity },
}: {
  readonly service: ServiceKey;
  readonly scope: DataScope;
}): ReactNode {
  const accountId = useAccountId();
  const client = useServiceClient(service);
  const operation = operations[kind];
  const list = useInfiniteQuery({
    queryKey: [service, operation, accountId, entity],
    queryFn: async ({ pageParam, signal }) => {
      const cursor = pageParam === undefined ? {} : { cursor: pageParam };
      const asked = { accountId, ...entity, limit: PAGE_COUNT, ...cursor };
      const answer = await client.read(operation, asked, signal);
      return serviceResources(services[service]).listData.response.parse(answer);
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const items = (list.data?.pages ?? []).flatMap((page) => page.items);
  return (
    <>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && items.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nothing yet. Logs of sessions and events stand here, and recordings once there are any.
        </p>
      ) : null}
      {items.length === 0 ? null : (
        <Table label="Data" columns={columnsOf(accountId)} rows={items} rowKey={({ id }) => id} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}

/** Where the dashboard shows one: the address of the API is for programs. */
const pageOf = (accountId: string, { kind, id }: Item): string | undefined => {
  if (kind === 'session-log') return pagePath(accountId, `sessions/${id}`);
  return kind === 'export' ? pagePath(accountId, 'privacy') : undefined;
};

const columnsOf = (accountId: string): readonly Column<Item>[] => [
  {
    key: 'kind',
    header: 'What',
    isTitle: true,
    cell: (item) => {
      const words = kindWords[item.kind] ?? item.kind;
      const page = pageOf(accountId, item);
      return page === undefined ? (
        <span className="font-medium">{words}</span>
      ) : (
        <Link href={page} className="font-medium hover:underline">
          {words}
        </Link>
      );
    },
  },
  {
    key: 'createdAt',
    header: 'From',
    cell: ({ createdAt }) => <span className="whitespace-nowrap text-ink-soft">{showMoment(createdAt)}</span>,
  },
  {
    key: 'size',
    header: 'Size',
    isNumber: true,
    cell: ({ sizeBytes }) => textOf(showBytes(sizeBytes)),
  },
  {
    key: 'kept',
    header: 'Kept until',
    cell: ({ keptUntil }) => (
      <span className="whitespace-nowrap text-ink-soft">
        {keptUntil === undefined ? 'it is over' : showDay(keptUntil)}
      </span>
    ),
  },
  {
    key: 'mediaType',
    header: 'Type',
    isWide: true,
    cell: ({ mediaType }) => <code className="text-sm">{mediaType}</code>,
  },
];
