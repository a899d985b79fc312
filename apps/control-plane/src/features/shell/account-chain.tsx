'use client';

import { Breadcrumb } from '@patchbay/ui/breadcrumb';
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@patchbay/ui/menu';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronsUpDown } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useBrand } from '../brand/brand-context.tsx';
import { liveOf, useAccount, useAccountId, useMe } from './account.ts';
import { keptOf, pagePath } from './pages.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** The chain from the top account within reach down to the one at hand; the last step opens the others. */
export function AccountChain(): ReactNode {
  const kept = keptOf(usePathname());
  const brand = useBrand();
  const { data: account, error } = useAccount();
  if (error !== null && account === undefined) return <span className="font-medium">{brand.name}</span>;
  if (account === undefined) return <Skeleton className="w-48" />;
  const above = account.ancestors.map((ancestor) => ({
    key: ancestor.id,
    node: (
      <Link
        href={pagePath(ancestor.id, kept)}
        className="max-w-40 truncate rounded-sm px-1 text-ink-soft hover:bg-hover hover:text-ink"
      >
        {ancestor.name}
      </Link>
    ),
  }));
  const here = { key: account.id, node: <AccountSwitcher account={account} /> };
  return <Breadcrumb label="Chain of accounts" items={[...above, here]} />;
}

function AccountSwitcher({
  account,
}: {
  readonly account: Named & {
    readonly parentId?: string | undefined;
    readonly ancestors: readonly Named[];
  };
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const kept = keptOf(usePathname());
  const { data: me } = useMe();
  const siblings = useQuery(
    trpc.accounts.list.queryOptions(
      { accountId: account.parentId ?? accountId, limit: 20 },
      { enabled: account.parentId !== undefined },
    ),
  );
  const children = useQuery(trpc.accounts.list.queryOptions({ accountId, limit: 20 }));
  const groups: readonly (readonly [string, readonly Named[]])[] = [
    // A phone has no room for the chain itself.
    ['Above it', account.ancestors],
    ['Beside it', siblings.data?.items ?? []],
    ['Below it', children.data?.items ?? []],
    ['Where you have a role', liveOf(me?.accounts ?? [])],
    ['Your organisations', organisationsOf(me?.organisations ?? [])],
  ];
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          className="flex min-w-0 items-center gap-1 rounded-sm px-1 font-medium hover:bg-hover"
          aria-label={`${account.name}: switch account`}
        >
          <span className="max-w-48 truncate">{account.name}</span>
          <ChevronsUpDown className="size-3.5 shrink-0 text-ink-faint" aria-hidden />
        </button>
      }
    >
      {groups
        .filter(([, accounts]) => accounts.length > 0)
        .map(([label, accounts], index) => (
          <div key={label}>
            {index === 0 ? null : <MenuSeparator />}
            <MenuLabel>{label}</MenuLabel>
            {accounts.map(({ id, name }) => (
              <MenuItem key={`${label} ${id}`} asChild>
                <Link href={pagePath(id, kept)} className="justify-between">
                  <span className="truncate">{name}</span>
                  {id === accountId ? <Check aria-label="This one" /> : null}
                </Link>
              </MenuItem>
            ))}
          </div>
        ))}
    </Menu>
  );
}

/** Somebody who belongs to several switches between them: each leads to its top account. */
function organisationsOf(
  organisations: readonly { readonly name: string; readonly accountId: string }[],
): readonly Named[] {
  return organisations.length < 2 ? [] : organisations.map(({ name, accountId: id }) => ({ id, name }));
}
