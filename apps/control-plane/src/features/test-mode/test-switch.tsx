'use client';

import { classNames } from '@patchbay/ui/class-names';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { usePathname, useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { liveOf, useAccount, useMe } from '../shell/account.ts';
import { keptOf, pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';

const side = 'rounded-sm px-2 py-0.5 text-sm';
const chosen = classNames(side, 'bg-hover font-medium text-ink');
const other = classNames(side, 'text-ink-faint hover:text-ink');

/** Between an account and its test account, on the page at hand. Whoever may make keys opens the latter with it. */
export function TestSwitch(): ReactNode {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const kept = keptOf(usePathname());
  const { data: account } = useAccount();
  const { data: me } = useMe();
  const mayOpen = useMay('accounts.openTest');
  const open = useMutation(
    trpc.accounts.openTest.mutationOptions({
      onSuccess: ({ id }) => {
        // Roles hold at the new account, too.
        void queries.invalidateQueries(trpc.me.pathFilter());
        router.push(pagePath(id, kept));
      },
      onError: useRefusalToast(),
    }),
  );
  if (account === undefined) return null;
  const { isTest, testAccountId } = account;
  // Of a customer that was made by a test key there is no live account: the switch leads to one's own.
  const liveId = isTest ? (account.liveAccountId ?? liveOf(me?.accounts ?? [])[0]?.id) : account.id;
  if (!isTest && testAccountId === undefined && !mayOpen) return null;
  return (
    <nav aria-label="Live or test" className="flex shrink-0 items-center rounded-md border p-0.5">
      {isTest && liveId !== undefined ? (
        <Link href={pagePath(liveId, kept)} className={other}>
          Live
        </Link>
      ) : (
        <span className={chosen} aria-current="true">
          Live
        </span>
      )}
      {isTest ? (
        <span className={chosen} aria-current="true">
          Test
        </span>
      ) : testAccountId === undefined ? (
        <button
          type="button"
          className={other}
          disabled={open.isPending}
          onClick={() => open.mutate({ accountId: account.id })}
        >
          Test
        </button>
      ) : (
        <Link href={pagePath(testAccountId, kept)} className={other}>
          Test
        </Link>
      )}
    </nav>
  );
}
