'use client';

import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { ShownOnce } from '@patchbay/ui/shown-once';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showAgo, showDay } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';
import { Step, ToCopy } from './step.tsx';

type Sso = Outputs['sso']['get'];

/** Lets the provider add people before they come, and shut them out at once. */
export function ScimStep({ found: { scim } }: { readonly found: Sso }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const mayRotate = useMay('sso.rotateScimToken');
  const mayRemove = useMay('sso.removeScimToken');
  const [isAsking, setAsking] = useState<'rotate' | 'remove'>();
  const rotate = useMutation(
    trpc.sso.rotateScimToken.mutationOptions({ onSettled: () => setAsking(undefined) }),
  );
  const remove = useMutation(
    trpc.sso.removeScimToken.mutationOptions({
      onSuccess: () => rotate.reset(),
      onSettled: () => setAsking(undefined),
    }),
  );
  const { inUse } = scim;
  const error = rotate.error ?? remove.error;
  return (
    <Step
      number={5}
      title="Keep people up to date"
      lead="With SCIM 2.0 your provider adds people and groups before they come, and shuts out who left at once: roles and sessions end."
      isDone={inUse?.lastUsedAt !== undefined}
    >
      <ToCopy label="Address (base URL)" text={scim.baseUrl} />
      {inUse === undefined ? null : (
        <p className="text-sm text-ink-faint">
          The token was made on {showDay(inUse.createdAt)}.{' '}
          <span suppressHydrationWarning>
            {inUse.lastUsedAt === undefined
              ? 'Nobody used it yet.'
              : `Last used ${showAgo(inUse.lastUsedAt)}.`}
          </span>
        </p>
      )}
      {rotate.data === undefined ? null : (
        <ShownOnce text={rotate.data.secret} copyLabel="Copy the token" label="The token, shown here once" />
      )}
      {error === null ? null : <ProblemNote error={error} />}
      <div className="flex flex-wrap gap-2 empty:hidden">
        {mayRotate ? (
          <Button
            isPending={rotate.isPending}
            onClick={() => (inUse === undefined ? rotate.mutate({ accountId }) : setAsking('rotate'))}
          >
            {inUse === undefined ? 'Make a token' : 'Make a new token'}
          </Button>
        ) : null}
        {inUse === undefined || !mayRemove ? null : (
          <Button variant="ghost" onClick={() => setAsking('remove')}>
            End the token
          </Button>
        )}
      </div>
      {isAsking === undefined ? null : (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setAsking(undefined)}
          title={isAsking === 'rotate' ? 'Make a new token?' : 'End the token?'}
          verb={isAsking === 'rotate' ? 'Make it' : 'End it'}
          isPending={rotate.isPending || remove.isPending}
          onConfirm={() => (isAsking === 'rotate' ? rotate : remove).mutate({ accountId })}
        >
          <p>
            The token that there is opens nothing any more, at once. People and their roles stay as they are
            until your provider asks again.
          </p>
        </ConfirmDialog>
      )}
    </Step>
  );
}
