/** Accounts that move while usage flows: whoever stood above at the minute of use has it in their totals and is paid (ACC-2). */
import { parseDecimal } from '@patchbay/domain/billing/money';
import { type Period, periodAt } from '@patchbay/domain/billing/period';
import { type PricedEdge, spanStarts } from '@patchbay/domain/billing/price-book';
import { rate } from '@patchbay/domain/billing/rating';
import { binaryMeters } from '@patchbay/domain/billing/session-cells';
import { sessionCellsOf } from '@patchbay/domain/billing/session-roll-up.testing';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import { rollUp } from '@patchbay/domain/metering/roll-up';
import { dayOf, type UsageRecord } from '@patchbay/domain/metering/usage-record';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import fc from 'fast-check';
import type pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inAccountScope, inAccountSnapshot } from '../metering/account-scope.ts';
import { KnownDimensionSets } from '../metering/dimension-sets.ts';
import { applicationPool, asOwner, plantTree, relayCatalogue, usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { usedByRecount, verifyOne } from './account-verification.ts';
import { billingStore } from './billing-store.ts';
import { bookVerifier } from './book-verifier.ts';

vi.setConfig({ testTimeout: 120_000 });

const MINUTE = 60_000;
const DAY = 86_400_000;
const nowMs = Date.now() - (Date.now() % MINUTE);

let database: TestDatabase;
let pool: pg.Pool;

beforeEach(async () => {
  database = await createTestDatabase();
  pool = applicationPool(database.applicationUrl, 8);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

const run = (sql: string, values: unknown[] = []) =>
  asOwner<Record<string, never>>(database.url, sql, values);

/** Makes the move that the platform would make, and dates it: the clock of a move is the database's. */
async function moveAt(movedId: string, parentId: string, atMs: number): Promise<string> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query("SELECT set_config('patchbay.account_id', 'top', true)");
    const { rows } = await client.query<{ outcome: string; starts_at: Date | null }>(
      'SELECT outcome, starts_at FROM account_move($1, $2)',
      [movedId, parentId],
    );
    await client.query('COMMIT');
    const { outcome = '', starts_at: startsAt = null } = rows[0] ?? {};
    if (startsAt !== null) {
      await run('UPDATE account_closure SET valid_from = $1 WHERE valid_from = $2', [
        new Date(atMs),
        startsAt,
      ]);
      await run('UPDATE account_closure SET valid_to = $1 WHERE valid_to = $2', [new Date(atMs), startsAt]);
    }
    return outcome;
  } finally {
    client.release();
  }
}

/** The edges of a tree, as a model keeps them that knows nothing of closures. */
function modelOf(parents: Readonly<Record<string, string | undefined>>) {
  let edges: readonly PricedEdge[] = Object.entries(parents).flatMap(([buyerId, sellerId]) =>
    sellerId === undefined ? [] : [{ sellerId, buyerId, currency: 'EUR', fromMs: -Infinity, toMs: Infinity }],
  );
  return {
    edges: () => edges.filter(({ fromMs, toMs }) => fromMs < toMs),
    move(buyerId: string, sellerId: string, atMs: number) {
      edges = [
        ...edges.map((edge) =>
          edge.buyerId === buyerId && edge.toMs === Infinity ? { ...edge, toMs: atMs } : edge,
        ),
        { sellerId, buyerId, currency: 'EUR', fromMs: atMs, toMs: Infinity },
      ];
    },
  };
}

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Each account stands below one that comes before it. */
const treeOf = (places: readonly number[]) =>
  Object.fromEntries([
    ['platform', undefined],
    ['top', 'platform'],
    ...ids.map((id, index) => [id, ['top', ...ids][(places[index] ?? 0) % (index + 1)]] as const),
  ]);

const oneStore = () => ({
  usage: usageStore(pool),
  billing: billingStore({ pool, catalogue: relayCatalogue, nowMs: () => nowMs }),
});

async function setPrices(accountIds: readonly string[], period: Period) {
  const { billing } = oneStore();
  for (const [index, accountId] of accountIds.entries()) {
    const tariff = { kind: 'per-unit', amount: parseDecimal(`0.0${index + 1}`), per: 7n } as const;
    await billing.setPrices({
      accountId,
      service: 'relay',
      currency: 'EUR',
      fromMs: period.fromMs,
      prices: [
        { meter: 'bytes', where: {}, tariff },
        // Half of them bill the time of sessions, so that levels of both kinds stand above each other (MET-3).
        {
          meter: 'seconds',
          where: {},
          tariff: index % 2 === 0 ? { ...tariff, accounting: 'binary' } : tariff,
        },
      ],
    });
  }
}

/** As a new database, which takes longer to make. The ledger is changed by nobody but whoever takes its guard away. */
async function emptied(): Promise<void> {
  const ledger = ['ledger_transaction', 'ledger_entry'];
  for (const table of ledger) await run(`ALTER TABLE ${table} DISABLE TRIGGER refuse_change`);
  await run(
    `TRUNCATE account, price, usage_minute_total, usage_span_total, usage_record, usage_session_total, usage_source,
       usage_node_mark, usage_sequence_block, ledger_transaction, ledger_position CASCADE`,
  );
  for (const table of ledger) await run(`ALTER TABLE ${table} ENABLE TRIGGER refuse_change`);
}

/** Totals, statements and ledger, against a recomputation from raw records along the edges of the model. */
async function expectAgreement(
  records: readonly UsageRecord[],
  { edges, period }: { readonly edges: readonly PricedEdge[]; readonly period: Period },
) {
  const { usage, billing } = oneStore();
  const recomputed = rollUp(records, edges).cells;
  const accounts = ['platform', 'top', ...ids];
  const totals = await asOwner<{ account_id: string; sum: string }>(
    database.url,
    'SELECT account_id, sum(sum)::text AS sum FROM usage_minute GROUP BY 1',
  );
  const stored = Object.fromEntries(totals.map(({ account_id, sum }) => [account_id, BigInt(sum)]));
  const expected = recomputed.reduce<Record<string, bigint>>(
    (sums, { accountId, inclusive }) => ({ ...sums, [accountId]: (sums[accountId] ?? 0n) + inclusive }),
    {},
  );
  expect(stored).toEqual(expected);
  expect(await usage.countMismatches(dayOf({ toMs: nowMs - 2 * DAY }), dayOf({ toMs: nowMs + DAY }))).toBe(0);

  await billing.accrueAll(period);
  const chains = await Promise.all(accounts.map((id) => billing.chainPrices(id, period.fromMs)));
  const prices = [
    ...new Map(chains.flatMap((chain) => chain.prices.map((price) => [price.id, price]))).values(),
  ];
  const starts = spanStarts({ edges, prices }, period);
  const timed = sessionCellsOf(records, { edges, starts, toMs: period.toMs });
  const sessions = timed.filter(({ meter }) => binaryMeters(prices).includes(meter));
  const { lines } = rate(recomputed, { edges, prices, catalogue: relayCatalogue }, { sessions });
  for (const accountId of accounts) {
    const { statement, ledger } = await billing.accrue(accountId, period);
    const total = (side: 'buyerId' | 'sellerId') =>
      lines.filter((line) => line[side] === accountId).reduce((sum, { amount }) => sum + amount, 0n);
    const [payable, receivable] = [total('buyerId'), total('sellerId')];
    expect({ accountId, ...ledger }).toMatchObject({ accountId, payable, receivable });
    expect([statement.payable, statement.receivable]).toEqual([payable, receivable]);
    const sellers = edges.filter(({ buyerId }) => buyerId === accountId).map(({ sellerId }) => sellerId);
    expect(statement.sellers.map(({ sellerId }) => sellerId)).toEqual(sellers);
  }
  expect(await billing.countMismatches()).toBe(0);
  await expectRecount(period);
}

/** The books are what the records of the month say, each read once for all accounts together. */
async function expectRecount(period: Period) {
  const options = { pool, catalogue: relayCatalogue, nowMs: () => nowMs };
  await bookVerifier(options).recount('platform', period, { isStopped: () => false });
  const use = usedByRecount(new KnownDimensionSets());
  for (const accountId of ['platform', 'top', ...ids]) {
    const { lines } = await inAccountSnapshot(pool, accountId, (client) =>
      verifyOne(client, { ...options, accountId, period, use, nowMs }),
    );
    expect(lines.filter(({ state }) => state !== 'agrees')).toEqual([]);
    expect(lines.length).toBeGreaterThan(0);
  }
  await inAccountScope(pool, 'platform', (client) =>
    client.query('SELECT billing_recount_forget($1)', [period.name]),
  );
}

test('random trees that move at random: totals, statements and ledger are those of a recomputation (BIL-3)', async () => {
  const place = fc.nat({ max: 5 });
  const arbitrary = fc.record({
    places: fc.array(place, { minLength: 6, maxLength: 6 }),
    moves: fc.array(fc.record({ of: place, to: fc.nat({ max: 6 }) }), { minLength: 1, maxLength: 4 }),
    uses: fc.array(
      fc.record({ of: fc.nat({ max: 6 }), slot: fc.nat({ max: 9 }), bytes: fc.nat({ max: 999 }) }),
      {
        minLength: 8,
        maxLength: 20,
      },
    ),
  });
  const period = periodAt(nowMs);
  // All in this period, whatever the day of the month; slot 2n is before the n-th move, and the next one is after it.
  const startMs = Math.max(period.fromMs + MINUTE, nowMs - 60 * MINUTE);
  let movedCount = 0;
  await fc.assert(
    fc
      .asyncProperty(arbitrary, async ({ places, moves, uses }) => {
        const parents = treeOf(places);
        await plantTree(database.url, parents);
        await setPrices(['platform', 'top', ...ids], period);
        const model = modelOf(parents);
        for (const [index, { of, to }] of moves.entries()) {
          const [movedId = '', parentId = ''] = [ids[of], ['top', ...ids][to]];
          const atMs = startMs + (2 * index + 1) * MINUTE;
          if ((await moveAt(movedId, parentId, atMs)) !== 'moved') continue;
          movedCount += 1;
          model.move(movedId, parentId, atMs);
        }
        const records = uses.map(({ of, slot, bytes }) =>
          usageOf(['top', ...ids][of] ?? '', {
            atMs: startMs + slot * MINUTE,
            bytes,
            seconds: bytes % 3,
            more: { fromMs: startMs + slot * MINUTE - bytes * 100 },
          }),
        );
        await oneStore().usage.ingest(records);
        await expectAgreement(records, { edges: model.edges(), period });
      })
      .beforeEach(emptied),
    { numRuns: 6 },
  );
  expect(movedCount).toBeGreaterThan(0);
});

test('a session that runs across a move: what it used before stays with the old ancestors, and the rest is the new ones’', async () => {
  const period = periodAt(nowMs);
  const atMs = Math.max(period.fromMs + 10 * MINUTE, nowMs - 30 * MINUTE);
  const parents = { platform: undefined, top: 'platform', old: 'top', new: 'top', leaf: 'old' };
  await plantTree(database.url, parents);
  await setPrices(['platform', 'top', 'old', 'new'], period);
  const { usage, billing } = oneStore();
  const record = (fromMs: number, toMs: number, bytes: number) =>
    usageOf('leaf', { atMs: toMs, bytes, more: { sessionId: 'ses_across', fromMs, toMs } });
  await usage.ingest([record(atMs - 4_000, atMs - 2_000, 100), record(atMs - 2_000, atMs - 1, 10)]);
  expect(await moveAt('leaf', 'new', atMs)).toBe('moved');
  await usage.ingest([record(atMs, atMs + 2_000, 7), record(atMs + 2_000, atMs + 4_000, 1_000)]);

  const range = { fromMs: period.fromMs, toMs: nowMs, bucket: 'all', groupBy: [], limit: 9 } as const;
  const used = async (accountId: string) =>
    (await usage.query({ accountId, ...range, scope: 'descendants' })).rows.map(({ quantity }) => quantity);
  expect([await used('old'), await used('new'), await used('top'), await used('leaf')]).toEqual([
    [110n],
    [1_007n],
    [1_117n],
    [1_117n],
  ]);
  const leaf = await billing.accrue('leaf', period);
  const amount = (quantity: bigint, price: string) => (quantity * parseDecimal(price)) / 7n;
  const lines = leaf.statement.lines.map((line) => [line.sellerId, line.quantity, line.amount]);
  expect(lines.sort()).toEqual([
    ['new', 1_007n, amount(1_007n, '0.04')],
    ['old', 110n, amount(110n, '0.03')],
  ]);
  expect(leaf.statement.sellers).toEqual([
    { sellerId: 'old', fromMs: period.fromMs, toMs: atMs },
    { sellerId: 'new', fromMs: atMs, toMs: period.toMs },
  ]);
  await billing.accrueAll(period);
  const [old, fresh] = [await billing.accrue('old', period), await billing.accrue('new', period)];
  expect([old.statement.receivable, fresh.statement.receivable]).toEqual([
    amount(110n, '0.03'),
    amount(1_007n, '0.04'),
  ]);
  expect(await billing.countMismatches()).toBe(0);
});

test('a closed period names the seller of its time, and an open one both', async () => {
  const period = periodAt(nowMs);
  const closed = periodAt(period.fromMs - 1);
  const parents = { platform: undefined, top: 'platform', old: 'top', new: 'top', leaf: 'old' };
  await plantTree(database.url, parents);
  await setPrices(['platform', 'top', 'old', 'new'], closed);
  const { usage, billing } = oneStore();
  await usage.ingest([usageOf('leaf', { atMs: closed.toMs - MINUTE, bytes: 70 })]);
  const before = await billing.accrue('leaf', closed);
  expect(await moveAt('leaf', 'new', Math.max(period.fromMs + MINUTE, nowMs - MINUTE))).toBe('moved');
  const after = await billing.accrue('leaf', closed);
  expect(after.statement).toEqual(before.statement);
  expect(after.statement.sellers).toEqual([{ sellerId: 'old', fromMs: closed.fromMs, toMs: closed.toMs }]);
  const open = await billing.read('leaf', period);
  expect(open.statement.sellers.map(({ sellerId }) => sellerId)).toEqual(['old', 'new']);
  // Who sold it then is still known by name to those above both, and whoever bought to who sold.
  expect((await billing.parties('top', ['old'])).get('old')).toEqual({ isSeen: true, name: 'old Ltd' });
  expect((await billing.parties('old', ['leaf'])).get('leaf')).toEqual({ isSeen: true, name: 'leaf Ltd' });
  // To whoever bought it is what stands on its documents, and to its new seller, who never bought of it, a brand.
  for (const [reader, name] of [
    ['leaf', 'old Ltd'],
    ['new', PLATFORM_NAME],
  ] as const)
    expect((await billing.parties(reader, ['old'])).get('old')).toEqual({ isSeen: false, name });
});
