'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { Identifier } from '@patchbay/ui/copy-button';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import { AppWindow, Plus } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showDay } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';
import { type Application, ApplicationForm } from './application-form.tsx';
import { RemoveApplication } from './remove-application.tsx';

/** Several products under one account, each with its instance types (ACC-6). */
export function ApplicationsPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const [edited, setEdited] = useState<Application | 'new'>();
  const [removed, setRemoved] = useState<Application>();
  const mayCreate = useMay('applications.create');
  const mayUpdate = useMay('applications.update');
  const mayRemove = useMay('applications.remove');
  const list = useInfiniteQuery(trpc.applications.list.infiniteQueryOptions(listRequest(accountId), paged));
  const applications = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const create = exampleOf({
    operation: 'applications.create',
    input: { accountId, name: 'Telehealth', instanceTypes: ['free', 'paid'] },
  });
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Of this account alone."
        examples={[create]}
        actions={
          <IfMay to="applications.create">
            <Button variant="primary" onClick={() => setEdited('new')}>
              <Plus aria-hidden />
              New application
            </Button>
          </IfMay>
        }
      />
      <AccountTabs />
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && applications.length === 0 ? (
        <EmptyState
          icon={<AppWindow />}
          title="No application yet"
          code={mayCreate ? <CodePanel title="Create one" snippets={create.snippets} /> : undefined}
        >
          One account can run several products. {mayCreate ? 'Name each here' : 'Each has a name here'}, and
          its id is put into the credentials that are minted: usage and sessions are then told apart by it.
          Instance types, such as free and paid, tell plans apart.
        </EmptyState>
      ) : null}
      {applications.length > 0 ? (
        <Table
          label="Applications"
          columns={columnsOf(accountId, {
            ...(mayUpdate ? { onEdit: setEdited } : {}),
            ...(mayRemove ? { onRemove: setRemoved } : {}),
          })}
          rows={applications}
          rowKey={({ id }) => id}
          onOpen={({ id }) => router.push(pagePath(accountId, `applications/${id}`))}
        />
      ) : null}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      {edited === undefined ? null : (
        <ApplicationForm
          application={edited === 'new' ? undefined : edited}
          onDone={() => setEdited(undefined)}
        />
      )}
      {removed === undefined ? null : (
        <RemoveApplication
          application={removed}
          onLeave={() => setRemoved(undefined)}
          onDone={() => setRemoved(undefined)}
        />
      )}
    </>
  );
}

/** Each is absent for whoever may not do it. */
interface RowActions {
  readonly onEdit?: (application: Application) => void;
  readonly onRemove?: (application: Application) => void;
}

const columnsOf = (accountId: string, actions: RowActions): readonly Column<Application>[] =>
  Object.keys(actions).length === 0 ? factsOf(accountId) : [...factsOf(accountId), actionsColumn(actions)];

const factsOf = (accountId: string): readonly Column<Application>[] => [
  {
    key: 'name',
    header: 'Name',
    isTitle: true,
    cell: ({ id, name }) => (
      <Link href={pagePath(accountId, `applications/${id}`)} className="font-medium hover:underline">
        {name}
      </Link>
    ),
  },
  { key: 'id', header: 'Id', cell: ({ id }) => <Identifier id={id} isShort /> },
  {
    key: 'types',
    header: 'Instance types',
    isWide: true,
    cell: ({ instanceTypes }) => (
      <span className="flex flex-wrap gap-1">
        {instanceTypes.length === 0 ? <span className="text-ink-faint">–</span> : null}
        {instanceTypes.map((type) => (
          <Badge key={type}>{type}</Badge>
        ))}
      </span>
    ),
  },
  {
    key: 'created',
    header: 'Created',
    cell: ({ createdAt }) => <span className="text-ink-soft">{showDay(createdAt)}</span>,
  },
];

const actionsColumn = ({ onEdit, onRemove }: RowActions): Column<Application> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: (application) => (
    <span className="inline-flex gap-1">
      {onEdit === undefined ? null : (
        <Button
          size="small"
          variant="ghost"
          onClick={() => onEdit(application)}
          aria-label={`Edit ${application.name}`}
        >
          Edit
        </Button>
      )}
      {onRemove === undefined ? null : (
        <Button
          size="small"
          variant="ghost"
          onClick={() => onRemove(application)}
          aria-label={`Remove ${application.name}`}
        >
          Remove
        </Button>
      )}
    </span>
  ),
});
