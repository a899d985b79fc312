'use client';

import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { type Endpoint, kinds } from './endpoint.ts';

export interface ReleaseEndpointProps {
  readonly endpoint: Endpoint;
  readonly onLeave: () => void;
  readonly onDone: () => void;
}

/** Says what is given up, and wants it typed. */
export function ReleaseEndpoint({ endpoint, onLeave, onDone }: ReleaseEndpointProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { id: endpointId, identifier, reach, namespace } = endpoint;
  const release = useMutation(
    trpc.endpoints.release.mutationOptions({ onSuccess: onDone, onError: useRefusalToast() }),
  );
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onLeave}
      title={`Release ${identifier}?`}
      verb="Release"
      name={identifier}
      isPending={release.isPending}
      onConfirm={() => release.mutate({ accountId, endpointId })}
    >
      <p className="text-ink">This account does not hold it any more, and its settings are gone.</p>
      <p>
        {reach === 'global'
          ? `The ${kinds[namespace].one} rests for 30 days: until then this account can take it back, and nobody else takes it. After that it is anybody’s.`
          : 'This cannot be undone: one that is made under the same name is another.'}
      </p>
      <p>Past use keeps its name.</p>
    </ConfirmDialog>
  );
}
