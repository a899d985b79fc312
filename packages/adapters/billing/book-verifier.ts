import type { Period } from '@patchbay/domain/billing/period';
import type {
  BookVerifier,
  MonthRecount,
  VerificationRun,
  VerifiedLine,
} from '@patchbay/domain/billing/verification';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { Pool } from 'pg';
import { inAccountScope, inAccountSnapshot } from '../metering/account-scope.ts';
import { KnownDimensionSets } from '../metering/dimension-sets.ts';
import { type RecordedUse, usedByRecords, usedByRecount, verifyOne } from './account-verification.ts';
import { fromExactJson, toExactJson } from './exact-json.ts';
import { monthRecount } from './month-recount.ts';

const DAY_MS = 86_400_000;
/** Runs older than that are forgotten. */
const RUNS_KEPT_DAYS = 400;

export interface BookVerifierOptions {
  readonly pool: Pool;
  readonly catalogue: MeterCatalogue;
  readonly nowMs: () => number;
}

/** What keeps how runs went, besides verifying. */
export interface VerificationLog {
  /** Ends the run: what was read for it is forgotten. */
  keep(platformId: string, run: VerificationRun): Promise<void>;
  /** Months of which a statement was closed since then, the oldest first. */
  closedSince(platformId: string, sinceMs: number): Promise<readonly string[]>;
}

/** Recomputes closed months from raw records in PostgreSQL, each account in one snapshot. */
export function bookVerifier({
  pool,
  catalogue,
  nowMs,
}: BookVerifierOptions): BookVerifier & MonthRecount & VerificationLog {
  const sets = new KnownDimensionSets();
  const verifyBy = (use: RecordedUse) => (accountId: string, period: Period) =>
    inAccountSnapshot(pool, accountId, (client) =>
      // A month that is closed is over, by whichever clock.
      verifyOne(client, { accountId, period, use, catalogue, nowMs: period.toMs }),
    );
  const closedAccounts: BookVerifier['closedAccounts'] = (
    accountId,
    { name },
    { scope, after = '', limit },
  ) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<{ account_id: string }>(
        `SELECT account_id FROM closed_statement WHERE period = $1 AND account_id > $2
         AND ($3 = 'descendants' OR account_id = $4) ORDER BY account_id LIMIT $5`,
        [name, after, scope, accountId, limit],
      );
      return rows.map(({ account_id }) => account_id);
    });
  const verify = verifyBy(usedByRecords(sets));
  return {
    closedAccounts,
    verify,
    ...monthRecount({ pool, nowMs, closedAccounts, verify, verifyRecounted: verifyBy(usedByRecount(sets)) }),
    runs: (platformId) =>
      inAccountScope(pool, platformId, async (client) => {
        const { rows } = await client.query<RunRow>(
          `SELECT DISTINCT ON (period) * FROM billing_verification WHERE account_id = $1
           ORDER BY period DESC, started_at DESC LIMIT 36`,
          [platformId],
        );
        return rows.map(runFromRow);
      }),
    keep: (platformId, run) =>
      inAccountScope(pool, platformId, async (client) => {
        await client.query(
          `INSERT INTO billing_verification (account_id, period, started_at, finished_at, account_count, line_count,
             differing_count, gone_count, differences) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [
            platformId,
            run.period,
            new Date(run.startedAtMs),
            new Date(run.finishedAtMs),
            run.accountCount,
            run.lineCount,
            run.differingCount,
            run.goneCount,
            toExactJson(run.differences),
          ],
        );
        await client.query('SELECT billing_recount_forget($1)', [run.period]);
        await client.query('DELETE FROM billing_verification WHERE account_id = $1 AND started_at < $2', [
          platformId,
          new Date(run.startedAtMs - RUNS_KEPT_DAYS * DAY_MS),
        ]);
      }),
    closedSince: (platformId, sinceMs) =>
      inAccountScope(pool, platformId, async (client) => {
        const { rows } = await client.query<{ period: string }>(
          'SELECT DISTINCT period FROM closed_statement WHERE closed_at >= $1 ORDER BY 1',
          [new Date(sinceMs)],
        );
        return rows.map(({ period }) => period);
      }),
  };
}

interface RunRow {
  readonly period: string;
  readonly started_at: Date;
  readonly finished_at: Date;
  readonly account_count: number;
  readonly line_count: number;
  readonly differing_count: number;
  readonly gone_count: number;
  readonly differences: unknown;
}

const runFromRow = (row: RunRow): VerificationRun => ({
  period: row.period,
  startedAtMs: row.started_at.getTime(),
  finishedAtMs: row.finished_at.getTime(),
  accountCount: row.account_count,
  lineCount: row.line_count,
  differingCount: row.differing_count,
  goneCount: row.gone_count,
  differences: fromExactJson(row.differences) as readonly VerifiedLine[],
});
