import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import { rollUp } from '../metering/roll-up.ts';
import { minuteOf, type UsageRecord } from '../metering/usage-record.ts';
import { accrueAccount } from './account-accrual.ts';
import type { BillingStore, PostedEntry } from './billing-store.ts';
import type { ClosedMonth } from './closed-statement.ts';
import { type LedgerPosition, positionKey } from './ledger.ts';
import { nano, sum } from './money.ts';
import { nextPeriod, type Period, periodAt } from './period.ts';
import type { Price } from './price.ts';
import type { PricedEdge } from './price-book.ts';
import { simulateSeller, simulationPage } from './simulation.ts';
import { spendOf } from './spend.ts';

export interface MemoryWorld {
  /** By account and month. Left out: none is closed. */
  readonly closed?: ReadonlyMap<string, ClosedMonth>;
  readonly edges: readonly PricedEdge[];
  readonly catalogue: MeterCatalogue;
  /** The platform's. */
  readonly currency: string;
  readonly records: UsageRecord[];
  readonly prices: Price[];
  readonly nowMs: () => number;
}

/** The store of billing in memory, for one platform. Every account is called by its id in capitals. */
export function memoryBilling(world: MemoryWorld): BillingStore {
  const { edges, catalogue, currency: platformCurrency, records, prices, nowMs } = world;
  const positions = new Map<string, LedgerPosition>();
  const entries: (PostedEntry & { accountId: string; period: string })[] = [];
  const chainOf = (accountId: string): string[] => {
    const above = edges.find(({ buyerId }) => buyerId === accountId);
    return above === undefined ? [accountId] : [accountId, ...chainOf(above.sellerId)];
  };
  const currencyOf = (accountId: string) =>
    edges.find(({ buyerId }) => buyerId === accountId)?.currency ?? platformCurrency;
  const around = (accountId: string) =>
    edges.filter(({ sellerId, buyerId }) => sellerId === accountId || chainOf(accountId).includes(buyerId));

  const accrueOne = async (accountId: string, period: Period, { post }: { readonly post: boolean }) => {
    const cells = rollUp(
      records.filter((record) => periodAt(minuteOf(record)).name === period.name),
      edges,
    ).cells;
    const currency = currencyOf(accountId);
    const own = ({ sellerId, buyerId }: { sellerId: string; buyerId: string }) =>
      sellerId === accountId || buyerId === accountId;
    const positionsOf = ({ name }: Period) =>
      [...positions]
        .filter(([key, position]) => key.startsWith(name) && own(position))
        .map(([, position]) => position);
    const { statement, postings } = accrueAccount({
      accountId,
      period,
      currency,
      cells,
      book: { edges, prices, catalogue },
      positions: positionsOf(period),
      nextPositions: positionsOf(nextPeriod(period)),
      nowMs: nowMs(),
    });
    for (const posting of post ? postings : []) {
      for (const position of posting.positions) {
        positions.set(`${posting.period}/${positionKey(position)}`, position);
      }
      for (const [index, { sourceRef, currency: of, entries: posted }] of posting.transactions.entries()) {
        const transactionId = `txn_${entries.length}_${index}`;
        entries.push(
          ...posted.map((entry) => ({
            ...entry,
            transactionId,
            atMs: period.fromMs,
            sourceRef,
            currency: of,
            period: posting.period,
          })),
        );
      }
    }
    const total = (book: PostedEntry['book'], of: string) =>
      sum(
        entries
          .filter(
            (entry) =>
              entry.accountId === accountId &&
              entry.period === period.name &&
              entry.book === book &&
              entry.currency === of,
          )
          .map(({ amount }) => amount),
      );
    const totals = statement.totals.map((each) => ({
      currency: each.currency,
      receivable: total('receivable', each.currency),
    }));
    const ledger = {
      payable: nano(-total('payable', currency)),
      receivable: total('receivable', currency),
      charged: total('charged', currency),
      paidOut: nano(-total('paid-out', currency)),
      entryCount: entries.filter((entry) => entry.accountId === accountId && entry.period === period.name)
        .length,
      totals,
    };
    return { statement, ledger, isBehind: !post && postings.length > 0 };
  };

  return {
    accrue: (accountId, period) => accrueOne(accountId, period, { post: true }),
    read: (accountId, period) => accrueOne(accountId, period, { post: false }),
    readClosed: async (accountId, { name }) => world.closed?.get(`${accountId} ${name}`),
    async readLines({ accountId, period, meter }) {
      const { lines, children } = (await accrueOne(accountId, period, { post: false })).statement;
      const isAsked = (line: { meter: string }) => meter === undefined || line.meter === meter;
      return {
        lines: lines.filter(isAsked),
        children: children.map((child) => ({ ...child, lines: child.lines.filter(isAsked) })),
      };
    },
    async accrueAll(period) {
      const accounts = new Set(edges.flatMap(({ sellerId, buyerId }) => [sellerId, buyerId]));
      for (const accountId of accounts) await accrueOne(accountId, period, { post: true });
      return accounts.size;
    },
    async spend({ accountId, fromMs, toMs, sessionId }) {
      const asked = records.filter(
        (record) =>
          minuteOf(record) >= fromMs &&
          minuteOf(record) < toMs &&
          (sessionId === undefined || record.sessionId === sessionId),
      );
      const { cells } = rollUp(asked, edges);
      const earlier = records.filter(
        (record) => minuteOf(record) >= periodAt(fromMs).fromMs && minuteOf(record) < fromMs,
      );
      return spendOf({
        before: rollUp(earlier, edges).cells,
        accountId,
        currency: currencyOf(accountId),
        cells,
        book: { edges, prices, catalogue },
      });
    },
    async simulate({ period, change, cursor, limit }) {
      const { cells } = rollUp(
        records.filter((record) => periodAt(minuteOf(record)).name === period.name),
        edges,
      );
      const rootId = change.childId ?? change.accountId;
      const sellers = [...new Set([change.accountId, ...edges.map(({ sellerId }) => sellerId)])]
        .filter((id) => id === change.accountId || chainOf(id).includes(rootId))
        .map((id) => ({ id, depth: chainOf(id).length - chainOf(change.accountId).length }))
        .sort((one, other) => one.depth - other.depth || (one.id < other.id ? -1 : 1));
      return await simulationPage({
        change,
        cursor,
        limit,
        sellers,
        simulate: async (accountId) =>
          simulateSeller(
            { accountId, period, currency: currencyOf(accountId), cells, book: { edges, prices, catalogue } },
            change,
          ),
      });
    },
    async listPeriods(accountId) {
      const below = records.filter((record) => chainOf(record.accountId).includes(accountId));
      const names = new Set(below.map((record) => periodAt(minuteOf(record)).name));
      return [...names]
        .sort()
        .reverse()
        .map((name) => periodAt(Date.parse(`${name}-01`)));
    },
    async listEntries(accountId, period, { cursor = '0', limit }) {
      const own = entries.filter((entry) => entry.accountId === accountId && entry.period === period.name);
      const end = Number(cursor) + limit;
      return {
        items: own.slice(Number(cursor), end),
        ...(own.length > end ? { nextCursor: String(end) } : {}),
      };
    },
    async oldestUnsettled() {
      return undefined;
    },
    async chainPrices(accountId, atMs) {
      const seen = around(accountId);
      const held = prices.filter(
        (price) =>
          price.toMs > Math.max(atMs, price.fromMs) &&
          (price.accountId === accountId || seen.some(({ sellerId }) => sellerId === price.accountId)) &&
          (price.childId === undefined ||
            seen.some(({ sellerId, buyerId }) => sellerId === price.accountId && buyerId === price.childId)),
      );
      return { currency: currencyOf(accountId), edges: seen, prices: held };
    },
    async setPrices({ accountId, childId, service, fromMs, prices: given, ...change }) {
      for (const [index, price] of prices.entries()) {
        const isReplaced =
          price.accountId === accountId && price.childId === childId && price.service === service;
        if (isReplaced && price.currency === change.currency && price.toMs > fromMs && price.fromMs <= fromMs)
          prices[index] = { ...price, toMs: Math.max(price.fromMs, fromMs) };
      }
      const owner = { accountId, ...(childId === undefined ? {} : { childId }) };
      const planned = prices.filter(
        (price) =>
          price.accountId === accountId &&
          price.childId === childId &&
          price.service === service &&
          price.currency === change.currency &&
          price.fromMs > fromMs &&
          price.toMs > price.fromMs,
      );
      const toMs = Math.min(Infinity, ...planned.map((price) => price.fromMs));
      for (const price of given) {
        prices.push({
          id: `prc_${prices.length}`,
          ...owner,
          ...price,
          service,
          currency: change.currency,
          fromMs,
          toMs,
        });
      }
    },
    // Whoever reads stands at the top of what they see: above them nothing is in sight.
    async parties(topId, ids) {
      const isSeen = (id: string) => chainOf(id).includes(topId);
      return new Map(
        ids.map((id) => [id, { isSeen: isSeen(id), name: isSeen(id) ? id.toUpperCase() : 'Brand' }]),
      );
    },
    async namesBelow(_accountId, ids) {
      return new Map(ids.map((id) => [id, id.toUpperCase()]));
    },
    async countMismatches() {
      return 0;
    },
  };
}
