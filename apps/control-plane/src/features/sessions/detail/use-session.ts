'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTRPC, useTRPCClient } from '../../../trpc/client.ts';
import { useAccountId } from '../../shell/account.ts';
import { isOpen, type LogEntry } from '../session.ts';

const REFRESH_MS = 1_000;
const LOG_PAGE = 500;
/** Entries of several nodes may arrive late: the last ones are read again and put where they belong. */
const OVERLAP = 40;

/** One session, anew every second while it runs. */
export function useSession(sessionId: string) {
  const trpc = useTRPC();
  const accountId = useAccountId();
  return useQuery(
    trpc.sessions.get.queryOptions(
      { accountId, sessionId },
      {
        refetchInterval: ({ state }) => (state.data !== undefined && isOpen(state.data) ? REFRESH_MS : false),
      },
    ),
  );
}

/** Its log, in order. Only what is new is asked for, for as long as there may be more. */
export function useSessionLog(sessionId: string, mayGrow: boolean) {
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const accountId = useAccountId();
  const queryKey = ['session-log', accountId, sessionId];
  return useQuery({
    queryKey,
    refetchInterval: mayGrow ? REFRESH_MS : false,
    queryFn: async ({ signal }) => {
      const known = queryClient.getQueryData<readonly LogEntry[]>(queryKey) ?? [];
      const entries = new Map(known.map((entry) => [entry.sequence, entry]));
      let after: number | undefined = Math.max(0, (known.at(-1)?.sequence ?? 0) - OVERLAP);
      while (after !== undefined) {
        const page: { items: LogEntry[]; nextAfter?: number | undefined } =
          await client.sessions.listLog.query({ accountId, sessionId, after, limit: LOG_PAGE }, { signal });
        for (const entry of page.items) entries.set(entry.sequence, entry);
        after = page.nextAfter;
      }
      return [...entries.values()].sort((left, right) => left.sequence - right.sequence);
    },
  });
}
