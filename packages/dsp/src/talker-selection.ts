import { silenceMinusDbov } from './level.ts';

/** A talker's loudness falls by so much a tick: a pause between two words is not an end. */
const FALL_DB_PER_TICK = 1;
/** Whoever is to take a place that is taken must be so much louder: two alike do not take turns at it. */
const LOUDER_DB_MIN = 6;

export interface TalkerRules {
  /** How many are heard at once; `all`: everybody who is not silent. */
  readonly talkerCountMax: number | 'all';
  /** A level further below full scale is no talking. Default 55; of `all`, what is not digital silence. */
  readonly quietMinusDbov?: number;
  /**
   * Who began is heard for so many ticks at least; and for as many after the last sound, unless somebody who is louder needs the place.
   * Default 10, which are 200 ms.
   */
  readonly holdTicks?: number;
}

/**
 * Chooses who is heard in a room: the loudest, at once when they begin, and for a while when they pause. Places are numbers that
 * the caller gives its legs. One tick costs a pass over all places, and allocates nothing.
 */
export class TalkerSelection {
  readonly #talkerCountMax: number;
  readonly #quietMinusDbov: number;
  readonly #holdTicks: number;
  /** By place. Loudness is 127 less the level. */
  readonly #loudness: Float32Array;
  readonly #silentTicks: Uint32Array;
  readonly #heldTicks: Uint32Array;
  readonly #isTalking: Uint8Array;
  #talkerCount = 0;

  /** @param placeCount of places that there can ever be. */
  constructor(placeCount: number, { talkerCountMax, quietMinusDbov, holdTicks = 10 }: TalkerRules) {
    const isAll = talkerCountMax === 'all';
    this.#talkerCountMax = isAll ? placeCount : talkerCountMax;
    this.#quietMinusDbov = quietMinusDbov ?? (isAll ? silenceMinusDbov - 1 : 55);
    this.#holdTicks = holdTicks;
    this.#loudness = new Float32Array(placeCount);
    this.#silentTicks = new Uint32Array(placeCount).fill(holdTicks);
    this.#heldTicks = new Uint32Array(placeCount);
    this.#isTalking = new Uint8Array(placeCount);
  }

  get talkerCount(): number {
    return this.#talkerCount;
  }

  isTalking(place: number): boolean {
    return this.#isTalking[place] === 1;
  }

  /** Frees a place for another leg. */
  forget(place: number): void {
    this.#stop(place);
    this.#loudness[place] = 0;
    this.#silentTicks[place] = this.#holdTicks;
  }

  /** One tick: how far below full scale each place is in it, up to `placeCount`. */
  select(minusDbov: Uint8Array, placeCount: number): void {
    for (let place = 0; place < placeCount; place++)
      this.#listen(place, minusDbov[place] ?? silenceMinusDbov);
    for (;;) {
      const place = this.#loudestWaiting(placeCount);
      if (place < 0 || !this.#makeRoom(place, placeCount)) return;
      this.#isTalking[place] = 1;
      this.#heldTicks[place] = 0;
      this.#talkerCount += 1;
    }
  }

  #stop(place: number): void {
    if (this.#isTalking[place] === 1) this.#talkerCount -= 1;
    this.#isTalking[place] = 0;
  }

  #listen(place: number, minusDbov: number): void {
    const loudness = silenceMinusDbov - minusDbov;
    this.#loudness[place] = Math.max(loudness, (this.#loudness[place] ?? 0) - FALL_DB_PER_TICK);
    this.#silentTicks[place] = minusDbov <= this.#quietMinusDbov ? 0 : (this.#silentTicks[place] ?? 0) + 1;
    if (this.#isTalking[place] !== 1) return;
    this.#heldTicks[place] = (this.#heldTicks[place] ?? 0) + 1;
    if ((this.#silentTicks[place] ?? 0) > this.#holdTicks) this.#stop(place);
  }

  /** Who talks and is not heard yet; -1: nobody. */
  #loudestWaiting(placeCount: number): number {
    let best = -1;
    for (let place = 0; place < placeCount; place++) {
      if (this.#isTalking[place] === 1 || this.#silentTicks[place] !== 0) continue;
      if (best < 0 || (this.#loudness[place] ?? 0) > (this.#loudness[best] ?? 0)) best = place;
    }
    return best;
  }

  #makeRoom(place: number, placeCount: number): boolean {
    if (this.#talkerCount < this.#talkerCountMax) return true;
    let weakest = -1;
    for (let other = 0; other < placeCount; other++) {
      if (this.#isTalking[other] !== 1 || (this.#heldTicks[other] ?? 0) < this.#holdTicks) continue;
      if (weakest < 0 || (this.#loudness[other] ?? 0) < (this.#loudness[weakest] ?? 0)) weakest = other;
    }
    if (weakest < 0) return false;
    if ((this.#loudness[place] ?? 0) < (this.#loudness[weakest] ?? 0) + LOUDER_DB_MIN) return false;
    this.#stop(weakest);
    return true;
  }
}
