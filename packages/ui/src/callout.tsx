import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';
import { toneGround, toneText } from './tone.tsx';

export interface CalloutProps {
  readonly tone?: 'info' | 'wait' | 'fail';
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

const icons = { info: Info, wait: TriangleAlert, fail: CircleAlert } as const;

/** Something to know, to watch or to mend, where it concerns the reader. */
export function Callout({ tone = 'info', title, children, action }: CalloutProps): ReactNode {
  const Icon = icons[tone];
  return (
    <div
      role={tone === 'fail' ? 'alert' : 'note'}
      className={classNames(
        'flex flex-wrap items-start gap-x-3 gap-y-2 rounded-md px-3 py-2.5',
        toneGround[tone],
      )}
    >
      <Icon className={classNames('mt-0.5 size-4 shrink-0', toneText[tone])} aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {children === undefined ? null : <div className="mt-0.5 text-ink-soft">{children}</div>}
      </div>
      {action}
    </div>
  );
}
