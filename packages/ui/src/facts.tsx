import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';

export interface FactsProps {
  /** What they are of, for screen readers, where no heading says it. */
  readonly label?: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** What is known of one thing, a row each. */
export function Facts({ label, className, children }: FactsProps): ReactNode {
  return (
    <dl
      aria-label={label}
      className={classNames(
        'grid grid-cols-1 content-start self-start divide-y divide-line border-y',
        className,
      )}
    >
      {children}
    </dl>
  );
}

/** A name with its value opposite, or below where both are long. */
export function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-4">
      <dt className="text-ink-faint">{term}</dt>
      <dd className="min-w-0 wrap-anywhere text-right">{children}</dd>
    </div>
  );
}
