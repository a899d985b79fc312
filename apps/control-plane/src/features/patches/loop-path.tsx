import { ArrowRight } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';

/** The circle that a cable would close, step by step, as the refusal says it. */
export function LoopPath({ detail }: { readonly detail: string }): ReactNode {
  const steps = detail
    .replace(/^\/callbacks: /, '')
    .replace(/\.$/, '')
    .split(' → ');
  return (
    <p className="flex flex-wrap items-center gap-1.5">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the first step is the last one, too.
        <Fragment key={index}>
          {index === 0 ? null : <ArrowRight aria-label="leads to" className="size-3.5 text-fail" />}
          <code className="rounded-sm border border-fail/50 px-1.5 text-sm">{step}</code>
        </Fragment>
      ))}
    </p>
  );
}
