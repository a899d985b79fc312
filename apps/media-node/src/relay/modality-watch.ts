import type { Modality } from '@patchbay/domain/metering/usage-record';
import type { ObservedMedia } from '@patchbay/protocol/turn/observed-media';

/** What is less than before has to be all there is for so long: pictures that pause are pictures. */
export const FALL_MS = 3_000;
/** Segments of one allocation; after them what it carries can only rise. */
export const SEGMENT_COUNT_MAX = 64;

const ranks: Readonly<Record<Modality, number>> = {
  none: 0,
  image: 1,
  data: 1,
  audio: 2,
  video: 3,
  screen: 3,
};

/** Says when what an allocation carries has changed, from what is seen of it twice a second (MET-4). */
export class ModalityWatch {
  #modality: Modality;
  #changeCount = 0;
  #lessSinceMs: number | undefined;
  #hasSeen = false;

  constructor(declared: Modality) {
    this.#modality = declared;
  }

  /** Whether anything has been seen: until then what is declared is all that is known. */
  get hasSeen(): boolean {
    return this.#hasSeen;
  }

  /** The new modality, if this changes it. What says nothing changes nothing. */
  see(observed: ObservedMedia | undefined, nowMs: number): ObservedMedia | undefined {
    if (observed === undefined) return undefined;
    this.#hasSeen = true;
    const rise = ranks[observed] - ranks[this.#modality];
    if (rise === 0) {
      this.#lessSinceMs = undefined;
      return undefined;
    }
    if (rise < 0) {
      this.#lessSinceMs ??= nowMs;
      if (nowMs - this.#lessSinceMs < FALL_MS || this.#changeCount >= SEGMENT_COUNT_MAX - ranks.video)
        return undefined;
    }
    this.#lessSinceMs = undefined;
    this.#modality = observed;
    this.#changeCount++;
    return observed;
  }
}
