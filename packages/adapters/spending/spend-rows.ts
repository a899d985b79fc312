import type { ChainPrices } from '@patchbay/domain/billing/billing-store';
import { type Nano, nano, sum } from '@patchbay/domain/billing/money';
import { type Period, periodAt } from '@patchbay/domain/billing/period';
import { type PriceBook, spanStarts } from '@patchbay/domain/billing/price-book';
import { rate } from '@patchbay/domain/billing/rating';
import { binaryMeters } from '@patchbay/domain/billing/session-cells';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import { type MeterSpend, spendByMeter } from '@patchbay/domain/spending/account-spend';
import { type SpentSoFar, spendWindow } from '@patchbay/domain/spending/spending-limit';
import type { PoolClient } from 'pg';
import { readChain } from '../billing/price-rows.ts';
import { readCells, readSessionTimes } from '../billing/usage-cells.ts';
import { KnownDimensionSets } from '../metering/dimension-sets.ts';

const DAY_MS = 86_400_000;
/** So many meters are read one by one; of more, all are. */
const SINGLE_METER_COUNT_MAX = 4;

export interface RatedMonth {
  readonly accountId: string;
  readonly period: Period;
  /** Undefined: all that were ever used or have a price. */
  readonly meters: ReadonlySet<string> | undefined;
}

/** Rates some meters of an account and month anew and keeps what they come to, in the scope that `client` is in. */
export function spendRows({ catalogue }: { readonly catalogue: MeterCatalogue }) {
  const sets = new KnownDimensionSets();

  /** What an account, and all below it, used of some meters in a month, summed within spans in which neither tree nor prices change. */
  async function useOf(
    client: PoolClient,
    {
      accountId,
      period,
      chain,
      meters,
    }: Omit<RatedMonth, 'meters'> & { readonly chain: ChainPrices; readonly meters: ReadonlySet<string> },
  ) {
    const query = { accountId, starts: spanStarts(chain, period), toMs: period.toMs, depthMax: 0 } as const;
    const cells = (
      await inOrder([...meters], (meter) => readCells(client, sets, { ...query, meter }))
    ).flat();
    const timed = binaryMeters(chain.prices).filter((meter) => meters.has(meter));
    return { cells, sessions: await readSessionTimes(client, sets, { ...query, meters: timed }) };
  }

  async function rateMonth(client: PoolClient, { accountId, period, meters }: RatedMonth, nowMs: number) {
    const chain = await readChain(client, accountId, period);
    const book: PriceBook = { ...chain, catalogue };
    const dayStartMs = Math.max(spendWindow({ per: 'day', sinceMs: 0 }, nowMs).startMs, period.fromMs);
    const starts = [...new Set([...spanStarts(chain, period), Math.min(dayStartMs, period.toMs - 1)])].sort(
      (left, right) => left - right,
    );
    const fees = chain.prices
      .filter(({ tariff }) => tariff.kind === 'fee')
      .map(({ service, meter }) => `${service}.${meter}`);
    // The time of a session grows with whatever is used in it.
    const bySession = binaryMeters(chain.prices);
    const touched = meters === undefined ? undefined : new Set([...meters, ...fees, ...bySession]);
    const query = { accountId, starts, toMs: period.toMs, depthMax: 0 } as const;
    const isFew = touched !== undefined && touched.size <= SINGLE_METER_COUNT_MAX;
    const cells = isFew
      ? (await inOrder([...touched], (meter) => readCells(client, sets, { ...query, meter }))).flat()
      : await readCells(client, sets, query);
    const sessions = await readSessionTimes(client, sets, { ...query, meters: bySession });
    const rated = touched ?? new Set([...cells.map(({ meter }) => meter), ...fees, ...bySession]);
    await keep(
      client,
      { accountId, period: period.name, dayStartMs },
      spendByMeter({ accountId, period, cells, sessions, meters: rated, book, dayStartMs }),
    );
    return chain;
  }

  /** What the month came to by the end of each day, each rated as the month would have been then. */
  async function daysOf(client: PoolClient, accountId: string, nowMs: number) {
    const period = periodAt(nowMs);
    const chain = await readChain(client, accountId, period);
    const book: PriceBook = { ...chain, catalogue };
    const dayStarts: number[] = [];
    for (let atMs = period.fromMs; atMs <= nowMs; atMs += DAY_MS) dayStarts.push(atMs);
    const starts = [...new Set([...spanStarts(chain, period), ...dayStarts])].sort(
      (left, right) => left - right,
    );
    const query = { accountId, starts, toMs: period.toMs, depthMax: 0 } as const;
    const cells = await readCells(client, sets, query);
    const sessions = await readSessionTimes(client, sets, { ...query, meters: binaryMeters(chain.prices) });
    const days = dayStarts.map((startMs) => {
      const isByThen = ({ atMs }: { readonly atMs: number }) => atMs < startMs + DAY_MS;
      const scope = { period, accountId, sessions: sessions.filter(isByThen) };
      const { lines } = rate(cells.filter(isByThen), book, scope);
      const amount = sum(lines.filter(({ buyerId }) => buyerId === accountId).map((line) => line.amount));
      return { day: new Date(startMs).toISOString().slice(0, 10), amount };
    });
    return { currency: chain.currency, days };
  }

  return { rateMonth, daysOf, useOf };
}

