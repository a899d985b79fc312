'use client';

import { Button } from '@patchbay/ui/button';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { pagePath } from '../shell/pages.ts';

/** From the page of something to what was changed of it, for whoever may read that. */
export function ChangesLink({ target }: { readonly target: string }): ReactNode {
  const accountId = useAccountId();
  return (
    <IfMay to="audit.list">
      <Button variant="ghost" asChild>
        <Link href={`${pagePath(accountId, 'audit')}?${new URLSearchParams({ target })}`}>Its changes</Link>
      </Button>
    </IfMay>
  );
}
