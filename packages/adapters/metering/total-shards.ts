/** Rows that the total of a minute may be spread over. */
const SHARD_COUNT = 16;

/**
 * Lends the parts that minute totals are spread over. Whoever adds to a row of a total holds it until the end of their
 * transaction, and every batch adds to the accounts above: so the batches that are under way at one time add to
 * different rows, which are summed on read. One at a time needs one row.
 */
export class TotalShards {
  /** Another one in each process, so that processes seldom wait for each other. */
  readonly #first: number;
  readonly #lent = new Set<number>();

  constructor(random: () => number = Math.random) {
    this.#first = Math.floor(random() * SHARD_COUNT);
  }

  /** Where all are lent, two have one: the second waits in the database for the first. */
  async within<T>(work: (shard: number) => Promise<T>): Promise<T> {
    const shards = Array.from({ length: SHARD_COUNT }, (_, place) => (this.#first + place) % SHARD_COUNT);
    const shard = shards.find((each) => !this.#lent.has(each)) ?? this.#first;
    this.#lent.add(shard);
    try {
      return await work(shard);
    } finally {
      this.#lent.delete(shard);
    }
  }
}
