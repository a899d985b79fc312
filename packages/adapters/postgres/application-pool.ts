import { Pool } from 'pg';

/** How long a request waits for a connection, and for an answer on it, before the database counts as away. */
const CONNECT_MS_MAX = 1_500;
const QUERY_MS_MAX = 10_000;
/** C23: what takes longer is a job, not a request. */
const STATEMENT_MS_MAX = 5_000;
const CONNECTION_COUNT_MAX = 10;

export interface PoolLimits {
  readonly statementMsMax: number;
  readonly queryMsMax: number;
  readonly connectionCountMax: number;
}

/** Of requests. */
export const requestLimits: PoolLimits = {
  statementMsMax: STATEMENT_MS_MAX,
  queryMsMax: QUERY_MS_MAX,
  connectionCountMax: CONNECTION_COUNT_MAX,
};

/** Of regular tasks: a month may be long, and they take no connection from a request. How many they take, each says itself. */
export const jobLimits: Omit<PoolLimits, 'connectionCountMax'> = {
  statementMsMax: 10 * 60_000,
  queryMsMax: 10 * 60_000,
};

/**
 * Connections in the role of the application, which owns nothing and passes no policy: a row of another tenant is not
 * there, whatever the query says (C6).
 * @param onLost a connection broke while nobody used it. It is replaced at the next query.
 */
export function createApplicationPool(
  databaseUrl: string,
  onLost: (error: Error) => void = () => {},
  { statementMsMax, queryMsMax, connectionCountMax }: PoolLimits = requestLimits,
): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    options: `-c role=patchbay_app -c statement_timeout=${statementMsMax}`,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: queryMsMax,
    max: connectionCountMax,
    keepAlive: true,
  });
  pool.on('error', onLost);
  return pool;
}
