'use client';

import { Tabs } from '@patchbay/ui/tabs';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { accountParts, pagePath, segmentOf } from '../shell/pages.ts';

/** What an account is made of, each with its own address. */
export function AccountTabs(): ReactNode {
  const accountId = useAccountId();
  const segment = segmentOf(usePathname());
  return (
    <div className="mb-5">
      <Tabs
        label="Parts of the account"
        items={accountParts.map((part) => ({ ...part, isCurrent: part.key === segment }))}
        renderLink={({ key, isCurrent }, className, children) => (
          <Link
            key={key}
            href={pagePath(accountId, key)}
            className={className}
            aria-current={isCurrent ? 'page' : undefined}
          >
            {children}
          </Link>
        )}
      />
    </div>
  );
}
