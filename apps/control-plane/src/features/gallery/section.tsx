import type { ReactNode } from 'react';

export interface SectionProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** One part with its states. */
export function Section({ title, children }: SectionProps): ReactNode {
  return (
    <section
      aria-label={title}
      className="grid gap-x-8 gap-y-3 border-t py-5 md:grid-cols-[10rem_minmax(0,1fr)]"
    >
      <h2 className="font-semibold">{title}</h2>
      <div className="flex min-w-0 flex-wrap items-start gap-3">{children}</div>
    </section>
  );
}
