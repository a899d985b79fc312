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
