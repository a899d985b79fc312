'use client';

import { Quantity } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import { ChevronDown, ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { showMoney, signOf } from '../../formats/money.ts';
import { showBytes } from '../../formats/quantity.ts';
import { pagePath } from '../shell/pages.ts';
import { MarginText } from '../statements/margin-text.tsx';
import { AccountStateBadge } from './account-state-badge.tsx';
import { type AccountRow, inclusiveCounts, inclusiveUse, type TreeRow } from './account-tree.ts';
import { ChangeState } from './change-state.tsx';
import type { useFigures } from './use-accounts.ts';

const INDENT_PIXELS = 20;

export interface AccountTableProps {
  readonly rows: readonly TreeRow[];
  /** All of the tree, for what a row includes. */
  readonly accounts: readonly AccountRow[];
  readonly figures: ReturnType<typeof useFigures>;
  readonly currency: string;
  readonly onToggle: (accountId: string) => void;
}

export function AccountTable(props: AccountTableProps): ReactNode {
  const router = useRouter();
  return (
    <Table
      label="Accounts"
      columns={columnsOf(props)}
      rows={props.rows}
      rowKey={({ account }) => account.id}
      onOpen={({ account }) => router.push(pagePath(account.id))}
    />
  );
}

function columnsOf({ accounts, figures, currency, onToggle }: AccountTableProps): readonly Column<TreeRow>[] {
  const use = inclusiveUse(accounts, figures.own);
  const counts = inclusiveCounts(accounts);
  const none = <span className="text-ink-faint">–</span>;
  return [
    {
      key: 'name',
      header: 'Account',
      isTitle: true,
      cell: (row) => <AccountName row={row} onToggle={onToggle} />,
    },
    { key: 'state', header: 'State', cell: ({ account }) => <AccountStateBadge account={account} /> },
    {
      key: 'external',
      header: 'External id',
      cell: ({ account }) =>
        account.externalId === undefined ? (
          none
        ) : (
          <code className="block truncate text-sm">{account.externalId}</code>
        ),
    },
    {
      key: 'use',
      header: 'Relayed',
      isNumber: true,
      cell: ({ account }) => {
        const bytes = use.get(account.id) ?? 0n;
        return bytes === 0n ? none : <Quantity {...showBytes(bytes)} />;
      },
    },
    {
      key: 'pays',
      header: `Pays, ${currency}`,
      isNumber: true,
      cell: ({ account }) => {
        const money = figures.money.get(account.id);
        return money === undefined || signOf(money.receivable) === 0
          ? none
          : showMoney(money.receivable, currency);
      },
    },
    {
      key: 'margin',
      header: 'Margin of its parent',
      isNumber: true,
      cell: ({ account }) => {
        const money = figures.money.get(account.id);
        return money === undefined || signOf(money.margin) === 0 ? (
          none
        ) : (
          <MarginText margin={money.margin} currency={currency} />
        );
      },
    },
    {
      key: 'actions',
      header: 'Actions',
      isAction: true,
      isNumber: true,
      className: 'w-8',
      cell: ({ account }) => (
        <ChangeState account={account} descendantCount={(counts.get(account.id) ?? 1) - 1} />
      ),
    },
  ];
}

function AccountName({
  row,
  onToggle,
}: {
  readonly row: TreeRow;
  readonly onToggle: (id: string) => void;
}): ReactNode {
  const { account, level, hasChildren, isExpanded } = row;
  const Chevron = isExpanded ? ChevronDown : ChevronRight;
  return (
    <span className="flex items-center gap-1" style={{ paddingLeft: (level - 1) * INDENT_PIXELS }}>
      {hasChildren ? (
        <button
          type="button"
          aria-expanded={isExpanded}
          aria-label={`${isExpanded ? 'Fold in' : 'Unfold'} ${account.name}`}
          onClick={() => onToggle(account.id)}
          className="-ml-1 inline-flex size-6 items-center justify-center rounded-sm text-ink-faint hover:bg-hover"
        >
          <Chevron className="size-4" aria-hidden />
        </button>
      ) : (
        <span className="w-5" />
      )}
      <Link href={pagePath(account.id)} className="truncate font-medium max-sm:whitespace-normal">
        {account.name}
      </Link>
      {hasChildren ? <span className="text-ink-faint tabular-nums">{account.childCount}</span> : null}
    </span>
  );
}
