import { type ReactNode, useEffect, useRef } from 'react';
import { classNames } from './class-names.tsx';

export interface TabItem {
  readonly key: string;
  readonly label: string;
  readonly count?: number | undefined;
  readonly isCurrent: boolean;
}

export interface TabsProps {
  readonly label: string;
  readonly items: readonly TabItem[];
  /** Draws one tab as a link, so that each has an address of its own. */
  readonly renderLink: (item: TabItem, className: string, children: ReactNode) => ReactNode;
}

/** Pages that belong together, each with its own address. */
export function Tabs({ label, items, renderLink }: TabsProps): ReactNode {
  const bar = useRef<HTMLElement>(null);
  const current = items.find(({ isCurrent }) => isCurrent)?.key;
  // On a phone the bar is wider than the screen: whoever is on the last page has to see that they are.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is what moves the bar.
  useEffect(() => {
    bar.current
      ?.querySelector('[aria-current=page]')
      ?.scrollIntoView({ behavior: 'instant', block: 'nearest', inline: 'center' });
  }, [current]);
  return (
    <nav
      ref={bar}
      aria-label={label}
      className="flex gap-5 overflow-x-auto border-b border-line print:hidden"
    >
      {items.map((item) =>
        renderLink(
          item,
          classNames(
            '-mb-px flex h-9 items-center gap-1.5 whitespace-nowrap border-b-2',
            item.isCurrent
              ? 'border-accent font-medium text-ink'
              : 'border-transparent text-ink-soft hover:text-ink',
          ),
          <>
            {item.label}
            {item.count === undefined ? null : <span className="text-ink-faint">{item.count}</span>}
          </>,
        ),
      )}
    </nav>
  );
}
