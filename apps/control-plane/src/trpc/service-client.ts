'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { getUntypedClient } from '@trpc/client';
import { useTRPCClient } from './client.ts';

/**
 * Calls operations of a service that is known by its name alone: what every service has (API-2), and what a form made of
 * its definition asks for. Answers are unknown until the definition's own schema has read them.
 */
export function useServiceClient(service: ServiceKey) {
  const client = getUntypedClient(useTRPCClient());
  return {
    read: (operation: string, input: Readonly<Record<string, unknown>>, signal?: AbortSignal) =>
      client.query(`${service}.${operation}`, input, signal === undefined ? {} : { signal }),
    change: (operation: string, input: Readonly<Record<string, unknown>>) =>
      client.mutation(`${service}.${operation}`, input),
  };
}

/** Every service of the registry, in its order. */
export const serviceKeys = Object.keys(services) as ServiceKey[];

/** By the name in an address, such as `network-discovery`. */
export const serviceKeyOf = (name: string): ServiceKey | undefined =>
  serviceKeys.find((key) => services[key].name === name);
