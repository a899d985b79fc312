export interface RepeatsOptions {
  /** What comes again within this time is counted, and said once when the time is over. */
  readonly windowMs: number;
  /** Things told apart at once; of all owners, and of one. What comes beyond is neither told nor counted. */
  readonly countMax: number;
  readonly countPerOwnerMax: number;
}

interface Held<Kept> {
  readonly ownerId: string;
  readonly kept: Kept;
  readonly untilMs: number;
  repeatCount: number;
}

/** Lets one of many that are alike through, and counts the rest, so that whoever hammers fills no log (MET-7). */
export class Repeats<Kept> {
  readonly #options: RepeatsOptions;
  /** In the order in which their windows end. */
  readonly #held = new Map<string, Held<Kept>>();
  readonly #countByOwner = new Map<string, number>();

  constructor(options: RepeatsOptions) {
    this.#options = options;
  }

  /** Makes what is kept of the first of its kind, and only counts the others. */
  note(key: string, ownerId: string, at: { readonly nowMs: number; readonly first: () => Kept }): void {
    const known = this.#held.get(key);
    if (known !== undefined) {
      known.repeatCount += 1;
      return;
    }
    const { windowMs, countMax, countPerOwnerMax } = this.#options;
    const ofOwner = this.#countByOwner.get(ownerId) ?? 0;
    if (this.#held.size >= countMax || ofOwner >= countPerOwnerMax) return;
    this.#countByOwner.set(ownerId, ofOwner + 1);
    const untilMs = at.nowMs + windowMs;
    this.#held.set(key, { ownerId, kept: at.first(), untilMs, repeatCount: 0 });
  }

  /** What came again, with how often, of those whose time is over by now; to be called before anything is noted. */
  over(nowMs: number): readonly { readonly kept: Kept; readonly repeatCount: number }[] {
    const over: Held<Kept>[] = [];
    for (const [key, held] of this.#held) {
      if (held.untilMs > nowMs) break;
      this.#held.delete(key);
      const left = (this.#countByOwner.get(held.ownerId) ?? 1) - 1;
      if (left === 0) this.#countByOwner.delete(held.ownerId);
      else this.#countByOwner.set(held.ownerId, left);
      if (held.repeatCount > 0) over.push(held);
    }
    return over;
  }
}
