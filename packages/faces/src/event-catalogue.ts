import { domains } from '@patchbay/domain/registry.generated';
import { services } from '@patchbay/services/registry.generated';
import type { z } from 'zod';

const declared: ReadonlyMap<string, z.ZodType> = new Map(
  [...Object.values(services), ...Object.values(domains)]
    .flatMap(({ name, events }) =>
      Object.entries<z.ZodType>(events).map(([event, payload]) => [`${name}.${event}`, payload] as const),
    )
    .sort(([one], [other]) => (one < other ? -1 : 1)),
);

/** The names of all events that an account can be told of, as whoever declares them says (HKS-2). */
export const eventTypes: readonly string[] = [...declared.keys()];

/** What an event says; undefined where nobody declares it. */
export const declaredPayloadOf = (type: string): z.ZodType | undefined => declared.get(type);
