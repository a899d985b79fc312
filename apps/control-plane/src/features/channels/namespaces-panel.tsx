'use client';

import { Button } from '@patchbay/ui/button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest } from '../shell/list-request.ts';
import { NamespaceForm } from './namespace-form.tsx';

type Namespace = Outputs['notification']['listNamespaces']['items'][number];

/** How the channels of each namespace behave, and who may do what in them. */
export function NamespacesPanel(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [edited, setEdited] = useState<string>();
  const list = useQuery(trpc.notification.listNamespaces.queryOptions(listRequest(accountId)));
  const namespaces = list.data?.items ?? [];
  return (
    <section aria-labelledby="namespaces">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="namespaces" className="font-semibold">
          Namespaces
        </h2>
        <IfMay to="notification.putNamespace">
          <Button size="small" onClick={() => setEdited('')}>
            Set one …
          </Button>
        </IfMay>
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={2} /> : null}
      {list.isSuccess && namespaces.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          All channels are as by default: clients of the service subscribe, your server publishes, and 100
          messages are kept for five minutes.
        </p>
      ) : null}
      {namespaces.length === 0 ? null : (
        <Table
          label="Namespaces"
          columns={columns}
          rows={namespaces}
          rowKey={({ namespace }) => namespace}
          onOpen={({ namespace }) => setEdited(namespace)}
        />
      )}
      {edited === undefined ? null : (
        <NamespaceForm
          key={edited}
          current={namespaces.find(({ namespace }) => namespace === edited)}
          onDone={() => setEdited(undefined)}
        />
      )}
    </section>
  );
}

const columns: readonly Column<Namespace>[] = [
  {
    key: 'name',
    header: 'Namespace',
    isTitle: true,
    cell: ({ namespace }) => <span className="font-mono wrap-anywhere">{namespace}</span>,
  },
  { key: 'subscribers', header: 'Subscribe', cell: ({ subscribers }) => subscribers },
  { key: 'publishers', header: 'Publish', cell: ({ publishers }) => publishers },
  { key: 'count', header: 'Kept', isNumber: true, cell: ({ historyCount }) => historyCount },
  {
    key: 'seconds',
    header: 'For seconds',
    isNumber: true,
    cell: ({ historySeconds }) => historySeconds,
  },
];
