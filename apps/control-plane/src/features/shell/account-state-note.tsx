'use client';

import { Callout } from '@patchbay/ui/callout';
import type { ReactNode } from 'react';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount } from './account.ts';

/** Says on every page of it that an account is suspended or closed, or that it cannot be read. */
export function AccountStateNote(): ReactNode {
  const { data: account, error, refetch } = useAccount();
  if (error !== null) {
    return (
      <div className="mb-5">
        <ProblemNote error={error} onRetry={() => void refetch()} />
      </div>
    );
  }
  if (account === undefined || account.effectiveState === 'active') return null;
  const isOwn = account.state === account.effectiveState;
  return (
    <div className="mb-5">
      <Callout tone="wait" title={`${account.name} is ${account.effectiveState}.`}>
        {isOwn
          ? 'Its keys are refused and nothing new starts.'
          : 'An account above it was stopped, and it with it.'}
      </Callout>
    </div>
  );
}
