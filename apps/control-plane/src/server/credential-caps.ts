import type { CredentialCaps } from '@patchbay/domain/fleet/internal-api';
import { networkDiscovery } from '@patchbay/services/network-discovery/definition';
import { signaling } from '@patchbay/services/signaling/definition';

/**
 * What the configuration of an account means for credentials that were minted offline: the same as for those that the API
 * mints. What was not set has the default of the service's schema.
 */
export function credentialCapsOf(configs: Readonly<Record<string, unknown>>): Record<string, CredentialCaps> {
  const relaying = networkDiscovery.config.parse(configs[networkDiscovery.name] ?? {});
  const calling = signaling.config.parse(configs[signaling.name] ?? {});
  return {
    [networkDiscovery.name]: {
      lifetimeSecondsMax: relaying.credentialTtlSecondsMax,
      ...(relaying.bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax: relaying.bitsPerSecondMax }),
    },
    [signaling.name]: {
      lifetimeSecondsMax: calling.tokenTtlSecondsMax,
      ...(calling.sessionSecondsMax === undefined ? {} : { sessionSecondsMax: calling.sessionSecondsMax }),
      isRelayOnly: calling.mode === 'relay',
    },
  };
}
