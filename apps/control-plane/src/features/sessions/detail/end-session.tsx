'use client';

import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { PhoneOff } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../../trpc/client.ts';
import { problemOf } from '../../problem/problem.ts';
import { useAccountId } from '../../shell/account.ts';
import { participantNames, type Session } from '../session.ts';

/** What stays open to whoever is cut off. */
const again: Readonly<Record<Session['kind'], string>> = {
  call: 'they can call again.',
  relay: 'the credential stays good until it ends or is revoked.',
};

/** Ends a running session, after saying whom it cuts off. */
export function EndSession({ session }: { readonly session: Session }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const toast = useToast();
  const [isAsking, setAsking] = useState(false);
  const end = useMutation(
    trpc.sessions.update.mutationOptions({
      onSuccess: () => setAsking(false),
      onError: (error) => toast({ tone: 'fail', title: 'It still runs.', detail: problemOf(error).detail }),
    }),
  );
  return (
    <>
      <Button variant="danger" onClick={() => setAsking(true)}>
        <PhoneOff aria-hidden />
        End session
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setAsking}
        title="End this session?"
        verb="End it"
        isPending={end.isPending}
        onConfirm={() => end.mutate({ accountId, sessionId: session.id, state: 'ended' })}
      >
        <p>
          {participantNames(session)} will be cut off at once and told why. The use so far stays metered. This
          cannot be undone; {again[session.kind]}
        </p>
      </ConfirmDialog>
    </>
  );
}
