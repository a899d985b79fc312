import type { Pool, PoolClient } from 'pg';
import { leased } from '../postgres/lease.ts';
import { currentUnit } from '../postgres/unit-of-work.ts';

/**
 * Runs `work` in one transaction that sees the rows of one account and of those below it: the second wall between
 * tenants (decision in prisma/migrations, row_level_security). Commits, or leaves nothing behind. Within a unit of work
 * it is part of that one.
 */
export function inAccountScope<T>(
  pool: Pool,
  accountId: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const unit = currentUnit();
  if (unit === undefined) return inTransaction({ pool, accountId, begin: 'BEGIN' }, work);
  return unit.section(async () => {
    await unit.client.query("SELECT set_config('patchbay.account_id', $1, true)", [accountId]);
    return await work(unit.client);
  });
}

/**
 * The same, with all reads of one moment. Where another transaction changed meanwhile what this one writes, it fails
 * with 40001 and may be tried again.
 */
export function inAccountSnapshot<T>(
  pool: Pool,
  accountId: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  return inTransaction({ pool, accountId, begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ' }, work);
}

interface Scope {
  readonly pool: Pool;
  readonly accountId: string;
  readonly begin: string;
}

async function inTransaction<T>(
  { pool, accountId, begin }: Scope,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = leased(await pool.connect());
  let failure: Error | undefined;
  try {
    await client.query(begin);
    await client.query("SELECT set_config('patchbay.account_id', $1, true)", [accountId]);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (cause) {
    failure = cause instanceof Error ? cause : new Error(String(cause));
    await client.query('ROLLBACK').catch(() => undefined); // A connection that is gone has rolled back by itself.
    throw cause;
  } finally {
    // A connection that failed is not used again: nobody knows what it still holds.
    client.release(failure);
  }
}

/** The code that PostgreSQL, or a function of ours, gave to an error. */
export const sqlStateOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;

/** Of PostgreSQL: another transaction came first, here or in its choice of a victim. The same may pass when it is tried again. */
export const isLostState = (state: string | undefined): boolean => state === '40001' || state === '40P01';
