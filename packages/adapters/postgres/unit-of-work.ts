import { AsyncLocalStorage } from 'node:async_hooks';
import { Pool, type PoolClient } from 'pg';

/**
 * One transaction that several stores write in without knowing of each other: a change, its entry in the audit log, what
 * it tells the nodes (ACC-8). Whoever is called within it finds it here.
 */
export class UnitOfWork {
  #client: PoolClient | undefined;
  #isOpen = true;
  #lastSection: Promise<unknown> = Promise.resolve();
  #sectionCount = 0;
  readonly #beforeCommit: ((client: PoolClient) => Promise<void>)[] = [];

  get isOpen(): boolean {
    return this.#isOpen && this.#client !== undefined;
  }

  /** The connection that the transaction runs on. */
  get client(): PoolClient {
    if (this.#client === undefined) throw new Error('The transaction has not begun.');
    return this.#client;
  }

  runsOn(client: PoolClient): void {
    this.#client ??= client;
  }

  /** Done last, in the same transaction: what makes others wait until it is over. */
  beforeCommit(work: (client: PoolClient) => Promise<void>): void {
    this.#beforeCommit.push(work);
  }

  async finish(): Promise<void> {
    for (const work of this.#beforeCommit) await work(this.client);
  }

  close(): void {
    this.#isOpen = false;
  }

  /**
   * A part of the transaction with a scope of its own, which leaves nothing behind when it fails. One at a time, for a
   * connection has one scope; a section within a section would wait for itself.
   */
  section<Value>(work: () => Promise<Value>): Promise<Value> {
    const run = async (): Promise<Value> => {
      this.#sectionCount += 1;
      const savepoint = `section_${this.#sectionCount}`;
      await this.client.query(`SAVEPOINT ${savepoint}`);
      try {
        const value = await work();
        await this.client.query(
          `RELEASE SAVEPOINT ${savepoint}; SELECT set_config('patchbay.account_id', '', true)`,
        );
        return value;
      } catch (error) {
        // It takes the scope back as well. A connection that is gone has rolled back by itself.
        await this.client.query(`ROLLBACK TO SAVEPOINT ${savepoint}`).catch(() => undefined);
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
    return super.connect().then((client) => {
      unit?.runsOn(client);
      return client;
    });
  }
}
