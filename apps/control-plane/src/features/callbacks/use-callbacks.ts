'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getUntypedClient } from '@trpc/client';
import { z } from 'zod';
import { useTRPCClient } from '../../trpc/client.ts';
import { serviceKeys } from '../../trpc/service-client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { useRights } from '../shell/use-may.ts';

const answer = z.object({
  callbacks: z.array(
    z.object({
      webhookId: z.string(),
      url: z.string(),
      fallbackUrl: z.string().optional(),
      events: z.array(z.string()),
      secret: z.string().optional(),
    }),
  ),
});

/** Whose callbacks: the account's own hear of all that a service tells of in it, the others of what the entity has a part in. */
export type CallbackScope =
  | { readonly kind: 'account' }
  | { readonly kind: 'application'; readonly applicationId: string }
  | { readonly kind: 'instanceType'; readonly applicationId: string; readonly instanceType: string }
  | { readonly kind: 'endpoint'; readonly endpointId: string };

export type SetCallback = z.output<typeof answer>['callbacks'][number] & {
  readonly service: ServiceKey;
  readonly level: CallbackScope['kind'];
};
export type NewCallback = Pick<SetCallback, 'service' | 'url' | 'fallbackUrl' | 'events'>;

/** Services that tell of something, in the order of the registry. */
export const tellingServices = serviceKeys.filter((key) => Object.keys(services[key].events).length > 0);

const infixes = {
  account: '',
  application: 'Application',
  instanceType: 'InstanceType',
  endpoint: 'Endpoint',
} as const;

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
  const client = getUntypedClient(useTRPCClient());
  const onError = useRefusalToast();
  const query = useQuery({
    queryKey: ['callbacks', accountId, scope, of],
    queryFn: async () => {
      const ofEach = levelsOf(scope).flatMap(({ kind, ...entity }) =>
        of.map(async (service): Promise<readonly SetCallback[]> => {
          const operation = `${service}.get${infixes[kind]}Callbacks`;
          const read = answer.parse(await client.query(operation, { accountId, ...entity }));
          return read.callbacks.map((callback) => ({ ...callback, service, level: kind }));
        }),
      );
      return (await Promise.all(ofEach)).flat();
    },
  });
  // What is set of one service is set as a whole.
  const put = async (service: ServiceKey, wanted: readonly NewCallback[]) => {
    const { kind, ...entity } = scope;
    const callbacks = wanted.map(({ url, fallbackUrl, events }) => ({ url, fallbackUrl, events }));
    const operation = `${service}.put${infixes[kind]}Callbacks`;
    return answer.parse(await client.mutation(operation, { accountId, ...entity, callbacks })).callbacks;
  };
  const others = (than: NewCallback) =>
    (query.data ?? []).filter(
      ({ service, url, level }) => level === scope.kind && service === than.service && url !== than.url,
    );
  const add = useMutation({ mutationFn: (made: NewCallback) => put(made.service, [...others(made), made]) });
  const remove = useMutation({
    mutationFn: (gone: SetCallback) => put(gone.service, others(gone)),
    onError,
  });
  const rights = useRights();
  return {
    callbacks: query.data,
    /** Those whose callbacks whoever looks may change here. */
    changeable: of.filter((service) => rights(`${service}.put${infixes[scope.kind]}Callbacks`) === true),
    error: query.error,
    retry: () => void query.refetch(),
    add,
    remove: (callback: SetCallback) => remove.mutate(callback),
  };
}
