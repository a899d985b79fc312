import { domains } from '@patchbay/domain/registry.generated';
import { services } from '@patchbay/services/registry.generated';

/** The names of all events that an account can be told of, as whoever declares them says (HKS-2). */
export const eventTypes: readonly string[] = [...Object.values(services), ...Object.values(domains)]
  .flatMap(({ name, events }) => Object.keys(events).map((event) => `${name}.${event}`))
  .sort();
