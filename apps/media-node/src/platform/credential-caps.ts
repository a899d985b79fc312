import type { CapsByService, CredentialCaps } from '@patchbay/domain/fleet/internal-api';
import type { Effective, EffectiveLimit } from '@patchbay/protocol/credential/effective';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import type { HeldPolicy } from './credential-policy.ts';

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

/** The narrower of what a credential says, what the configuration of its entity allows, and what policies do. */
export function cappedBy(
  caps: CredentialCaps | undefined,
  { effective, policy = {} }: { readonly effective: Effective; readonly policy?: Partial<HeldPolicy> },
): Effective {
  const bitsPerSecondMax = least(caps?.bitsPerSecondMax, policy.bitsPerSecondMax);
  const sessionSecondsMax = least(caps?.sessionSecondsMax, policy.sessionSecondsMax);
  const { burstBytesMax } = policy;
  return {
    ...effective,
    ...(bitsPerSecondMax === undefined
      ? {}
      : { bitRate: cappedRate({ bitsPerSecondMax, burstBytesMax }, effective) }),
    ...(sessionSecondsMax === undefined ? {} : { limits: withSeconds(sessionSecondsMax, effective) }),
  };
}

/**
 * What is allowed to somebody whose endpoint has settings of its own: of each cap the narrower. Theirs have the levels of
 * their account in them; those of an application stand beside them, and which of the two is named first is no matter.
 */
export function narrowerCaps(caps: CapsByService, ofEndpoint: CapsByService | undefined): CapsByService {
  const services = [...new Set([...Object.keys(caps), ...Object.keys(ofEndpoint ?? {})])];
  return Object.fromEntries(
    services.map((service) => [service, narrowerOf(caps[service], ofEndpoint?.[service])]),
  );
}

function narrowerOf(left: CredentialCaps | undefined, right: CredentialCaps | undefined): CredentialCaps {
  const bitsPerSecondMax = least(left?.bitsPerSecondMax, right?.bitsPerSecondMax);
  const sessionSecondsMax = least(left?.sessionSecondsMax, right?.sessionSecondsMax);
  return {
    lifetimeSecondsMax: least(left?.lifetimeSecondsMax, right?.lifetimeSecondsMax) ?? LIFETIME_SECONDS_MAX,
    ...(bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax }),
    ...(sessionSecondsMax === undefined ? {} : { sessionSecondsMax }),
    isRelayOnly: left?.isRelayOnly === true || right?.isRelayOnly === true,
  };
}

const least = (...numbers: readonly (number | undefined)[]): number | undefined => {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

function cappedRate(
  { bitsPerSecondMax, burstBytesMax = Number.POSITIVE_INFINITY }: CappedRate,
  { bitRate }: Effective,
): NonNullable<Effective['bitRate']> {
  if (bitRate !== undefined && bitRate.bitsPerSecond <= bitsPerSecondMax)
    return { ...bitRate, burstBytes: Math.min(bitRate.burstBytes, burstBytesMax) };
  const burstBytes = Math.min(
    bitRate?.burstBytes ?? Number.POSITIVE_INFINITY,
    burstBytesOf(bitsPerSecondMax),
    burstBytesMax,
  );
  return { bitsPerSecond: bitsPerSecondMax, burstBytes };
}

interface CappedRate {
  readonly bitsPerSecondMax: number;
  readonly burstBytesMax?: number | undefined;
}

function withSeconds(max: number, { limits, prefixIds, keyId }: Effective): readonly EffectiveLimit[] {
  const prefixId = prefixIds[0] ?? keyId;
  return [...limits, { prefixId, kind: 'seconds', max, counts: 'session', outcome: 'end', isOfPolicy: true }];
}
