'use client';

import { Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { useMe } from './account.ts';
import { useEndpoints } from './endpoints.tsx';

/** Why somebody sees this and may not change it. */
function useWhyNot(): string {
  const { data: me } = useMe();
  const { isProofAsked } = useEndpoints();
  if (me?.view !== undefined) return 'You look as this account does: you see this, and change nothing.';
  if (isProofAsked === true && me?.isEmailVerified === false)
    return 'Until your address is confirmed you may look at this, and not change it.';
  return 'Your role here lets you look at this, and not change it.';
}

/** Stands where the buttons of a form would be missed. */
export function LookOnly(): ReactNode {
  return (
    <p className="flex items-start gap-2 text-pretty text-ink-soft">
      <Lock className="mt-0.5 size-4 shrink-0 text-ink-faint" aria-hidden />
      {useWhyNot()}
    </p>
  );
}
