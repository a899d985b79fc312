'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';

/** Often enough to feel live, seldom enough to be cheap. */
const REFRESH_MS = 1_500;
const OPEN_MAX = 100;

/** The sessions that ring or run now, of the account and all below it. */
export function useOpenSessions(accountId: string) {
  const trpc = useTRPC();
  return useQuery(
    trpc.sessions.list.queryOptions(
      { accountId, state: 'open', limit: OPEN_MAX },
      { refetchInterval: REFRESH_MS, placeholderData: keepPreviousData },
    ),
  );
}
