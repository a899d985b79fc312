import { nano } from '@patchbay/domain/billing/money';
import { nextPeriod, type Period } from '@patchbay/domain/billing/period';
import { spanStarts } from '@patchbay/domain/billing/price-book';
import { binaryMeters, type SessionCell } from '@patchbay/domain/billing/session-cells';
import { type AccountVerification, outcomeOf, verifyAccount } from '@patchbay/domain/billing/verification';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { UsageCell } from '@patchbay/domain/metering/roll-up';
import type { PoolClient } from 'pg';
import type { KnownDimensionSets } from '../metering/dimension-sets.ts';
import { linesSql, readPositions, readTotals } from './billing-store.ts';
import { fromExactJson } from './exact-json.ts';
import { readOwnCollectors } from './own-collecting-rows.ts';
import { readChain } from './price-rows.ts';
import {
  readRawCells,
  readRawSessionTimes,
  readRecountedCells,
  readRecountedSessionTimes,
} from './usage-cells.ts';

const DAY_MS = 86_400_000;

interface UseQuery {
  readonly accountId: string;
  readonly period: Period;
  readonly starts: readonly number[];
}

/** What an account and those below it used in a month, by its records. */
export interface RecordedUse {
  cells(client: PoolClient, query: UseQuery): Promise<readonly UsageCell[]>;
  /** Of those meters alone. */
  sessions(
    client: PoolClient,
    query: UseQuery & { readonly meters: readonly string[] },
  ): Promise<readonly SessionCell[]>;
}

/** From the records of the account and of all below it, as they are at the moment of asking. */
export const usedByRecords = (sets: KnownDimensionSets): RecordedUse => ({
  async cells(client, { accountId, period, starts }) {
    const range = { accountId, starts, toMs: period.toMs };
    const cells: UsageCell[] = [];
    // Day by day: each is a part of the records by itself, and no statement takes long.
    for (let dayMs = period.fromMs; dayMs < period.toMs; dayMs += DAY_MS)
      cells.push(...(await readRawCells(client, sets, { ...range, dayMs })));
    return summed(cells);
  },
  sessions: (client, { accountId, period, starts, meters }) =>
    readRawSessionTimes(client, sets, { accountId, starts, toMs: period.toMs, meters }),
});

/** From what the recomputation of the month read of the records, all accounts at once. */
export const usedByRecount = (sets: KnownDimensionSets): RecordedUse => ({
  cells: (client, { accountId, period, starts }) =>
    readRecountedCells(client, sets, { accountId, starts, toMs: period.toMs, period: period.name }),
  sessions: (client, { accountId, period, starts, meters }) =>
    readRecountedSessionTimes(client, sets, {
      ...{ accountId, starts, toMs: period.toMs, meters },
      period: period.name,
    }),
});

interface Verifying {
  readonly accountId: string;
  readonly period: Period;
  readonly use: RecordedUse;
  readonly catalogue: MeterCatalogue;
  /** Whether the month is over: what of it became money is compared then. */
  readonly nowMs: number;
}

/** Rates an account's month anew and compares it with its books, in the snapshot that `client` is in. */
export async function verifyOne(
  client: PoolClient,
  { accountId, period, use, catalogue, nowMs }: Verifying,
): Promise<AccountVerification> {
  const chain = await readChain(client, accountId, period);
  const { currency } = chain;
  const head = { accountId, period: period.name, currency };
  const goneDayCount = await readGone(client, accountId, period);
  if (goneDayCount > 0) return { ...head, outcome: 'gone', goneDayCount, lines: [] };
  const query = { accountId, period, starts: spanStarts(chain, period) };
  const cells = await use.cells(client, query);
  const sessions = await use.sessions(client, { ...query, meters: binaryMeters(chain.prices) });
  const positions = await readPositions(client, linesSql, [accountId, period.name]);
  const nextPositions = await readPositions(client, linesSql, [accountId, nextPeriod(period).name]);
  const buyers = [...new Set(chain.edges.map(({ buyerId }) => buyerId))];
  const lines = verifyAccount({
    ...{ accountId, period, currency, cells, sessions, positions, nextPositions, nowMs },
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
