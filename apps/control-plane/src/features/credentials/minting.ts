import type { ServiceKey } from '@patchbay/faces/mounted';
import type { OperationDefinition } from '@patchbay/kit/definition';
import { services } from '@patchbay/services/registry.generated';
import type { z } from 'zod';
import { serviceKeys } from '../../trpc/service-client.ts';

export interface MintingOperation {
  readonly service: ServiceKey;
  readonly operation: string;
  /** As in a list of what can be minted. */
  readonly title: string;
  readonly summary: string;
  readonly request: z.ZodObject;
  readonly response: z.ZodObject;
  /** A request that works as it stands. */
  readonly example: Readonly<Record<string, unknown>>;
}

const samples: Readonly<Record<string, unknown>> = { identity: 'bob', ttlSeconds: 600 };

/** The operations of a service that answer a credential for it. */
export function mintingOf(service: ServiceKey): readonly MintingOperation[] {
  const { title, operations } = services[service];
  const declared: Readonly<Record<string, OperationDefinition>> = operations;
  return Object.entries(declared)
    .filter(([, { isMinting }]) => isMinting === true)
    .map(([operation, { summary, request, response }]) => ({
      service,
      operation,
      title,
      summary,
      request,
      response,
      example: Object.fromEntries(Object.entries(samples).filter(([name]) => name in request.shape)),
    }));
}

/** Everything that can be minted, in the order of the registry. */
export const mintings: readonly MintingOperation[] = serviceKeys.flatMap(mintingOf);
