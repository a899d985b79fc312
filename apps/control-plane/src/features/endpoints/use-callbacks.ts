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

export type EndpointCallback = z.output<typeof answer>['callbacks'][number] & {
  readonly service: ServiceKey;
};
export type NewCallback = Pick<EndpointCallback, 'service' | 'url' | 'fallbackUrl' | 'events'>;

/** Services that tell of something, in the order of the registry. */
export const tellingServices = serviceKeys.filter((key) => Object.keys(services[key].events).length > 0);

/** The callbacks of an endpoint, of all services; what is set of one service is set as a whole. */
export function useCallbacks(endpointId: string) {
  const accountId = useAccountId();
  const client = getUntypedClient(useTRPCClient());
  const entity = { accountId, endpointId };
  const onError = useRefusalToast();
  const query = useQuery({
    queryKey: ['callbacks', accountId, endpointId],
    queryFn: async () => {
      const ofEach = tellingServices.map(async (service): Promise<readonly EndpointCallback[]> => {
        const read = answer.parse(await client.query(`${service}.getEndpointCallbacks`, entity));
        return read.callbacks.map((callback) => ({ ...callback, service }));
      });
      return (await Promise.all(ofEach)).flat();
    },
  });
  const put = async (service: ServiceKey, wanted: readonly NewCallback[]) => {
    const callbacks = wanted.map(({ url, fallbackUrl, events }) => ({ url, fallbackUrl, events }));
    return answer.parse(await client.mutation(`${service}.putEndpointCallbacks`, { ...entity, callbacks }))
      .callbacks;
  };
  const others = (of: NewCallback) =>
    (query.data ?? []).filter(({ service, url }) => service === of.service && url !== of.url);
  const add = useMutation({ mutationFn: (made: NewCallback) => put(made.service, [...others(made), made]) });
  const remove = useMutation({
    mutationFn: (gone: EndpointCallback) => put(gone.service, others(gone)),
    onError,
  });
  const rights = useRights();
  return {
    callbacks: query.data,
    /** Those whose callbacks whoever looks may change. */
    changeable: tellingServices.filter((service) => rights(`${service}.putEndpointCallbacks`) === true),
    error: query.error,
    retry: () => void query.refetch(),
    add,
    remove: (callback: EndpointCallback) => remove.mutate(callback),
  };
}
