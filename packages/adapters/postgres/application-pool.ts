import { Pool } from 'pg';

/** How long a request waits for a connection, and for an answer on it, before the database counts as away. */
const CONNECT_MS_MAX = 1_000;
const QUERY_MS_MAX = 10_000;
const CONNECTION_COUNT_MAX = 10;

/**
 * Connections in the role of the application, which owns nothing and passes no policy: a row of another tenant is not
 * there, whatever the query says.
 */
export function createApplicationPool(databaseUrl: string): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    options: '-c role=patchbay_app',
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: QUERY_MS_MAX,
    max: CONNECTION_COUNT_MAX,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced at the next query, which is where its user hears of it.
  pool.on('error', () => {});
  return pool;
}
