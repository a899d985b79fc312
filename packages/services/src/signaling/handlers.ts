import { regionsInBoth, regionsText } from '@patchbay/domain/policy/serving-regions';
import type { Handlers } from '@patchbay/kit/definition';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { bearerToken, credentialIdOf } from '@patchbay/protocol/credential/credential';
import type { CredentialLimits } from '@patchbay/protocol/credential/limits';
import { lifetimeSecondsOf, mintedFor, requestedCaveats } from '../credential-request.ts';
import type { signaling } from './definition.ts';
import type { SignalingPorts } from './ports.ts';

export const handlers: Handlers<typeof signaling, SignalingPorts> = {
  async createToken(context, request, { minting, placement }) {
    const { entity, config, nowMs, audit } = context;
    const { accountId } = entity;
    const ttlSeconds = lifetimeSecondsOf(request.ttlSeconds, config.tokenTtlSecondsMax, (detail) =>
      context.error('signaling.ttl_too_long', detail),
    );
    const regions = regionsInBoth(context.regions, request.regions);
    const signalUrl = await placement.signalUrl({ accountId, regions });
    if (signalUrl === undefined)
      throw context.error('signaling.no_node', `No signaling node${regionsText(regions)} is in service.`);
    const mintedAtMs = nowMs();
    const expiresAtMs = mintedAtMs + ttlSeconds * 1000;
    const caveats: Restriction[] = [
      { type: 'account', accountId },
      // The relay is part of a call: the same token opens both.
      { type: 'services', services: ['signaling', 'network-discovery'] },
      ...requestedCaveats(
        // The endpoint's application, where the request names none.
        { ...inEachSession(request), applicationId: entity.applicationId, ttlSeconds },
        mintedAtMs,
      ),
      ...(config.sessionSecondsMax === undefined
        ? []
        : [{ type: 'seconds', max: config.sessionSecondsMax, counts: 'session' } as const]),
    ];
    const credential = await mintedFor(minting, { accountId, caveats }, (detail) =>
      context.error('signaling.no_key', detail),
    );
    const expiresAt = new Date(expiresAtMs).toISOString();
    audit({ target: credentialIdOf(credential.username), after: { ...request, expiresAt } });
    return { token: bearerToken(credential), signalUrl, expiresAt };
  },
};

/** Its limits count in each session where nothing else is said: a token is made for several calls. */
function inEachSession(request: CredentialLimits): CredentialLimits {
  const { secondsMax, bytesMax } = request;
  if ((secondsMax ?? bytesMax) === undefined) return request;
  return { ...request, limitScope: request.limitScope ?? 'session' };
}
