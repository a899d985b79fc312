import { AsyncLocalStorage } from 'node:async_hooks';
import { Pool, type PoolClient } from 'pg';
import { leased } from './lease.ts';

/** The transaction of a unit ended before its work did, or took everything back: what comes later has no place to go. */
export class UnitEndedError extends Error {
  override readonly name = 'UnitEndedError';
}

/** Names of savepoints are never used again, so that none of a unit can mean one of another. */
let savepointCount = 0;

/**
 * One transaction that several stores write in without knowing of each other: a change, its entry in the audit log, what
 * it tells the nodes (ACC-8). Whoever is called within it finds it here.
 *
 * - `open`: what is called within it takes part.
 * - `over`: its work is done. What still runs has connections of its own.
 * - `lost`: nothing of it is kept, be it that the work failed or that the transaction ended under it (its time was up, the
 *   connection died). What still runs writes nowhere: alone it would be a change without the others.
 */
export class UnitOfWork {
  #client: PoolClient | undefined;
  #state: 'open' | 'over' | 'lost' = 'open';
  #lastSection: Promise<unknown> = Promise.resolve();
  readonly #beforeCommit: ((client: PoolClient) => Promise<void>)[] = [];

  get isOpen(): boolean {
    return this.#state === 'open' && this.#client !== undefined;
  }

  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /** The connection that the transaction runs on. It takes no statement once the transaction is over (lease.ts). */
  get client(): PoolClient {
    if (this.#client === undefined) throw new Error('The transaction has not begun.');
    if (this.#state !== 'open') throw new UnitEndedError('The transaction is over.');
    return this.#client;
  }

  /** Takes the connection of its transaction; any other that is asked for while it runs is not its. */
  runsOn(client: PoolClient): PoolClient {
    if (this.#client !== undefined || this.#state !== 'open') return leased(client);
    this.#client = leased(client, {
      isAtWork: () => this.isOpen,
      onEnding: () => {
        if (this.isOpen) this.#state = 'lost';
      },
    });
    return this.#client;
  }

  /** Done last, in the same transaction: what makes others wait until it is over. */
  beforeCommit(work: (client: PoolClient) => Promise<void>): void {
    this.#beforeCommit.push(work);
  }

  async finish(): Promise<void> {
    // A part that nobody waits for is a part still: it must not be cut in two by the end.
    await this.#lastSection;
    for (const work of this.#beforeCommit) await work(this.client);
    if (this.isLost) throw new UnitEndedError('The transaction ended before its work.');
  }

  /** The work is done, and is about to be kept. */
  close(): void {
    if (this.#state === 'open') this.#state = 'over';
  }

  /** Nothing of it is kept. */
  lose(): void {
    this.#state = 'lost';
  }

  /**
   * A part of the transaction with a scope of its own, which leaves nothing behind when it fails. One at a time, for a
   * connection has one scope; a section within a section would wait for itself.
   */
  section<Value>(work: () => Promise<Value>): Promise<Value> {
    const run = async (): Promise<Value> => {
      savepointCount += 1;
      const savepoint = `section_${savepointCount}`;
      await this.client.query(`SAVEPOINT ${savepoint}`);
      try {
        const value = await work();
        await this.client.query(
          `RELEASE SAVEPOINT ${savepoint}; SELECT set_config('patchbay.account_id', '', true)`,
        );
        return value;
      } catch (error) {
        // It takes the scope back as well. A transaction that is over has taken everything back.
        if (this.isOpen) {
          await this.client.query(`ROLLBACK TO SAVEPOINT ${savepoint}`).catch(() => undefined);
        }
        throw error;
      }
    };
    const section = this.#lastSection.then(run, run);
    this.#lastSection = section.catch(() => undefined);
    return section;
  }
}

const units = new AsyncLocalStorage<UnitOfWork>();

/** The transaction that the caller is part of, once it has begun and as long as it runs. */
export function currentUnit(): UnitOfWork | undefined {
  const unit = units.getStore();
  if (unit?.isLost === true) throw new UnitEndedError('Nothing of this change was kept.');
  return unit?.isOpen === true ? unit : undefined;
}

/** Runs what begins a transaction, and then works in it, as one unit. */
export function asUnit<Value>(work: (unit: UnitOfWork) => Promise<Value>): Promise<Value> {
  const unit = new UnitOfWork();
  return units.run(unit, () => work(unit));
}

/** A pool that tells the unit that takes a connection for its transaction which one it got. */
export class UnitPool extends Pool {
  override connect(): Promise<PoolClient>;
  override connect(
    callback: (
      error: Error | undefined,
      client: PoolClient | undefined,
      done: (release?: unknown) => void,
    ) => void,
  ): void;
  override connect(
    callback?: (
      error: Error | undefined,
      client: PoolClient | undefined,
      done: (release?: unknown) => void,
    ) => void,
  ): Promise<PoolClient> | void {
    // Single queries ask with a callback; only a transaction asks for a connection to keep.
    if (callback !== undefined) return super.connect(callback);
    const unit = units.getStore();
    return super.connect().then((client) => unit?.runsOn(client) ?? leased(client));
  }
}
