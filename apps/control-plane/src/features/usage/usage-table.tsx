'use client';

import type { MeterUnit } from '@patchbay/kit/definition';
import { isId } from '@patchbay/kit/ids';
import { Quantity } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showCount, showExact, showMetered } from '../../formats/quantity.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { dimensionLabel } from './meters.ts';
import { type GroupedSeries, groupText } from './usage-query.ts';

export interface UsageTableProps {
  readonly series: readonly GroupedSeries[];
  readonly total: bigint;
  readonly unit: MeterUnit;
  readonly groupBy: string;
  readonly names: ReadonlyMap<string, string>;
}

/** The same figures as the chart, exact. */
export function UsageTable({ series, total, unit, groupBy, names }: UsageTableProps): ReactNode {
  const accountId = useAccountId();
  const columns: readonly Column<GroupedSeries>[] = [
    {
      key: 'group',
      header: groupBy === '' ? 'Of' : dimensionLabel(groupBy),
      isTitle: true,
      cell: ({ group }) => (
        <GroupName group={group} groupBy={groupBy} name={names.get(group)} accountId={accountId} />
      ),
    },
    {
      key: 'total',
      header: 'Total',
      isNumber: true,
      cell: (one) => <Quantity {...showMetered(one.total, unit)} />,
    },
    {
      key: 'exact',
      header: 'Exactly',
      isNumber: true,
      cell: (one) => <Quantity {...showExact(one.total.toString(), unit)} />,
    },
    {
      key: 'share',
      header: 'Share',
      isNumber: true,
      cell: (one) => <Share part={one.total} whole={total} />,
    },
    { key: 'records', header: 'Records', isNumber: true, cell: ({ recordCount }) => showCount(recordCount) },
  ];
  return <Table label="Usage by group" columns={columns} rows={series} rowKey={({ group }) => group} />;
}

interface GroupNameProps {
  readonly group: string;
  readonly groupBy: string;
  readonly name: string | undefined;
  readonly accountId: string;
}

function GroupName({ group, groupBy, name, accountId }: GroupNameProps): ReactNode {
  if (isId('ses', group)) {
    return (
      <Link href={pagePath(accountId, `sessions/${group}`)} className="hover:underline">
        <code className="text-sm">{group}</code>
      </Link>
    );
  }
  if (isId('acc', group)) {
    return (
      <Link href={pagePath(group, 'usage')} className="font-medium hover:underline">
        {name ?? group}
      </Link>
    );
  }
  // Of an account below it is known by its id alone, and its page is there.
  if (isId('app', group) && name !== undefined) {
    return (
      <Link href={pagePath(accountId, `applications/${group}`)} className="font-medium hover:underline">
        {name}
      </Link>
    );
  }
  return <span className="font-medium">{name ?? groupText(group, groupBy)}</span>;
}

function Share({ part, whole }: { readonly part: bigint; readonly whole: bigint }): ReactNode {
  const percent = whole === 0n ? 0 : Number((part * 1_000n) / whole) / 10;
  return (
    <span className="inline-flex items-center gap-2">
      <span className="h-1 w-16 overflow-hidden rounded-full bg-hover max-sm:hidden" aria-hidden>
        <span className="block h-full bg-accent" style={{ width: `${percent}%` }} />
      </span>
      <span className="w-14">
        <Quantity value={percent.toFixed(1)} unit="%" />
      </span>
    </span>
  );
}
