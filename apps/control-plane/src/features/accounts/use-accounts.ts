'use client';

import { periodAt } from '@patchbay/domain/billing/period';
import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { useNow } from '../shell/use-now.ts';
import { relayedBytes } from '../usage/meters.ts';

const PAGE = 100;
/** Past this many the rest is fetched only when asked for. */
const ACCOUNTS_AT_ONCE = 1_000;
const MINUTE_MS = 60_000;

export type ChildFigures = Outputs['statements']['get']['children'][number];

/** The accounts below one: page after page at once, until there are many. */
export function useDescendants(accountId: string) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.accounts.list.infiniteQueryOptions(
      { accountId, depth: 'descendants', limit: PAGE },
      { getNextPageParam: ({ nextCursor }) => nextCursor },
    ),
  );
  const accounts = (query.data?.pages ?? []).flatMap(({ items }) => items);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const hasRoom = accounts.length < ACCOUNTS_AT_ONCE;
  useEffect(() => {
    if (hasNextPage && hasRoom && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, hasRoom, isFetchingNextPage, fetchNextPage]);
  return { ...query, accounts };
}

/** This month's use of each account by itself, and what each child pays and brings, for the parents that are open. */
export function useFigures(accountId: string, openParents: readonly string[]) {
  const trpc = useTRPC();
  const period = periodAt(useNow(MINUTE_MS));
  const usage = useQuery(
    trpc.usage.query.queryOptions({
      accountId,
      from: new Date(period.fromMs).toISOString(),
      to: new Date(period.toMs).toISOString(),
      meter: relayedBytes,
      groupBy: 'account',
      limit: 10_000,
    }),
  );
  const statements = useQueries({
    queries: openParents.map((parentId) =>
      trpc.statements.get.queryOptions(
        { accountId: parentId, period: period.name, detail: 'meters' },
        { staleTime: MINUTE_MS },
      ),
    ),
  });
  const own = new Map<string, bigint>();
  for (const { group, quantity } of usage.data?.rows ?? []) {
    const id = group.account;
    if (id !== undefined) own.set(id, (own.get(id) ?? 0n) + BigInt(quantity));
  }
  const money = new Map<string, ChildFigures>(
    statements.flatMap(({ data }) =>
      (data?.children ?? []).map((child) => [child.accountId, child] as const),
    ),
  );
  return { own, money };
}
