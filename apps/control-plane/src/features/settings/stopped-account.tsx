'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { CirclePlay } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { whoResumes, whoSuspended } from '../accounts/suspension-text.ts';
import { ProblemNote } from '../problem/problem-note.tsx';

type Account = Outputs['accounts']['get'];

/** Who may start an account again that was stopped, and the button for whoever that is. */
export function StoppedAccount({ account }: { readonly account: Account }): ReactNode {
  const trpc = useTRPC();
  const toast = useToast();
  const resume = useMutation(
    trpc.accounts.update.mutationOptions({
      onSuccess: ({ name, state }) => toast({ tone: 'live', title: `${name} is ${state}.` }),
    }),
  );
  if (account.effectiveState === 'active') return null;
  if (account.state === 'closed')
    return <Callout title="It is closed for good">Nobody opens it again.</Callout>;
  if (account.state === 'active')
    return (
      <Callout title="An account above it was stopped">
        It starts again with that one, which only somebody above that one resumes.
      </Callout>
    );
  const { suspension } = account;
  if (suspension === undefined) return null;
  if (suspension.mayResume)
    return (
      <div className="grid gap-3">
        <Callout title="You may resume it">
          {whoSuspended(suspension)} Everything below it starts again with it.
        </Callout>
        {resume.error === null ? null : <ProblemNote error={resume.error} />}
        <div>
          <Button
            isPending={resume.isPending}
            onClick={() => resume.mutate({ accountId: account.id, state: 'active' })}
          >
            <CirclePlay aria-hidden />
            Resume
          </Button>
        </div>
      </div>
    );
  return (
    <Callout title="Who may resume it">
      {whoSuspended(suspension)} {whoResumes(suspension, account.ancestors.length > 0)}
    </Callout>
  );
}
