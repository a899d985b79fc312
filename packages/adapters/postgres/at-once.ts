import { AsyncLocalStorage } from 'node:async_hooks';
import { Pool } from 'pg';
import type { PrismaClient } from '../prisma/generated/client.ts';
import { inOneRoundTrip, inTransactionOf, type Row, type Statement } from './round-trip.ts';
import { currentUnit } from './unit-of-work.ts';

const pools = new WeakMap<PrismaClient, Pool>();

/** Statements of this client may go out on the connections of its pool. */
export function runsOn(prisma: PrismaClient, pool: Pool): void {
  pools.set(prisma, pool);
}

/** Where statements go: a pool, or a client that has one. */
export type Database = Pool | PrismaClient;

function poolOf(database: Database): Pool {
  const pool = database instanceof Pool ? database : pools.get(database);
  if (pool === undefined) throw new Error('This client has no pool: open it by openClient.');
  return pool;
}

/** What was written within work that keeps all of it at its end. */
interface Gathering {
  isOver: boolean;
  readonly writes: { readonly accountId: string; readonly statement: Statement }[];
}

const gatherings = new AsyncLocalStorage<Gathering>();

/** What the statements of a transaction see and write: one account and those below it (C6). */
export const scopeOf = (accountId: string): Statement => ({
  text: "SELECT set_config('patchbay.account_id', $1, true)",
  values: [accountId],
});

/**
 * What every request asks goes around Prisma, which would need a round trip for each of BEGIN, scope, statement and
 * COMMIT, and more time in this process than all of them take in the database. Within a unit of work it is part of that.
 */
export async function rowsOf<Read extends object>(
  database: Database,
  statement: Statement,
): Promise<readonly Read[]> {
  const [rows = []] = await rowsOfEach(database, [statement]);
  return rows as unknown as readonly Read[];
}

/** The rows of several statements, asked together. */
export async function rowsOfEach(
  database: Database,
  statements: readonly Statement[],
): Promise<readonly (readonly Row[])[]> {
  const unit = currentUnit();
  return unit === undefined
    ? await inOneRoundTrip(poolOf(database), statements)
    : await inTransactionOf(unit.client, statements);
}

/** The same in the scope of an account, in a transaction of its own. */
export async function inAccountAtOnce(
  database: Database,
  accountId: string,
  statements: readonly Statement[],
): Promise<readonly (readonly Row[])[]> {
  const scoped = [scopeOf(accountId), ...statements];
  const unit = currentUnit();
  const [, ...answers] =
    unit === undefined
      ? await inOneRoundTrip(poolOf(database), scoped)
      : await unit.section(() => inTransactionOf(unit.client, scoped));
  return answers;
}

/** The rows of one statement in the scope of an account. */
export async function rowsInAccount<Read extends object>(
  database: Database,
  accountId: string,
  statement: Statement,
): Promise<readonly Read[]> {
  const [rows = []] = await inAccountAtOnce(database, accountId, [statement]);
  return rows as unknown as readonly Read[];
}

/**
 * Writes in the scope of an account. Within work that keeps all it wrote at its end it is only noted until then; so what
 * must not be there takes the transaction down by itself.
 */
export async function writeInAccount(
  database: Database,
  accountId: string,
  statement: Statement,
): Promise<void> {
  const gathering = gatherings.getStore();
  const isNoted = gathering !== undefined && !gathering.isOver && currentUnit() === undefined;
  if (!isNoted) await inAccountAtOnce(database, accountId, [statement]);
  else gathering.writes.push({ accountId, statement });
}

/**
 * Runs work, and then keeps all that it wrote by `writeInAccount`, or nothing, in one transaction and one round trip: for
 * work that reads what it needs and leaves notes behind. Where it fails nothing was written. Within a unit of work it is
 * part of that.
 */
export async function keptAtEnd<Value>(database: Database, work: () => Promise<Value>): Promise<Value> {
  if (currentUnit() !== undefined) return await work();
  const gathering: Gathering = { isOver: false, writes: [] };
  try {
    const value = await gatherings.run(gathering, work);
    gathering.isOver = true;
    const { writes } = gathering;
    if (writes.length > 0)
      await inOneRoundTrip(
        poolOf(database),
        writes.flatMap(({ accountId, statement }) => [scopeOf(accountId), statement]),
      );
    return value;
  } finally {
    gathering.isOver = true;
  }
}
