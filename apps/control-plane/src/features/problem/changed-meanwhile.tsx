'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';

/** One thing that somebody else changed while this was edited. */
export interface Change {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  /** What is typed here differs from both. */
  readonly isContested: boolean;
}

export interface ChangedMeanwhileProps {
  readonly changes: readonly Change[];
  /** Goes on editing on top of what is there now. */
  readonly onKeep: () => void;
  readonly onDiscard: () => void;
}

/** What somebody else saved in the meantime. Nothing of what is typed is lost, and nothing of theirs. */
export function ChangedMeanwhile({ changes, onKeep, onDiscard }: ChangedMeanwhileProps): ReactNode {
  const accountId = useAccountId();
  return (
    <Callout tone="wait" title="Somebody changed this while you edited it. Nothing of yours is saved yet.">
      {changes.length === 0 ? (
        <p>What is set here is as it was, but what it depends on has changed.</p>
      ) : (
        <ul className="mt-1 grid gap-0.5">
          {changes.map(({ label, before, after, isContested }) => (
            <li key={label}>
              <span className="text-ink">{label}</span>: {before} → {after}
              {isContested ? ' (you typed something else)' : ''}
            </li>
          ))}
        </ul>
      )}
      <p className="mt-1">
        The{' '}
        <Link href={pagePath(accountId, 'audit')} className="underline underline-offset-2">
          audit log
        </Link>{' '}
        says who it was.
      </p>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button size="small" onClick={onKeep}>
          Keep what I typed, and take the rest
        </Button>
        <Button size="small" variant="ghost" onClick={onDiscard}>
          Take theirs
        </Button>
      </div>
    </Callout>
  );
}
