'use client';

import type { ReactNode } from 'react';

interface ShownFieldProps {
  readonly isShown: boolean;
  readonly onChange: (isShown: boolean) => void;
}

/** Whether the account that a trigger is about may see it with its counter. */
export function ShownField({ isShown, onChange }: ShownFieldProps): ReactNode {
  return (
    <label className="flex items-center gap-2">
      <input type="checkbox" checked={isShown} onChange={({ target }) => onChange(target.checked)} />
      The account that it is about sees it too
    </label>
  );
}
