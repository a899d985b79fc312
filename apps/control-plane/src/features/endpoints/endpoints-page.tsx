'use client';

import { readIdentifier } from '@patchbay/domain/endpoints/identifier';
import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Phone, Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { LogicSetting } from '../logic/logic-setting.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { matchesFilter } from '../shell/matches-filter.ts';
import { PageFilter } from '../shell/page-filter.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { type Endpoint, namespaceOptions, openOffersRequest, stateOptions } from './endpoint.ts';
import { EndpointForm } from './endpoint-form.tsx';
import { EndpointTable } from './endpoint-table.tsx';
import { IncomingOffers } from './incoming-offers.tsx';
import { TransferList } from './transfer-list.tsx';

/** What an account is reached by, and what is on its way to it or from it (ACC-5). */
export function EndpointsPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [namespace, setNamespace] = useState<(typeof namespaceOptions)[number]['value']>('all');
  const [state, setState] = useState<(typeof stateOptions)[number]['value']>('active');
  const [filter, setFilter] = useState('');
  const [isNew, setNew] = useState(false);
  const mayAllocate = useMay('endpoints.allocate');
  // A whole identifier is looked up among all; anything else narrows what is shown.
  const read = readIdentifier(filter.trim());
  const identifier = 'text' in read ? read.text : undefined;
  const request = {
    ...listRequest(accountId),
    ...(namespace === 'all' ? {} : { namespace }),
    ...(state === 'active' ? {} : { state }),
    ...(identifier === undefined ? {} : { identifier }),
  };
  const list = useInfiniteQuery(
    trpc.endpoints.list.infiniteQueryOptions(request, { ...paged, placeholderData: keepPreviousData }),
  );
  const offers = useQuery(trpc.endpointTransfers.list.queryOptions(openOffersRequest(accountId)));
  const open = offers.data?.items ?? [];
  const all = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const shown = all.filter((one: Endpoint) =>
    identifier === undefined
      ? matchesFilter(filter, [one.identifier, one.label])
      : one.identifier === identifier,
  );
  const isNarrowed = namespace !== 'all' || state !== 'active' || filter !== '';
  const allocate = exampleOf({
    operation: 'endpoints.allocate',
    input: { accountId, identifier: 'tel:+49301234567', label: 'Hotline' },
    cli: `endpoint allocate tel:+49301234567 --label Hotline --account ${accountId}`,
  });
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Of this account alone: accounts below hold their own."
        examples={[allocate, ...examplesOf(accountId)]}
        actions={
          <IfMay to="endpoints.allocate">
            <Button variant="primary" onClick={() => setNew(true)}>
              <Plus aria-hidden />
              New endpoint
            </Button>
          </IfMay>
        }
      />
      <AccountTabs />
      <IncomingOffers offers={open.filter(({ direction }) => direction === 'incoming')} />
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <PageFilter label="Find an endpoint" value={filter} onChange={setFilter} />
        <Select
          label="Kind"
          value={namespace}
          options={namespaceOptions}
          onChange={setNamespace}
          isLabelled
        />
        <Select label="State" value={state} options={stateOptions} onChange={setState} isLabelled />
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={4} /> : null}
      {list.isSuccess && shown.length === 0 ? (
        <Nothing
          isNarrowed={isNarrowed}
          code={mayAllocate ? <CodePanel title="Take one" snippets={allocate.snippets} /> : undefined}
        />
      ) : null}
      {shown.length === 0 ? null : (
        <EndpointTable
          endpoints={shown}
          offeredIds={
            new Set(open.filter(({ direction }) => direction === 'outgoing').map((one) => one.endpointId))
          }
        />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      <TransferList />
      <div className="mt-10">
        <LogicSetting scope={{ kind: 'account' }} />
      </div>
      {isNew ? <EndpointForm endpoint={undefined} onDone={() => setNew(false)} /> : null}
    </>
  );
}

function Nothing({
  isNarrowed,
  code,
}: {
  readonly isNarrowed: boolean;
  readonly code: ReactNode;
}): ReactNode {
  return isNarrowed ? (
    <p className="border-y py-2 text-ink-faint">No endpoint of this account is like that.</p>
  ) : (
    <EmptyState icon={<Phone />} title="No endpoint yet" code={code}>
      An endpoint is what somebody is reached by: a number, an address, a user or a room. A number or an
      address belongs to one account of the whole platform, a user or a room to this account. It can have
      settings of its own, its use is counted, and it can go to another account.
    </EmptyState>
  );
}

const examplesOf = (accountId: string) => [
  exampleOf({
    operation: 'endpoints.list',
    input: { accountId, identifier: 'tel:+49 (30) 123-4567', scope: 'descendants' },
    title: 'Look one up, however it is written',
    cli: `endpoint list --identifier 'tel:+49 (30) 123-4567' --below --account ${accountId}`,
  }),
  exampleOf({
    operation: 'endpointTransfers.list',
    input: { accountId, direction: 'incoming' },
    cli: `endpoint transfers --account ${accountId}`,
  }),
];
