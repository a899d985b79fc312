import { type RetainedClassName, retainedClassNames } from '@patchbay/domain/privacy/data-classes';
import type { PrivacyPorts, RetentionRound } from '@patchbay/domain/privacy/ports';
import {
  effectiveRetention,
  type RetentionDefaults,
  type RetentionLevel,
} from '@patchbay/domain/privacy/retention';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { HOLD_PLACES } from '../postgres/places.ts';

/** What levels say of how long data is kept. */
export function retentionStore(pool: Pool): PrivacyPorts['retention']['words'] {
  return {
    chain: async (accountId) => {
      const { rows } = await pool.query<{ account_id: string; set_by: string; word: RetentionLevel['word'] }>(
        'SELECT account_id, set_by, word FROM retention_levels($1)',
        [accountId],
      );
      return rows.map((row) => ({
        accountId: row.account_id,
        ...(row.set_by === '' ? {} : { setById: row.set_by }),
        word: row.word,
      }));
    },

    set: ({ accountId, setById = '', word }) =>
      inAccountScope(pool, accountId, async (client) => {
        if (setById !== '') {
          await client.query(HOLD_PLACES);
          const above = await client.query('SELECT 1 FROM account_chain($1) WHERE id = $2 AND id <> $1', [
            accountId,
            setById,
          ]);
          if (above.rows.length === 0) return 'not_above';
        }
        // One at a time, so that what one says was there before is what the other made of it (ACC-8).
        await client.query("SELECT pg_advisory_xact_lock(hashtextextended('patchbay.retention.' || $1, 0))", [
          accountId,
        ]);
        const before = await client.query<{ word: RetentionLevel['word'] }>(
          'SELECT word FROM retention_word WHERE account_id = $1 AND set_by = $2',
          [accountId, setById],
        );
        if (Object.keys(word).length === 0)
          await client.query('DELETE FROM retention_word WHERE account_id = $1 AND set_by = $2', [
            accountId,
            setById,
          ]);
        else
          await client.query(
            `INSERT INTO retention_word (account_id, set_by, word) VALUES ($1, $2, $3)
             ON CONFLICT (account_id, set_by) DO UPDATE SET word = excluded.word, updated_at = now()`,
            [accountId, setById, word],
          );
        return before.rows[0]?.word ?? {};
      }),
  };
}

interface Options {
  readonly defaults: RetentionDefaults;
  readonly nowMs: number;
  /** Asked between batches: a process that stops leaves the rest to the next round. */
  readonly isStopped?: () => boolean;
  readonly accountsAtOnce?: number;
  readonly rowsAtOnce?: number;
}

const DAY_MS = 86_400_000;
const ACCOUNTS_AT_ONCE = 500;
const ROWS_AT_ONCE = 5_000;

/**
 * Removes what is past its time (PRD-4): account after account, each class by what holds for that account, in batches that
 * lock the rows they remove and nothing else. Days of usage that nobody keeps any more go as a whole, sums first. A round
 * that is broken off goes on behind the last account that was done.
 */
export async function removeOld(
  pool: Pool,
  { defaults, nowMs, isStopped = () => false, ...sizes }: Options,
): Promise<RetentionRound> {
  const { accountsAtOnce = ACCOUNTS_AT_ONCE, rowsAtOnce = ROWS_AT_ONCE } = sizes;
  const beforeOf = (levels: readonly RetentionLevel[], name: RetainedClassName) =>
    new Date(nowMs - effectiveRetention(name, levels, defaults).held.days * DAY_MS);
  const round = await takeUp(pool, new Date(nowMs));
  if (round.doneThrough === '') {
    const keptSince = await oldestKept(pool, accountsAtOnce, (levels) => beforeOf(levels, 'usageRecords'));
    await noteRemoved(pool, { usageDays: await closeDays(pool, keptSince) });
  }
  for (let after = round.doneThrough; !isStopped(); ) {
    const accounts = await accountsAfter(pool, after, accountsAtOnce);
    const last = accounts.at(-1);
    if (last === undefined)
      return await finish(pool, beforeOf(await platformLevels(pool), 'refusedUsage'), rowsAtOnce);
    for (const name of retainedClassNames) {
      const ids = accounts.map(({ accountId }) => accountId);
      const befores = accounts.map(({ levels }) => beforeOf(levels, name));
      while (!isStopped()) {
        const removed = await forgetRows(pool, { name, ids, befores, rowsAtOnce });
        if (removed > 0) await noteRemoved(pool, { [name]: removed });
        if (removed < rowsAtOnce) break;
      }
    }
    if (isStopped()) break;
    after = last.accountId;
    await pool.query(
      'UPDATE retention_round SET done_through = $1, account_count = account_count + $2 WHERE id = 1',
      [after, accounts.length],
    );
  }
  return await readRound(pool);
}

interface LevelledAccount {
  readonly accountId: string;
  readonly levels: readonly RetentionLevel[];
}

