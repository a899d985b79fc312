'use client';

import { TableSkeleton } from '@patchbay/ui/skeleton';
import { Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { listRequest } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { AddMember } from './add-member.tsx';
import { useMemberChanges } from './member-changes.tsx';
import { memberColumns } from './member-columns.tsx';
import { peopleOf } from './people.ts';
import { RolesSection } from './roles-section.tsx';
import { useRoles } from './use-roles.ts';

/** Who holds a role at this account, and from which level (ACC-3). */
export function TeamPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const mayGive = useMay('team.add');
  const mayRemove = useMay('team.remove');
  const { roles } = useRoles();
  const changes = useMemberChanges();
  const list = useInfiniteQuery(
    trpc.team.list.infiniteQueryOptions(listRequest(accountId), {
      getNextPageParam: ({ nextCursor }) => nextCursor,
    }),
  );
  const members = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const above = account?.ancestors ?? [];
  const names = new Map(above.map(({ id, name }) => [id, name]));
  const people = peopleOf(members, [...above.map(({ id }) => id), accountId]);
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Roles from levels above reach down to this account; its own reach all below it."
        examples={examplesOf(accountId)}
        actions={mayGive ? <AddMember /> : null}
      />
      <AccountTabs />
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && members.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nobody holds a role here.{mayGive ? ' Add somebody above.' : ''}
        </p>
      ) : null}
      {members.length > 0 ? (
        <Table
          label="Team"
          columns={memberColumns({ accountId, names, roles, mayGive, mayRemove, changes })}
          rows={people}
          rowKey={({ userId }) => userId}
        />
      ) : null}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      <RolesSection />
      {changes.windows}
    </>
  );
}

const examplesOf = (accountId: string) => [
  exampleOf({
    operation: 'team.add',
    input: { accountId, email: 'ada@example.com', name: 'Ada', role: 'developer' },
    cli: `team invite ada@example.com --account ${accountId} --name Ada --role developer`,
  }),
  exampleOf({
    operation: 'team.add',
    title: 'Give somebody another role.',
    input: { accountId, email: 'ada@example.com', name: 'Ada', role: 'admin' },
    cli: `team role ada@example.com admin --account ${accountId}`,
  }),
  exampleOf({
    operation: 'team.list',
    input: { accountId },
    cli: `team list --account ${accountId}`,
  }),
  exampleOf({
    operation: 'roles.create',
    input: { accountId, name: 'Support', scopes: ['sessions:*', 'usage:read'] },
    cli: `role create Support --account ${accountId} --scope 'sessions:*' usage:read`,
  }),
];
