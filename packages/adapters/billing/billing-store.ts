import { setTimeout as wait } from 'node:timers/promises';
import { accrueAccount, type Posting, readAccount } from '@patchbay/domain/billing/account-accrual';
import type {
  AccruedStatement,
  BillingStore,
  ChainPrices,
  LedgerTotals,
  PostedEntry,
} from '@patchbay/domain/billing/billing-store';
import type { LedgerBook, LedgerPosition, SellerBook } from '@patchbay/domain/billing/ledger';
import { nano } from '@patchbay/domain/billing/money';
import { nextPeriod, type Period, periodAt, periodOf, periodStarts } from '@patchbay/domain/billing/period';
import { isPooled } from '@patchbay/domain/billing/price';
import { spanStarts } from '@patchbay/domain/billing/price-book';
import { binaryMeters } from '@patchbay/domain/billing/session-cells';
import { spendOf } from '@patchbay/domain/billing/spend';
import { type Statement, statementOf } from '@patchbay/domain/billing/statement';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope, inAccountSnapshot, isLostState, sqlStateOf } from '../metering/account-scope.ts';
import { KnownDimensionSets } from '../metering/dimension-sets.ts';
import { type AheadOf, neverAhead } from './account-books.ts';
import { readClosedMonth } from './closed-months.ts';
import { readOwnCollectors } from './own-collecting-rows.ts';
import { readChain, readChainUnder, writePrices } from './price-rows.ts';
import { simulate } from './simulation-rows.ts';
import { readCells, readSessionCells, readSessionTimes } from './usage-cells.ts';

/** Accruals of one edge that come first, before this one gives up. */
const ATTEMPT_COUNT_MAX = 8;
/** Before the second attempt. The bound doubles with each. */
const FIRST_PAUSE_MS_MAX = 10;

export interface BillingStoreOptions {
  /** Its connections run as patchbay_app. */
  readonly pool: Pool;
  readonly catalogue: MeterCatalogue;
  readonly nowMs: () => number;
  /** The time of an account's books is so far ahead. Left out: of none. */
  readonly aheadMsOf?: AheadOf;
}

/** Rates an account's month anew and posts what the ledger does not have yet. */
export interface AccountAccrual {
  /** With `then`, what it does is part of the same transaction, which sees one moment. */
  accrue(
    accountId: string,
    period: Period,
    then?: (client: PoolClient, statement: Statement) => Promise<void>,
  ): Promise<AccruedStatement>;
  /** Those with something to accrue, from the lowest up: all, or those of one tree. '' is that of all live accounts. */
  activeAccounts(period: Period, treeId?: string): Promise<readonly string[]>;
}

const readerOf = ({ catalogue }: Pick<BillingStoreOptions, 'catalogue'>) => {
  const sets = new KnownDimensionSets();
  const requestOf = async (client: PoolClient, { accountId, period, positionsSql, nowMs }: Reading) => {
    const positions = await readPositions(client, positionsSql, [accountId, period.name]);
    const nextPositions = await readPositions(client, positionsSql, [accountId, nextPeriod(period).name]);
    const chain = await readChain(client, accountId, period);
    const book = { ...chain, catalogue };
    const range = { accountId, ...period, starts: spanStarts(chain, period) };
    const cells = await readCells(client, sets, range);
    const sessions = await readSessionTimes(client, sets, { ...range, meters: binaryMeters(chain.prices) });
    const { currency } = chain;
    const ownCollectors = await readOwnCollectors(client, accountId, period);
    const ledger = { positions, nextPositions, ownCollectors };
    return { accountId, period, currency, cells, sessions, book, ...ledger, nowMs };
  };
  return { sets, requestOf };
};

export function accountAccrual({
  pool,
  catalogue,
  nowMs,
  aheadMsOf = neverAhead,
}: BillingStoreOptions): AccountAccrual {
  const { requestOf } = readerOf({ catalogue });
  return {
    async accrue(accountId, period, then) {
      const atMs = nowMs() + (await aheadMsOf(accountId));
      for (let attempt = 1; ; attempt++) {
        try {
          return await inAccountSnapshot(pool, accountId, async (client) => {
            const reading = { accountId, period, positionsSql: linesSql, nowMs: atMs };
            const request = await requestOf(client, reading);
            const { statement, postings } = accrueAccount(request);
            for (const posting of postings) await write(client, posting, nowMs());
            await then?.(client, statement);
            return { statement, ledger: await readTotals(client, statement), isBehind: false };
          });
        } catch (cause) {
          if (!isLostState(sqlStateOf(cause)) || attempt === ATTEMPT_COUNT_MAX) throw cause;
          // At random, so that those who met do not meet again.
          await wait(Math.random() * FIRST_PAUSE_MS_MAX * 2 ** (attempt - 1));
        }
      }
    },
    async activeAccounts({ name, fromMs, toMs }, treeId) {
      const range = [name, new Date(fromMs), new Date(toMs)];
      const { rows } = await (treeId === undefined
        ? pool.query<ActiveRow>('SELECT * FROM billing_active_accounts($1, $2, $3)', range)
        : pool.query<ActiveRow>('SELECT * FROM billing_tree_accounts($4, $1, $2, $3)', [...range, treeId]));
      return rows.map(({ account_id }) => account_id);
    },
  };
}

