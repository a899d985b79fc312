'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';

export interface SpendRequest {
  readonly accountId: string;
  /** ISO times. Rounded by the caller, so that the same question is asked twice. */
  readonly from: string;
  readonly to: string;
  readonly sessionId?: string;
  readonly refreshMs?: number;
}

/** What the use of a range costs the account, each minute at the price that held in it, with the lines that it sums. */
export function useSpend({ accountId, from, to, sessionId, refreshMs }: SpendRequest) {
  const trpc = useTRPC();
  const spend = useQuery(
    trpc.spend.get.queryOptions(
      {
        accountId,
        from,
        to,
        ...(sessionId === undefined ? {} : { sessionId }),
      },
      {
        placeholderData: keepPreviousData,
        ...(refreshMs === undefined ? {} : { refetchInterval: refreshMs }),
      },
    ),
  );
  const lines = spend.data?.lines;
  return {
    lines,
    /** The same quantities under the full names of their meters. */
    rows: lines?.map(({ service, meter, quantity }) => ({ meter: `${service}.${meter}`, quantity })),
    amount: spend.data === undefined ? undefined : BigInt(spend.data.amount),
    error: spend.error,
  };
}
