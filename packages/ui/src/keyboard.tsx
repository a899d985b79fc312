import type { ReactNode } from 'react';

/** A key to press. */
export function Key({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded-sm border border-line-strong px-1 text-sm text-ink-soft">
      {children}
    </kbd>
  );
}
