export interface GroupWriterOptions<Item, Result> {
  /** Writes them all or none, and answers for each in their order. */
  readonly write: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Groups that are written at a time: the database has only so many connections. */
  readonly atOnceMax: number;
  readonly groupMax: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes at once what comes while others are written: the more there is, the less each costs. */
export class GroupWriter<Item, Result> {
  readonly #options: GroupWriterOptions<Item, Result>;
  readonly #waiting: Waiting<Item, Result>[] = [];
  #writingCount = 0;

  constructor(options: GroupWriterOptions<Item, Result>) {
    this.#options = options;
  }

  /** Resolves when it is written; rejects with what prevented that of this one. */
  write(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#goOn();
    });
  }

  #goOn(): void {
    const { atOnceMax, groupMax } = this.#options;
    while (this.#writingCount < atOnceMax && this.#waiting.length > 0) {
      this.#writingCount += 1;
      void this.#writeGroup(this.#waiting.splice(0, groupMax)).finally(() => {
        this.#writingCount -= 1;
        this.#goOn();
      });
    }
  }

  async #writeGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.write(group.map(({ item }) => item));
      for (const [index, result] of results.entries()) group[index]?.resolve(result);
    } catch (error) {
      const [only, ...others] = group;
      if (others.length === 0) return only?.reject(error);
      // One that cannot be written holds up none of the others.
      for (const each of group) await this.#writeGroup([each]);
    }
  }
}
