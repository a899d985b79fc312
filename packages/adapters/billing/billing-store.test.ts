import type { BillingStore, SpendQuery } from '@patchbay/domain/billing/billing-store';
import { formatDecimal, nano, parseDecimal } from '@patchbay/domain/billing/money';
import { type Period, periodAt } from '@patchbay/domain/billing/period';
import type { Tariff, UnitTariff } from '@patchbay/domain/billing/price';
import type { PriceChange } from '@patchbay/domain/billing/price-change';
import { rate } from '@patchbay/domain/billing/rating';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import { rollUp } from '@patchbay/domain/metering/roll-up';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applicationPool, asOwner, plantTree, relayCatalogue, usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { billingStore } from './billing-store.ts';

const MINUTE = 60_000;
const nowMs = Date.now() - (Date.now() % MINUTE);
const period: Period = periodAt(nowMs);
/** In this period, whatever the day of the month. */
const atMs = Math.max(period.fromMs + MINUTE, nowMs - 60 * MINUTE);
const tree = {
  platform: undefined,
  top: 'platform',
  parent: 'top',
  leaf: 'parent',
  sibling: 'parent',
  other: 'platform',
};
const edges = Object.entries(tree).flatMap(([buyerId, sellerId]) =>
  sellerId === undefined ? [] : [{ sellerId, buyerId, currency: 'EUR', fromMs: -Infinity, toMs: Infinity }],
);

let database: TestDatabase;
let pool: pg.Pool;
let usage: UsageStore;
let billing: BillingStore;

