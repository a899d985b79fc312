'use client';

import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '../../../trpc/client.ts';
import { problemOf } from '../../problem/problem.ts';
import { useAccountId } from '../../shell/account.ts';

/** Orders about one session. What its node answers is shown at once; the rest of the page reads again by itself. */
export function useSessionControl(sessionId: string) {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const toast = useToast();
  const queryKey = trpc.sessions.get.queryKey({ accountId, sessionId });
  const onError = (error: unknown) =>
    toast({ tone: 'fail', title: 'Nothing was changed.', detail: problemOf(error).detail });
  const readAgain = () => queries.invalidateQueries({ queryKey });
  const update = useMutation(
    trpc.sessions.update.mutationOptions({
      onSuccess: (session) => queries.setQueryData(queryKey, session),
      onError,
    }),
  );
  const updateLeg = useMutation(
    trpc.sessions.updateLeg.mutationOptions({
      onSuccess: (changed) =>
        queries.setQueryData(queryKey, (session) =>
          session === undefined
            ? undefined
            : {
                ...session,
                legs: session.legs.map((leg) => (leg.id === changed.id ? changed : leg)),
              },
        ),
      onError,
    }),
  );
  const removeLeg = useMutation(trpc.sessions.removeLeg.mutationOptions({ onSuccess: readAgain, onError }));
  return { accountId, update, updateLeg, removeLeg };
}
