'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { currentOf } from './problem.ts';
import { ProblemNote } from './problem-note.tsx';

export interface SaveRefusalProps<Answer extends object> {
  readonly error: unknown;
  /** Begins anew from what is there now: what was typed is gone. */
  readonly onReload: (current: Answer) => void;
}

/** Why something that is edited whole was not saved: somebody else was faster, or what the platform says. */
export function SaveRefusal<Answer extends object>({ error, onReload }: SaveRefusalProps<Answer>): ReactNode {
  const accountId = useAccountId();
  const current = currentOf<Answer>(error);
  if (current === undefined) return <ProblemNote error={error} />;
  return (
    <Callout
      tone="wait"
      title="Somebody changed this while you edited it. Nothing of yours is saved."
      action={
        <Button size="small" onClick={() => onReload(current)}>
          Load what is there now
        </Button>
      }
    >
      <p>
        What you typed stays here until you load it. The{' '}
        <Link href={pagePath(accountId, 'audit')} className="underline underline-offset-2">
          audit log
        </Link>{' '}
        says who it was.
      </p>
    </Callout>
  );
}
