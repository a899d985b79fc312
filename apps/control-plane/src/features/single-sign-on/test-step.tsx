'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { useMutation } from '@tanstack/react-query';
import { useSearchParams } from 'next/navigation';
import type { ReactNode } from 'react';
import { showAgo, showDay } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';
import { organisationProblem } from '../sign-in/organisation-problems.ts';
import { Step } from './step.tsx';

type Sso = Outputs['sso']['get'];

/** Shows that it works, to whoever turns it on and for themselves. */
export function TestStep({ found: { provider, signInUrl } }: { readonly found: Sso }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const mayTest = useMay('sso.test');
  const result = useSearchParams().get('test') ?? undefined;
  const problem = organisationProblem(result);
  const test = useMutation(trpc.sso.test.mutationOptions());
  const triedAt = provider?.triedAt;
  return (
    <Step
      number={3}
      title="Try it"
      lead="You sign in at your provider, and stay signed in here as you are. Your own address has to be at a proved domain."
      isDone={triedAt !== undefined}
    >
      {provider === undefined ? <p className="text-ink-faint">Set a provider first.</p> : null}
      {result === 'ok' ? <Callout title="It works: your provider signed you in." /> : null}
      {problem === undefined ? null : <Callout tone="fail" title={problem} />}
      {provider?.problem === undefined ? null : (
        <Callout tone="wait" title="What went wrong last">
          {provider.problem.text} <span suppressHydrationWarning>({showAgo(provider.problem.at)})</span>{' '}
          {provider.problem.code === undefined ? null : (
            <a href={`/docs/errors/${provider.problem.code}`} className="underline">
              What to do
            </a>
          )}
        </Callout>
      )}
      {provider === undefined ? null : (
        <>
          <div className="flex flex-wrap gap-2">
            <Button asChild>
              <a href={`${new URL(signInUrl).pathname}?test`}>Test sign-in</a>
            </Button>
            {mayTest && (provider.kind === 'oidc' || provider.metadataUrl !== undefined) ? (
              <Button variant="ghost" isPending={test.isPending} onClick={() => test.mutate({ accountId })}>
                {provider.kind === 'oidc' ? 'Ask the provider what it offers' : 'Compare with its metadata'}
              </Button>
            ) : null}
          </div>
          {test.error === null ? null : <ProblemNote error={test.error} />}
          {test.data === undefined ? null : test.data.isUsable ? (
            <Callout
              title={
                provider.kind === 'oidc' ? 'It answers as a provider does.' : 'Its metadata says what is set.'
              }
            >
              <span className="break-all">People sign in at {test.data.authorizationEndpoint}</span>
            </Callout>
          ) : (
            <Callout
              tone="fail"
              title={
                provider.kind === 'oidc' ? 'Nobody can sign in there.' : 'Its metadata says something else.'
              }
            >
              {test.data.problem}
            </Callout>
          )}
          {triedAt === undefined ? null : (
            <p className="text-sm text-ink-faint">You signed in by it on {showDay(triedAt)}.</p>
          )}
        </>
      )}
    </Step>
  );
}
