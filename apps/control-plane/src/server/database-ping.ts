import { Pool } from 'pg';

const PING_MS_MAX = 700;

export interface DatabasePing {
  /** Rejects when the database does not answer in time. Those who ask at once share one question. */
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

/** Asks whether the database answers, on a connection of its own: a pool that is only busy is not a database that is away. */
export function databasePing(databaseUrl: string): DatabasePing {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: 1,
    connectionTimeoutMillis: PING_MS_MAX,
    query_timeout: PING_MS_MAX,
    idleTimeoutMillis: 60_000,
    allowExitOnIdle: true,
  });
  // It is found out by the next question.
  pool.on('error', () => {});
  let running: Promise<unknown> | undefined;
  return {
    ping: () => {
      running ??= pool.query('SELECT 1').finally(() => {
        running = undefined;
      });
      return running;
    },
    close: () => pool.end(),
  };
}
