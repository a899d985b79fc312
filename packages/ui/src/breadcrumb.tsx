import type { ReactNode } from 'react';

export interface BreadcrumbProps {
  readonly label: string;
  /** From the top down; the last is where one is. */
  readonly items: readonly { readonly key: string; readonly node: ReactNode }[];
}

/** Where one is in a chain, each step a way up. */
export function Breadcrumb({ label, items }: BreadcrumbProps): ReactNode {
  return (
    <nav aria-label={label} className="min-w-0">
      <ol className="flex min-w-0 items-center gap-1">
        {items.map(({ key, node }, index) => {
          const isLast = index === items.length - 1;
          return (
            <li
              key={key}
              className={
                isLast ? 'flex min-w-0 items-center gap-1' : 'flex min-w-0 items-center gap-1 max-md:hidden'
              }
            >
              {index === 0 ? null : (
                <span className="text-line-strong max-md:hidden" aria-hidden>
                  /
                </span>
              )}
              {node}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
