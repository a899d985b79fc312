import type { Handlers } from '@patchbay/kit/definition';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { bearerToken } from '@patchbay/protocol/credential/credential';
import { LIFETIME_SECONDS_DEFAULT } from '@patchbay/protocol/credential/lifetime';
import { CredentialError } from '@patchbay/protocol/credential/refusal';
import type { signaling } from './definition.ts';
import type { SignalingPorts } from './ports.ts';

export const handlers: Handlers<typeof signaling, SignalingPorts> = {
  async createToken(context, request, { minting, placement }) {
    const { entity, config, nowMs, audit } = context;
    const { accountId } = entity;
    const ttlSeconds = request.ttlSeconds ?? Math.min(LIFETIME_SECONDS_DEFAULT, config.tokenTtlSecondsMax);
    if (ttlSeconds > config.tokenTtlSecondsMax) {
      throw context.error(
        'signaling.ttl_too_long',
        `At most ${config.tokenTtlSecondsMax} seconds are allowed here, not ${ttlSeconds}.`,
      );
    }
    const signalUrl = await placement.signalUrl({ accountId });
    if (signalUrl === undefined) throw context.error('signaling.no_node', 'No signaling node is in service.');
    const expiresAtMs = nowMs() + ttlSeconds * 1000;
    const seconds = Math.min(request.secondsMax ?? Infinity, config.sessionSecondsMax ?? Infinity);
    const caveats: Restriction[] = [
      { type: 'account', accountId },
      { type: 'notAfter', atMs: expiresAtMs },
      { type: 'identity', identity: request.identity },
      // The relay is part of a call: the same token opens both.
      { type: 'services', services: ['signaling', 'network-discovery'] },
      // The endpoint's, where the request names none.
      ...(entity.applicationId
        ? [{ type: 'application', applicationId: entity.applicationId } as const]
        : []),
      ...(request.instanceType
        ? [{ type: 'instanceType', instanceType: request.instanceType } as const]
        : []),
      ...(Number.isFinite(seconds) ? [{ type: 'seconds', max: seconds, counts: 'session' } as const] : []),
      ...(request.bytesMax ? [{ type: 'bytes', max: request.bytesMax, counts: 'session' } as const] : []),
    ];
    const credential = await minting.mint({ accountId, caveats }).catch((error: unknown) => {
      if (error instanceof CredentialError) throw context.error('request.invalid', error.message);
      throw error;
    });
    if (credential === undefined) {
      throw context.error(
        'signaling.no_key',
        'Neither this account nor one above it has a key to mint with.',
      );
    }
    const expiresAt = new Date(expiresAtMs).toISOString();
    audit({ target: credential.username, after: { ...request, expiresAt } });
    return { token: bearerToken(credential), signalUrl, expiresAt };
  },
};
