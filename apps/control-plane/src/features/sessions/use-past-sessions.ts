'use client';

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import type { Session } from './session.ts';

const PAGE = 50;
const REFRESH_MS = 5_000;

export interface PastSessionsRequest {
  readonly accountId: string;
  readonly scope: 'own' | 'descendants';
  readonly kind: Session['kind'] | 'all';
  /** Only those in which it had a part. */
  readonly identity?: string | undefined;
  /** Days, such as 2026-11-30: the first and the last on which they began, by the clock of whoever looks. */
  readonly days: { readonly from: string; readonly until: string };
  /** Sessions that run now. One that leaves them has ended, wherever in the list its start puts it. */
  readonly openIds: readonly string[] | undefined;
}

/**
 * Sessions that have ended, newest first. What has ended does not change, so pages stay as they were read; only the
 * newest are asked for again, however many were loaded.
 */
export function usePastSessions({ accountId, scope, kind, identity, days, openIds }: PastSessionsRequest) {
  const trpc = useTRPC();
  const input = {
    ...({ accountId, state: 'ended', scope, kind, limit: PAGE } as const),
    ...(identity === undefined ? {} : { identity }),
    ...(days.from === '' ? {} : { from: startOf(days.from) }),
    ...(days.until === '' ? {} : { to: startOf(days.until, 1) }),
  };
  const pages = useInfiniteQuery(
    trpc.sessions.list.infiniteQueryOptions(input, {
      getNextPageParam: ({ nextCursor }) => nextCursor,
      staleTime: Number.POSITIVE_INFINITY,
    }),
  );
  const newest = useQuery(trpc.sessions.list.queryOptions(input, { refetchInterval: REFRESH_MS }));
  const known = new Map<string, Session>();
  for (const session of (pages.data?.pages ?? []).flatMap(({ items }) => items))
    known.set(session.id, session);
  for (const session of newest.data?.items ?? []) known.set(session.id, session);

  // One that began before the newest and ended just now stands further down: then, and only then, all is read again.
  const before = useRef<readonly string[]>([]);
  const { refetch } = pages;
  useEffect(() => {
    if (openIds === undefined) return;
    const oldest = newest.data?.items.at(-1)?.id ?? '';
    const hasLeft = before.current.some((id) => id < oldest && !openIds.includes(id));
    before.current = openIds;
    if (hasLeft) void refetch();
  }, [openIds, newest.data, refetch]);

  return {
    // Ids sort by time.
    sessions: [...known.values()].sort((left, right) => (left.id < right.id ? 1 : -1)),
    isPending: pages.isPending,
    isSuccess: pages.isSuccess,
    error: pages.error ?? newest.error,
    hasMore: pages.hasNextPage,
    isLoadingMore: pages.isFetchingNextPage,
    loadMore: () => void pages.fetchNextPage(),
    retry: () => void pages.refetch(),
  };
}

/** When a day begins here, or the one so many days after it. */
function startOf(day: string, laterDays = 0): string {
  const start = new Date(`${day}T00:00:00`);
  start.setDate(start.getDate() + laterDays);
  return start.toISOString();
}
