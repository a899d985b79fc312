'use client';

import { Button } from '@patchbay/ui/button';
import { MenuItem } from '@patchbay/ui/menu';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { pagePath } from '../shell/pages.ts';

const auditPath = (accountId: string, filter: Readonly<Record<string, string>>): string =>
  `${pagePath(accountId, 'audit')}?${new URLSearchParams(filter)}`;

interface ChangesLinkProps {
  readonly target: string;
  /** Of what accounts below may change as well. */
  readonly scope?: 'descendants';
}

/** From the page of something to what was changed of it, for whoever may read that. */
export function ChangesLink({ target, scope }: ChangesLinkProps): ReactNode {
  const accountId = useAccountId();
  const filter = { target, ...(scope === undefined ? {} : { scope }) };
  return (
    <IfMay to="audit.list">
      <Button variant="ghost" asChild>
        <Link href={auditPath(accountId, filter)}>Its changes</Link>
      </Button>
    </IfMay>
  );
}

/** The same in the menu of a row, of what changes others too: a key, a trigger. */
export function ChangesItems({ id }: { readonly id: string }): ReactNode {
  const accountId = useAccountId();
  return (
    <IfMay to="audit.list">
      <MenuItem asChild>
        <Link href={auditPath(accountId, { target: id })}>Its changes</Link>
      </MenuItem>
      <MenuItem asChild>
        <Link href={auditPath(accountId, { actorId: id })}>What it changed</Link>
      </MenuItem>
    </IfMay>
  );
}
