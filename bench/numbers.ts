/** Numbers that look random and are the same in each run (Park and Miller). */
export class Numbers {
  #seed: number;
  constructor(seed: number) {
    this.#seed = seed;
  }
  next(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }
  shuffled<One>(all: readonly One[]): One[] {
    return all
      .map((one) => ({ one, at: this.next() }))
      .sort((first, second) => first.at - second.at)
      .map(({ one }) => one);
  }
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }
  of<One>(all: readonly One[], fallback: One): One {
    return all[Math.floor(this.next() * all.length)] ?? fallback;
  }
}