interface ActiveRow {
  readonly account_id: string;
}

/** Prices, statements and the ledger in PostgreSQL. */
export function billingStore({
  pool,
  catalogue,
  nowMs,
  aheadMsOf = neverAhead,
}: BillingStoreOptions): BillingStore {
  const { sets, requestOf } = readerOf({ catalogue });
  const accrual = accountAccrual({ pool, catalogue, nowMs, aheadMsOf });

  return {
    accrue: (accountId, period) => accrual.accrue(accountId, period),
    read: async (accountId, period) => {
      const atMs = nowMs() + (await aheadMsOf(accountId));
      return await inAccountSnapshot(pool, accountId, async (client) => {
        const { statement, isBehind } = readAccount(
          await requestOf(client, { accountId, period, positionsSql: sumsSql, nowMs: atMs }),
        );
        return { statement, ledger: await readTotals(client, statement), isBehind };
      });
    },
    readClosed: (accountId, period) =>
      inAccountScope(pool, accountId, (client) => readClosedMonth(client, accountId, period)),
    readLines: ({ accountId, period, meter }) =>
      inAccountScope(pool, accountId, async (client) => {
        const chain = await readChain(client, accountId, period);
        const { currency } = chain;
        const starts = spanStarts(chain, period);
        const range = { accountId, ...period, starts };
        const cells = await readCells(client, sets, { ...range, meter });
        const meters = binaryMeters(chain.prices).filter((each) => meter === undefined || each === meter);
        const sessions = await readSessionTimes(client, sets, { ...range, meters });
        return statementOf({ accountId, period, currency, cells, sessions, book: { ...chain, catalogue } });
      }),
    async accrueAll(period) {
      const accounts = await accrual.activeAccounts(period);
      for (const accountId of accounts) await accrual.accrue(accountId, period);
      return accounts.length;
    },
    spend: (query) =>
      inAccountScope(pool, query.accountId, async (client) => {
        const { accountId, fromMs, toMs, sessionId } = query;
        const since = periodAt(fromMs).fromMs;
        const chain = await readChain(client, accountId, { fromMs: since, toMs });
        const starts = [...new Set([...spanStarts(chain, query), ...periodStarts(query)])].sort(
          (left, right) => left - right,
        );
        const hasPools = chain.prices.some(({ tariff }) => isPooled(tariff));
        const meters = binaryMeters(chain.prices);
        const earlier = { fromMs: since, toMs: fromMs };
        const range = { accountId, toMs, starts, depthMax: 0 } as const;
        const rangeBefore = { ...range, toMs: fromMs, starts: spanStarts(chain, earlier) };
        const hasBefore = hasPools && since < fromMs;
        const before = hasBefore ? await readCells(client, sets, rangeBefore) : [];
        const sessionsBefore = hasBefore
          ? await readSessionTimes(client, sets, { ...rangeBefore, meters })
          : [];
        const cells =
          sessionId === undefined
            ? await readCells(client, sets, range)
            : await readSessionCells(client, sets, { ...query, sessionId, starts });
        const sessions = await readSessionTimes(client, sets, { ...range, meters, sessionId });
        const { currency } = chain;
        const book = { ...chain, catalogue };
        return spendOf({ accountId, currency, cells, before, sessions, sessionsBefore, book });
      }),
    simulate: (query) =>
      inAccountScope(pool, query.change.accountId, (client) => simulate(client, query, { sets, catalogue })),
    listPeriods: (accountId) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<{ period: string }>('SELECT * FROM billing_periods($1)', [
          accountId,
        ]);
        return rows.map(({ period }) => periodOf(period));
      }),
    listEntries: (accountId, period, { cursor = '', limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const [transactionId = '', book = ''] = cursor.split('.');
        const { rows } = await client.query<EntryRow>(entriesSql, [
          accountId,
          period.name,
          limit + 1,
          transactionId,
          book,
        ]);
        const shown = rows.slice(0, limit);
        const last = shown.at(-1);
        return {
          items: shown.map(entryFromRow),
          ...(rows.length > limit && last !== undefined
            ? { nextCursor: `${last.transaction_id}.${last.book}` }
            : {}),
        };
      }),
    chainPrices: (accountId, atMs) =>
      inAccountScope(pool, accountId, (client) =>
        readChain(client, accountId, { fromMs: atMs, toMs: farMs }),
      ),
    setPrices: async (change) => {
      const atMs = nowMs() + (await aheadMsOf(change.accountId));
      await inAccountScope(pool, change.accountId, (client) => writePrices(client, change, atMs));
    },
    parties: (topId, ids) =>
      inAccountScope(pool, topId, async (client) => {
        const { rows } = await client.query<{ id: string; is_seen: boolean; name: string | null }>(
          'SELECT * FROM account_parties($1, $2)',
          [topId, ids],
        );
        return new Map(
          rows.map(({ id, is_seen: isSeen, name }) => [id, { isSeen, name: name ?? PLATFORM_NAME }]),
        );
      }),
    namesBelow: (accountId, ids) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<{ id: string; name: string }>(
          'SELECT id, name FROM account WHERE id = ANY($1)',
          [ids],
        );
        return new Map(rows.map(({ id, name }) => [id, name]));
      }),
    async oldestUnsettled(period) {
      const { rows } = await pool.query<{ period: string | null }>(
        'SELECT ledger_oldest_unsettled($1) AS period',
        [period.name],
      );
      const oldest = rows[0]?.period ?? undefined;
      return oldest === undefined ? undefined : periodOf(oldest);
    },
    async countMismatches() {
      const { rows } = await pool.query<{ count: string }>('SELECT ledger_mismatches() AS count');
      return Number(rows[0]?.count ?? Number.NaN);
    },
  };
}

