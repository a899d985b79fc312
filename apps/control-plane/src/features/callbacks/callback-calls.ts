'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { getUntypedClient } from '@trpc/client';
import { z } from 'zod';
import { useTRPCClient } from '../../trpc/client.ts';
import { unlessChanged } from '../../trpc/if-match.ts';
import { serviceKeys } from '../../trpc/service-client.ts';
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

export type AnsweredCallback = z.output<typeof answer>['callbacks'][number];
export interface WantedCallback {
  readonly url: string;
  readonly fallbackUrl?: string | undefined;
  readonly events: readonly string[];
}

/** Services that tell of something, in the order of the registry. */
export const tellingServices = serviceKeys.filter((key) => Object.keys(services[key].events).length > 0);

const infixes = {
  account: '',
  application: 'Application',
  instanceType: 'InstanceType',
  endpoint: 'Endpoint',
} as const;

/** The calls that read and set the callbacks of one service at one place: every service has them, known by their names alone. */
export function useCallbackCalls() {
  const accountId = useAccountId();
  const client = getUntypedClient(useTRPCClient());
  const rights = useRights();
  return {
    read: async (service: ServiceKey, { kind, ...entity }: CallbackScope) => {
      const operation = `${service}.get${infixes[kind]}Callbacks`;
      return answer.parse(await client.query(operation, { accountId, ...entity })).callbacks;
    },
    /** What is set of one service is set as a whole. */
    put: async (
      service: ServiceKey,
      { kind, ...entity }: CallbackScope,
      wanted: readonly WantedCallback[],
    ) => {
      const callbacks = wanted.map(({ url, fallbackUrl, events }) => ({ url, fallbackUrl, events }));
      const operation = `${service}.put${infixes[kind]}Callbacks`;
      return answer.parse(await client.mutation(operation, { accountId, ...entity, callbacks })).callbacks;
    },
    /** Sets what follows from what stands there, or nothing where somebody sets it at the same time. */
    alter: async (
      service: ServiceKey,
      { kind, ...entity }: CallbackScope,
      change: (there: readonly AnsweredCallback[]) => readonly WantedCallback[],
    ) => {
      const place = { accountId, ...entity };
      const seen = await client.query(`${service}.get${infixes[kind]}Callbacks`, place);
      const there = answer.parse(seen);
      const callbacks = change(there.callbacks).map(({ url, fallbackUrl, events }) => ({
        url,
        fallbackUrl,
        events,
      }));
      await client.mutation(
        `${service}.put${infixes[kind]}Callbacks`,
        { ...place, callbacks },
        unlessChanged(Object(seen)).trpc,
      );
    },
    /** Whether whoever looks may set them at places of this kind. */
    mayPut: (service: ServiceKey, kind: CallbackScope['kind']) =>
      rights(`${service}.put${infixes[kind]}Callbacks`) === true,
  };
}
