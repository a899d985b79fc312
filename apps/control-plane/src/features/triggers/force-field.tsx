'use client';

import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import type { ActionChoice } from './action-fields.tsx';
import type { TargetChoice } from './target-fields.tsx';

interface ForceFieldProps {
  readonly target: TargetChoice;
  readonly action: ActionChoice;
  readonly isForced: boolean;
  readonly onChange: (isForced: boolean) => void;
}

/** Whether somebody means it that an account suspends itself; nothing for all other triggers. */
export function ForceField({ target, action, isForced, onChange }: ForceFieldProps): ReactNode {
  const accountId = useAccountId();
  if (action.kind !== 'suspend' || target.accountId !== accountId || target.part !== 'all') return null;
  return (
    <label className="flex items-center gap-2">
      <input type="checkbox" checked={isForced} onChange={({ target: box }) => onChange(box.checked)} />
      Suspend this account itself; only an account above it makes it active again
    </label>
  );
}
