import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';

/** A quiet block in the shape of what comes. */
export function Skeleton({ className }: { readonly className?: string }): ReactNode {
  return (
    <span
      aria-hidden
      data-skeleton
      className={classNames('block h-4 animate-pulse-soft rounded-sm bg-hover', className)}
    />
  );
}

const widths = ['w-3/5', 'w-2/5', 'w-4/5', 'w-1/2', 'w-3/4'];

/** The shape of a table while its rows are on their way. */
export function TableSkeleton({ rows = 6 }: { readonly rows?: number }): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="divide-y divide-line border-y border-line">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move.
        <div key={index} className="flex h-9 items-center gap-6">
          <Skeleton className={classNames('h-3', widths[index % widths.length])} />
          <Skeleton className="h-3 w-16" />
          <Skeleton className="h-3 w-24 max-sm:hidden" />
        </div>
      ))}
    </div>
  );
}
