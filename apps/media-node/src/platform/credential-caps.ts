import { least } from '@patchbay/domain/fleet/credential-caps';
import type { CredentialCaps } from '@patchbay/domain/fleet/internal-api';
import type { Effective, EffectiveLimit } from '@patchbay/protocol/credential/effective';
import type { HeldPolicy } from './credential-policy.ts';

/** A quarter of a second at the full rate passes at once, and one large datagram at least. */
const burstBytesOf = (bitsPerSecond: number) => Math.max(1_500, Math.floor(bitsPerSecond / 32));

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
