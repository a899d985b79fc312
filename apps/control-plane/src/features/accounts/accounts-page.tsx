'use client';

import { CodePanel } from '@patchbay/ui/code-panel';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { Network } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { matchesFilter } from '../shell/matches-filter.ts';
import { PageFilter } from '../shell/page-filter.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { AccountTable } from './account-table.tsx';
import { type AccountRow, treeRows } from './account-tree.ts';
import { CreateAccount } from './create-account.tsx';
import { useDescendants, useFigures } from './use-accounts.ts';

/** Levels that are open at first: one less than there could be below an account with many children. */
const OPEN_LEVELS = 2;
const CHILDREN_MANY = 30;
/** A statement is asked for each parent that is open: past this many, the further ones show no money. */
const STATEMENTS_MAX = 25;

/** The tree below an account: use, what each pays, what that brings, and its state. */
export function AccountsPage(): ReactNode {
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const mayCreate = useMay('accounts.create');
  const [filter, setFilter] = useState('');
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const { accounts, ...list } = useDescendants(accountId);
  const openLevels = (account?.childCount ?? 0) > CHILDREN_MANY ? OPEN_LEVELS - 1 : OPEN_LEVELS;
  const isExpanded = ({ id }: AccountRow, level: number) => level < openLevels !== toggled.has(id);
  const isFiltered = filter.trim() !== '';
  const rows = isFiltered
    ? accounts
        .filter(({ id, name, externalId, state }) => matchesFilter(filter, [id, name, externalId, state]))
        .map((found) => ({ account: found, level: 1, isExpanded: false, hasChildren: false }))
    : treeRows(accounts, accountId, isExpanded);
  const openParents = rows.filter((row) => row.isExpanded).map((row) => row.account.id);
  const figures = useFigures(accountId, [accountId, ...openParents].slice(0, STATEMENTS_MAX));
  const examples = [
    exampleOf({
      operation: 'accounts.create',
      input: { accountId, name: 'Acme', externalId: 'crm_42' },
      cli: `account create Acme --account ${accountId} --external-id crm_42`,
    }),
    exampleOf({
      operation: 'accounts.list',
      input: { accountId, depth: 'descendants' },
      cli: `account list --account ${accountId}`,
    }),
  ];
  const toggle = (id: string) =>
    setToggled((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  return (
    <>
      <PageHeader
        title="Accounts"
        scope="Figures are of this month, and of each account with all below it."
        examples={examples}
        actions={<CreateAccount />}
      />
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={8} /> : null}
      {list.isSuccess && accounts.length === 0 ? (
        <EmptyState
          icon={<Network />}
          title="No sub-account yet"
          code={
            mayCreate ? <CodePanel title="Create one" snippets={examples[0]?.snippets ?? []} /> : undefined
          }
        >
          A sub-account is a customer of yours. It has its own keys, usage and statement, can have
          sub-accounts itself, and pays what you set.
        </EmptyState>
      ) : null}
      {accounts.length > 0 ? (
        <>
          <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2">
            <PageFilter label="Filter by name or id" value={filter} onChange={setFilter} />
            {list.hasNextPage ? (
              <p className="text-ink-faint tabular-nums" aria-live="polite">
                The first {accounts.length.toLocaleString('en')} accounts; the filter looks at these.
              </p>
            ) : null}
          </div>
          <AccountTable
            rows={rows}
            accounts={accounts}
            figures={figures}
            currency={account?.currency ?? ''}
            onToggle={toggle}
          />
          {rows.length === 0 ? <p className="py-2 text-ink-faint">None by this filter.</p> : null}
          <LoadMore
            hasMore={list.hasNextPage}
            isPending={list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
          />
        </>
      ) : null}
    </>
  );
}
