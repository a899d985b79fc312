import type { ReactNode } from 'react';

export interface ScrollBoxProps {
  /** What can be scrolled to, for screen readers. */
  readonly label: string;
  readonly children: ReactNode;
}

/** Paper does not scroll: there it takes the room that it needs. */
const look = 'min-w-0 overflow-x-auto max-sm:pb-1 print:overflow-visible';

/** Lets something wide be scrolled sideways by itself, by keyboard too, so that the page never is. */
export function ScrollBox({ label, children }: ScrollBoxProps): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section aria-label={label} tabIndex={0} className={look}>
      {children}
    </section>
  );
}
