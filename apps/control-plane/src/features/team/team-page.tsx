'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { AddMember } from './add-member.tsx';
import { type Person, peopleOf } from './people.ts';
import { RolesSection } from './roles-section.tsx';

type Member = Outputs['team']['list']['items'][number];

/** Who holds a role at this account, and from which level (ACC-3). */
export function TeamPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const refusal = useRefusalToast();
  const mayAdd = useMay('team.add');
  const mayRemove = useMay('team.remove');
  const [removed, setRemoved] = useState<Member>();
  const list = useInfiniteQuery(
    trpc.team.list.infiniteQueryOptions(listRequest(accountId), {
      getNextPageParam: ({ nextCursor }) => nextCursor,
    }),
  );
  const remove = useMutation(
    trpc.team.remove.mutationOptions({ onSuccess: () => setRemoved(undefined), onError: refusal }),
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
        examples={[
          exampleOf({
            operation: 'team.add',
            input: { accountId, email: 'ada@example.com', name: 'Ada', role: 'developer' },
          }),
          exampleOf({ operation: 'team.list', input: { accountId } }),
          exampleOf({
            operation: 'roles.create',
            input: { accountId, name: 'Support', scopes: ['sessions:*', 'usage:read'] },
            cli: `role create Support --account ${accountId} --scope 'sessions:*' usage:read`,
          }),
        ]}
        actions={mayAdd ? <AddMember /> : null}
      />
      <AccountTabs />
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && members.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nobody holds a role here.{mayAdd ? ' Add somebody above.' : ''}
        </p>
      ) : null}
      {members.length > 0 ? (
        <Table
          label="Team"
          columns={columnsOf({ accountId, names, mayRemove, onRemove: setRemoved })}
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
      {removed === undefined ? null : (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setRemoved(undefined)}
          title={`Take the role of ${removed.name}?`}
          verb="Take it"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate({ accountId, userId: removed.userId })}
        >
          <p>
            {removed.email} loses the role of {removed.roleName} at {account?.name ?? 'this account'} and all
            accounts below it, at once. Roles given elsewhere stay.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

interface ColumnsRequest {
  readonly accountId: string;
  /** Of the accounts above. */
  readonly names: ReadonlyMap<string, string>;
  readonly mayRemove: boolean;
  readonly onRemove: (member: Member) => void;
}

type Row = Person<Member>;

const columnsOf = (request: ColumnsRequest): readonly Column<Row>[] => [
  ...factsOf(request),
  ...(request.mayRemove ? [removalOf(request)] : []),
];

const factsOf = ({ accountId, names }: ColumnsRequest): readonly Column<Row>[] => [
  {
    key: 'name',
    header: 'Name',
    isTitle: true,
    cell: ({ roles: [{ name }] }) => <span className="font-medium">{name}</span>,
  },
  {
    key: 'email',
    header: 'E-mail',
    isWide: true,
    cell: ({ roles: [{ email }] }) => <span className="break-all">{email}</span>,
  },
  {
    key: 'role',
    header: 'Role',
    cell: ({ roles }) => (
      <ul className="grid gap-1">
        {roles.map(({ accountId: at, roleName, state }) => (
          <li key={at} className="flex flex-wrap gap-1">
            <Badge>{roleName}</Badge>
            {state === 'invited' ? <Badge tone="wait">invited</Badge> : null}
          </li>
        ))}
      </ul>
    ),
  },
  {
    key: 'from',
    header: 'Given at',
    cell: ({ roles }) => (
      <ul className="grid gap-1 text-ink-soft">
        {roles.map(({ accountId: at }) => (
          <li key={at}>{at === accountId ? 'this account' : (names.get(at) ?? 'a level above')}</li>
        ))}
      </ul>
    ),
  },
];

const removalOf = ({ accountId, onRemove }: ColumnsRequest): Column<Row> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: ({ roles: [member] }) =>
    member.accountId === accountId ? (
      <Button
        size="small"
        variant="ghost"
        onClick={() => onRemove(member)}
        aria-label={`Remove ${member.name}`}
      >
        Remove
      </Button>
    ) : null,
});
