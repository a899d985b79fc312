'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useAccount } from '../shell/account.ts';

const NAMES_MAX = 100;
const STALE_MS = 30_000;

/** Names for the ids of a grouping: of accounts and applications. Others speak for themselves. */
export function useGroupNames(accountId: string, groupBy: string): ReadonlyMap<string, string> {
  const trpc = useTRPC();
  const { data: account } = useAccount();
  const accounts = useQuery(
    trpc.accounts.list.queryOptions(
      { accountId, depth: 'descendants', limit: NAMES_MAX },
      { enabled: groupBy === 'account', staleTime: STALE_MS },
    ),
  );
  const applications = useQuery(
    trpc.applications.list.queryOptions(
      { accountId, limit: NAMES_MAX },
      { enabled: groupBy === 'application', staleTime: STALE_MS },
    ),
  );
  const named = [
    ...(accounts.data?.items ?? []),
    ...(applications.data?.items ?? []),
    ...(account ? [account] : []),
  ];
  return new Map(named.map(({ id, name }) => [id, name]));
}
