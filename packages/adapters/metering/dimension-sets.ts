import { createHash } from 'node:crypto';
import { canonicalDimensions, type Dimensions } from '@patchbay/domain/metering/usage-record';
import type { Pool } from 'pg';

/** Sets that one process remembers. When there are more, it forgets all and asks again. */
const KNOWN_COUNT_MAX = 100_000;

interface DimensionSet {
  readonly id: string;
  readonly hash: Buffer;
  readonly dimensions: Dimensions;
}

/**
 * Reads dimension sets by their numbers. A set never changes, and its number says what it is: what was read once holds
 * in this process for good, whichever account it was read for.
 */
export class KnownDimensionSets {
  #sets = new Map<string, Dimensions>();

  /** The sets of all of `ids`, each the same object whenever it is asked for. */
  async read(client: Pick<Pool, 'query'>, ids: Iterable<string>): Promise<ReadonlyMap<string, Dimensions>> {
    const asked = new Set(ids);
    const newCount = [...asked].filter((id) => !this.#sets.has(id)).length;
    // Whoever reads at the same time keeps the map that they began with.
    if (this.#sets.size + newCount > KNOWN_COUNT_MAX) this.#sets = new Map();
    const sets = this.#sets;
    const unknown = [...asked].filter((id) => !sets.has(id));
    if (unknown.length === 0) return sets;
    const { rows } = await client.query<{ id: string; dimensions: Dimensions }>(
      'SELECT id, dimensions FROM usage_dimension_set WHERE id = ANY ($1::bigint[])',
      [unknown],
    );
    for (const { id, dimensions } of rows) sets.set(id, sets.get(id) ?? dimensions);
    return sets;
  }
}

/** Gives dimension sets their numbers. A set has the same number in every process, before it is stored and after. */
export class DimensionSets {
  readonly #pool: Pool;
  readonly #ids = new Map<string, string>();
  readonly #pending = new Map<string, DimensionSet>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The set's number, as text. Call `store` before a row that uses it is written. */
  idOf(dimensions: Dimensions): string {
    const canonical = canonicalDimensions(dimensions);
    const known = this.#ids.get(canonical) ?? this.#pending.get(canonical)?.id;
    if (known !== undefined) return known;
    const hash = createHash('sha256').update(canonical).digest();
    const id = hash.readBigInt64BE().toString();
    this.#pending.set(canonical, { id, hash, dimensions });
    return id;
  }

  /** Holds no set for stored any more. */
  forget(): void {
    this.#ids.clear();
  }

  /** Stores the sets that are not known to be stored, in a transaction of their own. */
  async store(): Promise<void> {
    if (this.#pending.size === 0) return;
    const pending = [...this.#pending];
    const sets = pending.map(([, set]) => set);
    await this.#pool.query('SELECT usage_open_dimension_sets($1, $2::jsonb[], $3)', [
      sets.map(({ id }) => id),
      sets.map(({ dimensions }) => JSON.stringify(dimensions)),
      sets.map(({ hash }) => hash),
    ]);
    if (this.#ids.size + pending.length > KNOWN_COUNT_MAX) this.#ids.clear();
    for (const [canonical, { id }] of pending) {
      this.#ids.set(canonical, id);
      this.#pending.delete(canonical);
    }
  }
}
