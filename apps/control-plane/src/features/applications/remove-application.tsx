'use client';

import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { openSessionsRequest } from '../sessions/open-sessions-request.ts';
import { useAccountId } from '../shell/account.ts';
import type { Application } from './application-form.tsx';

export interface RemoveApplicationProps {
  readonly application: Application;
  readonly onLeave: () => void;
  readonly onDone: () => void;
}

/** Says what an application's end means for what runs in it, and wants its name typed. */
export function RemoveApplication({ application, onLeave, onDone }: RemoveApplicationProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const onError = useRefusalToast();
  const { id: applicationId, name, instanceTypes } = application;
  const open = useQuery(trpc.sessions.list.queryOptions(openSessionsRequest(accountId)));
  const running = open.data?.items.filter((session) => session.applicationId === applicationId).length;
  const remove = useMutation(trpc.applications.remove.mutationOptions({ onSuccess: onDone, onError }));
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onLeave}
      title={`Remove “${name}”?`}
      verb="Remove"
      name={name}
      isPending={remove.isPending}
      onConfirm={() => remove.mutate({ accountId, applicationId })}
    >
      <p className="text-ink">
        Credentials that name it are refused from now on
        {instanceTypes.length === 0 ? '' : `, for its instance types ${instanceTypes.join(', ')} too`}.
      </p>
      <p>
        {running === undefined
          ? 'Looking for sessions that run in it …'
          : running === 0
            ? 'No session runs in it now.'
            : running === 1
              ? 'One session runs in it now. Its participants cannot come back once they lose their connection.'
              : `${running} sessions run in it now. Their participants cannot come back once they lose their connection.`}
      </p>
      <p>Past use, sessions and statements keep its id. This cannot be undone.</p>
    </ConfirmDialog>
  );
}