async function accountsAfter(pool: Pool, after: string, limit: number): Promise<readonly LevelledAccount[]> {
  const { rows } = await pool.query<{ account_id: string; levels: readonly RetentionLevel[] }>(
    'SELECT account_id, levels FROM retention_levels_after($1, $2)',
    [after, limit],
  );
  return rows.map((row) => ({ accountId: row.account_id, levels: row.levels }));
}

/** What the platform itself says: it holds for what belongs to no account. */
async function platformLevels(pool: Pool): Promise<readonly RetentionLevel[]> {
  const { rows } = await pool.query<{ id: string }>('SELECT platform_account(NULL, NULL, NULL) AS id');
  return await retentionStore(pool).chain(rows[0]?.id ?? '');
}

/** The time since which some account still keeps records. */
async function oldestKept(
  pool: Pool,
  limit: number,
  beforeOf: (levels: readonly RetentionLevel[]) => Date,
): Promise<Date | undefined> {
  let oldest: Date | undefined;
  for (let after = ''; ; ) {
    const accounts = await accountsAfter(pool, after, limit);
    for (const { levels } of accounts) {
      const before = beforeOf(levels);
      if (oldest === undefined || before < oldest) oldest = before;
    }
    const last = accounts.at(-1);
    if (last === undefined) return oldest;
    after = last.accountId;
  }
}

/** Takes whole days away that end before a time, and answers how many. One at which others are is left for the next round. */
async function closeDays(pool: Pool, keptSince: Date | undefined): Promise<number> {
  if (keptSince === undefined) return 0;
  const { rows } = await pool.query<{ day: string }>('SELECT usage_days_before($1::date)::text AS day', [
    keptSince.toISOString().slice(0, 10),
  ]);
  let count = 0;
  for (const { day } of rows) {
    const closed = await pool.query<{ count: string }>('SELECT usage_close_day($1) AS count', [day]);
    if (Number(closed.rows[0]?.count) >= 0) count += 1;
  }
  return count;
}

interface Batch {
  readonly name: RetainedClassName;
  readonly ids: readonly string[];
  readonly befores: readonly Date[];
  readonly rowsAtOnce: number;
}

/** Removes rows of one class: of each account those before its time, so many at most; answers how many. */
export async function forgetRows(pool: Pool, { name, ids, befores, rowsAtOnce }: Batch): Promise<number> {
  const { rows } = await pool.query<{ count: string }>('SELECT retention_forget($1, $2, $3, $4) AS count', [
    name,
    ids,
    befores,
    rowsAtOnce,
  ]);
  return Number(rows[0]?.count ?? 0);
}

/** The round that was broken off, or a new one. */
async function takeUp(pool: Pool, now: Date): Promise<{ readonly doneThrough: string }> {
  const { rows } = await pool.query<{ done_through: string }>(
    `INSERT INTO retention_round AS r (id, started_at) VALUES (1, $1)
     ON CONFLICT (id) DO UPDATE SET
       started_at = CASE WHEN r.finished_at IS NULL THEN r.started_at ELSE excluded.started_at END,
       done_through = CASE WHEN r.finished_at IS NULL THEN r.done_through ELSE '' END,
       account_count = CASE WHEN r.finished_at IS NULL THEN r.account_count ELSE 0 END,
       removed = CASE WHEN r.finished_at IS NULL THEN r.removed ELSE '{}' END,
       finished_at = NULL
     RETURNING done_through`,
    [now],
  );
  return { doneThrough: rows[0]?.done_through ?? '' };
}

async function noteRemoved(pool: Pool, counts: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, count] of Object.entries(counts)) {
    if (count === 0) continue;
    await pool.query(
      `UPDATE retention_round SET removed = jsonb_set(removed, ARRAY[$1],
         to_jsonb(coalesce((removed ->> $1)::bigint, 0) + $2::bigint)) WHERE id = 1`,
      [name, count],
    );
  }
}

async function finish(pool: Pool, unownedBefore: Date, rowsAtOnce: number): Promise<RetentionRound> {
  for (;;) {
    const { rows } = await pool.query<{ count: string }>('SELECT retention_forget_unowned($1, $2) AS count', [
      unownedBefore,
      rowsAtOnce,
    ]);
    const removed = Number(rows[0]?.count ?? 0);
    await noteRemoved(pool, { refusedUsage: removed });
    if (removed < rowsAtOnce) break;
  }
  await pool.query('UPDATE retention_round SET finished_at = clock_timestamp() WHERE id = 1');
  return await readRound(pool);
}

async function readRound(pool: Pool): Promise<RetentionRound> {
  const round = await lastRound(pool);
  if (round === undefined) throw new Error('The round is not there.');
  return round;
}

/** The round that runs, or the last one. */
export async function lastRound(pool: Pool): Promise<RetentionRound | undefined> {
  const { rows } = await pool.query<{
    started_at: Date;
    finished_at: Date | null;
    account_count: number;
    removed: Readonly<Record<string, number>>;
  }>('SELECT started_at, finished_at, account_count, removed FROM retention_round WHERE id = 1');
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    accountCount: row.account_count,
    removed: row.removed,
  };
}
