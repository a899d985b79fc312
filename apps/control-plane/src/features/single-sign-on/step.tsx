import { CopyButton } from '@patchbay/ui/copy-button';
import { type ReactNode, useId } from 'react';

export interface StepProps {
  /** What is done first is done first. */
  readonly number: number;
  readonly title: string;
  readonly lead: ReactNode;
  readonly isDone: boolean;
  readonly children: ReactNode;
}

/** One of the things to do, in their order. */
export function Step({ number, title, lead, isDone, children }: StepProps): ReactNode {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className="grid gap-x-10 gap-y-3 border-t pt-5 first:border-t-0 first:pt-0 lg:grid-cols-[18rem_minmax(0,1fr)]"
    >
      <div className="grid content-start gap-1">
        <h2 id={id} className="font-semibold">
          <span className="mr-1.5 text-ink-faint">{number}</span>
          {title}
          {isDone ? <span className="ml-2 text-sm font-normal text-live">done</span> : null}
        </h2>
        <p className="text-sm text-ink-soft">{lead}</p>
      </div>
      <div className="grid min-w-0 content-start gap-4">{children}</div>
    </section>
  );
}

export interface ToCopyProps {
  readonly label: string;
  readonly text: string;
}

/** What is to be written somewhere else, as it is. */
export function ToCopy({ label, text }: ToCopyProps): ReactNode {
  return (
    <div className="grid gap-1">
      <span className="text-sm text-ink-faint">{label}</span>
      <div className="flex items-center gap-2 rounded-md border px-2.5 py-1">
        <code className="min-w-0 flex-1 text-sm break-all">{text}</code>
        <CopyButton text={text} label={`Copy: ${label}`} />
      </div>
    </div>
  );
}
