'use client';

import { classNames } from '@patchbay/ui/class-names';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { useAccountId } from './account.ts';
import { isCurrentPage, pagePath, pages } from './pages.ts';

/** The pages of the account: a rail at the left, a bar at the bottom of a phone. */
export function Rail(): ReactNode {
  const accountId = useAccountId();
  const pathname = usePathname();
  return (
    <nav
      aria-label="Pages"
      className="print:hidden max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:z-30 max-md:overflow-x-auto max-md:border-t max-md:bg-canvas md:sticky md:top-12 md:h-[calc(100vh-3rem)] md:w-44 md:shrink-0 md:border-r md:px-2 md:py-3"
    >
      <ul className="flex gap-0.5 max-md:min-w-max max-md:px-2 max-md:pb-[env(safe-area-inset-bottom)] md:flex-col">
        {pages.map((page) => {
          const isCurrent = isCurrentPage(page, pathname);
          return (
            <li key={page.segment} className="max-md:flex-1">
              <Link
                href={pagePath(accountId, page.segment)}
                aria-current={isCurrent ? 'page' : undefined}
                className={classNames(
                  'flex items-center gap-2.5 rounded-md px-2 transition-colors duration-100 md:h-8',
                  'max-md:min-w-16 max-md:flex-col max-md:justify-center max-md:gap-0.5 max-md:py-2 max-md:text-sm max-md:whitespace-nowrap',
                  isCurrent
                    ? 'font-medium text-ink md:bg-hover [&_svg]:text-accent'
                    : 'text-ink-soft hover:bg-surface hover:text-ink',
                )}
              >
                <page.icon className="size-4 shrink-0" aria-hidden />
                {page.label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
