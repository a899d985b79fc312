'use client';

import { classNames } from '@patchbay/ui/class-names';
import { Menu, MenuItem } from '@patchbay/ui/menu';
import { Ellipsis } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { useAccountId } from './account.ts';
import { isCurrentPage, pagePath } from './pages.ts';
import { type ShownPage, useShownPages } from './use-shown-pages.ts';

/** Pages that stand in the bar of a phone; the others are one step away, behind 'More'. */
const BAR_COUNT = 4;

/** The pages of the account: a rail at the left, a bar at the bottom of a phone. */
export function Rail(): ReactNode {
  const accountId = useAccountId();
  const pathname = usePathname();
  const shown = useShownPages();
  return (
    <nav
      aria-label="Pages"
      className="print:hidden max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:z-30 max-md:border-t max-md:bg-canvas md:sticky md:top-12 md:h-[calc(100vh-3rem)] md:w-44 md:shrink-0 md:border-r md:px-2 md:py-3"
    >
      <ul className="flex gap-0.5 max-md:px-1 max-md:pb-[env(safe-area-inset-bottom)] md:flex-col">
        {shown.map((page, index) => {
          const isCurrent = isCurrentPage(page, pathname);
          return (
            <li
              key={page.segment}
              className={classNames('max-md:min-w-0 max-md:flex-1', index >= BAR_COUNT && 'max-md:hidden')}
            >
              <Link
                href={pagePath(accountId, page.leadsTo)}
                aria-current={isCurrent ? 'page' : undefined}
                className={itemClasses(isCurrent)}
              >
                <page.icon className="size-4 shrink-0" aria-hidden />
                {page.label}
              </Link>
            </li>
          );
        })}
        <li className="min-w-0 flex-1 md:hidden">
          <MorePages accountId={accountId} rest={shown.slice(BAR_COUNT)} pathname={pathname} />
        </li>
      </ul>
    </nav>
  );
}

const itemClasses = (isCurrent: boolean): string =>
  classNames(
    'flex items-center gap-2.5 rounded-md transition-colors duration-100 md:h-8 md:px-2',
    'max-md:w-full max-md:flex-col max-md:justify-center max-md:gap-1 max-md:px-0.5 max-md:py-2 max-md:text-sm',
    isCurrent
      ? 'font-medium text-ink md:bg-hover [&_svg]:text-accent'
      : 'text-ink-soft hover:bg-surface hover:text-ink',
  );

interface MorePagesProps {
  readonly accountId: string;
  readonly rest: readonly ShownPage[];
  readonly pathname: string;
}

function MorePages({ accountId, rest, pathname }: MorePagesProps): ReactNode {
  const current = rest.find((page) => isCurrentPage(page, pathname));
  const Icon = current?.icon ?? Ellipsis;
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={current === undefined ? 'More pages' : `${current.label}, more pages`}
          className={itemClasses(current !== undefined)}
        >
          <Icon className="size-4 shrink-0" aria-hidden />
          <span className="max-w-full truncate">{current?.shortLabel ?? current?.label ?? 'More'}</span>
        </button>
      }
    >
      {rest.map((page) => (
        <MenuItem key={page.segment} asChild>
          <Link
            href={pagePath(accountId, page.leadsTo)}
            aria-current={page === current ? 'page' : undefined}
            className="min-h-10"
          >
            <page.icon aria-hidden />
            {page.label}
          </Link>
        </MenuItem>
      ))}
    </Menu>
  );
}
