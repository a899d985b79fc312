import type { domainHandlerLoaders } from '@patchbay/domain/handlers.generated';
import { domains } from '@patchbay/domain/registry.generated';
import {
  type DomainDefinition,
  type OperationDefinition,
  resourcePath,
  type ServiceDefinition,
  servicePath,
} from '@patchbay/kit/definition';
import { type ErrorDefinition, type PlatformErrorCode, platformErrors } from '@patchbay/kit/errors';
import { kebabCase } from '@patchbay/kit/name-case';
import { serviceResources } from '@patchbay/kit/service-resources';
import { services } from '@patchbay/services/registry.generated';

export type ServiceKey = keyof typeof services;
/** Of a domain that is served: one may only say what is counted. */
export type DomainKey = keyof typeof domainHandlerLoaders;

export type Owner =
  | {
      readonly kind: 'service';
      readonly key: ServiceKey;
      readonly definition: ServiceDefinition;
      readonly isDerived: boolean;
    }
  | { readonly kind: 'domain'; readonly key: DomainKey; readonly definition: DomainDefinition };

/** One declared operation, with all that a face needs to serve it. */
export interface MountedOperation {
  readonly owner: Owner;
  /** The property under which router and SDK show it, as `networkDiscovery` or `accounts`. */
  readonly group: string;
  readonly name: string;
  /** The first half of its scope: the service's or resource's name in kebab-case. */
  readonly scopeName: string;
  readonly title: string;
  readonly operation: OperationDefinition;
  readonly path: `/${string}`;
  readonly mount: 'account' | 'platform';
  readonly authentication: 'principal' | 'user' | 'none';
}

function ofServices(): MountedOperation[] {
  const all = Object.entries(services) as [ServiceKey, ServiceDefinition][];
  return all.flatMap(([key, definition]) => {
    const mount =
      (isDerived: boolean) =>
      ([name, operation]: [string, OperationDefinition]): MountedOperation => ({
        owner: { kind: 'service', key, definition, isDerived },
        group: key,
        name,
        scopeName: definition.name,
        title: definition.title,
        operation,
        path: servicePath(definition.name, operation),
        mount: 'account',
        authentication: 'principal',
      });
    return [
      ...Object.entries(definition.operations).map(mount(false)),
      ...Object.entries(serviceResources(definition)).map(mount(true)),
    ];
  });
}

function ofDomains(): MountedOperation[] {
  const all = Object.entries(domains) as [DomainKey, DomainDefinition][];
  return all.flatMap(([key, definition]) =>
    Object.entries(definition.resources).flatMap(([group, resource]) =>
      Object.entries(resource.operations).map(
        ([name, operation]): MountedOperation => ({
          owner: { kind: 'domain', key, definition },
          group,
          name,
          scopeName: kebabCase(group),
          title: resource.title,
          operation,
          path: resourcePath(resource, operation),
          mount: resource.mount,
          authentication: resource.authentication ?? 'principal',
        }),
      ),
    ),
  );
}

/** Everything the platform serves, in the order in which a router is to try it. */
export const mountedOperations: readonly MountedOperation[] = [...ofDomains(), ...ofServices()];

/** What people do with what is theirs alone: no key, no role and no account has a part in it. */
export const isOfOneself = ({ mount, authentication }: MountedOperation): boolean =>
  mount === 'platform' && authentication === 'user';

/** A code is the owner's own, `<name>.<reason>`, or one of the platform's. The compiler allows no third kind. */
export function errorDefinitionOf({ definition }: Owner, code: string): ErrorDefinition {
  const own = code.startsWith(`${definition.name}.`)
    ? definition.errors[code.slice(definition.name.length + 1)]
    : undefined;
  return own ?? platformErrors[code as PlatformErrorCode];
}

/** Every error code there is, with what its page says. */
export function allErrors(): Readonly<Record<string, ErrorDefinition>> {
  const definitions: (ServiceDefinition | DomainDefinition)[] = [
    ...Object.values(services),
    ...Object.values(domains),
  ];
  const own = definitions.flatMap(({ name, errors }) =>
    Object.entries(errors as Readonly<Record<string, ErrorDefinition>>).map(([reason, error]) => [
      `${name}.${reason}`,
      error,
    ]),
  );
  return { ...platformErrors, ...Object.fromEntries(own) };
}
