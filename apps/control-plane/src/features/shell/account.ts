'use client';

import { useQuery } from '@tanstack/react-query';
import { useParams } from 'next/navigation';
import { useTRPC } from '../../trpc/client.ts';

/** The account that the page is about: it stands in the address. */
export function useAccountId(): string {
  const { accountId } = useParams<{ accountId: string }>();
  return accountId;
}

const ACCOUNT_STALE_MS = 30_000;
/** A session that was ended elsewhere is noticed as soon (PRD-3). */
const ME_EVERY_MS = 5_000;

export function useAccount() {
  const trpc = useTRPC();
  const accountId = useAccountId();
  return useQuery(trpc.accounts.get.queryOptions({ accountId }, { staleTime: ACCOUNT_STALE_MS }));
}

/** Whether an account is the one at the top, whose owners run the platform. Of one whose parent is out of sight, not. */
export const isPlatform = (
  account: { readonly parentId?: string | undefined; readonly ancestors: readonly unknown[] } | undefined,
): boolean => account !== undefined && account.parentId === undefined && account.ancestors.length === 0;

/** What the account and those above it that are seen are called, by id. */
export function useAccountNames(): ReadonlyMap<string, string> {
  const { data: account } = useAccount();
  const seen = account === undefined ? [] : [...account.ancestors, account];
  return new Map(seen.map(({ id, name }) => [id, name]));
}

/** Of some accounts those that are live: to their test accounts leads the switch beside them. */
export const liveOf = <Account extends { readonly isTest: boolean }>(
  accounts: readonly Account[],
): readonly Account[] => accounts.filter(({ isTest }) => !isTest);

export function useMe() {
  const trpc = useTRPC();
  return useQuery(
    trpc.me.get.queryOptions({}, { staleTime: ACCOUNT_STALE_MS, refetchInterval: ME_EVERY_MS }),
  );
}
