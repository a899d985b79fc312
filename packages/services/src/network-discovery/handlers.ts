import { regionsInBoth, regionsText } from '@patchbay/domain/policy/serving-regions';
import type { Handlers } from '@patchbay/kit/definition';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { credentialIdOf } from '@patchbay/protocol/credential/credential';
import type { CredentialLimits } from '@patchbay/protocol/credential/limits';
import { lifetimeSecondsOf, mintedFor, requestedCaveats } from '../credential-request.ts';
import type { networkDiscovery } from './definition.ts';
import type { NetworkDiscoveryPorts } from './ports.ts';

export const handlers: Handlers<typeof networkDiscovery, NetworkDiscoveryPorts> = {
  async createIceServers(context, request, { minting, placement }) {
    const { entity, config, nowMs, audit } = context;
    const ttlSeconds = lifetimeSecondsOf(request.ttlSeconds, config.credentialTtlSecondsMax, (detail) =>
      context.error('network-discovery.ttl_too_long', detail),
    );
    // A relay elsewhere would refuse the credential.
    const regions = regionsInBoth(context.regions, request.regions);
    const urls = await placement.relayUrls({ accountId: entity.accountId, regions });
    if (urls.length === 0)
      throw context.error('network-discovery.no_relay', `No relay${regionsText(regions)} is in service.`);
    const mintedAtMs = nowMs();
    const expiresAtMs = mintedAtMs + ttlSeconds * 1000;
    const caveats = caveatsOf(
      { ...request, applicationId: entity.applicationId, ttlSeconds },
      { accountId: entity.accountId, nowMs: mintedAtMs, config },
    );
    const credential = await mintedFor(minting, { accountId: entity.accountId, caveats }, (detail) =>
      context.error('network-discovery.no_key', detail),
    );
    const { username, password } = credential;
    audit({
      target: credentialIdOf(username),
      after: { ...request, expiresAt: new Date(expiresAtMs).toISOString() },
    });
    return {
      iceServers: [{ urls: [...urls], username, credential: password }],
      expiresAt: new Date(expiresAtMs).toISOString(),
    };
  },
};

interface Frame {
  readonly accountId: string;
  readonly nowMs: number;
  readonly config: { readonly bitsPerSecondMax?: number | undefined };
}

/** What a request asks for, as caveats, within what is configured. */
function caveatsOf(request: CredentialLimits, { accountId, nowMs, config }: Frame): readonly Restriction[] {
  const bitsPerSecond = Math.min(request.bitsPerSecondMax ?? Infinity, config.bitsPerSecondMax ?? Infinity);
  const rate = Number.isFinite(bitsPerSecond)
    ? {
        bitsPerSecondMax: bitsPerSecond,
        // A quarter of a second at the full rate, unless the request says more or less.
        burstBytes: request.burstBytes ?? Math.max(1_500, Math.floor(bitsPerSecond / 32)),
      }
    : {};
  return [
    { type: 'account', accountId },
    { type: 'services', services: ['network-discovery'] },
    ...requestedCaveats({ ...request, ...rate }, nowMs),
  ];
}
