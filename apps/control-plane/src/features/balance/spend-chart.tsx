'use client';

import { Chart, type ChartSeries } from '@patchbay/ui/chart';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoney } from '../../formats/money.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import type { Limits } from './balance.ts';
import { spendSeries } from './spend-series.ts';

const REFRESH_MS = 60_000;

/** What the month came to so far, where it leads if it goes on, and the limit. */
export function SpendChart({ limits }: { readonly limits: Limits }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const days = useQuery(
    trpc.spendingLimits.listDays.queryOptions({ accountId }, { refetchInterval: REFRESH_MS }),
  );
  if (days.data === undefined || days.data.items.every(({ spent }) => spent === '0')) return null;
  const { timesSeconds, spent, forecast, limit } = spendSeries(days.data, limits);
  const series: ChartSeries[] = [
    { label: 'Spent', colour: '--series-1', values: spent },
    { label: 'If it goes on like this', colour: '--series-3', values: forecast },
    ...(limit === undefined
      ? []
      : [{ label: 'Limit of the month', colour: '--fail', values: limit } as const]),
  ];
  return (
    <Chart
      label="Spend of this month against its limit"
      kind="line"
      times={timesSeconds}
      series={series}
      format={(value) => `${showMoney(BigInt(Math.round(value * NANO)), limits.currency)} ${limits.currency}`}
    />
  );
}

const NANO = 1_000_000_000;
