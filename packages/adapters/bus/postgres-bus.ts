import { type BusMessage, type BusMessageType, busMessageSchema } from '@patchbay/domain/fleet/bus';
import type { Pool, PoolClient } from 'pg';
import { listen, notify } from '../postgres/notifications.ts';
import { currentUnit } from '../postgres/unit-of-work.ts';

/** How long a message can be read again by a node whose stream broke off. */
export const BUS_KEPT_MS = 10 * 60_000;
/** Messages read at once; the rest follow in further reads. */
const READ_COUNT_MAX = 500;
/** More of one type than this are not given at once: the oldest are left out. */
const KEPT_COUNT_MAX = 10_000;
const CHANNEL = 'patchbay_bus';

type BusMessageOf<Type extends BusMessageType> = Extract<BusMessage, { type: Type }>;

export interface PublishedMessage {
  /** Counts up over all messages: where a reader goes on after a break. */
  readonly id: bigint;
  readonly message: BusMessage;
}

export interface PostgresBus {
  /** Within a unit of work, the message goes out when that is committed, or never. */
  publish(message: BusMessage): Promise<void>;
  /** The number of the latest message: what to subscribe behind to hear only what is still to come. */
  latest(): Promise<bigint>;
  /**
   * Calls `onMessage` for each message behind `after`, in order, and then as they come.
   * @returns a function that ends it.
   */
  subscribe(onMessage: (published: PublishedMessage) => void, after: bigint): () => void;
  /** Whether all messages behind this one can still be read: a reader who stayed away longer has to begin anew. */
  canReadFrom(after: bigint): Promise<boolean>;
  /** The messages of one type that are kept, the latest first: for a reader that has just begun, and has missed them. */
  kept<Type extends BusMessageType>(type: Type): Promise<readonly BusMessageOf<Type>[]>;
  /** Whether a message published now would be heard here. */
  isListening(): boolean;
  close(): Promise<void>;
}

interface Subscriber {
  readonly onMessage: (published: PublishedMessage) => void;
  after: bigint;
}

interface Options {
  readonly pool: Pool;
  /** Of the connection that listens, which is held open. */
  readonly databaseUrl: string;
  readonly onError: (error: Error) => void;
}

/**
 * A bus for control planes that share a database: messages are rows, and a notification says that there are new ones.
 * A notification that is lost costs nothing: whoever listens again reads on from where it was.
 */
export function createPostgresBus({ pool, databaseUrl, onError }: Options): PostgresBus {
  const subscribers = new Set<Subscriber>();
  let isListening = false;
  const read = oneAtATime(async () => {
    if (subscribers.size > 0) await deliver(pool, subscribers);
  }, onError);

  const listener = listen({
    databaseUrl,
    channel: CHANNEL,
    onNotification: read,
    onListening: () => {
      isListening = true;
      read();
    },
    onLost: (error) => {
      isListening = false;
      onError(error);
    },
  });

  return {
    async publish(message) {
      const unit = currentUnit();
      if (unit !== undefined) {
        // What a change tells the nodes is told when it holds, and only then.
        unit.beforeCommit((within) => write(within, message));
        return;
      }
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await write(client, message);
        await client.query('COMMIT');
        client.release();
      } catch (error) {
        client.release(error instanceof Error ? error : true);
        throw error;
      }
    },

    latest: () => latestOf(pool),

    subscribe(onMessage, after) {
      const subscriber: Subscriber = { onMessage, after };
      subscribers.add(subscriber);
      read();
      return () => subscribers.delete(subscriber);
    },

    async canReadFrom(after) {
      const { rows } = await pool.query<{ can_read: boolean | null }>(
        'SELECT min(id) <= $1::bigint + 1 AND max(id) >= $1::bigint AS can_read FROM bus_message',
        [after.toString()],
      );
      return rows[0]?.can_read === true;
    },

    async kept<Type extends BusMessageType>(type: Type) {
      const { rows } = await pool.query<{ payload: unknown }>(
        `SELECT payload FROM bus_message
         WHERE subject = $1 AND at >= now() - make_interval(secs => $2 / 1000.0) ORDER BY id DESC LIMIT $3`,
        [type, BUS_KEPT_MS, KEPT_COUNT_MAX],
      );
      return rows
        .flatMap(({ payload }) => busMessageSchema.safeParse(payload).data ?? [])
        .filter((message): message is BusMessageOf<Type> => message.type === type);
    },

    isListening: () => isListening,
    close: () => listener.close(),
  };
}

/** Writes a message in the transaction that the client is in. Until its end, nobody else publishes. */
async function write(client: PoolClient, message: BusMessage): Promise<void> {
  // Numbers are handed out in the order of commits, so that no reader passes one that is still to come.
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('patchbay.bus', 0))`);
  await client.query('INSERT INTO bus_message (subject, payload) VALUES ($1, $2)', [
    message.type,
    JSON.stringify(message),
  ]);
  await client.query(`DELETE FROM bus_message WHERE at < now() - make_interval(secs => $1 / 1000.0)`, [
    BUS_KEPT_MS,
  ]);
  await notify(client, CHANNEL, '');
}

/** Work that is asked for while it runs runs once more: what asked for it may have come too late for the run before. */
function oneAtATime(work: () => Promise<void>, onError: (error: Error) => void): () => void {
  let isRunning = false;
  let isAskedFor = false;
  const run = async () => {
    try {
      while (isAskedFor) {
        isAskedFor = false;
        await work();
      }
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    } finally {
      isRunning = false;
    }
  };
  return () => {
    isAskedFor = true;
    if (isRunning) return;
    isRunning = true;
    void run();
  };
}

async function deliver(pool: Pool, subscribers: ReadonlySet<Subscriber>): Promise<void> {
  for (;;) {
    const head = await latestOf(pool);
    const behind = [...subscribers].filter(({ after }) => after < head);
    const [first] = behind.map(({ after }) => after).sort((a, b) => (a < b ? -1 : 1));
    if (first === undefined) return;
    const { rows } = await pool.query<{ id: string; payload: unknown }>(
      'SELECT id, payload FROM bus_message WHERE id > $1 ORDER BY id LIMIT $2',
      [first.toString(), READ_COUNT_MAX],
    );
    for (const { id, payload } of rows) hand(behind, BigInt(id), payload);
    // What was deleted before it could be read is passed over.
    if (rows.length < READ_COUNT_MAX)
      for (const subscriber of behind) if (subscriber.after < head) subscriber.after = head;
  }
}

async function latestOf(pool: Pool): Promise<bigint> {
  const { rows } = await pool.query<{ head: string }>('SELECT coalesce(max(id), 0) AS head FROM bus_message');
  return BigInt(rows[0]?.head ?? 0);
}

function hand(subscribers: readonly Subscriber[], id: bigint, payload: unknown): void {
  // A message of a later version is passed over: whoever wrote it has readers of its own version.
  const { data: message } = busMessageSchema.safeParse(payload);
  for (const subscriber of subscribers) {
    if (subscriber.after >= id) continue;
    subscriber.after = id;
    if (message !== undefined) subscriber.onMessage({ id, message });
  }
}
