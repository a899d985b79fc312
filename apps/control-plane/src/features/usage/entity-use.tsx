'use client';

import { periodAt } from '@patchbay/domain/billing/period';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { Quantity } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMetered } from '../../formats/quantity.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { meterOf, serviceTitle, unitOf } from './meters.ts';

const ROWS_MAX = 10_000;
const MINUTE_MS = 60_000;
const REFRESH_MS = 5_000;

interface Use {
  readonly meter: string;
  readonly quantity: bigint;
}

export interface EntityUseProps {
  readonly dimension: 'application' | 'endpoint';
  /** As use names it: an application's id, an endpoint's identifier. */
  readonly id: string;
  /** What to say while there is none. */
  readonly children: ReactNode;
}

/** This month's use of an application or an endpoint, meter by meter. */
export function EntityUse({ dimension, id, children }: EntityUseProps): ReactNode {
  const { rows, error, retry } = useEntityUse(dimension, id);
  return (
    <section aria-labelledby="use">
      <h2 id="use" className="mb-1 font-semibold">
        Use this month
      </h2>
      {error === null ? null : <ProblemNote error={error} onRetry={retry} />}
      {rows === undefined && error === null ? <TableSkeleton rows={3} /> : null}
      {rows?.length === 0 ? <p className="border-y py-2 text-ink-faint">{children}</p> : null}
      {rows === undefined || rows.length === 0 ? null : <UseTable rows={rows} dimension={dimension} />}
    </section>
  );
}

function useEntityUse(dimension: EntityUseProps['dimension'], id: string) {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const period = periodAt(useNow(MINUTE_MS));
  const usage = useQuery(
    trpc.usage.query.queryOptions(
      {
        accountId,
        from: new Date(period.fromMs).toISOString(),
        to: new Date(period.toMs).toISOString(),
        groupBy: dimension,
        ...(dimension === 'endpoint' ? { endpoint: id } : {}),
        scope: 'own',
        limit: ROWS_MAX,
      },
      { refetchInterval: REFRESH_MS },
    ),
  );
  const rows = usage.data?.rows.flatMap(({ group, meter, quantity }): Use[] =>
    group[dimension] === id ? [{ meter, quantity: BigInt(quantity) }] : [],
  );
  return { rows, error: usage.error, retry: () => void usage.refetch() };
}

function UseTable({
  rows,
  dimension,
}: Pick<EntityUseProps, 'dimension'> & { readonly rows: readonly Use[] }): ReactNode {
  const accountId = useAccountId();
  const columns: readonly Column<Use>[] = [
    {
      key: 'meter',
      header: 'Meter',
      isTitle: true,
      cell: ({ meter }) => <span className="font-medium">{meterOf(meter)?.label ?? meter}</span>,
    },
    {
      key: 'service',
      header: 'Service',
      cell: ({ meter }) => (
        <span className="text-ink-soft">{serviceTitle(meterOf(meter)?.service ?? meter)}</span>
      ),
    },
    {
      key: 'quantity',
      header: 'Quantity',
      isNumber: true,
      cell: ({ meter, quantity }) => (
        <Link
          href={pagePath(accountId, `usage?meter=${meter}&range=month&group=${dimension}&scope=own`)}
          className="hover:underline"
        >
          <Quantity {...showMetered(quantity, unitOf(meter))} />
        </Link>
      ),
    },
  ];
  return (
    <Table label={`Use of the ${dimension}`} columns={columns} rows={rows} rowKey={({ meter }) => meter} />
  );
}
