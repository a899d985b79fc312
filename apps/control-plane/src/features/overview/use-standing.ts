'use client';

import { periodAt } from '@patchbay/domain/billing/period';
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { problemOf } from '../problem/problem.ts';
import { noticesOf } from './attention.ts';

const STALE_MS = 15_000;
const PAGE_MAX = 100;

/** A role may see less than all of this: what it may not read is left out, not waited for. */
const isKnown = ({ isSuccess, error }: { readonly isSuccess: boolean; readonly error: unknown }): boolean =>
  isSuccess || (error !== null && problemOf(error).retry === 'never');

/** What needs attention, and which of the first steps are done. Undefined until it is known. */
export function useStanding(accountId: string, nowMs: number) {
  const trpc = useTRPC();
  const options = { staleTime: STALE_MS };
  const accounts = useQuery(
    trpc.accounts.list.queryOptions({ accountId, depth: 'descendants', limit: PAGE_MAX }, options),
  );
  const keys = useQuery(trpc.keys.list.queryOptions({ accountId, limit: PAGE_MAX }, options));
  const ended = useQuery(trpc.sessions.list.queryOptions({ accountId, state: 'ended', limit: 50 }, options));
  const prices = useQuery(trpc.prices.listForChildren.queryOptions({ accountId }, options));
  const statement = useQuery(
    trpc.statements.get.queryOptions({ accountId, period: periodAt(nowMs).name, detail: 'meters' }, options),
  );
  const refused = useQuery(trpc.usage.listRefused.queryOptions({ accountId, limit: PAGE_MAX }, options));
  const webhooks = useQuery(trpc.webhooks.list.queryOptions({ accountId, limit: PAGE_MAX }, options));
  if (![accounts, keys, ended, prices, statement, refused, webhooks].every(isKnown)) return undefined;
  return {
    notices: noticesOf({
      accounts: accounts.data?.items ?? [],
      keys: keys.data?.items ?? [],
      webhooks: webhooks.data?.items ?? [],
      recentSessions: ended.data?.items ?? [],
      statement: statement.data,
      refused: refused.data?.items ?? [],
      nowMs,
    }),
    steps: {
      // A test key makes no calls: the next step could not be taken with it.
      hasKey: (keys.data?.items ?? []).some(
        ({ mode, revokedAt }) => mode === 'live' && revokedAt === undefined,
      ),
      hasSession: (ended.data?.items.length ?? 0) > 0,
      hasChild: (accounts.data?.items.length ?? 0) > 0,
      hasChildPrice: (prices.data?.items.length ?? 0) > 0,
    },
  };
}
