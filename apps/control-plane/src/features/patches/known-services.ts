import type { PatchService } from '@patchbay/domain/hooks/patch-graph';
import type { CableEnd } from '@patchbay/domain/hooks/patch-layout';
import type { EventTaker } from '@patchbay/domain/hooks/service-target';
import { eventTakers } from '@patchbay/faces/event-takers';
import { services } from '@patchbay/services/registry.generated';
import { serviceKeys } from '../../trpc/service-client.ts';

/** Every service with what it tells of, in the order of the registry. */
export const patchServices: readonly PatchService[] = serviceKeys.map((key) => ({
  name: services[key].name,
  title: services[key].title,
  events: Object.keys(services[key].events),
}));

export const titleOfService = (name: string): string =>
  patchServices.find((service) => service.name === name)?.title ?? name;

/** Where a cable leads, as people say it: an operation by its service's title, an address by its host. */
export function targetWords({ box, port }: CableEnd): string {
  const [service = '', host] = box.split(' ');
  return host ?? `${titleOfService(service)}: ${port}`;
}

/** By the names of a service and of an operation of it. */
export const takerCalled = (service: string, operation: string): EventTaker | undefined =>
  eventTakers.find((taker) => taker.service === service && taker.operation === operation);

export { eventTakers };
