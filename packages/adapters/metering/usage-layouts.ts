import { createHash } from 'node:crypto';
import { entriesOf, type UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { Pool } from 'pg';
import { arrayLiteral, textArray } from './array-literal.ts';
import type { DimensionSets } from './dimension-sets.ts';

/** Layouts that one process remembers. When there are more, it forgets all and works them out again. */
const KNOWN_COUNT_MAX = 100_000;

/** Which meter and dimension set each value of a record is of. Records of one kind of report share it. */
export interface UsageLayout {
  /** As usage_layout_id() in the migrations works it out. */
  readonly id: string;
  readonly meters: readonly string[];
  readonly dimensionSetIds: readonly string[];
  /** Where in a record's quantities the values stand, in the order of the layout. */
  readonly places: readonly number[];
}

/** Gives layouts their numbers. A layout has the same number in every process, before it is stored and after. */
export class UsageLayouts {
  readonly #pool: Pool;
  readonly #sets: DimensionSets;
  readonly #known = new Map<string, UsageLayout>();
  readonly #pending = new Map<string, UsageLayout>();

  constructor(pool: Pool, sets: DimensionSets) {
    this.#pool = pool;
    this.#sets = sets;
  }

  /** Call `store` before a row that uses it is written. */
  of(record: UsageRecord): UsageLayout {
    const kind = kindOf(record);
    const seen = this.#known.get(kind) ?? this.#pending.get(kind);
    if (seen !== undefined) return seen;
    const layout = this.#layoutOf(record);
    this.#pending.set(kind, layout);
    return layout;
  }

  /** Stores the layouts that are not known to be stored, and their dimension sets, in transactions of their own. */
  async store(): Promise<void> {
    if (this.#pending.size === 0) return;
    const pending = [...this.#pending];
    await this.#sets.store();
    await this.#pool.query('SELECT usage_open_layouts($1, $2)', [
      textArray(pending.map(([, { meters }]) => textArray(meters))),
      textArray(pending.map(([, { dimensionSetIds }]) => arrayLiteral(dimensionSetIds))),
    ]);
    if (this.#known.size + pending.length > KNOWN_COUNT_MAX) this.#known.clear();
    for (const [kind, layout] of pending) {
      this.#known.set(kind, layout);
      this.#pending.delete(kind);
    }
  }

  /** After a layout turned out not to be stored: a database that was restored has forgotten it, and what it is made of. */
  forget(): void {
    this.#known.clear();
    this.#sets.forget();
  }

  #layoutOf(record: UsageRecord): UsageLayout {
    // The places travel as quantities, so that the order is said once.
    const quantities = record.quantities.map((each, place) => ({ ...each, quantity: place }));
    const entries = entriesOf({ ...record, quantities });
    const meters = entries.map(({ meter }) => meter);
    const dimensionSetIds = entries.map(({ dimensions }) => this.#sets.idOf(dimensions));
    const hash = createHash('sha256')
      .update([meters.join('\n'), dimensionSetIds.join('\n')].join('\n'))
      .digest();
    return {
      id: hash.readBigInt64BE().toString(),
      meters,
      dimensionSetIds,
      places: entries.map(({ quantity }) => quantity),
    };
  }
}

/** All that a layout depends on, as the node wrote it: two kinds may have one layout, but no kind has two. */
const kindOf = ({ service, region, modality, quantities }: UsageRecord): string => {
  const parts: unknown[] = [service, region, modality];
  for (const { meter, dimensions } of quantities) parts.push(meter, dimensions);
  return JSON.stringify(parts);
};
