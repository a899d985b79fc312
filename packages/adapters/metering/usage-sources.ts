import { createHash } from 'node:crypto';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { Pool } from 'pg';
import { arrayLiteral, textArray } from './array-literal.ts';

/** Sources that are remembered, twice: those asked for of late, and those before them. */
const KNOWN_COUNT_MAX = 100_000;

type Source = Pick<UsageRecord, 'accountId' | 'sessionId' | 'credentialId' | 'applicationId' | 'endpointId'>;

/**
 * Knows the numbers by which the totals of sessions are kept. A number says what it is of (the hash of it, or the next
 * that was free), so what a process remembers holds whatever becomes of the database.
 */
export class UsageSources {
  readonly #pool: Pool;
  #recent = new Map<string, string>();
  #older = new Map<string, string>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The number of each record's source, in their order; `NULL` of an account that there is not. Stores new ones. */
  async idsOf(records: readonly Source[]): Promise<readonly string[]> {
    const keys = records.map(keyOf);
    const ids = keys.map((key) => this.#known(key));
    const missing = new Map<string, Source>();
    for (const [place, id] of ids.entries()) {
      const [key, record] = [keys[place], records[place]];
      if (id === undefined && key !== undefined && record !== undefined) missing.set(key, record);
    }
    if (missing.size === 0) return ids.map((id) => id ?? 'NULL');
    const opened = await this.#open(missing);
    return ids.map((id, place) => id ?? opened.get(keys[place] ?? '') ?? 'NULL');
  }

  /** After a number turned out to stand for nothing: a database that was restored has forgotten it. */
  forget(): void {
    this.#recent = new Map();
    this.#older = new Map();
  }

  #known(key: string): string | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const older = this.#older.get(key);
    if (older !== undefined) this.#remember(key, older);
    return older;
  }

  #remember(key: string, id: string): void {
    if (this.#recent.size >= KNOWN_COUNT_MAX) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, id);
  }

  async #open(missing: ReadonlyMap<string, Source>): Promise<ReadonlyMap<string, string>> {
    const [keys, sources] = [[...missing.keys()], [...missing.values()]];
    const column = (pick: (source: Source) => string | undefined) =>
      textArray(sources.map((source) => pick(source) ?? ''));
    const { rows } = await this.#pool.query<{ ids: (string | null)[] }>(
      'SELECT usage_open_sources($1::bigint[], $2, $3, $4, $5, $6) AS ids',
      [
        arrayLiteral(keys.map(proposedId)),
        column(({ accountId }) => accountId),
        column(({ sessionId }) => sessionId),
        column(({ credentialId }) => credentialId),
        column(({ applicationId }) => applicationId),
        column(({ endpointId }) => endpointId),
      ],
    );
    const opened = new Map<string, string>();
    for (const [place, id] of (rows[0]?.ids ?? []).entries()) {
      const key = keys[place];
      if (id === null || key === undefined) continue;
      opened.set(key, id);
      this.#remember(key, id);
    }
    return opened;
  }
}

/** No text that a database can keep holds what stands between the parts. */
const keyOf = ({ accountId, sessionId, credentialId, applicationId, endpointId }: Source): string =>
  `${accountId}\0${sessionId ?? ''}\0${credentialId ?? ''}\0${applicationId ?? ''}\0${endpointId ?? ''}`;

/** 62 bits, so that the numbers behind it are numbers too. */
const proposedId = (key: string): string =>
  (createHash('sha256').update(key).digest().readBigUInt64BE() >> 2n).toString();
