import type { Period } from '@patchbay/domain/billing/period';
import {
  type AccountVerification,
  type BookVerifier,
  emptyRun,
  type MonthRecount,
  type RecountWatch,
  type VerificationRun,
  withVerified,
} from '@patchbay/domain/billing/verification';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { fromExactJson, toExactJson } from './exact-json.ts';

const DAY_MS = 86_400_000;
/** What was read so long ago says too little of now: it is read anew. */
const RESUMED_MS_MAX = DAY_MS / 2;
/** Accounts whose ids are read at once. */
const PAGE_ACCOUNTS = 500;
/** Accounts that are compared anew, at most, after a process died. */
const KEPT_EVERY_ACCOUNTS = 50;

type Verify = (accountId: string, period: Period) => Promise<AccountVerification>;

export interface MonthRecountOptions {
  readonly pool: Pool;
  readonly nowMs: () => number;
  readonly closedAccounts: BookVerifier['closedAccounts'];
  /** From the records of one account and of all below it. */
  readonly verify: Verify;
  /** From what was read here. */
  readonly verifyRecounted: Verify;
}

interface Recount {
  readonly readDayCount: number;
  readonly dayCount: number;
  /** The last account that was compared; '' before the first. */
  readonly after: string;
  readonly run: VerificationRun;
}

/**
 * Reads each raw record of a month once, day by day, into what every account used by itself, and compares account after account
 * from there. Both are kept in the database with how far they are, so this process holds one account at a time, and the
 * database, while it reads a day, one sum for each account, meter and set of dimensions that was used in it.
 */
export function monthRecount({
  pool,
  nowMs,
  closedAccounts,
  verify,
  verifyRecounted,
}: MonthRecountOptions): MonthRecount {
  const begun = async (platformId: string, period: Period): Promise<Recount> => {
    const known = await readRecount(pool, platformId, period);
    if (known !== undefined && nowMs() - known.run.startedAtMs < RESUMED_MS_MAX) return known;
    await inAccountScope(pool, platformId, async (client) => {
      // Of a month that is not recomputed any more nobody else takes away what was read.
      await client.query('SELECT billing_recount_forget(period) FROM billing_recount WHERE started_at < $1', [
        new Date(nowMs() - RESUMED_MS_MAX),
      ]);
      await client.query('SELECT billing_recount_begin($1, $2, $3, $4, $5)', [
        period.name,
        ...daysOf(period),
        new Date(nowMs()),
        toExactJson(emptyRun(period.name, nowMs())),
      ]);
    });
    const recount = await readRecount(pool, platformId, period);
    if (recount === undefined) throw new Error(`The recomputation of ${period.name} was not begun.`);
    return recount;
  };
  const readDays = async (
    recount: Recount,
    { platformId, period, isStopped, onProgress }: RecountWatch & Recounting,
  ): Promise<boolean> => {
    for (let read = recount.readDayCount; ; read++) {
      if (isStopped()) return false;
      if (!(await readDay(pool, platformId, period))) return true;
      onProgress?.({ ...recount, readDayCount: read + 1 });
    }
  };
  const verifiedOf = async (accountId: string, period: Period): Promise<AccountVerification> => {
    const recounted = await verifyRecounted(accountId, period);
    return recounted.outcome === 'disagrees' ? await verify(accountId, period) : recounted;
  };
  return {
    async recount(platformId, period, watch) {
      const recount = await begun(platformId, period);
      if (!(await readDays(recount, { platformId, period, ...watch }))) return undefined;
      let { run, after } = recount;
      const keep = () => keepRecount(pool, platformId, { run, after });
      for (;;) {
        const page = { scope: 'descendants', after, limit: PAGE_ACCOUNTS } as const;
        const ids = await closedAccounts(platformId, period, page);
        for (const id of ids) {
          if (watch.isStopped()) {
            await keep();
            return undefined;
          }
          const verified = await verifiedOf(id, period);
          run = withVerified(run, verified);
          watch.onVerified?.(verified);
          after = id;
          if (run.accountCount % KEPT_EVERY_ACCOUNTS === 0) await keep();
          const { dayCount } = recount;
          watch.onProgress?.({ dayCount, readDayCount: dayCount, run });
        }
        if (ids.length < PAGE_ACCOUNTS) return { ...run, finishedAtMs: nowMs() };
      }
    },
    forget: (platformId, { name }) =>
      inAccountScope(pool, platformId, async (client) => {
        await client.query('SELECT billing_recount_forget($1)', [name]);
      }),
  };
}

interface Recounting {
  readonly platformId: string;
  readonly period: Period;
}

const daysOf = ({ fromMs, toMs }: Period): readonly string[] =>
  [fromMs, toMs].map((atMs) => new Date(atMs).toISOString().slice(0, 10));

/** Whether there was a day left to read. */
const readDay = (pool: Pool, platformId: string, period: Period): Promise<boolean> =>
  inAccountScope(pool, platformId, async (client) => {
    const { rows } = await client.query<{ was_left: boolean }>(
      'SELECT billing_recount_day($1, $2, $3) AS was_left',
      [period.name, ...daysOf(period)],
    );
    return rows[0]?.was_left === true;
  });

interface RecountRow {
  readonly read_count: number;
  readonly day_count: number;
  readonly after_account_id: string;
  readonly found: unknown;
}

const readRecount = (pool: Pool, platformId: string, { name }: Period): Promise<Recount | undefined> =>
  inAccountScope(pool, platformId, async (client) => {
    const { rows } = await client.query<RecountRow>(
      `SELECT next_day - first_day AS read_count, end_day - first_day AS day_count, after_account_id, found
       FROM billing_recount WHERE account_id = $1 AND period = $2`,
      [platformId, name],
    );
    return rows.map((row) => ({
      readDayCount: row.read_count,
      dayCount: row.day_count,
      after: row.after_account_id,
      run: fromExactJson(row.found) as VerificationRun,
    }))[0];
  });

const keepRecount = (pool: Pool, platformId: string, { run, after }: Pick<Recount, 'run' | 'after'>) =>
  inAccountScope(pool, platformId, (client) =>
    client.query(
      'UPDATE billing_recount SET after_account_id = $3, found = $4 WHERE account_id = $1 AND period = $2',
      [platformId, run.period, after, toExactJson(run)],
    ),
  );
