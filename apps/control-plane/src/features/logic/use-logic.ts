'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';

/** Whose calls: of one endpoint, of those of an application, or of all that have no logic of their own. */
export type LogicScope =
  | { readonly kind: 'account' }
  | { readonly kind: 'application'; readonly applicationId: string }
  | { readonly kind: 'endpoint'; readonly endpointId: string };

/** Where the logic of a place is fetched, and what changes it. Undefined while it loads. */
export function useLogic(scope: LogicScope) {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const client = useQueryClient();
  const { kind, ...place } = scope;
  const asked = kind === 'account' ? { place: kind } : place;
  const found = useQuery(trpc.logic.list.queryOptions({ accountId, ...asked }));
  // A place has one at most.
  const own = found.data?.items[0];
  const refresh = () => client.invalidateQueries(trpc.logic.list.queryFilter({ accountId }));
  const set = useMutation(trpc.logic.set.mutationOptions({ onSuccess: refresh }));
  const remove = useMutation(
    trpc.logic.remove.mutationOptions({ onSuccess: refresh, onError: useRefusalToast() }),
  );
  return { accountId, place, found, own, set, remove };
}

export type LogicAddress = NonNullable<ReturnType<typeof useLogic>['own']>;
