'use client';

import { Tabs } from '@patchbay/ui/tabs';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { useAccountId } from './account.ts';
import { type Part, pagePath, segmentOf } from './pages.ts';
import { useShownParts } from './use-shown-pages.ts';

export interface PartTabsProps {
  readonly label: string;
  readonly parts: readonly Part[];
}

/** The parts of a page, of which one is shown. */
export function PartTabs({ label, parts }: PartTabsProps): ReactNode {
  const accountId = useAccountId();
  const segment = segmentOf(usePathname());
  const shown = useShownParts(parts);
  return (
    <div className="mb-5">
      <Tabs
        label={label}
        items={shown.map(({ key, label }) => ({ key, label, isCurrent: key === segment }))}
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
