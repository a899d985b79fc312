import { Client } from 'pg';

/** PostgreSQL's own bound on a NOTIFY payload: larger things go into a table and their id over the channel. */
export const notificationBytesMax = 7_999;
const retryMsMin = 100;
const retryMsMax = 5_000;

export interface ListenOptions {
  readonly databaseUrl: string;
  readonly channel: string;
  readonly onNotification: (payload: string) => void;
  /** Listening (again): what was sent before now has been missed and must be read from where it is kept. */
  readonly onListening: () => void;
  /** Why the connection is away. It is retried for ever, 5 s apart at most. */
  readonly onLost?: (error: Error) => void;
}

export interface Listener {
  close(): Promise<void>;
}

/** Hears what any process publishes on a channel of this database, from `onListening` on. */
export function listen(options: ListenOptions): Listener {
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let attempt = 0;
  let isClosed = false;

  const retry = (failed: Client, error: Error): void => {
    if (isClosed || client !== failed) return;
    client = undefined;
    options.onLost?.(error);
    const delayMs = Math.min(retryMsMax, retryMsMin * 2 ** attempt);
    attempt += 1;
    timer = setTimeout(() => void connect(), delayMs * (0.5 + Math.random() / 2));
    failed.end().catch(() => {}); // It is broken already, and its error is reported above.
  };

  const connect = async (): Promise<void> => {
    const next = new Client({ connectionString: options.databaseUrl, keepAlive: true });
    client = next;
    next.on('error', (error) => retry(next, error));
    next.on('end', () => retry(next, new Error('The database closed the connection')));
    next.on('notification', ({ payload = '' }) => options.onNotification(payload));
    try {
      await next.connect();
      await next.query(`LISTEN ${next.escapeIdentifier(options.channel)}`);
      attempt = 0;
      if (client === next) options.onListening();
    } catch (error) {
      retry(next, error instanceof Error ? error : new Error(String(error)));
    }
  };

  void connect();
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client?.end();
    },
  };
}

/** What can run a query: a pool, a client, or a transaction, with which the notification is sent or forgotten. */
export interface Queryable {
  query(sql: string, values: unknown[]): Promise<unknown>;
}

/** @throws when `payload` is longer than 7,999 bytes. */
export async function notify(on: Queryable, channel: string, payload: string): Promise<void> {
  if (Buffer.byteLength(payload) > notificationBytesMax) {
    throw new Error(`A notification has at most ${notificationBytesMax} bytes`);
  }
  await on.query('SELECT pg_notify($1, $2)', [channel, payload]);
}
