import type { CapsByService, CredentialCaps } from '@patchbay/domain/fleet/internal-api';
import type { Effective, EffectiveLimit } from '@patchbay/protocol/credential/effective';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';

/** A quarter of a second at the full rate passes at once, and one large datagram at least. */
const burstBytesOf = (bitsPerSecond: number) => Math.max(1_500, Math.floor(bitsPerSecond / 32));

/**
 * How long a credential may live. One that is for a session was handed out by signaling, which held it to its own maximum
 * and ends with the session what it is used for.
 */
export function lifetimeSecondsMaxOf(caps: CapsByService, { session }: Effective, service: string): number {
  const judge = session === undefined ? service : 'signaling';
  return caps[judge]?.lifetimeSecondsMax ?? LIFETIME_SECONDS_MAX;
}

/** The narrower of what a credential says and what the configuration of its entity allows. */
export function cappedBy(caps: CredentialCaps | undefined, effective: Effective): Effective {
  const { bitsPerSecondMax, sessionSecondsMax } = caps ?? {};
  return {
    ...effective,
    ...(bitsPerSecondMax === undefined ? {} : { bitRate: cappedRate(bitsPerSecondMax, effective) }),
    ...(sessionSecondsMax === undefined ? {} : { limits: withSeconds(sessionSecondsMax, effective) }),
  };
}

function cappedRate(bitsPerSecondMax: number, { bitRate }: Effective): NonNullable<Effective['bitRate']> {
  if (bitRate !== undefined && bitRate.bitsPerSecond <= bitsPerSecondMax) return bitRate;
  const burstBytes = Math.min(
    bitRate?.burstBytes ?? Number.POSITIVE_INFINITY,
    burstBytesOf(bitsPerSecondMax),
  );
  return { bitsPerSecond: bitsPerSecondMax, burstBytes };
}

function withSeconds(max: number, { limits, prefixIds, keyId }: Effective): readonly EffectiveLimit[] {
  const prefixId = prefixIds[0] ?? keyId;
  return [...limits, { prefixId, kind: 'seconds', max, counts: 'session', outcome: 'end' }];
}
