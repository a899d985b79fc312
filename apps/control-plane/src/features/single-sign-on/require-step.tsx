'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { useSavedToast } from '../form/use-saved-toast.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';
import { Step } from './step.tsx';

type Sso = Outputs['sso']['get'];

const MEMBERS_AT_ONCE = 100;

/** Whether there is any other way in, and for whom. */
export function RequireStep({ found }: { readonly found: Sso }): ReactNode {
  const { provider } = found;
  const mayUpdate = useMay('sso.update');
  return (
    <Step
      number={4}
      title="Ask it of everybody"
      lead="Who has an address at a proved domain then signs in by the provider alone: no password and no passkey opens, and none can be set anew."
      isDone={provider?.isRequired === true}
    >
      {provider === undefined ? (
        <p className="text-ink-faint">Set a provider, and try it, first.</p>
      ) : (
        <Requirement found={found} provider={provider} mayUpdate={mayUpdate} />
      )}
    </Step>
  );
}

interface RequirementProps {
  readonly found: Sso;
  readonly provider: NonNullable<Sso['provider']>;
  readonly mayUpdate: boolean;
}

function Requirement({ found, provider, mayUpdate }: RequirementProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const saved = useSavedToast();
  const [isAsking, setAsking] = useState(false);
  const { isRequired, emergencyUserIds, triedAt } = provider;
  const team = useQuery(trpc.team.list.queryOptions({ accountId: found.accountId, limit: MEMBERS_AT_ONCE }));
  const owners = (team.data?.items ?? []).filter(
    ({ role, state, accountId: at }) => role === 'owner' && state === 'active' && at === found.accountId,
  );
  const update = useMutation(
    trpc.sso.update.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        saved();
      },
      onError: () => setAsking(false),
    }),
  );
  const mark = (userId: string, isMarked: boolean) =>
    update.mutate({
      accountId,
      emergencyUserIds: isMarked
        ? [...emergencyUserIds, userId]
        : emergencyUserIds.filter((one) => one !== userId),
    });
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <Badge tone={isRequired ? 'live' : 'wait'}>{isRequired ? 'required' : 'not required'}</Badge>
        {mayUpdate && isRequired ? (
          <Button
            isPending={update.isPending}
            onClick={() => update.mutate({ accountId, isRequired: false })}
          >
            Let people sign in otherwise
          </Button>
        ) : null}
        {mayUpdate && !isRequired ? (
          <Button disabled={triedAt === undefined} onClick={() => setAsking(true)}>
            Require it
          </Button>
        ) : null}
        {triedAt === undefined && !isRequired ? (
          <span className="text-sm text-ink-faint">Try it first, so that you do not lock yourself out.</span>
        ) : null}
      </div>
      {update.error === null ? null : <ProblemNote error={update.error} />}
      <fieldset className="grid gap-1" disabled={!mayUpdate}>
        <legend className="mb-1 font-medium">Owners who may sign in otherwise in an emergency</legend>
        {owners.map(({ userId, name, email }) => (
          <label key={userId} className="flex items-center gap-2">
            <input
              type="checkbox"
              className="accent-(--accent)"
              checked={emergencyUserIds.includes(userId)}
              onChange={({ target }) => mark(userId, target.checked)}
            />
            <span className="min-w-0">
              {name} <span className="text-ink-faint break-all">{email}</span>
            </span>
          </label>
        ))}
        <p className="text-sm text-ink-faint">
          For the day on which the provider does not answer. An API key can take the requirement back as well.
        </p>
      </fieldset>
      {isAsking ? (
        <ConfirmDialog
          isOpen
          onOpenChange={setAsking}
          title="Require the provider?"
          verb="Require it"
          isPending={update.isPending}
          onConfirm={() => update.mutate({ accountId, isRequired: true })}
        >
          <p>
            Sessions that were opened in another way end at once, for everybody with an address at a proved
            domain: yours too, unless you are marked below. You sign in again by the provider.
          </p>
        </ConfirmDialog>
      ) : null}
    </>
  );
}
