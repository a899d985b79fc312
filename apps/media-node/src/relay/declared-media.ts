import type { Modality } from '@patchbay/domain/metering/usage-record';
import type { BandwidthClass } from '@patchbay/protocol/turn/bandwidth-class';
import type { Grant } from '@patchbay/protocol/turn/grant';
import type { ObservedMedia } from '@patchbay/protocol/turn/observed-media';

type Declared = Pick<Grant, 'bandwidthClass' | 'mediaKinds'>;

/** What a grant says that its allocations carry, before anything has been seen of it; 'none' where it says nothing. */
export function declaredModalityOf({ bandwidthClass, mediaKinds }: Declared): Modality {
  if (bandwidthClass !== undefined) return bandwidthClass === 'audio' ? 'audio' : 'video';
  const kinds = ['video', 'screen', 'audio', 'data'] as const;
  return kinds.find((kind) => mediaKinds?.includes(kind)) ?? 'none';
}

/** Whether what is seen is what was declared. A screen that is shared looks like any other picture. */
export function isDeclared({ bandwidthClass, mediaKinds }: Declared, observed: ObservedMedia): boolean {
  if (bandwidthClass === 'audio' && observed === 'video') return false;
  if (mediaKinds === undefined || mediaKinds.includes(observed)) return true;
  return observed === 'video' && mediaKinds.includes('screen');
}

/** The class that is counted: of pictures in the class of sound the least that pictures have, so that nothing is won by it. */
export const countedClassOf = (
  { bandwidthClass }: Declared,
  carried: Modality,
): BandwidthClass | undefined =>
  bandwidthClass === 'audio' && carried === 'video' ? 'low-video' : bandwidthClass;
