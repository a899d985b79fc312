'use client';

import { Badge } from '@patchbay/ui/badge';
import { Quantity } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMetered } from '../../formats/quantity.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { dimensionLabel } from '../usage/meters.ts';
import type { MeterUse } from './use-service-use.ts';

/** The meters of a service with this month's figures, each open to what it is made of. */
export function ServiceMeters({ uses }: { readonly uses: readonly MeterUse[] }): ReactNode {
  const accountId = useAccountId();
  const usagePath = (meter: string, group = '') =>
    pagePath(accountId, `usage?meter=${meter}&range=month${group === '' ? '' : `&group=${group}`}`);
  const columns: readonly Column<MeterUse>[] = [
    {
      key: 'meter',
      header: 'Meter',
      isTitle: true,
      className: 'max-w-md py-1.5',
      cell: ({ meter }) => (
        <span className="grid">
          <span className="flex flex-wrap items-center gap-x-2 font-medium">
            {meter.label}
            {meter.isPriced ? null : <Badge title="It is counted and has no price">never priced</Badge>}
          </span>
          <span className="text-sm font-normal text-pretty text-ink-faint">{meter.summary}</span>
        </span>
      ),
    },
    {
      key: 'quantity',
      header: 'This month',
      isNumber: true,
      cell: ({ meter, quantity }) => (
        <Link href={usagePath(meter.name)} className="hover:underline">
          <Quantity {...showMetered(quantity, meter.unit)} />
        </Link>
      ),
    },
    {
      key: 'dimensions',
      header: 'Told apart by',
      isWide: true,
      cell: ({ meter }) => (
        <span className="flex flex-wrap gap-x-2.5">
          {Object.keys(meter.dimensions).map((dimension) => (
            <Link
              key={dimension}
              href={usagePath(meter.name, dimension)}
              className="text-ink-soft hover:text-ink hover:underline"
            >
              {dimensionLabel(dimension).toLowerCase()}
            </Link>
          ))}
        </span>
      ),
    },
  ];
  return <Table label="Meters" columns={columns} rows={uses} rowKey={({ meter }) => meter.name} />;
}
