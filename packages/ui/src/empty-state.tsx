import type { ReactNode } from 'react';

export interface EmptyStateProps {
  readonly icon: ReactNode;
  readonly title: string;
  /** What this is, and the one next step. */
  readonly children: ReactNode;
  readonly action?: ReactNode;
  /** Something that works as it stands. */
  readonly code?: ReactNode;
}

/** A page without data: it teaches what would be here and how it gets here. */
export function EmptyState({ icon, title, children, action, code }: EmptyStateProps): ReactNode {
  return (
    <section className="mx-auto grid w-full max-w-2xl grid-cols-1 justify-items-center gap-3 px-4 py-12 text-center">
      <div className="text-ink-faint [&_svg]:size-6" aria-hidden>
        {icon}
      </div>
      <h2 className="text-base font-semibold">{title}</h2>
      <div className="max-w-prose text-pretty text-ink-soft">{children}</div>
      {action === undefined ? null : <div className="mt-1 flex flex-wrap justify-center gap-2">{action}</div>}
      {code === undefined ? null : <div className="mt-3 w-full min-w-0 text-left">{code}</div>}
    </section>
  );
}
