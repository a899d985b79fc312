import type { Handlers } from '@patchbay/kit/definition';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { LIFETIME_SECONDS_DEFAULT } from '@patchbay/protocol/credential/lifetime';
import { CredentialError } from '@patchbay/protocol/credential/refusal';
import type { BandwidthClass } from '@patchbay/protocol/turn/bandwidth-class';
import type { networkDiscovery } from './definition.ts';
import type { NetworkDiscoveryPorts } from './ports.ts';

export const handlers: Handlers<typeof networkDiscovery, NetworkDiscoveryPorts> = {
  async createIceServers(context, request, { minting, placement }) {
    const { entity, config, nowMs, audit } = context;
    const ttlSeconds =
      request.ttlSeconds ?? Math.min(LIFETIME_SECONDS_DEFAULT, config.credentialTtlSecondsMax);
    if (ttlSeconds > config.credentialTtlSecondsMax) {
      throw context.error(
        'network-discovery.ttl_too_long',
        `At most ${config.credentialTtlSecondsMax} seconds are allowed here, not ${ttlSeconds}.`,
      );
    }
    const urls = await placement.relayUrls({ accountId: entity.accountId });
    if (urls.length === 0) throw context.error('network-discovery.no_relay', 'No relay is in service.');
    const expiresAtMs = nowMs() + ttlSeconds * 1000;
    const caveats = caveatsOf(
      { ...request, applicationId: entity.applicationId },
      { accountId: entity.accountId, expiresAtMs, config },
    );
    const credential = await minting
      .mint({ accountId: entity.accountId, caveats })
      .catch((error: unknown) => {
        if (error instanceof CredentialError) throw context.error('request.invalid', error.message);
        throw error;
      });
    if (credential === undefined) {
      throw context.error(
        'network-discovery.no_key',
        'Neither this account nor one above it has a key to mint with.',
      );
    }
    const { username, password } = credential;
    audit({ target: username, after: { ...request, expiresAt: new Date(expiresAtMs).toISOString() } });
    return {
      iceServers: [{ urls: [...urls], username, credential: password }],
      expiresAt: new Date(expiresAtMs).toISOString(),
    };
  },
};

interface Request {
  readonly identity?: string | undefined;
  readonly applicationId?: string | undefined;
  readonly instanceType?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly usesMax?: number | undefined;
  readonly secondsMax?: number | undefined;
  readonly bytesMax?: number | undefined;
  readonly bandwidthClass?: BandwidthClass | undefined;
  readonly bitsPerSecondMax?: number | undefined;
  readonly burstBytes?: number | undefined;
  readonly peerCidrs?: readonly string[] | undefined;
}

interface Frame {
  readonly accountId: string;
  readonly expiresAtMs: number;
  readonly config: { readonly bitsPerSecondMax?: number | undefined };
}

/** What a request asks for, as caveats. Limits of this operation count in total: the credential is made for one use. */
function caveatsOf(request: Request, { accountId, expiresAtMs, config }: Frame): readonly Restriction[] {
  const { identity, applicationId, instanceType, sessionId, usesMax, secondsMax, bytesMax, peerCidrs } =
    request;
  const { bandwidthClass } = request;
  const caveats: Restriction[] = [
    { type: 'account', accountId },
    { type: 'notAfter', atMs: expiresAtMs },
    { type: 'services', services: ['network-discovery'] },
  ];
  if (identity !== undefined) caveats.push({ type: 'identity', identity });
  if (applicationId !== undefined) caveats.push({ type: 'application', applicationId });
  if (instanceType !== undefined) caveats.push({ type: 'instanceType', instanceType });
  if (sessionId !== undefined) caveats.push({ type: 'session', session: sessionId });
  if (usesMax !== undefined) caveats.push({ type: 'uses', max: usesMax });
  if (secondsMax !== undefined) caveats.push({ type: 'seconds', max: secondsMax, counts: 'total' });
  if (bytesMax !== undefined) caveats.push({ type: 'bytes', max: bytesMax, counts: 'total' });
  if (peerCidrs !== undefined) caveats.push({ type: 'peerCidrs', cidrs: peerCidrs });
  if (bandwidthClass !== undefined) caveats.push({ type: 'bandwidthClass', bandwidthClass });
  const bitsPerSecond = Math.min(request.bitsPerSecondMax ?? Infinity, config.bitsPerSecondMax ?? Infinity);
  if (Number.isFinite(bitsPerSecond)) {
    // A quarter of a second at the full rate, unless the request says more or less.
    const burstBytes = request.burstBytes ?? Math.max(1_500, Math.floor(bitsPerSecond / 32));
    caveats.push({ type: 'bitRate', bitsPerSecond, burstBytes });
  }
  return caveats;
}
