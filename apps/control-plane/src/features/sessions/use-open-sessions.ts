'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { openSessionsRequest } from './open-sessions-request.ts';

/** Often enough to feel live, seldom enough to be cheap. */
const REFRESH_MS = 1_500;

/** The sessions that ring or run now, of the account and all below it. */
export function useOpenSessions(accountId: string) {
  const trpc = useTRPC();
  return useQuery(
    trpc.sessions.list.queryOptions(openSessionsRequest(accountId), {
      refetchInterval: REFRESH_MS,
      placeholderData: keepPreviousData,
    }),
  );
}
