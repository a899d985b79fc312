import { PrismaPg } from '@prisma/adapter-pg';
import { runsOn } from '../postgres/at-once.ts';
import { UnitPool } from '../postgres/unit-of-work.ts';
import { PrismaClient } from './generated/client.ts';
import { joiningUnits } from './unit-of-work.ts';

export type { PrismaClient } from './generated/client.ts';

/** C23: what takes longer is a job, not a request. */
export const STATEMENT_TIMEOUT_MS = 5_000;
/** The role that every connection of the application runs as: it owns nothing and passes no row-level policy (C6). */
const APPLICATION_ROLE = 'patchbay_app';
const CONNECTIONS_DEFAULT = 10;
/** Requests wait this long for a connection before they are refused: what waits while all are held is bounded by it. */
const CONNECTION_WAIT_MS = 3_000;
/** On the client's side, for a database that does not even say that a statement took too long. */
const QUERY_MS_MAX = 2 * STATEMENT_TIMEOUT_MS;
/** Several statements of one request. */
export const TRANSACTION_MS_MAX = 2 * STATEMENT_TIMEOUT_MS;

export interface ClientOptions {
  readonly connectionsMax?: number;
  readonly transactionMsMax?: number;
}

/**
 * Opens the database for the application. The role is a startup option of each connection: no statement can be the
 * first that runs without it, and RESET ROLE leads back to it. The login is in that role alone, so that SET ROLE NONE
 * leads nowhere either (postgres/application-login.ts).
 */
export function openClient(
  connectionString: string,
  { connectionsMax = CONNECTIONS_DEFAULT, transactionMsMax = TRANSACTION_MS_MAX }: ClientOptions = {},
): PrismaClient {
  const pool = new UnitPool({
    connectionString,
    max: connectionsMax,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    query_timeout: QUERY_MS_MAX,
    keepAlive: true,
    options: `-c role=${APPLICATION_ROLE} -c statement_timeout=${STATEMENT_TIMEOUT_MS}`,
  });
  // A connection broke while nobody used it. It is replaced at the next query.
  pool.on('error', () => {});
  const client = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: true }),
    transactionOptions: { maxWait: CONNECTION_WAIT_MS, timeout: transactionMsMax },
  });
  const joining = joiningUnits(client);
  runsOn(joining, pool);
  return joining;
}
