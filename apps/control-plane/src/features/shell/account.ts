'use client';

import { useQuery } from '@tanstack/react-query';
import { useParams } from 'next/navigation';
import { useTRPC } from '../../trpc/client.ts';
import { seesOrganisation } from './account-standing.ts';

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

/** Whether there is an organisation to be told of. Undefined until it is known who asks, and of which account. */
export function useSeesOrganisation(): boolean | undefined {
  const { data: account } = useAccount();
  const { data: me } = useMe();
  return account === undefined || me === undefined ? undefined : seesOrganisation(account, me);
}
