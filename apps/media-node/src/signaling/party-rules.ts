import { featureName } from '@patchbay/kit/definition';
import type { SignalingRefusalCode } from '@patchbay/protocol/signaling/codes';
import type { Media } from '@patchbay/protocol/signaling/messages';
import { codecsIn, withCodecs } from '@patchbay/protocol/signaling/sdp-codecs';
import type { signaling } from '@patchbay/services/signaling/definition';
import type { SignalingLimits } from './principal.ts';

export interface CallRefusal {
  readonly refusal: SignalingRefusalCode;
  readonly detail?: string;
}

type Feature = keyof (typeof signaling)['features'];
type Limits = Pick<SignalingLimits, 'mediaKinds' | 'media' | 'features' | 'participants' | 'codecs'>;

/** The credential's own word comes first: a policy is asked of what it lets pass. */
export function mediaRefusal({ mediaKinds, media: byPolicy }: Limits, media: Media): CallRefusal | undefined {
  const kind = mediaKinds && kindOutside(mediaKinds, media);
  if (kind !== undefined)
    return { refusal: 'credential.media_not_allowed', detail: `Not permitted: ${kind}.` };
  if (byPolicy === undefined || kindOutside(byPolicy.kinds, media) === undefined) return undefined;
  return { refusal: 'policy.refused', detail: byPolicy.detail };
}

export const kindOutside = (kinds: readonly string[], media: Media) =>
  (['audio', 'video', 'screen'] as const).find((kind) => media[kind] && !kinds.includes(kind));

export function featureRefusal({ features }: Limits, feature: Feature): CallRefusal | undefined {
  if (features === undefined || features.allowed.includes(featureName('signaling', feature)))
    return undefined;
  return { refusal: 'policy.refused', detail: features.detail };
}

/** Of a party that would be one of so many. */
export function participantsRefusal({ participants }: Limits, count: number): CallRefusal | undefined {
  if (participants === undefined || count <= participants.max) return undefined;
  return { refusal: 'policy.refused', detail: participants.detail };
}

/** A description as all parties of a call may have it, or what is told them where a stream has nothing left. */
export function heldDescription(
  sdp: string,
  parties: readonly Limits[],
): { readonly sdp: string } | { readonly detail: string } {
  let held = sdp;
  for (const { codecs } of parties) {
    if (codecs === undefined) continue;
    const standing = codecsStanding(codecsIn(held), [{ codecs }]);
    if (standing?.kind === 'impossible') return { detail: standing.detail };
    held = withCodecs(held, codecs.allowed);
  }
  return { sdp: held };
}

/**
 * What is wrong with the codecs that were agreed upon: a stream has none that all parties may use, or has some besides
 * that one of them may not.
 */
export function codecsStanding(
  streams: readonly (readonly string[])[],
  parties: readonly Pick<Limits, 'codecs'>[],
): { readonly kind: 'impossible' | 'too_many'; readonly detail: string } | undefined {
  const held = parties.flatMap(({ codecs }) => codecs ?? []);
  let left = streams;
  for (const { allowed, detail } of held) {
    left = left.map((stream) => stream.filter((codec) => allowed.includes(codec)));
    if (left.some((stream) => stream.length === 0)) return { kind: 'impossible', detail };
  }
  const narrowest = held.find(({ allowed }) => streams.flat().some((codec) => !allowed.includes(codec)));
  return narrowest && { kind: 'too_many', detail: narrowest.detail };
}
