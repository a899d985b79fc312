'use client';

import { Tabs } from '@patchbay/ui/tabs';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { pagePath, policyParts, segmentOf } from '../shell/pages.ts';

/** What holds for the account, and the plans that it gives to those below it. */
export function PolicyTabs(): ReactNode {
  const accountId = useAccountId();
  const segment = segmentOf(usePathname());
  return (
    <div className="mb-5">
      <Tabs
        label="Policy and plans"
        items={policyParts.map((part) => ({ ...part, isCurrent: part.key === segment }))}
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
