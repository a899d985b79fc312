'use client';

import { useQueries, useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useAccount } from '../shell/account.ts';

const NAMES_MAX = 100;
const STALE_MS = 30_000;
/** Accounts below whose applications are asked for: those with the most use of any. */
const OWNERS_MAX = 10;
const PAIRS_MAX = 1_000;

export interface GroupNamesOf {
  readonly accountId: string;
  readonly groupBy: string;
  readonly scope: 'own' | 'descendants';
  readonly from: string;
  readonly to: string;
}

/** Names for the ids of a grouping: of accounts, and of applications of this account and of those below it. */
export function useGroupNames(of: GroupNamesOf): ReadonlyMap<string, string> {
  const { accountId, groupBy } = of;
  const trpc = useTRPC();
  const { data: account } = useAccount();
  const accounts = useQuery(
    trpc.accounts.list.queryOptions(
      { accountId, depth: 'descendants', limit: NAMES_MAX },
      { enabled: groupBy === 'account', staleTime: STALE_MS },
    ),
  );
  const owners = useOwners(of);
  const applications = useQueries({
    queries: owners.map((ownerId) =>
      trpc.applications.list.queryOptions(
        { accountId: ownerId, limit: NAMES_MAX },
        { enabled: groupBy === 'application', staleTime: STALE_MS },
      ),
    ),
  });
  const named = [
    ...(accounts.data?.items ?? []),
    ...applications.flatMap(({ data }) => data?.items ?? []),
    ...(account ? [account] : []),
  ];
  return new Map(named.map(({ id, name }) => [id, name]));
}

/** Whose applications are in the answer. Use says whose each is; a list of applications is of one account alone. */
function useOwners({ accountId, groupBy, scope, from, to }: GroupNamesOf): readonly string[] {
  const trpc = useTRPC();
  const pairs = useQuery(
    trpc.usage.query.queryOptions(
      { accountId, from, to, bucket: 'all', scope, groupBy: 'account,application', limit: PAIRS_MAX },
      { enabled: groupBy === 'application' && scope === 'descendants', staleTime: STALE_MS },
    ),
  );
  const below = new Map<string, number>();
  for (const { group, recordCount } of pairs.data?.rows ?? []) {
    const { account: ownerId = '', application = '' } = group;
    if (application !== '' && ownerId !== accountId)
      below.set(ownerId, (below.get(ownerId) ?? 0) + recordCount);
  }
  const busiest = [...below].sort(([, left], [, right]) => right - left).slice(0, OWNERS_MAX);
  return [accountId, ...busiest.map(([ownerId]) => ownerId)];
}
