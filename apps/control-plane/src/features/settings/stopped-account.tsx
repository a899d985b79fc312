'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { CirclePlay } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useMay } from '../shell/use-may.ts';

type Account = Outputs['accounts']['get'];

/** Who may start an account again that was stopped, and the button for whoever that is. */
export function StoppedAccount({ account }: { readonly account: Account }): ReactNode {
  const trpc = useTRPC();
  const toast = useToast();
  const mayResume = useMay('accounts.update', 'above');
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
  if (mayResume)
    return (
      <div className="grid gap-3">
        <Callout title="You may resume it">Everything below it starts again with it.</Callout>
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
  const above = account.ancestors.at(-1)?.name;
  return (
    <Callout title="Who may resume it">
      {above === undefined
        ? 'Whoever administers an account above this one. From here it cannot be done: ask whoever gave you the account.'
        : `Whoever administers ${above}, or an account above that one.`}
    </Callout>
  );
}
