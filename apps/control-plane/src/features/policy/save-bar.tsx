import { classNames } from '@patchbay/ui/class-names';
import type { ReactNode } from 'react';
import type { PolicyName } from './policy-draft.ts';
import { settingLabel } from './setting-words.ts';

export interface SaveBarProps {
  /** The settings that are not as they were. */
  readonly changed: readonly PolicyName[];
  readonly children: ReactNode;
}

/** The buttons below a long form. While anything is changed they stay in sight, and say how much it is. */
export function SaveBar({ changed, children }: SaveBarProps): ReactNode {
  return (
    <div
      className={classNames(
        'mt-4 flex flex-wrap items-center gap-2 empty:hidden',
        changed.length > 0 && 'sticky bottom-0 z-10 border-t bg-canvas py-3 max-md:bottom-14',
      )}
    >
      {children}
      <span role="status" className="text-ink-soft" title={changed.map(settingLabel).join(', ')}>
        {changedText(changed.length)}
      </span>
    </div>
  );
}

function changedText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? '1 setting is changed.' : `${count} settings are changed.`;
}
