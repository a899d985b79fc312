'use client';

import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';

export interface RemovePlanProps {
  readonly plan: Outputs['plans']['list']['items'][number];
  readonly onRemoved: () => void;
}

/** A plan goes only when it holds for nobody: whoever has it would be less restricted from one moment to the next. */
export function RemovePlan({ plan: { id, name, accountCount }, onRemoved }: RemovePlanProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const show = useToast();
  const [isAsked, setAsked] = useState(false);
  const remove = useMutation(
    trpc.plans.remove.mutationOptions({
      onSuccess: () => {
        setAsked(false);
        show({ title: `The plan ${name} is removed.`, tone: 'live' });
        onRemoved();
      },
    }),
  );
  if (accountCount > 0)
    return (
      <p className="text-sm text-ink-faint">
        {accountCount === 1 ? 'One account has' : `${accountCount} accounts have`} this plan. It can be
        removed when none has: give {accountCount === 1 ? 'it' : 'each of them'} another plan, or none, on the
        page Policy of that account.
      </p>
    );
  return (
    <>
      <Button variant="danger" onClick={() => setAsked(true)}>
        Remove plan
      </Button>
      <ConfirmDialog
        isOpen={isAsked}
        onOpenChange={setAsked}
        title={`Remove the plan ${name}?`}
        verb="Remove plan"
        isPending={remove.isPending}
        onConfirm={() => remove.mutate({ accountId, planId: id })}
      >
        <p>
          No account has it, so what anybody may do stays as it is. It can no longer be given to accounts.
        </p>
        {remove.error === null ? null : <ProblemNote error={remove.error} />}
      </ConfirmDialog>
    </>
  );
}
