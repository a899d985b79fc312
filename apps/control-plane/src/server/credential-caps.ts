import type { ApplicationCaps, CapsByService, CredentialCaps } from '@patchbay/domain/fleet/internal-api';
import {
  type ConfiguredEntity,
  configLevels,
  type StoredConfig,
} from '@patchbay/domain/policy/config-levels';
import { configRulesOf, effectiveConfig } from '@patchbay/domain/policy/effective-config';
import type { ServiceDefinition } from '@patchbay/kit/definition';
import { conferencing } from '@patchbay/services/conferencing/definition';
import { networkDiscovery } from '@patchbay/services/network-discovery/definition';
import { notification } from '@patchbay/services/notification/definition';
import { signaling } from '@patchbay/services/signaling/definition';
import type { z } from 'zod';

/**
 * What the configuration of an entity means for credentials that were minted offline: the same as for those that the API
 * mints. `stored` is what is set along its chain.
 */
export function credentialCapsOf(entity: ConfiguredEntity, stored: readonly StoredConfig[]): CapsByService {
  const relaying = effectiveOf(networkDiscovery, entity, stored);
  const calling = effectiveOf(signaling, entity, stored);
  return {
    [networkDiscovery.name]: {
      lifetimeSecondsMax: relaying.credentialTtlSecondsMax,
      ...(relaying.bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax: relaying.bitsPerSecondMax }),
    },
    [signaling.name]: {
      lifetimeSecondsMax: calling.tokenTtlSecondsMax,
      ...(calling.sessionSecondsMax === undefined ? {} : { sessionSecondsMax: calling.sessionSecondsMax }),
      isRelayOnly: calling.mode === 'relay',
      ...ringingOf(calling),
    },
    [notification.name]: {
      lifetimeSecondsMax: effectiveOf(notification, entity, stored).tokenTtlSecondsMax,
    },
  };
}

/** Absent where nothing is said. */
function ringingOf({
  ringDevices: devices,
  ringStrategy: strategy,
  ringTurnSeconds: turnSeconds,
}: z.output<typeof signaling.config>): Pick<CredentialCaps, 'ringing'> {
  const ringing = {
    ...(devices === undefined ? {} : { devices }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(turnSeconds === undefined ? {} : { turnSeconds }),
  };
  return Object.keys(ringing).length === 0 ? {} : { ringing };
}

/** The most that an account may have in one room. */
export function participantCountMaxOf(
  account:
    | { readonly chain: readonly { readonly id: string }[]; readonly configs: readonly StoredConfig[] }
    | undefined,
): number {
  const chain = account?.chain.map(({ id }) => id) ?? [];
  return effectiveOf(conferencing, { chain }, account?.configs ?? []).participantCountMax;
}

interface Application {
  readonly chain: readonly string[];
  readonly applicationId: string;
  readonly instanceTypes: readonly string[];
}

/** The same for an application: as a whole, and for each of its instance types. */
export function applicationCapsOf(
  { chain, applicationId, instanceTypes }: Application,
  stored: readonly StoredConfig[],
): ApplicationCaps {
  const byType = instanceTypes.map((instanceType) => [
    instanceType,
    credentialCapsOf({ chain, applicationId, instanceType }, stored),
  ]);
  return {
    caps: credentialCapsOf({ chain, applicationId }, stored),
    capsByInstanceType: Object.fromEntries(byType),
  };
}

/** The same for each endpoint that has settings of its own, by its identifier: what its account says is in it. */
export function endpointCapsOf(
  chain: readonly string[],
  stored: readonly StoredConfig[],
  ofEndpoints: readonly (StoredConfig & { readonly identifier: string })[],
): Readonly<Record<string, CapsByService>> {
  const byIdentifier = Map.groupBy(ofEndpoints, ({ identifier }) => identifier);
  return Object.fromEntries(
    [...byIdentifier].map(([identifier, own]) => [
      identifier,
      credentialCapsOf({ chain, endpointId: own[0]?.endpointId }, [...stored, ...own]),
    ]),
  );
}

function effectiveOf<S extends ServiceDefinition>(
  service: S,
  entity: ConfiguredEntity,
  stored: readonly StoredConfig[],
): z.output<S['config']> {
  const levels = configLevels(entity, service.name, stored);
  return service.config.parse(effectiveConfig(levels, configRulesOf(service)).values) as z.output<
    S['config']
  >;
}
