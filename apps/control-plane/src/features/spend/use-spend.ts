'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { dimensionsOfPrices, estimate } from './estimate.ts';

const PRICES_STALE_MS = 60_000;
const ROWS_MAX = 10_000;

export interface SpendRequest {
  readonly accountId: string;
  /** ISO times. Rounded by the caller, so that the same question is asked twice. */
  readonly from: string;
  readonly to: string;
  readonly sessionId?: string;
  readonly refreshMs?: number;
  readonly isEnabled?: boolean;
}

/** What the use of a range costs the account at today's prices, with the rows that it was reckoned from. */
export function useSpend({ accountId, from, to, sessionId, refreshMs, isEnabled = true }: SpendRequest) {
  const trpc = useTRPC();
  const prices = useQuery(trpc.prices.list.queryOptions({ accountId }, { staleTime: PRICES_STALE_MS }));
  const items = prices.data?.items ?? [];
  const groupBy = dimensionsOfPrices(items);
  const usage = useQuery(
    trpc.usage.query.queryOptions(
      {
        accountId,
        from,
        to,
        limit: ROWS_MAX,
        ...(groupBy === '' ? {} : { groupBy }),
        ...(sessionId === undefined ? {} : { sessionId }),
      },
      {
        enabled: isEnabled && prices.isSuccess,
        placeholderData: keepPreviousData,
        ...(refreshMs === undefined ? {} : { refetchInterval: refreshMs }),
      },
    ),
  );
  const rows = usage.data?.rows;
  return {
    rows,
    prices: items,
    amount: rows === undefined ? undefined : estimate(rows, items),
    error: usage.error ?? prices.error,
  };
}
