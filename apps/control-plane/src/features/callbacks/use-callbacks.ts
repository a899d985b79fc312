'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { type AnsweredCallback, type CallbackScope, useCallbackCalls } from './callback-calls.ts';

export type SetCallback = AnsweredCallback & {
  readonly service: ServiceKey;
  readonly level: CallbackScope['kind'];
};
export type NewCallback = Pick<SetCallback, 'service' | 'url' | 'fallbackUrl' | 'events'>;

/** Itself, and those above it that hear of the same. */
function levelsOf(scope: CallbackScope): readonly CallbackScope[] {
  switch (scope.kind) {
    case 'account':
      return [scope];
    case 'application':
    case 'endpoint':
      return [scope, { kind: 'account' }];
    case 'instanceType': {
      const { applicationId } = scope;
      return [scope, { kind: 'application', applicationId }, { kind: 'account' }];
    }
  }
}

/** The callbacks of an entity, of these services, and those above it that hear of the same. */
export function useCallbacks(scope: CallbackScope, of: readonly ServiceKey[]) {
  const accountId = useAccountId();
  const { read, put, mayPut } = useCallbackCalls();
  const onError = useRefusalToast();
  const query = useQuery({
    queryKey: ['callbacks', accountId, scope, of],
    queryFn: async () => {
      const ofEach = levelsOf(scope).flatMap((level) =>
        of.map(async (service): Promise<readonly SetCallback[]> => {
          const callbacks = await read(service, level);
          return callbacks.map((callback) => ({ ...callback, service, level: level.kind }));
        }),
      );
      return (await Promise.all(ofEach)).flat();
    },
  });
  const others = (than: NewCallback) =>
    (query.data ?? []).filter(
      ({ service, url, level }) => level === scope.kind && service === than.service && url !== than.url,
    );
  const add = useMutation({
    mutationFn: (made: NewCallback) => put(made.service, scope, [...others(made), made]),
  });
  const remove = useMutation({
    mutationFn: (gone: SetCallback) => put(gone.service, scope, others(gone)),
    onError,
  });
  return {
    callbacks: query.data,
    /** Those whose callbacks whoever looks may change here. */
    changeable: of.filter((service) => mayPut(service, scope.kind)),
    error: query.error,
    retry: () => void query.refetch(),
    add,
    remove: (callback: SetCallback) => remove.mutate(callback),
  };
}