beforeEach(async () => {
  database = await createTestDatabase();
  await plantTree(database.url, tree);
  pool = applicationPool(database.applicationUrl, 8);
  usage = usageStore(pool);
  billing = billingStore({ pool, catalogue: relayCatalogue, nowMs: () => nowMs });
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

function setPrice(
  accountId: string,
  amount: string,
  change: Partial<PriceChange> & { per?: bigint; meter?: string; where?: Record<string, string> } = {},
) {
  const { per = 1n, meter = 'bytes', where = {}, ...fields } = change;
  return billing.setPrices({
    accountId,
    service: 'relay',
    currency: 'EUR',
    fromMs: period.fromMs,
    prices: [{ meter, where, tariff: { kind: 'per-unit', amount: parseDecimal(amount), per } }],
    ...fields,
  });
}

const ledgerNets = async () =>
  Object.fromEntries(
    (
      await asOwner<{ account_id: string; amount: string }>(
        database.url,
        'SELECT account_id, sum(amount) AS amount FROM ledger_entry GROUP BY 1',
      )
    ).map(({ account_id, amount }) => [account_id, BigInt(amount)]),
  );

async function expectAgreement(records: readonly UsageRecord[]) {
  const { edges: seen, prices } = await billing.chainPrices('leaf', period.fromMs);
  expect(seen.length).toBeGreaterThan(0);
  const { lines } = rate(rollUp(records, edges).cells, {
    edges,
    prices,
    catalogue: relayCatalogue,
  });
  for (const accountId of Object.keys(tree)) {
    const { statement, ledger } = await billing.accrue(accountId, period);
    const owed = lines
      .filter(({ buyerId }) => buyerId === accountId)
      .reduce((total, { amount }) => total + amount, 0n);
    const earned = lines
      .filter(({ sellerId }) => sellerId === accountId)
      .reduce((total, { amount }) => total + amount, 0n);
    expect({ accountId, ...ledger }).toMatchObject({ accountId, payable: owed, receivable: earned });
    expect([statement.payable, statement.receivable]).toEqual([owed, earned]);
  }
  expect(await billing.countMismatches()).toBe(0);
}

describe('statement = ledger = recomputation from raw records (BIL-2, BIL-3)', () => {
  test('three levels, once with a margin and once with a subsidy, to the last nano unit', async () => {
    await setPrice('platform', '0.01', { per: 7n });
    await setPrice('top', '0.02', { per: 7n });
    await setPrice('parent', '0.005', { per: 7n, childId: 'leaf' });
    const records = [
      usageOf('leaf', { atMs, bytes: 1000 }),
      usageOf('sibling', { atMs, bytes: 13 }),
      usageOf('parent', { atMs, bytes: 1 }),
    ];
    await usage.ingest(records);
    expect(await billing.accrueAll(period)).toBe(5);
    const paid = (quantity: bigint, amount: string) => (quantity * parseDecimal(amount)) / 7n;
    const [leaf, sibling, parent, top] = [
      paid(1000n, '0.005'),
      paid(13n, '0.02'),
      paid(1014n, '0.02'),
      paid(1014n, '0.01'),
    ];
    expect(await ledgerNets()).toEqual({
      leaf: -leaf,
      sibling: -sibling,
      parent: leaf + sibling - parent,
      top: parent - top,
      platform: top,
    });
    const { statement } = await billing.accrue('parent', period);
    expect(statement.children.map(({ accountId, margin }) => [accountId, margin < 0n])).toEqual([
      ['leaf', true],
      ['sibling', false],
    ]);
    await expectAgreement(records);
  });

  test('usage that comes later is posted as the difference, and a second accrual posts nothing', async () => {
    await setPrice('platform', '0.000000001', { per: 3n });
    const records = [1, 1, 1, 5].map((bytes) => usageOf('leaf', { atMs, bytes }));
    for (const record of records) {
      await usage.ingest([record, record]);
      await billing.accrue('leaf', period);
      await billing.accrue('leaf', period);
    }
    const { items: entries } = await billing.listEntries('leaf', period, { limit: 100 });
    expect(entries.map(({ book, counterpartyId, amount }) => [book, counterpartyId, amount])).toEqual([
      ['payable', 'parent', -1n],
      ['payable', 'parent', -1n],
    ]);
    expect(new Set(entries.map(({ sourceRef }) => sourceRef)).size).toBe(2);
    await expectAgreement(records);
  });

  test('many who accrue at once, while usage comes in, post everything once', async () => {
    await setPrice('platform', '0.01');
    await setPrice('top', '0.03', { per: 2n });
    const records = Array.from({ length: 60 }, (_, index) =>
      usageOf(index % 2 === 0 ? 'leaf' : 'sibling', { atMs, bytes: index }),
    );
    const others = Array.from({ length: 3 }, () => applicationPool(database.applicationUrl, 2));
    const accruing = others.flatMap((each) => {
      const store = billingStore({ pool: each, catalogue: relayCatalogue, nowMs: () => nowMs });
      return ['leaf', 'parent', 'top'].map(async (accountId) => {
        for (let time = 0; time < 5; time++) {
          const { statement, ledger } = await store.accrue(accountId, period);
          expect(ledger).toMatchObject({ payable: statement.payable, receivable: statement.receivable });
        }
      });
    });
    for (const record of records) await usage.ingest([record]);
    await Promise.all(accruing);
    await Promise.all(others.map((each) => each.end()));
    await expectAgreement(records);
  });

  test('a price that changes within the period holds from its minute on', async () => {
    await setPrice('platform', '1');
    await setPrice('platform', '3', { fromMs: atMs });
    await usage.ingest([
      usageOf('top', { atMs: atMs - MINUTE, bytes: 10 }),
      usageOf('top', { atMs, bytes: 10 }),
    ]);
    const { statement } = await billing.accrue('top', period);
    const lines = statement.lines.toSorted((one, other) => Number(one.amount - other.amount));
    expect(lines.map(({ quantity, amount }) => [quantity, amount])).toEqual([
      [10n, parseDecimal('10')],
      [10n, parseDecimal('30')],
    ]);
  });

  test('spend of a range, and of one session in it, follows the price that held in each minute', async () => {
    await setPrice('platform', '1');
    await setPrice('platform', '3', { fromMs: atMs });
    await usage.ingest([
      usageOf('leaf', { atMs: atMs - MINUTE, bytes: 10 }),
      usageOf('leaf', { atMs, bytes: 5 }),
      usageOf('sibling', { atMs, bytes: 2 }),
    ]);
    const range = { fromMs: atMs - 2 * MINUTE, toMs: atMs + MINUTE };
    const spent = async (accountId: string, more: Partial<SpendQuery> = {}) =>
      (await billing.spend({ accountId, ...range, ...more })).amount;
    expect(await spent('top')).toBe(parseDecimal('31'));
    expect(await spent('top', { toMs: atMs })).toBe(parseDecimal('10'));
    expect(await spent('parent', { sessionId: 'ses_leaf' })).toBe(parseDecimal('25'));
    expect(await spent('leaf', { sessionId: 'ses_sibling' })).toBe(0n);
    // What a month spends is what its statement says, to the last nano unit.
    const { statement } = await billing.accrue('top', period);
    expect(await spent('top', period)).toBe(statement.payable);
    expect((await billing.listEntries('sibling', period, { limit: 9 })).items).toEqual([]);
  });

  test('a price that bills the time of sessions bills a call of ten minutes for five of use, and its parts add up (MET-3)', async () => {
    const tariff: UnitTariff = {
      kind: 'per-unit',
      amount: parseDecimal('1'),
      per: 60_000n,
      accounting: 'binary',
    };
    for (const accountId of ['platform', 'parent'])
      await setPrice(accountId, '0', { prices: [{ meter: 'seconds', where: {}, tariff }] });
    const record = (
      accountId: string,
      [from, to]: readonly [number, number],
      meters: { bytes?: number; seconds?: number },
    ) => {
      const [fromMs, toMs] = [atMs + from * MINUTE, atMs + to * MINUTE];
      return usageOf(accountId, { atMs: toMs, ...meters, more: { fromMs, toMs } });
    };
    const call = [record('leaf', [0, 5], { bytes: 1 }), record('leaf', [9, 10], { bytes: 1 })];
    await usage.ingest([...call, record('sibling', [0, 3], { bytes: 1 })]);
    expect((await billing.accrue('leaf', period)).statement.payable).toBe(0n);
    // The use that decides comes last, and in a segment of another kind once more.
    await usage.ingest([record('leaf', [3, 6], { seconds: 5 }), record('sibling', [1, 2], { seconds: 9 })]);
    await usage.ingest([
      { ...record('leaf', [7, 8], { seconds: 5 }), segment: 1, modality: 'video' },
      record('leaf', [7, 8], { seconds: 0 }),
    ]);
    const { statement, ledger } = await billing.accrue('leaf', period);
    expect([statement.payable, ledger.payable]).toEqual([parseDecimal('10'), parseDecimal('10')]);
    const parent = (await billing.accrue('parent', period)).statement;
    const [line] = parent.lines.filter(({ meter }) => meter === 'relay.seconds');
    expect([parent.payable, parent.receivable, line?.quantity]).toEqual([
      parseDecimal('13'),
      parseDecimal('13'),
      BigInt(13 * MINUTE),
    ]);
    expect(line?.parts.map(({ accountId, amount }) => [accountId, amount]).sort()).toEqual([
      ['leaf', parseDecimal('10')],
      ['sibling', parseDecimal('3')],
    ]);
    const range = { fromMs: atMs - MINUTE, toMs: atMs + 20 * MINUTE };
    const spent = async (more: Partial<SpendQuery>) =>
      (await billing.spend({ accountId: 'parent', ...range, ...more })).amount;
    expect([await spent({}), await spent({ sessionId: 'ses_sibling' })]).toEqual([
      parseDecimal('13'),
      parseDecimal('3'),
    ]);
    const simulated = await billing.simulate({
      period,
      change: {
        accountId: 'parent',
        currency: 'EUR',
        services: {
          relay: [{ meter: 'seconds', where: {}, tariff: { ...tariff, amount: parseDecimal('2') } }],
        },
      },
      limit: 9,
    });
    expect(simulated.edges.map(({ buyerId, after }) => [buyerId, after.amount, after.cost])).toEqual([
      ['leaf', parseDecimal('20'), parseDecimal('10')],
      ['sibling', parseDecimal('6'), parseDecimal('3')],
    ]);
    await billing.accrueAll(period);
    expect(await billing.countMismatches()).toBe(0);
  });

  test('tiers, an allowance and a minimum are kept, posted and priced by what the month had before (BIL-1)', async () => {
    const tariff: UnitTariff = {
      kind: 'per-unit',
      amount: parseDecimal('0.01'),
      per: 1n,
      free: 100n,
      tiers: [{ after: 900n, amount: parseDecimal('0.008') }],
      tiering: 'volume',
      minimum: parseDecimal('1'),
      roundUpTo: 10n,
    };
    await setPrice('parent', '0', { childId: 'leaf', prices: [{ meter: 'bytes', where: {}, tariff }] });
    const { prices } = await billing.chainPrices('leaf', atMs);
    expect(prices.map((price) => price.tariff)).toEqual([tariff]);
    await usage.ingest([usageOf('leaf', { atMs: period.fromMs, bytes: 1000 })]);
    await usage.ingest([usageOf('leaf', { atMs, bytes: 195 })]);
    const { statement, ledger } = await billing.accrue('leaf', period);
    // 1195 less 100, in tens: 1100, all at 0.008.
    expect([statement.payable, ledger.payable]).toEqual([parseDecimal('8.8'), parseDecimal('8.8')]);
    expect((await billing.accrue('parent', period)).statement.receivable).toBe(parseDecimal('8.8'));
    const spent = await billing.spend({ accountId: 'leaf', fromMs: atMs, toMs: atMs + MINUTE });
    expect(spent.lines.map(({ quantity, amount }) => [quantity, amount])).toEqual([
      [195n, parseDecimal('1.6')],
    ]);
  });

  test('a fee is accrued for both sides without any use, and its month is a period (BIL-1)', async () => {
    const fee: Tariff = { kind: 'fee', amount: parseDecimal('30') };
    await setPrice('parent', '0', { prices: [{ meter: 'bytes', where: {}, tariff: fee }] });
    expect(await billing.listPeriods('leaf')).toEqual([]);
    expect(await billing.accrueAll(period)).toBe(3);
    const thirty = parseDecimal('30');
    expect(await ledgerNets()).toEqual({ leaf: -thirty, sibling: -thirty, parent: 2n * thirty });
    expect((await billing.listPeriods('leaf')).map(({ name }) => name)).toEqual([period.name]);
    await setPrice('parent', '0', { prices: [] });
    await billing.accrueAll(period);
    expect(await ledgerNets()).toEqual({ leaf: 0n, sibling: 0n, parent: 0n });
    expect(await billing.countMismatches()).toBe(0);
  });

  test('a simulation reckons each edge below from the same totals, page by page, and sets nothing', async () => {
    await setPrice('platform', '1');
    await setPrice('top', '2');
    await setPrice('parent', '3', { childId: 'leaf' });
    await usage.ingest([usageOf('leaf', { atMs, bytes: 10 }), usageOf('sibling', { atMs, bytes: 5 })]);
    const tariff: Tariff = { kind: 'per-unit', amount: parseDecimal('2.5'), per: 1n };
    const change = {
      accountId: 'top',
      currency: 'EUR',
      services: { relay: [{ meter: 'bytes', where: {}, tariff }] },
    };
    const first = await billing.simulate({ period, change, limit: 2 });
    expect(first.own?.after).toEqual({
      payable: parseDecimal('15'),
      receivable: parseDecimal('37.5'),
      margin: parseDecimal('22.5'),
    });
    const rest = await billing.simulate({ period, change, limit: 2, cursor: first.next });
    expect(rest.next).toBeUndefined();
    // The sibling pays what its parent pays: it follows. The leaf has a price of its own.
    const told = [...first.edges, ...rest.edges].map(({ sellerId, buyerId, before, after }) => [
      `${sellerId} ${buyerId}`,
      ...[before.amount, after.amount, after.margin].map(formatDecimal),
    ]);
    expect(told).toEqual([
      ['top parent', '30', '37.5', '22.5'],
      ['parent leaf', '30', '30', '5'],
      ['parent sibling', '10', '12.5', '0'],
    ]);
    const chain = await billing.chainPrices('leaf', atMs);
    expect(chain.prices.map((price) => price.tariff.amount)).not.toContain(tariff.amount);
    const one = { ...change, childId: 'parent' };
    expect((await billing.simulate({ period, change: one, limit: 5 })).edges).toHaveLength(3);
  });

  test('a price set anew for a minute that is accrued already takes the old line back', async () => {
    await usage.ingest([usageOf('top', { atMs, bytes: 10 })]);
    await setPrice('platform', '1');
    await billing.accrue('top', period);
    await setPrice('platform', '2');
    const { statement, ledger } = await billing.accrue('top', period);
    expect([statement.payable, ledger.payable]).toEqual([parseDecimal('20'), parseDecimal('20')]);
    const { items } = await billing.listEntries('top', period, { limit: 9 });
    expect(items.map(({ amount }) => amount).sort()).toEqual(['-10', '-20', '10'].map(parseDecimal).sort());
    expect(await billing.countMismatches()).toBe(0);
  });

  test('checks that carry no media are counted and cost nothing (QUE-5)', async () => {
    await setPrice('platform', '1', { meter: 'checkBytes' });
    const checks = { quantities: [{ meter: 'checkBytes', quantity: 9, dimensions: { direction: 'in' } }] };
    await usage.ingest([usageOf('top', { atMs, more: checks })]);
    expect((await billing.accrue('top', period)).statement).toMatchObject({ payable: 0n, lines: [] });
  });

  test('an account that moves owes each seller for its own time, and the old one still sees it', async () => {
    await setPrice('platform', '1');
    await asOwner(
      database.url,
      `UPDATE account_closure SET valid_to = $1 WHERE descendant_id = 'leaf' AND ancestor_id = 'parent'`,
      [new Date(atMs)],
    );
    await asOwner(
      database.url,
      `UPDATE account_closure SET depth = 1, valid_from = $1 WHERE descendant_id = 'leaf' AND ancestor_id = 'top'`,
      [new Date(atMs)],
    );
    await asOwner(database.url, `INSERT INTO account_closure VALUES ('leaf', 'top', 2, '-infinity', $1)`, [
      new Date(atMs),
    ]);
    await usage.ingest([
      usageOf('leaf', { atMs: atMs - MINUTE, bytes: 3 }),
      usageOf('leaf', { atMs, bytes: 4 }),
    ]);
    await billing.accrueAll(period);
    const leaf = await billing.accrue('leaf', period);
    expect(leaf.statement.lines.map(({ sellerId, amount }) => [sellerId, amount])).toEqual([
      ['parent', parseDecimal('3')],
      ['top', parseDecimal('4')],
    ]);
    const parent = await billing.accrue('parent', period);
    expect([parent.statement.receivable, parent.ledger.receivable]).toEqual([
      parseDecimal('3'),
      parseDecimal('3'),
    ]);
    expect(await billing.countMismatches()).toBe(0);
  });
});

describe('trees of several currencies under one platform (BIL-3)', () => {
  beforeEach(async () => {
    await plantTree(database.url, { dollars: 'platform', below: 'dollars', yen: 'platform' }, (id) =>
      id === 'yen' ? 'JPY' : 'USD',
    );
  });

  const netsByCurrency = async () =>
    Object.fromEntries(
      (
        await asOwner<{ place: string; amount: string }>(
          database.url,
          `SELECT account_id || ' ' || currency AS place, sum(amount) AS amount FROM ledger_entry
           GROUP BY 1 HAVING sum(amount) <> 0`,
        )
      ).map(({ place, amount }) => [place, BigInt(amount)]),
    );

  test('each edge is posted in its buyer’s currency, whoever accrues it and however often', async () => {
    const inCurrency = { USD: '0.07', EUR: '0.05', JPY: '3' };
    for (const [currency, amount] of Object.entries(inCurrency)) {
      await setPrice('platform', amount, { currency, per: 1_000_000_000n });
    }
    await usage.ingest([
      usageOf('dollars', { atMs, bytes: 2_000_000_000 }),
      usageOf('below', { atMs, bytes: 1_000_000_000 }),
      usageOf('yen', { atMs, bytes: 1_000_000_000 }),
      usageOf('top', { atMs, bytes: 1_000_000_000 }),
    ]);
    const expected = {
      'below USD': -70_000_000n,
      'dollars USD': 70_000_000n - 210_000_000n,
      'platform USD': 210_000_000n,
      'yen JPY': -3_000_000_000n,
      'platform JPY': 3_000_000_000n,
      'top EUR': -50_000_000n,
      'platform EUR': 50_000_000n,
    };
    await billing.accrueAll(period);
    for (const accountId of ['platform', 'dollars', 'platform', 'below', 'yen', 'dollars', 'platform']) {
      await billing.accrue(accountId, period);
      expect(await netsByCurrency()).toEqual(expected);
    }
    expect(await asOwner(database.url, 'SELECT count(*)::int AS count FROM ledger_transaction')).toEqual([
      { count: 4 },
    ]);
    const { statement, ledger } = await billing.accrue('platform', period);
    const totals = [
      { currency: 'EUR', receivable: 50_000_000n },
      { currency: 'JPY', receivable: 3_000_000_000n },
      { currency: 'USD', receivable: 210_000_000n },
    ];
    expect(statement.totals).toEqual(totals.map((total) => ({ ...total, margin: total.receivable })));
    expect(ledger).toMatchObject({ payable: 0n, receivable: 50_000_000n, totals });
    const own = await billing.accrue('dollars', period);
    expect(own.statement).toMatchObject({ currency: 'USD', payable: 210_000_000n, receivable: 70_000_000n });
    expect(await billing.countMismatches()).toBe(0);
  });

  test('a ledger in which two currencies make up for each other is an alarm', async () => {
    await setPrice('platform', '1', { currency: 'USD' });
    await usage.ingest([usageOf('dollars', { atMs, bytes: 10 })]);
    await billing.accrue('dollars', period);
    await asOwner(database.url, "UPDATE ledger_position SET currency = 'EUR'");
    expect(await billing.countMismatches()).toBeGreaterThan(0);
  });

  test('a ledger that an earlier version left in two currencies comes right by itself', async () => {
    await setPrice('platform', '1', { currency: 'USD' });
    await usage.ingest([usageOf('dollars', { atMs, bytes: 10 })]);
    await asOwner(
      database.url,
      `INSERT INTO ledger_position (period, buyer_id, seller_id, currency, line_key, posted, revision)
         VALUES ('${period.name}', 'dollars', 'platform', 'EUR', 'old', 7, 2);
       INSERT INTO ledger_transaction VALUES ('t1', 'old/2', '${period.name}', 'platform', 'dollars');
       INSERT INTO ledger_entry VALUES ('t1', 'dollars', 'payable', 'platform', '${period.name}', 'EUR', -7),
         ('t1', 'platform', 'receivable', 'dollars', '${period.name}', 'EUR', 7)`,
    );
    expect(await billing.countMismatches()).toBe(1);
    await billing.accrue('platform', period);
    expect(await netsByCurrency()).toEqual({
      'dollars USD': -parseDecimal('10'),
      'platform USD': parseDecimal('10'),
    });
    expect(await billing.countMismatches()).toBe(0);
  });

  test('what stands below an account counts in its currency; only the platform’s own children choose', async () => {
    await plantTree(database.url, { third: 'below' }, () => 'JPY');
    const rows = await asOwner(database.url, "SELECT currency FROM account WHERE id = 'third'");
    expect(rows).toEqual([{ currency: 'USD' }]);
  });
});

describe('from a period to the next (BIL-3, BIL-4)', () => {
  const before = periodAt(period.fromMs - 1);
  const dayBefore = period.fromMs - 24 * 60 * MINUTE;

  const balances = async (book: string) =>
    (
      await asOwner<{ place: string; amount: string }>(
        database.url,
        `SELECT account_id || ' ' || period AS place, sum(amount) AS amount FROM ledger_entry
         WHERE book = $1 GROUP BY 1 HAVING sum(amount) <> 0 ORDER BY 1`,
        [book],
      )
    ).map(({ place, amount }) => [place, BigInt(amount)]);

  beforeEach(async () => {
    await setPrice('platform', '0.001', { fromMs: before.fromMs });
    await setPrice('top', '0.003', { fromMs: before.fromMs });
    await usage.ingest([usageOf('parent', { atMs: dayBefore, bytes: 1001 })]);
  });

  test('what rounding leaves is booked out of the month that is over and into the next, between each account and the platform', async () => {
    await billing.accrueAll(before);
    // 3.003: 300 cents and 0.003. A second time nothing moves.
    await billing.accrueAll(before);
    await billing.accrueAll(period);
    expect(await balances('carry')).toEqual([
      [`parent ${before.name}`, 3_000_000n],
      [`parent ${period.name}`, -3_000_000n],
      [`platform ${before.name}`, -3_000_000n],
      [`platform ${period.name}`, 3_000_000n],
    ]);
    // Its margin is 2.002: 200 cents, and the rest is top's still.
    expect(await balances('payout')).toEqual([
      [`platform ${before.name}`, 2_000_000n],
      [`platform ${period.name}`, -2_000_000n],
      [`top ${before.name}`, -2_000_000n],
      [`top ${period.name}`, 2_000_000n],
    ]);
    const { statement } = await billing.accrue('parent', period);
    expect(statement).toMatchObject({ payable: 0n, charge: { carriedIn: 3_000_000n, residue: 3_000_000n } });
    const top = await billing.accrue('top', period);
    expect(top.statement.payout).toMatchObject({
      carriedIn: 2_000_000n,
      minorUnits: 0n,
      residue: 2_000_000n,
    });
    expect(await billing.countMismatches()).toBe(0);
  });

  test('the platform asks 3.00, pays out 2.00 and keeps what it is owed, and everybody’s month then sums to zero (BIL-2)', async () => {
    await billing.accrueAll(before);
    expect(await balances('charged')).toEqual([
      [`parent ${before.name}`, parseDecimal('3')],
      [`platform ${before.name}`, -parseDecimal('3')],
    ]);
    expect(await balances('paid-out')).toEqual([
      [`platform ${before.name}`, parseDecimal('2')],
      [`top ${before.name}`, -parseDecimal('2')],
    ]);
    const sums = await asOwner<{ account_id: string; amount: string }>(
      database.url,
      `SELECT account_id, sum(amount)::text AS amount FROM ledger_entry WHERE period = '${before.name}' GROUP BY 1 ORDER BY 1`,
    );
    expect(sums).toEqual(['parent', 'platform', 'top'].map((account_id) => ({ account_id, amount: '0' })));
    expect((await billing.read('top', before)).ledger).toMatchObject({
      charged: 0n,
      paidOut: parseDecimal('2'),
    });
    expect((await billing.read('platform', before)).isBehind).toBe(false);
    expect(await billing.oldestUnsettled(period)).toBeUndefined();
  });

  test('late use that one side alone has booked is an unsettled month, until all are accrued', async () => {
    await billing.accrueAll(before);
    await usage.ingest([usageOf('parent', { atMs: dayBefore, bytes: 3 })]);
    await billing.accrue('parent', before);
    expect(await billing.oldestUnsettled(period)).toEqual(before);
    await billing.accrueAll(before);
    expect(await billing.oldestUnsettled(period)).toBeUndefined();
  });

  test('a month that was carried under the rule before decision 0006 is settled anew: nothing is lost, and nothing there twice', async () => {
    // Each account carried the fraction of all it owed, to its seller: parent 0.003 to top, top 0.001 to the platform.
    const old = [
      ['parent', 'top', 'carry', 3_000_000],
      ['top', 'platform', 'carry', 1_000_000],
      ['top', 'platform', 'payout', -2_000_000],
    ] as const;
    for (const [buyer, seller, book, amount] of old) {
      for (const [name, key, posted] of [
        [before.name, 'carry/out', -amount],
        [period.name, 'carry/in', amount],
      ] as const) {
        const id = `${buyer} ${book} ${key}`;
        await asOwner(
          database.url,
          `INSERT INTO ledger_position (period, buyer_id, seller_id, currency, book, line_key, posted, revision)
             VALUES ('${name}', '${buyer}', '${seller}', 'EUR', '${book}', '${key}', ${posted}, 1);
           INSERT INTO ledger_transaction VALUES ('${id}', '${id}', '${name}', '${seller}', '${buyer}');
           INSERT INTO ledger_entry VALUES ('${id}', '${buyer}', '${book}', '${seller}', '${name}', 'EUR', ${-posted}),
             ('${id}', '${seller}', '${book}', '${buyer}', '${name}', 'EUR', ${posted})`,
        );
      }
    }
    expect(await billing.countMismatches()).toBe(0);
    expect(await billing.oldestUnsettled(period)).toEqual(before);
    for (const each of [before, period]) await billing.accrueAll(each);
    expect(await balances('carry')).toEqual([
      [`parent ${before.name}`, 3_000_000n],
      [`parent ${period.name}`, -3_000_000n],
      [`platform ${before.name}`, -3_000_000n],
      [`platform ${period.name}`, 3_000_000n],
    ]);
    expect((await billing.read('top', period)).statement).toMatchObject({
      charge: { carriedIn: 0n },
      payout: { carriedIn: 2_000_000n },
    });
    expect(await billing.oldestUnsettled(period)).toBeUndefined();
    expect(await billing.countMismatches()).toBe(0);
  });

  test('entries are read page by page, each once, and sum to what the statement says of the ledger', async () => {
    await billing.accrueAll(before);
    const { ledger } = await billing.read('platform', before);
    const entries = [];
    let cursor: string | undefined;
    do {
      const page = await billing.listEntries('platform', before, { limit: 2, cursor });
      expect(page.items.length).toBeLessThanOrEqual(2);
      entries.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(new Set(entries.map(({ sourceRef, book }) => `${sourceRef} ${book}`)).size).toBe(entries.length);
    expect(entries.length).toBe(ledger.entryCount);
    const receivable = entries.filter(({ book }) => book === 'receivable');
    expect(receivable.reduce((total, { amount }) => total + amount, 0n)).toBe(ledger.receivable);
  });

  test('use that comes late moves the difference, and a later accrual of anybody changes nothing', async () => {
    await billing.accrueAll(before);
    await usage.ingest([usageOf('parent', { atMs: dayBefore, bytes: 3 })]);
    await billing.accrueAll(before);
    for (const accountId of ['platform', 'top', 'parent', 'platform'])
      await billing.accrue(accountId, period);
    const { statement, ledger } = await billing.accrue('parent', before);
    expect(statement.charge).toMatchObject({ minorUnits: 301n, residue: 2_000_000n });
    expect(ledger.payable).toBe(statement.payable);
    expect((await billing.accrue('parent', period)).statement.charge.carriedIn).toBe(2_000_000n);
    expect((await balances('carry')).filter(([place]) => String(place).startsWith('parent'))).toEqual([
      [`parent ${before.name}`, 2_000_000n],
      [`parent ${period.name}`, -2_000_000n],
    ]);
    expect(await billing.countMismatches()).toBe(0);
  });

  test('a fraction passes through a month without use, and one that goes missing is an alarm', async () => {
    const later = billingStore({ pool, catalogue: relayCatalogue, nowMs: () => period.toMs });
    await later.accrueAll(before);
    expect(await later.accrueAll(period)).toBe(2);
    const next = periodAt(period.toMs);
    expect((await later.accrue('parent', next)).statement.charge.carriedIn).toBe(3_000_000n);
    await asOwner(
      database.url,
      `UPDATE ledger_position SET posted = 0 WHERE period = '${next.name}' AND book = 'carry'`,
    );
    expect(await later.countMismatches()).toBeGreaterThan(0);
  });

  test('lines that are read of one meter are those of the statement, of children too', async () => {
    await setPrice('top', '0.02', { per: 7n, meter: 'allocationMs' });
    await usage.ingest([usageOf('leaf', { atMs, bytes: 11 }), usageOf('sibling', { atMs, bytes: 5 })]);
    const { statement } = await billing.read('parent', period);
    const all = await billing.readLines({ accountId: 'parent', period });
    expect(all).toEqual({ ...all, lines: statement.lines, children: statement.children });
    const meters = new Set(statement.lines.map(({ meter }) => meter));
    for (const meter of meters) {
      const { lines, children } = await billing.readLines({ accountId: 'parent', period, meter });
      expect(lines).toEqual(statement.lines.filter((line) => line.meter === meter));
      expect(children.flatMap((child) => child.lines)).toEqual(
        statement.children.flatMap((child) => child.lines).filter((line) => line.meter === meter),
      );
    }
    expect((await billing.readLines({ accountId: 'parent', period, meter: 'relay.none' })).lines).toEqual([]);
  });

  test('a reading that may not post says that the ledger is behind, and leaves it so', async () => {
    const read = await billing.read('parent', before);
    expect(read).toMatchObject({ isBehind: true, ledger: { payable: 0n } });
    expect(read.statement.payable).toBe(parseDecimal('3.003'));
    await billing.accrue('parent', before);
    expect(await billing.read('parent', before)).toMatchObject({ isBehind: false });
  });
});

describe('prices', () => {
  test('a new profile ends the one before for its service, child and currency, and no other', async () => {
    await setPrice('parent', '1');
    await setPrice('parent', '2', { childId: 'leaf' });
    await setPrice('parent', '3', { meter: 'seconds', fromMs: atMs });
    const { prices } = await billing.chainPrices('leaf', nowMs);
    expect(prices.map(({ childId, meter, tariff }) => [childId, meter, tariff.amount]).sort()).toEqual(
      [
        [undefined, 'seconds', parseDecimal('3')],
        ['leaf', 'bytes', parseDecimal('2')],
      ].sort(),
    );
    const old = await asOwner<{ count: number }>(
      database.url,
      "SELECT count(*)::int AS count FROM price WHERE effective_to < 'infinity'",
    );
    expect(old).toEqual([{ count: 1 }]);
  });

  test('a price that was planned stays planned: one set before it ends where it begins', async () => {
    const planned = nowMs + 60 * MINUTE;
    await setPrice('parent', '5', { fromMs: planned });
    await setPrice('parent', '6', { fromMs: nowMs });
    await setPrice('parent', '7', { fromMs: nowMs });
    const held = async () =>
      (await billing.chainPrices('leaf', nowMs)).prices
        .map(({ tariff, fromMs, toMs }) => [tariff.amount, fromMs, toMs])
        .sort((one, other) => Number(one[1]) - Number(other[1]));
    expect(await held()).toEqual([
      [parseDecimal('7'), nowMs, planned],
      [parseDecimal('5'), planned, Infinity],
    ]);
    // What is planned is planned anew by setting it for its own minute, and ended by a later one.
    await setPrice('parent', '8', { fromMs: planned });
    await setPrice('parent', '9', { fromMs: planned + MINUTE });
    expect(await held()).toEqual([
      [parseDecimal('7'), nowMs, planned],
      [parseDecimal('8'), planned, planned + MINUTE],
      [parseDecimal('9'), planned + MINUTE, Infinity],
    ]);
  });

  test("an account sees the prices along its own chain, and neither a sibling's nor a stranger's", async () => {
    await setPrice('platform', '1');
    await setPrice('platform', '9', { childId: 'other' });
    await setPrice('parent', '2', { childId: 'sibling' });
    const seen = await billing.chainPrices('leaf', nowMs);
    expect(seen.prices.map(({ accountId }) => accountId)).toEqual(['platform']);
    expect(seen.edges.map(({ buyerId }) => buyerId).sort()).toEqual(['leaf', 'parent', 'top']);
    const known = await billing.parties('parent', ['leaf', 'parent', 'top', 'platform']);
    expect([...known].filter(([, { isSeen }]) => isSeen).map(([id]) => id)).toEqual(
      expect.arrayContaining(['leaf', 'parent']),
    );
    // Its direct seller has the name that stands on its documents; whoever is further up has that of the brand.
    expect(known.get('top')).toEqual({ isSeen: false, name: 'top Ltd' });
    expect(known.get('platform')).toEqual({ isSeen: false, name: PLATFORM_NAME });
    expect((await billing.listPeriods('leaf')).length).toBe(0);
    await usage.ingest([usageOf('leaf', { atMs, bytes: 1 })]);
    expect((await billing.listPeriods('top')).map(({ name }) => name)).toEqual([period.name]);
  });
});

describe('the ledger holds by itself (BIL-3)', () => {
  const entry = (transactionId: string, amount: string, [account, book] = ['top', 'payable']) =>
    `INSERT INTO ledger_entry VALUES ('${transactionId}', '${account}', '${book}', 'platform', '2026-11', 'EUR', ${amount})`;
  const transaction = (id: string, ref = id) =>
    `INSERT INTO ledger_transaction VALUES ('${id}', '${ref}', '2026-11', 'platform', 'top')`;

  test('a transaction that does not sum to zero is refused, whoever writes it', async () => {
    await expect(asOwner(database.url, `${transaction('t1')}; ${entry('t1', '5')}`)).rejects.toThrow(
      'does not sum to zero',
    );
    await asOwner(
      database.url,
      `${transaction('t2')}; ${entry('t2', '-5')}; ${entry('t2', '5', ['platform', 'receivable'])}`,
    );
    await expect(asOwner(database.url, entry('t2', '1', ['leaf', 'payable']))).rejects.toThrow(
      'does not sum to zero',
    );
    await expect(asOwner(database.url, transaction('t3', 't2'))).rejects.toThrow('duplicate key');
  });

  test('what is posted is not changed and not removed, by the owner of the database either', async () => {
    await asOwner(database.url, `${transaction('t1')}; ${entry('t1', '0')}`);
    for (const sql of [
      'UPDATE ledger_entry SET amount = 0',
      'DELETE FROM ledger_entry',
      'TRUNCATE ledger_entry',
      'DELETE FROM ledger_transaction',
    ]) {
      await expect(asOwner(database.url, sql), sql).rejects.toThrow('The ledger is not changed');
    }
  });

  test('a recomputation notices a position that somebody changed', async () => {
    await setPrice('platform', '1');
    await usage.ingest([usageOf('top', { atMs, bytes: 10 })]);
    await billing.accrue('top', period);
    await asOwner(database.url, 'UPDATE ledger_position SET posted = posted + 1');
    expect(await billing.countMismatches()).toBe(1);
  });
});

describe('the wall', () => {
  const scoped = async (accountId: string, sql: string, values: unknown[] = []) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query("SELECT set_config('patchbay.account_id', $1, true)", [accountId]);
      return (await client.query(sql, values)).rows as unknown[];
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };

  beforeEach(async () => {
    await setPrice('platform', '1');
    await setPrice('parent', '2');
    await usage.ingest([usageOf('leaf', { atMs, bytes: 10 }), usageOf('other', { atMs, bytes: 10 })]);
    await billing.accrueAll(period);
  });

  test('a tenant reads nothing of another, with every id known', async () => {
    expect(await scoped('leaf', 'SELECT DISTINCT account_id FROM ledger_entry')).toEqual([
      { account_id: 'leaf' },
    ]);
    expect(await scoped('leaf', 'SELECT DISTINCT buyer_id FROM ledger_transaction')).toEqual([
      { buyer_id: 'leaf' },
    ]);
    expect(await scoped('leaf', 'SELECT DISTINCT buyer_id FROM ledger_position')).toEqual([
      { buyer_id: 'leaf' },
    ]);
    expect(await scoped('leaf', 'SELECT 1 FROM price')).toEqual([]);
    for (const sql of [
      "SELECT * FROM billing_edges('other', '-infinity', 'infinity')",
      "SELECT * FROM billing_prices('other', '-infinity', 'infinity')",
      "SELECT * FROM billing_usage('other', ARRAY['-infinity'::timestamptz], 'infinity')",
      `SELECT * FROM billing_positions('other', '${period.name}')`,
      `SELECT * FROM billing_position_sums('other', '${period.name}')`,
      `SELECT * FROM billing_ledger_totals('other', '${period.name}')`,
      "SELECT * FROM billing_periods('parent')",
      "SELECT * FROM billing_names('other')",
    ]) {
      expect(await scoped('leaf', sql), sql).toEqual([]);
      expect(await scoped('platform', sql), sql).not.toEqual([]);
    }
    await expect(billing.accrue('nobody', period)).rejects.toThrow('no account');
  });

  test('a tenant changes nothing of another, and no ledger but by accruing its own edges', async () => {
    const insert = (account: string) =>
      `INSERT INTO price (id, account_id, service, meter, dimensions, amount, per, currency, effective_from)
       VALUES ('prc_x', '${account}', 'relay', 'bytes', '{}', 0, 1, 'EUR', date_trunc('minute', now()))`;
    await expect(scoped('leaf', insert('parent'))).rejects.toThrow('row-level security');
    expect(await scoped('parent', `${insert('leaf')} RETURNING id`)).toEqual([{ id: 'prc_x' }]);
    expect(await scoped('leaf', 'UPDATE price SET effective_to = effective_from RETURNING id')).toEqual([]);
    for (const sql of [
      'UPDATE price SET amount = 0',
      'DELETE FROM price',
      entrySql,
      'UPDATE ledger_position SET posted = 0',
    ]) {
      await expect(scoped('parent', sql), sql).rejects.toThrow('permission denied');
    }
    const posting = {
      sellerId: 'platform',
      buyerId: 'other',
      currency: 'EUR',
      lineKey: 'x',
      posted: '5',
      revision: 1,
      transactionId: 'txn_x',
      sourceRef: 'x',
      entries: [],
    };
    const post = 'SELECT ledger_post($1, $2)';
    await expect(scoped('parent', post, [period.name, JSON.stringify([posting])])).rejects.toThrow(
      'resource.unknown',
    );
  });

  const entrySql = "INSERT INTO ledger_entry VALUES ('t', 'leaf', 'payable', 'parent', '2026-11', 'EUR', 1)";
});

test('an amount past 2^63 is kept exactly', async () => {
  const huge = nano(10n ** 27n);
  await billing.setPrices({
    accountId: 'platform',
    service: 'relay',
    currency: 'EUR',
    fromMs: period.fromMs,
    prices: [{ meter: 'bytes', where: {}, tariff: { kind: 'per-unit', amount: huge, per: 1n } }],
  });
  await usage.ingest([usageOf('top', { atMs, bytes: 3 })]);
  const { ledger } = await billing.accrue('top', period);
  expect(ledger.payable).toBe(3n * huge);
});
