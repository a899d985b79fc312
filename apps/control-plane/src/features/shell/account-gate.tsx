'use client';

import { Callout } from '@patchbay/ui/callout';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { whoSuspended } from '../accounts/suspension-text.ts';
import { problemOf } from '../problem/problem.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { liveOf, useAccount, useMe } from './account.ts';
import { pagePath } from './pages.ts';

/** Shows the page of an account that can be read; says on each that it is suspended, or closed, or out of reach. */
export function AccountGate({ children }: { readonly children: ReactNode }): ReactNode {
  const { data: account, error, refetch } = useAccount();
  if (error !== null && account === undefined && problemOf(error).retry === 'never') {
    return <OutOfReach error={error} />;
  }
  return (
    <>
      {error === null ? null : (
        <div className="mb-5">
          <ProblemNote error={error} onRetry={() => void refetch()} />
        </div>
      )}
      {account === undefined || account.effectiveState === 'active' ? null : (
        <div className="mb-5">
          <Callout tone="wait" title={`${account.name} is ${account.effectiveState}.`}>
            {account.state === account.effectiveState
              ? 'Its keys are refused and nothing new starts.'
              : 'An account above it was stopped, and it with it.'}{' '}
            {account.suspension === undefined ? '' : whoSuspended(account.suspension)}
          </Callout>
        </div>
      )}
      {children}
    </>
  );
}

function OutOfReach({ error }: { readonly error: unknown }): ReactNode {
  const { data: me } = useMe();
  return (
    <div className="mx-auto grid max-w-2xl gap-5 py-8">
      <h1 className="text-lg font-semibold tracking-tight">This account is not within your reach</h1>
      <ProblemNote error={error} />
      {me === undefined ? null : (
        <nav aria-label="Accounts where you have a role">
          <h2 className="mb-1 font-semibold">Where you have a role</h2>
          <ul className="divide-y divide-line border-y">
            {liveOf(me.accounts).map(({ id, name, roleName }) => (
              <li key={id}>
                <Link href={pagePath(id)} className="flex h-9 items-center justify-between hover:bg-surface">
                  {name}
                  <span className="text-ink-faint">{roleName}</span>
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </div>
  );
}