/** What an account would pay, did it stand directly below another of its tree. */
export const chainPricesUnder = (
  pool: Pool,
  {
    accountId,
    childId,
    atMs,
  }: { readonly accountId: string; readonly childId: string; readonly atMs: number },
): Promise<ChainPrices> =>
  inAccountScope(pool, accountId, (client) =>
    readChainUnder(client, { accountId, childId, fromMs: atMs, toMs: farMs }),
  );

/** Later than any price begins. */
const farMs = Date.UTC(9999, 11, 31);

interface PositionRow {
  readonly seller_id: string;
  readonly buyer_id: string;
  readonly currency: string;
  readonly book: SellerBook;
  readonly line_key: string;
  readonly posted: string;
  readonly revision: number;
}

interface Reading {
  readonly accountId: string;
  readonly period: Period;
  readonly positionsSql: string;
  readonly nowMs: number;
}

/** Line by line. */
export const linesSql = 'SELECT * FROM billing_positions($1, $2)';
const sumsSql = 'SELECT * FROM billing_position_sums($1, $2)';

export async function readPositions(
  client: PoolClient,
  sql: string,
  values: readonly [accountId: string, period: string],
): Promise<LedgerPosition[]> {
  const { rows } = await client.query<PositionRow>(sql, [...values]);
  return rows.map((row) => ({
    sellerId: row.seller_id,
    buyerId: row.buyer_id,
    currency: row.currency,
    book: row.book,
    lineKey: row.line_key,
    posted: nano(BigInt(row.posted)),
    revision: row.revision,
  }));
}

async function write(client: PoolClient, posting: Posting, nowMs: number): Promise<void> {
  const postings = posting.positions.map((position, index) => ({
    ...position,
    ...posting.transactions[index],
    transactionId: createId('txn', nowMs),
  }));
  await client.query('SELECT ledger_post($1, $2)', [posting.period, wireJson(postings)]);
}

/** Money travels as text. */
const wireJson = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));

interface TotalsRow {
  readonly currency: string;
  readonly payable: string;
  readonly receivable: string;
  readonly charged: string;
  readonly paid_out: string;
  readonly entry_count: number;
  readonly has_entries: boolean;
}

export async function readTotals(
  client: PoolClient,
  { accountId, period, currency }: Pick<Statement, 'accountId' | 'period' | 'currency'>,
): Promise<LedgerTotals> {
  const { rows } = await client.query<TotalsRow>('SELECT * FROM billing_ledger_totals($1, $2)', [
    accountId,
    period.name,
  ]);
  const own = rows.find((row) => row.currency === currency);
  const others = rows.filter((row) => row !== own && row.has_entries);
  const total = (of: string, amount = '0') => ({ currency: of, receivable: nano(BigInt(amount)) });
  return {
    payable: nano(BigInt(own?.payable ?? '0')),
    receivable: nano(BigInt(own?.receivable ?? '0')),
    charged: nano(BigInt(own?.charged ?? '0')),
    paidOut: nano(BigInt(own?.paid_out ?? '0')),
    entryCount: rows.reduce((count, row) => count + row.entry_count, 0),
    totals: [total(currency, own?.receivable), ...others.map((row) => total(row.currency, row.receivable))],
  };
}

const entriesSql = `
  SELECT e.transaction_id, t.posted_at, e.book, e.counterparty_id, e.currency, e.amount, t.source_ref
  FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
  WHERE e.account_id = $1 AND e.period = $2 AND (e.transaction_id, e.book) > ($4, $5) AND NOT ledger_is_collecting(e.book)
  ORDER BY e.transaction_id, e.book LIMIT $3`;

interface EntryRow {
  readonly transaction_id: string;
  readonly posted_at: Date;
  readonly book: LedgerBook;
  readonly counterparty_id: string;
  readonly currency: string;
  readonly amount: string;
  readonly source_ref: string;
}

const entryFromRow = (row: EntryRow): PostedEntry => ({
  transactionId: row.transaction_id,
  atMs: row.posted_at.getTime(),
  book: row.book,
  counterpartyId: row.counterparty_id,
  currency: row.currency,
  amount: nano(BigInt(row.amount)),
  sourceRef: row.source_ref,
});
