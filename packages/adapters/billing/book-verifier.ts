import { nano } from '@patchbay/domain/billing/money';
import { nextPeriod, type Period } from '@patchbay/domain/billing/period';
import { spanStarts } from '@patchbay/domain/billing/price-book';
import { binaryMeters } from '@patchbay/domain/billing/session-cells';
import {
  type AccountVerification,
  type BookVerifier,
  outcomeOf,
  type VerificationRun,
  type VerifiedLine,
  verifyAccount,
} from '@patchbay/domain/billing/verification';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { UsageCell } from '@patchbay/domain/metering/roll-up';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope, inAccountSnapshot } from '../metering/account-scope.ts';
import { KnownDimensionSets } from '../metering/dimension-sets.ts';
import { linesSql, readPositions, readTotals } from './billing-store.ts';
import { fromExactJson, toExactJson } from './exact-json.ts';
import { readOwnCollectors } from './own-collecting-rows.ts';
import { readChain } from './price-rows.ts';
import { readRawCells, readRawSessionTimes } from './usage-cells.ts';

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
  keep(platformId: string, run: VerificationRun): Promise<void>;
  /** Months of which a statement was closed since then, the oldest first. */
  closedSince(platformId: string, sinceMs: number): Promise<readonly string[]>;
}

/** Recomputes closed months from raw records in PostgreSQL, each account in one snapshot. */
export function bookVerifier({
  pool,
  catalogue,
  nowMs,
}: BookVerifierOptions): BookVerifier & VerificationLog {
  const sets = new KnownDimensionSets();
  return {
    closedAccounts: (accountId, { name }, { scope, after = '', limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<{ account_id: string }>(
          `SELECT account_id FROM closed_statement WHERE period = $1 AND account_id > $2
           AND ($3 = 'descendants' OR account_id = $4) ORDER BY account_id LIMIT $5`,
          [name, after, scope, accountId, limit],
        );
        return rows.map(({ account_id }) => account_id);
      }),
    verify: (accountId, period) =>
      inAccountSnapshot(pool, accountId, (client) =>
        verifyOne(client, { accountId, period, sets, catalogue, nowMs: nowMs() }),
      ),
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

interface Verifying {
  readonly accountId: string;
  readonly period: Period;
  readonly sets: KnownDimensionSets;
  readonly catalogue: MeterCatalogue;
  readonly nowMs: number;
}

async function verifyOne(
  client: PoolClient,
  { accountId, period, sets, catalogue, nowMs }: Verifying,
): Promise<AccountVerification> {
  const chain = await readChain(client, accountId, period);
  const { currency } = chain;
  const head = { accountId, period: period.name, currency };
  const goneDayCount = await readGone(client, accountId, period);
  if (goneDayCount > 0) return { ...head, outcome: 'gone', goneDayCount, lines: [] };
  const range = { accountId, starts: spanStarts(chain, period), toMs: period.toMs };
  const cells: UsageCell[] = [];
  // Day by day: each is a part of the records by itself, and no statement takes long.
  for (let dayMs = period.fromMs; dayMs < period.toMs; dayMs += DAY_MS)
    cells.push(...(await readRawCells(client, sets, { ...range, dayMs })));
  const sessions = await readRawSessionTimes(client, sets, { ...range, meters: binaryMeters(chain.prices) });
  const positions = await readPositions(client, linesSql, [accountId, period.name]);
  const nextPositions = await readPositions(client, linesSql, [accountId, nextPeriod(period).name]);
  const buyers = [...new Set(chain.edges.map(({ buyerId }) => buyerId))];
  const lines = verifyAccount({
    ...{ accountId, period, currency, sessions, positions, nextPositions, nowMs },
    cells: summed(cells),
    book: { ...chain, catalogue },
    ledger: await readTotals(client, { accountId, period, currency }),
    closed: await readClosed(client, accountId, period),
    ownCollectors: await readOwnCollectors(client, accountId, period),
    verifiedBuyers: await readVerified(client, buyers, period),
  });
  return { ...head, outcome: outcomeOf(lines), goneDayCount, lines };
}

/** What days have of one span as one. */
function summed(cells: readonly UsageCell[]): readonly UsageCell[] {
  const bySpan = Map.groupBy(
    cells,
    ({ accountId, atMs, meter, dimensions }) => `${accountId} ${atMs} ${meter} ${JSON.stringify(dimensions)}`,
  );
  return [...bySpan.values()].flatMap((ofSpan) => {
    const [first] = ofSpan;
    if (first === undefined) return [];
    return {
      ...first,
      inclusive: ofSpan.reduce((sum, { inclusive }) => sum + inclusive, 0n),
      own: ofSpan.reduce((sum, { own }) => sum + own, 0n),
      entryCount: ofSpan.reduce((sum, { entryCount }) => sum + entryCount, 0),
    };
  });
}

async function readGone(client: PoolClient, accountId: string, { fromMs, toMs }: Period): Promise<number> {
  const { rows } = await client.query<{ days: string }>(
    'SELECT billing_raw_gone($1, $2::date, $3::date) AS days',
    [accountId, dayOf(fromMs), dayOf(toMs)],
  );
  return Number(rows[0]?.days ?? 0);
}

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

async function readClosed(client: PoolClient, accountId: string, { name }: Period) {
  const { rows } = await client.query<{ content: unknown }>(
    'SELECT content FROM closed_statement WHERE account_id = $1 AND period = $2',
    [accountId, name],
  );
  if (rows[0] === undefined) return undefined;
  const { charge, payout } = fromExactJson(rows[0].content) as { charge: bigint; payout: bigint };
  return { charge: nano(charge), payout: nano(payout) };
}

async function readVerified(
  client: PoolClient,
  buyerIds: readonly string[],
  { name }: Period,
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ account_id: string }>(
    'SELECT account_id FROM closed_statement WHERE period = $1 AND account_id = ANY($2)',
    [name, [...buyerIds]],
  );
  return new Set(rows.map(({ account_id }) => account_id));
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