/** One after the other: a client answers one statement at a time. */
export async function inOrder<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>) {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

async function keep(
  client: PoolClient,
  { accountId, period, dayStartMs }: { accountId: string; period: string; dayStartMs: number },
  spends: readonly MeterSpend[],
): Promise<void> {
  if (spends.length === 0) return;
  const column = (of: (spend: MeterSpend) => string) => spends.map(of);
  await client.query(
    `INSERT INTO spend_total AS s (account_id, period, meter, service, amount, own, day, before_day)
     SELECT $1, $2, m.meter, m.service, m.amount, m.own, $3, m.before_day
     FROM unnest($4::text[], $5::text[], $6::numeric[], $7::numeric[], $8::numeric[])
       AS m(meter, service, amount, own, before_day)
     ON CONFLICT (account_id, period, meter) DO UPDATE SET amount = excluded.amount, own = excluded.own,
       day = excluded.day, before_day = excluded.before_day`,
    [
      accountId,
      period,
      new Date(dayStartMs).toISOString().slice(0, 10),
      column(({ meter }) => meter),
      column(({ service }) => service),
      column(({ amount }) => amount.toString()),
      column(({ own }) => own.toString()),
      column(({ beforeDay }) => beforeDay.toString()),
    ],
  );
}

/** What is kept of an account's spend, by now. */
export async function readSpent(client: PoolClient, accountId: string, nowMs: number): Promise<SpentSoFar> {
  const { rows } = await client.query<{ day: string; month: string; total: string }>(
    `SELECT coalesce(sum(amount - before_day) FILTER (WHERE day = $3 AND period = $2), 0) AS day,
       coalesce(sum(amount) FILTER (WHERE period = $2), 0) AS month, coalesce(sum(amount), 0) AS total
     FROM spend_total WHERE account_id = $1`,
    [accountId, periodAt(nowMs).name, new Date(nowMs).toISOString().slice(0, 10)],
  );
  const [row] = rows;
  const of = (text = '0'): Nano => nano(BigInt(text));
  return { day: of(row?.day), month: of(row?.month), total: of(row?.total) };
}

/** The account's own part, by service: what it is asked for. */
export async function readOwnSpend(
  client: PoolClient,
  accountId: string,
  period: string,
): Promise<ReadonlyMap<string, Nano>> {
  const { rows } = await client.query<{ service: string; own: string }>(
    'SELECT service, sum(own) AS own FROM spend_total WHERE account_id = $1 AND period = $2 GROUP BY service',
    [accountId, period],
  );
  return new Map(rows.map(({ service, own }) => [service, nano(BigInt(own))]));
}
