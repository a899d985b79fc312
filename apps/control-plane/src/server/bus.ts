import { type ListenOptions, type Listener, listen, notify } from '@patchbay/adapters/postgres/notifications';
import { type BusMessage, busMessageSchema } from '@patchbay/domain/fleet/bus';
import type { Pool } from 'pg';

const CHANNEL = 'patchbay_bus';
/** Messages are kept this long for whoever lost the line; after that a node asks for snapshots anew. */
const KEPT_MINUTES = 10;
const REPLAY_COUNT_MAX = 10_000;

export interface PublishedMessage {
  readonly id: string;
  readonly message: BusMessage;
}

interface Row {
  readonly id: string;
  readonly payload: unknown;
}

/**
 * The bus of a small installation: a table that keeps messages for a while, and LISTEN/NOTIFY between the processes of
 * the control plane. Nodes listen on a stream that any of the processes serves.
 */
export class Bus {
  readonly #pool: Pool;
  readonly #listener: Listener;
  readonly #subscribers = new Set<(published: PublishedMessage) => void>();
  #lastId = 0n;
  #publishedCount = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(pool: Pool, options: Pick<ListenOptions, 'databaseUrl' | 'onLost'>) {
    this.#pool = pool;
    this.#listener = listen({
      databaseUrl: options.databaseUrl,
      channel: CHANNEL,
      onNotification: () => this.#readNew(),
      // What was published while nobody listened lies in the table.
      onListening: () => this.#readNew(),
      ...(options.onLost === undefined ? {} : { onLost: options.onLost }),
    });
  }

  async publish(message: BusMessage): Promise<void> {
    const { rows } = await this.#pool.query<{ id: string }>(
      'INSERT INTO bus_message (subject, payload) VALUES ($1, $2) RETURNING id::text',
      [message.type, JSON.stringify(message)],
    );
    await notify(this.#pool, CHANNEL, rows[0]?.id ?? '');
    this.#publishedCount += 1;
    if (this.#publishedCount % 100 === 0) await this.#prune();
  }

  /** Calls `onMessage` for every message from now on, until the returned function is called. */
  subscribe(onMessage: (published: PublishedMessage) => void): () => void {
    this.#subscribers.add(onMessage);
    return () => this.#subscribers.delete(onMessage);
  }

  /** What came after an id, as far as it is kept. */
  async since(id: string): Promise<readonly PublishedMessage[]> {
    const { rows } = await this.#pool.query<Row>(
      'SELECT id::text, payload FROM bus_message WHERE id > $1 ORDER BY bus_message.id LIMIT $2',
      [id, REPLAY_COUNT_MAX],
    );
    return rows.flatMap(fromRow);
  }

  async close(): Promise<void> {
    await this.#listener.close();
  }

  #readNew(): void {
    this.#reading = this.#reading.then(() => this.#deliver()).catch(() => {
      // The database is away: the listener says so, and reads again when it is back.
    });
  }

  async #deliver(): Promise<void> {
    if (this.#lastId === 0n) {
      const { rows } = await this.#pool.query<{ id: string | null }>('SELECT max(id)::text AS id FROM bus_message');
      // A process that has just started owes nobody the past: who reconnects names the last id they saw.
      this.#lastId = BigInt(rows[0]?.id ?? 0);
      if (this.#subscribers.size === 0) return;
    }
    for (const published of await this.since(this.#lastId.toString())) {
      this.#lastId = BigInt(published.id);
      for (const subscriber of this.#subscribers) subscriber(published);
    }
  }

  async #prune(): Promise<void> {
    await this.#pool.query(`DELETE FROM bus_message WHERE at < now() - interval '${KEPT_MINUTES} minutes'`);
  }
}

function fromRow({ id, payload }: Row): readonly PublishedMessage[] {
  const parsed = busMessageSchema.safeParse(payload);
  return parsed.success ? [{ id, message: parsed.data }] : [];
}
