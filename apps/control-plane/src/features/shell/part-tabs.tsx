'use client';

import { Tabs } from '@patchbay/ui/tabs';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { useAccountId } from './account.ts';
import { pagePath, segmentOf } from './pages.ts';

export interface PartTabsProps {
  readonly label: string;
  /** Each has its own address: the key is its segment. */
  readonly parts: readonly { readonly key: string; readonly label: string }[];
}

/** The parts of a page, of which one is shown. */
export function PartTabs({ label, parts }: PartTabsProps): ReactNode {
  const accountId = useAccountId();
  const segment = segmentOf(usePathname());
  return (
    <div className="mb-5">
      <Tabs
        label={label}
        items={parts.map((part) => ({ ...part, isCurrent: part.key === segment }))}
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
