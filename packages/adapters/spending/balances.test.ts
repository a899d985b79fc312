import { documentHeadAnswer } from '@patchbay/domain/billing/collecting-answers';
import { collectDocument } from '@patchbay/domain/billing/collection/collect';
import { nano, parseDecimal } from '@patchbay/domain/billing/money';
import { nextPeriod, type Period, periodAt } from '@patchbay/domain/billing/period';
import { leftOf } from '@patchbay/domain/spending/credit-line';
import type { PrepaidSaid } from '@patchbay/domain/spending/prepaid-word';
import { type FakeStripe, startFakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import type pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { accountAccrual, billingStore } from '../billing/billing-store.ts';
import { bookVerifier } from '../billing/book-verifier.ts';
import { closeMonths } from '../billing/closing.ts';
import { collectionStore } from '../billing/collection-store.ts';
import { documentStore } from '../billing/document-store.ts';
import {
  applicationPool,
  asOwner,
  plantTree,
  relayCatalogue,
  setCreditLine,
  usageOf,
} from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { stripeRail } from '../stripe/stripe-rail.ts';
import { balanceStore } from './balance-store.ts';
import { creditLineStore } from './credit-line-store.ts';
import { spendingStore } from './spending-store.ts';

const DAY = 86_400_000;
const usedMs = Date.now() - (Date.now() % 60_000) - 60_000;
const period: Period = periodAt(usedMs);
const tree = { platform: undefined, parent: 'platform', leaf: 'parent' };
const CENT = 10_000_000n;

let database: TestDatabase;
let pool: pg.Pool;
let stripe: FakeStripe;
let clockMs: number;

beforeEach(async () => {
  clockMs = usedMs;
  stripe = await startFakeStripe({ nowMs: () => clockMs });
  database = await createTestDatabase();
  await plantTree(database.url, tree);
  pool = applicationPool(database.applicationUrl, 4);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
  await stripe.close();
});

const platformAccount = async () => 'platform';
const over = () => ({ pool, catalogue: relayCatalogue, platformAccount, nowMs: () => clockMs });
const billing = () => billingStore(over());
const balances = () => balanceStore(over());
const spending = () =>
  spendingStore({
    ...over(),
    topAccounts: async () => ['platform'],
    serviceNames: ['relay'],
    bitsPerSecondMaxOf: async () => undefined,
  });

type Sayer = Pick<PrepaidSaid, 'byId' | 'above'>;
const byPlatform: Sayer = { byId: 'platform', above: [] };
const byParent: Sayer = { byId: 'parent', above: ['platform'] };

const setPrice = (accountId: string, amount: string) =>
  billing().setPrices({
    accountId,
    service: 'relay',
    currency: 'EUR',
    fromMs: period.fromMs,
    prices: [
      { meter: 'bytes', where: {}, tariff: { kind: 'per-unit', amount: parseDecimal(amount), per: 1n } },
    ],
  });

/** The platform sells for 0.01, the parent for 0.02. */
async function use(bytes: number, { atMs = usedMs, of = period } = {}) {
  await usageStore(pool).ingest([usageOf('leaf', { atMs, bytes })]);
  await spending().evaluate(
    { accountId: 'leaf', period: of, meters: new Set(['relay.bytes']) },
    { isForced: true },
  );
}
async function prepaid() {
  await setPrice('platform', '0.01');
  await setPrice('parent', '0.02');
  await balances().setTerms('leaf', { ...byPlatform, isPrepaid: true, overdraft: nano(0n) });
}

const ports = () => ({
  store: collectionStore({ pool, platformAccount, nowMs: () => clockMs }),
  rail: stripeRail({ secretKey: 'sk_test_x', webhookSecrets: [], apiUrl: stripe.url, retryCount: 0 }),
  nowMs: () => clockMs,
});
/** As notices do, and the rounds that follow. */
async function hear() {
  await asOwner(database.url, "UPDATE collection SET next_at = '2020-01-01' WHERE next_at <> 'infinity'");
  for (const documentId of await ports().store.due(clockMs, 100)) await collectDocument(documentId, ports());
}
const topUp = async (minorUnits: bigint) => {
  const asked = await balances().askTopUp({
    accountId: 'leaf',
    minorUnits,
    isAutomatic: false,
    nowMs: clockMs,
  });
  await hear();
  return asked.id;
};
const cents = async () => Number((await balances().standing('leaf')).balance / CENT);
const books = async () =>
  Object.fromEntries(
    (
      await asOwner<{ account_id: string; book: string; cents: string }>(
        database.url,
        `SELECT account_id, book, (sum(amount) / ${CENT})::bigint::text AS cents FROM ledger_entry
         WHERE ledger_is_collecting(book) GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2`,
      )
    ).map(({ account_id, book, cents: amount }) => [`${account_id} ${book}`, Number(amount)]),
  );
const payment = () => stripe.state.all('payment_intent')[0]?.id ?? '';

test('money that is paid in is credited once, however often it is told, and taken away when it goes back (BIL-5)', async () => {
  await prepaid();
  await topUp(1_000n);
  expect(await cents()).toBe(0);
  expect((await balances().topUps('leaf', { limit: 10 })).items).toMatchObject([
    { state: 'open', minorUnits: 1_000n, keptMinorUnits: 0n, payUrl: expect.stringMatching(/^http/) },
  ]);
  const [invoice] = stripe.state.all('invoice');
  stripe.state.pay(invoice?.id ?? '');
  for (let told = 0; told < 3; told++) await hear();
  expect(await cents()).toBe(1_000);
  expect(await books()).toEqual({
    'leaf balance': 1_000,
    'leaf clearing': -1_000,
    'platform balance': -1_000,
    'platform clearing': 1_000,
  });
  await use(300);
  expect(await cents()).toBe(400);
  // More goes back than is left: what it paid for is owed again.
  stripe.state.createRefund({ payment_intent: payment(), amount: '700' });
  for (let told = 0; told < 2; told++) await hear();
  expect(await cents()).toBe(-300);
  expect(await books()).toEqual({
    'leaf balance': -300,
    'leaf clearing': -300,
    'leaf drawn': 600,
    'platform balance': 300,
    'platform clearing': 300,
    'platform drawn': -600,
  });
  expect(await spending().spent('leaf')).toHaveLength(1);
});

test('bought money that is left is given back when it is asked for, and is not used meanwhile', async () => {
  await prepaid();
  await topUp(1_000n);
  stripe.state.pay(stripe.state.all('invoice')[0]?.id ?? '');
  await hear();
  await use(100);
  expect(await balances().refundBought('leaf', clockMs)).toBe(800n);
  expect(await cents()).toBe(0);
  expect(await balances().refundBought('leaf', clockMs)).toBe(0n);
  for (let told = 0; told < 3; told++) await hear();
  expect(stripe.state.all('refund').map(({ amount }) => amount)).toEqual([800]);
  expect(await cents()).toBe(0);
  expect(await books()).toEqual({
    'leaf clearing': -200,
    'leaf drawn': 200,
    'platform clearing': 200,
    'platform drawn': -200,
  });
});

test('a bank that takes all of a top-up of which a part was given back leaves owed what was used, and no more (BIL-6)', async () => {
  await prepaid();
  await topUp(1_000n);
  stripe.state.pay(stripe.state.all('invoice')[0]?.id ?? '');
  await hear();
  await use(250);
  await balances().refundBought('leaf', clockMs);
  await hear();
  await hear();
  const dispute = stripe.state.dispute(payment(), 1_000);
  await hear();
  expect(await cents()).toBe(-500);
  stripe.state.closeDispute(dispute.id, 'lost');
  await hear();
  expect(await cents()).toBe(-500);
  // 10.00 came in, 5.00 were given back, and the bank took 10.00: half of that is lost to whoever collects.
  expect(await books()).toMatchObject({
    'leaf balance': -500,
    'leaf written-off': 500,
  });
  expect(await asOwner(database.url, 'SELECT 1 FROM collection WHERE failure IS NOT NULL')).toEqual([]);
});

test('what an overdraft stands for is paid out to nobody before money comes in for it, and taken back where that goes (BIL-5, BIL-6)', async () => {
  await setPrice('platform', '0.01');
  await setPrice('parent', '0.02');
  await balances().setTerms('leaf', { ...byParent, isPrepaid: true, overdraft: nano(100_000n * CENT) });
  const create = { type: 'create-payee', accountId: 'parent', country: 'DE' } as const;
  const payee = await ports().rail.perform(create, 'parent');
  stripe.state.onboard(payee.id);
  await asOwner(
    database.url,
    `INSERT INTO rail_party (account_id, payee_id, is_payable) VALUES ('parent', '${payee.id}', true)`,
  );
  await use(1_000);
  clockMs = period.toMs + 64 * DAY;
  await billing().accrueAll(period);
  await closeMonths({ ...over(), accrual: accountAccrual(over()), isCollecting: true });
  const hearAll = async () => {
    for (let round = 0; round < 3; round++) await hear();
  };
  await hearAll();
  const invoiceOfLeaf = () =>
    asOwner<{ state: string; paid: string }>(
      database.url,
      `SELECT state ->> 'state' AS state, state #>> '{paidMinorUnits,bigint}' AS paid FROM collection
       WHERE kind = 'invoice' AND period = '${period.name}' AND document_id LIKE 'doc%'`,
    );
  const sent = () =>
    stripe.state.all('transfer').map((each) => Number(each['amount']) - Number(each['amount_reversed']));
  expect(await invoiceOfLeaf()).toEqual([{ state: 'open', paid: '0' }]);
  expect(sent()).toEqual([]);
  await topUp(500n);
  stripe.state.pay(stripe.state.all('invoice')[0]?.id ?? '');
  await hearAll();
  expect(await invoiceOfLeaf()).toEqual([{ state: 'open', paid: '500' }]);
  expect(sent()).toEqual([250]);
  expect(await books()).toMatchObject({
    'leaf balance': -1_500,
    'leaf drawn': 1_500,
    'leaf invoiced': -1_500,
    'leaf clearing': -500,
    'parent clearing': 250,
    'parent owed': 750,
  });
  // Credit pays it as money does: whoever gave it bears it.
  await balances().give({
    ...{ accountId: 'leaf', givenById: 'platform', amount: nano(1_500n * CENT), priority: 1 },
    ...{ reason: 'Settled', nowMs: clockMs },
  });
  stripe.state.balance += 750;
  await hearAll();
  expect(await invoiceOfLeaf()).toEqual([{ state: 'paid', paid: '2000' }]);
  expect(sent()).toEqual([250, 750]);
  stripe.state.dispute(payment(), 500);
  await hearAll();
  expect(await invoiceOfLeaf()).toEqual([{ state: 'open', paid: '1500' }]);
  expect(sent().reduce((total, each) => total + each, 0)).toBe(750);
  expect(await billing().countMismatches()).toBe(0);
});

test('a month before the account was prepaid is asked for by its invoice, whatever comes late', async () => {
  await setPrice('platform', '0.01');
  await setPrice('parent', '0.02');
  await usageStore(pool).ingest([usageOf('leaf', { atMs: usedMs, bytes: 100 })]);
  clockMs = period.toMs + DAY;
  await balances().setTerms('leaf', { ...byPlatform, isPrepaid: true, overdraft: nano(0n) });
  await spending().evaluate({ accountId: 'leaf', period, meters: undefined });
  expect(await cents()).toBe(0);
  await pool.query('INSERT INTO billing_closing (period) VALUES ($1)', [period.name]);
  await billing().accrueAll(period);
  await closeMonths({ ...over(), accrual: accountAccrual(over()), isCollecting: true });
  for (let round = 0; round < 2; round++) await hear();
  expect(stripe.state.all('invoice')).toMatchObject([{ status: 'open', total: 200 }]);
});

test('below what an account wants to have, money is asked for once by itself', async () => {
  await prepaid();
  await balances().setTopUp('leaf', { below: nano(500n * CENT), minorUnits: 2_000n });
  await use(10);
  await use(10);
  const { items } = await balances().topUps('leaf', { limit: 10 });
  expect(items).toMatchObject([{ isAutomatic: true, minorUnits: 2_000n }]);
});

/** The parent adds 19 % to what it sells to the leaf. */
const taxed = () =>
  asOwner(
    database.url,
    `INSERT INTO billing_party (account_id, legal_name, address_lines, country, number_prefix, payment_days, tax_name,
       tax_basis_points, tax_rules)
     VALUES ('parent', 'Parent', '{}', 'FR', 'P', 14, 'VAT', 500,
         '[{"country": "DE", "name": "VAT", "basisPoints": 1900, "reverseCharge": "none"}]'),
       ('leaf', 'Leaf', '{}', 'DE', 'L', 14, 'VAT', 0, '[]')`,
  );
test('the invoice of a prepaid account is paid as it is issued, tax and all, and those above earn of it (BIL-4)', async () => {
  await prepaid();
  await taxed();
  await balances().give({
    accountId: 'leaf',
    givenById: 'platform',
    amount: nano(5_000n * CENT),
    priority: 1,
    reason: 'Welcome',
    nowMs: clockMs,
  });
  await use(1_000);
  // 20.00, and 19 % of it.
  expect(await cents()).toBe(5_000 - 2_380);
  clockMs = period.toMs + 64 * DAY;
  await billing().accrueAll(period);
  await closeMonths({ ...over(), accrual: accountAccrual(over()), isCollecting: true });
  for (let round = 0; round < 2; round++) await hear();
  expect(stripe.state.all('invoice')).toEqual([]);
  expect(await cents()).toBe(5_000 - 2_380);
  // The platform gave the credit and bears it; the parent gets what is its, and the tax that it owes to the state.
  expect(await books()).toEqual({
    'leaf balance': 2_620,
    'leaf tax': 380,
    'parent owed': 1_000,
    'parent tax': -380,
    'parent tax-held': 380,
    'platform balance': -2_620,
    'platform owed': -1_000,
    'platform tax-held': -380,
  });
  const [row] = await asOwner<{ paid: string }>(
    database.url,
    `SELECT state ->> 'paidMinorUnits' AS paid FROM collection WHERE kind = 'invoice'`,
  );
  expect(JSON.stringify(row)).toContain('2380');
  expect(await billing().countMismatches()).toBe(0);
  expect(await billing().oldestUnsettled(periodAt(clockMs))).toBeUndefined();
});

/** A month that is over, closed as it is asked for, and what follows of it at the rail. */
async function closeNow(of: Period) {
  await pool.query('INSERT INTO billing_closing (period) VALUES ($1)', [of.name]);
  await billing().accrueAll(of);
  await closeMonths({ ...over(), accrual: accountAccrual(over()), isCollecting: true });
  for (let round = 0; round < 3; round++) await hear();
}
async function payee(accountId: string) {
  const { id } = await ports().rail.perform({ type: 'create-payee', accountId, country: 'DE' }, accountId);
  stripe.state.onboard(id);
  await documentStore({ pool, platformAccount }).setRailParty(accountId, { payeeId: id, isPayable: true });
}
const lines = () => creditLineStore({ pool, platformAccount });
const leftCents = async (accountId: string) => Number(leftOf(await lines().standing(accountId)) / CENT);
const documentsOf = async (accountId: string) =>
  (await documentStore({ pool, platformAccount }).list(accountId, { of: 'own', limit: 10 })).items;
const placeOf = ({ kind, period: of }: { readonly kind: string; readonly period: string }) => `${of} ${kind}`;
const transferred = () => stripe.state.all('transfer').map(({ amount }) => amount);

test('tax that a seller’s own credit paid is asked of it with the rest, and passed on to it: all is square once it has paid (decision 0023)', async () => {
  await prepaid();
  await taxed();
  await setCreditLine(database.url, 'parent');
  const given = { accountId: 'leaf', givenById: 'parent', amount: nano(5_000n * CENT) };
  await balances().give({ ...given, priority: 1, reason: 'Welcome', nowMs: clockMs });
  await payee('parent');
  stripe.state.balance = 10_000;
  await use(1_000);
  clockMs = period.toMs + 64 * DAY;
  await closeNow(period);
  // Of 23.80 that were used, it earned 10.00, which is kept; it is asked for the rest, of which 3.80 are the tax in its name.
  expect(stripe.state.all('invoice')).toMatchObject([{ status: 'open', total: 1_380 }]);
  expect(transferred()).toEqual([380]);
  stripe.state.pay(stripe.state.all('invoice')[0]?.id ?? '');
  await hear();
  expect(transferred()).toEqual([380]);
  // 10.00 is what the platform supplied, the tax is between the two who owe and bear it, and what nobody used is paid for by nobody.
  expect(await books()).toEqual({
    'leaf balance': 2_620,
    'leaf tax': 380,
    'parent clearing': -1_000,
    'parent granted': -2_620,
    'parent tax': -380,
    'platform balance': -2_620,
    'platform clearing': 1_000,
    'platform granted': 2_620,
  });
  expect(await billing().countMismatches()).toBe(0);
});

test('whoever gives credit pays for what was used of it, out of its payout, and what that does not cover by an invoice (BIL-5)', async () => {
  await prepaid();
  await setCreditLine(database.url, 'parent', 4_500n * CENT);
  const give = (givenById: string, amountCents: bigint, priority: number) =>
    balances().give({
      ...{ accountId: 'leaf', givenById, amount: nano(amountCents * CENT), priority },
      ...{ reason: 'Welcome', nowMs: clockMs },
    });
  await give('parent', 1_500n, 1);
  await give('platform', 500n, 2);
  await give('parent', 3_000n, 3);
  await payee('parent');
  stripe.state.balance = 10_000;
  await use(1_000);
  // What is used of the next month is no matter of this one.
  clockMs = period.toMs + DAY;
  const next = nextPeriod(period);
  await use(1_000, { atMs: next.fromMs + 60_000, of: next });
  await closeNow(period);
  // 20.00 were used, of which the parent gave 15.00 and earned 10.00.
  expect(transferred()).toEqual([]);
  expect(stripe.state.all('invoice')).toMatchObject([{ status: 'open', total: 500 }]);
  expect(await books()).toMatchObject({ 'parent granted': -3_000, 'parent invoiced': -500 });
  expect(await books()).not.toHaveProperty('parent owed');
  // What is asked is not paid, and stands in its line.
  expect(await leftCents('parent')).toBe(1_000);
  stripe.state.pay(stripe.state.all('invoice')[0]?.id ?? '');
  await hear();
  expect(await leftCents('parent')).toBe(1_500);
  clockMs = next.toMs + DAY;
  await closeNow(next);
  expect(stripe.state.all('invoice').map(({ total }) => total)).toEqual([500, 1_000]);
  stripe.state.pay(stripe.state.all('invoice')[1]?.id ?? '');
  await hear();
  expect(transferred()).toEqual([]);
  // What nobody used is on the parent's books, and paid for by nobody.
  expect(await books()).toEqual({
    'leaf balance': 1_000,
    'parent clearing': -1_500,
    'parent granted': -1_000,
    'platform balance': -1_000,
    'platform clearing': 1_500,
    'platform granted': 1_000,
  });
  expect(await billing().countMismatches()).toBe(0);
  // Two of one moment stand in no order.
  const found = (await documentsOf('parent')).toSorted((left, right) =>
    placeOf(left.document) < placeOf(right.document) ? -1 : 1,
  );
  expect(
    found.map(({ document: { kind, lines: said, totalMinorUnits } }) => [
      ...[kind, totalMinorUnits],
      ...said.map((line) => line.kind),
    ]),
  ).toEqual([
    ['invoice', 500n, 'given-credit'],
    ['payout-note', 1_000n, 'margin'],
    ['invoice', 1_000n, 'given-credit'],
    ['payout-note', 1_000n, 'margin'],
  ]);
  expect(
    found.map(
      (stored) =>
        documentHeadAnswer(stored, { idOf: (id) => id, nameOf: (id) => id, textOf: (text) => text }).standing,
    ),
  ).toMatchObject([
    { state: 'paid', paidMinorUnits: '500' },
    { state: 'paid', paidMinorUnits: '0', fundedMinorUnits: '1000', setOffMinorUnits: '1000' },
    { state: 'paid', paidMinorUnits: '1000' },
    { state: 'paid', paidMinorUnits: '0', fundedMinorUnits: '1000', setOffMinorUnits: '1000' },
  ]);
});

test('what is kept of a payout that nobody has paid in for stands in the credit line until somebody does (BIL-5)', async () => {
  await prepaid();
  await plantTree(database.url, { debtor: 'parent' });
  await setCreditLine(database.url, 'parent', 4_500n * CENT);
  const given = { accountId: 'leaf', givenById: 'parent', amount: nano(2_000n * CENT) };
  await balances().give({ ...given, priority: 1, reason: 'Welcome', nowMs: clockMs });
  await use(1_000);
  await usageStore(pool).ingest([usageOf('debtor', { atMs: usedMs, bytes: 1_000 })]);
  clockMs = period.toMs + DAY;
  await closeNow(period);
  // It earned 10.00 of each, and all of that is kept for the 20.00 that it gave: of the debtor nothing has come in.
  const [invoice] = stripe.state.all('invoice');
  expect(invoice).toMatchObject({ status: 'open', total: 2_000 });
  expect(await leftCents('parent')).toBe(3_500);
  stripe.state.pay(invoice?.id ?? '');
  await hear();
  expect(await leftCents('parent')).toBe(4_500);
  expect(await billing().countMismatches()).toBe(0);
});

test('an account that earns nothing pays by an invoice for the credit that it gave, and all is square once it has (BIL-5)', async () => {
  // The one between earns nearly all of it.
  await plantTree(database.url, { above: 'platform', giver: 'above', middle: 'giver', user: 'middle' });
  await setPrice('platform', '0.01');
  await setPrice('above', '0.02');
  await setPrice('middle', '1');
  await balances().setTerms('user', { ...byPlatform, isPrepaid: true, overdraft: nano(0n) });
  await setCreditLine(database.url, 'giver', 20_000n * CENT);
  await balances().give({
    ...{ accountId: 'user', givenById: 'giver', amount: nano(20_000n * CENT), priority: 1 },
    ...{ reason: 'Gift', nowMs: clockMs },
  });
  await payee('middle');
  await payee('above');
  await usageStore(pool).ingest([usageOf('user', { atMs: usedMs, bytes: 100 })]);
  await spending().evaluate({ accountId: 'user', period, meters: undefined }, { isForced: true });
  clockMs = period.toMs + DAY;
  await closeNow(period);
  expect(stripe.state.all('invoice')).toMatchObject([{ status: 'open', total: 10_000 }]);
  expect(await leftCents('giver')).toBe(0);
  // Nobody above earns of it: what they earn is in what was used.
  const [asked] = await asOwner<{ shares: unknown }>(
    database.url,
    `SELECT state -> 'shares' AS shares FROM collection WHERE account_id = 'giver' AND kind = 'invoice'`,
  );
  expect(asked?.shares).toEqual([]);
  const before = await books();
  // Closed once more, nothing is asked a second time.
  await closeMonths({ ...over(), accrual: accountAccrual(over()), isCollecting: true });
  expect(await books()).toEqual(before);
  stripe.state.pay(stripe.state.all('invoice')[0]?.id ?? '');
  for (let round = 0; round < 3; round++) await hear();
  expect(transferred().toSorted()).toEqual([100, 9_800]);
  expect(await leftCents('giver')).toBe(10_000);
  expect(await books()).toEqual({
    'above clearing': 100,
    'giver clearing': -10_000,
    'giver granted': -10_000,
    'middle clearing': 9_800,
    'platform balance': -10_000,
    'platform clearing': 100,
    'platform granted': 10_000,
    'user balance': 10_000,
  });
  expect(await billing().countMismatches()).toBe(0);
  expect(await billing().oldestUnsettled(periodAt(clockMs))).toBeUndefined();
  // Money that goes back is owed again: it is used by nobody else.
  stripe.state.dispute(payment(), 4_000);
  await hear();
  expect(await books()).toMatchObject({ 'giver granted': -14_000, 'giver disputed': 4_000 });
  expect(await leftCents('giver')).toBe(6_000);
  const verifier = bookVerifier(over());
  for (const accountId of ['giver', 'middle', 'user'])
    expect(await verifier.verify(accountId, period)).toMatchObject({ outcome: 'agrees' });
  // The next month asks for it, though nobody used anything in it.
  const next = nextPeriod(period);
  clockMs = next.toMs + DAY;
  await closeNow(next);
  expect(stripe.state.all('invoice').map(({ total }) => total)).toEqual([10_000, 4_000]);
  // Of what the months come to, documents have said nothing.
  expect(
    await asOwner(
      database.url,
      `SELECT by_period FROM document WHERE account_id = 'giver' AND kind = 'invoice' ORDER BY period`,
    ),
  ).toEqual([{ by_period: { [period.name]: '0' } }, { by_period: { [next.name]: '0' } }]);
  expect(await leftCents('giver')).toBe(6_000);
});

test('whoever paid for credit that nobody used in the end has it back, and never has to earn again for that (BIL-5)', async () => {
  await prepaid();
  await setCreditLine(database.url, 'parent');
  await balances().give({
    ...{ accountId: 'leaf', givenById: 'parent', amount: nano(5_000n * CENT), priority: 1 },
    ...{ reason: 'Welcome', nowMs: clockMs },
  });
  clockMs = period.toMs + DAY;
  const next = nextPeriod(period);
  await use(1_000);
  await closeNow(period);
  // 20.00 were used of it: 10.00 were kept of what it earned, and it paid the rest.
  stripe.state.pay(stripe.state.all('invoice')[0]?.id ?? '');
  await hear();
  expect(await books()).toMatchObject({ 'parent clearing': -1_000, 'parent granted': -3_000 });
  // As where what comes late makes all of it cheaper: nothing of the credit was used in the end.
  stripe.state.balance = 10_000;
  await asOwner(database.url, 'UPDATE prepaid_draw SET amount = 0');
  await asOwner(database.url, 'UPDATE credit SET left_amount = amount');
  clockMs = next.toMs + DAY;
  await closeNow(next);
  expect((await documentsOf('parent')).map(({ document }) => placeOf(document))).toContain(
    `${next.name} payout-note`,
  );
  // Whenever it says where its money goes.
  expect(transferred()).toEqual([]);
  await payee('parent');
  await hear();
  expect(transferred()).toEqual([2_000]);
  expect(await books()).toMatchObject({ 'parent clearing': 1_000, 'parent granted': -5_000 });
  expect(await books()).not.toHaveProperty('parent owed');
  // Once.
  const after = nextPeriod(next);
  clockMs = after.toMs + DAY;
  await closeNow(after);
  expect(transferred()).toEqual([2_000]);
  expect(await billing().countMismatches()).toBe(0);
});

test('an account gives credit within its line, and of two that are given at once no more than that (BIL-5)', async () => {
  const give = (givenById: string, amountCents: bigint) =>
    balances().give({
      ...{ accountId: 'leaf', givenById, amount: nano(amountCents * CENT), priority: 1 },
      ...{ reason: 'Welcome', nowMs: clockMs },
    });
  // Whoever collects bears its own, and needs no line.
  expect(await give('platform', 10_000n)).toMatchObject({ left: 10_000n * CENT });
  expect(await give('parent', 1n)).toMatchObject({ uncovered: { words: [], unpaid: 0n } });
  await lines().say('parent', { byId: 'platform', amount: nano(1_000n * CENT) });
  expect(await give('parent', 1_001n)).toHaveProperty('uncovered');
  expect(await leftCents('parent')).toBe(1_000);
  // Each alone is within it.
  const outcomes = await Promise.all([600n, 500n, 600n].map((amountCents) => give('parent', amountCents)));
  expect(outcomes.filter((given) => !('uncovered' in given))).toHaveLength(1);
  const [given] = outcomes.flatMap((each) => ('uncovered' in each ? [] : [each]));
  expect(await leftCents('parent')).toBe(1_000 - Number(given?.amount ?? 0n) / Number(CENT));
  // What is taken back is there to be given again.
  await balances().takeBack({
    ...{ accountId: 'leaf', givenById: 'parent', creditId: given?.id ?? '' },
    nowMs: clockMs,
  });
  expect(await leftCents('parent')).toBe(1_000);
  expect(
    await balances().takeBack({
      ...{ accountId: 'leaf', givenById: 'parent', creditId: 'cdt_of_nobody' },
      nowMs: clockMs,
    }),
  ).toBeUndefined();
  // One that is narrowed takes back nothing that was given.
  await give('parent', 1_000n);
  await lines().say('parent', { byId: 'platform', amount: nano(400n * CENT) });
  expect(await leftCents('parent')).toBe(0);
  await lines().say('parent', { byId: 'platform', amount: undefined });
  expect(await give('parent', 1n)).toHaveProperty('uncovered');
});

test('what is spent below a balance is at most what runs in the time that docs/spending.md states, whatever the phases of its reports (BIL-5)', async () => {
  const reportEveryMs = 2_000;
  const ratedWithinMs = 500;
  const endedWithinMs = 2_000;
  // A byte a millisecond, at 0.01 a second of each session.
  await setPrice('platform', '0');
  await setPrice('parent', '0.00001');
  await balances().setTerms('leaf', { ...byPlatform, isPrepaid: true, overdraft: nano(0n) });
  const perSecond = 3n * CENT;
  const given = nano(6n * perSecond);
  const priority = 1;
  await balances().give({
    ...{ accountId: 'leaf', givenById: 'platform', amount: given, priority, reason: 'Six seconds' },
    nowMs: clockMs,
  });
  const sessions = [0, 700, 1_900].map((phaseMs) => ({
    nextMs: usedMs + reportEveryMs - phaseMs,
    reportedMs: usedMs,
  }));
  const usage = usageStore(pool);
  const report = (session: (typeof sessions)[number]) => {
    const bytes = clockMs - session.reportedMs;
    Object.assign(session, { reportedMs: clockMs, nextMs: clockMs + reportEveryMs });
    return usage.ingest(bytes === 0 ? [] : [usageOf('leaf', { atMs: clockMs, bytes })]);
  };
  const rate = () => spending().evaluate({ accountId: 'leaf', period, meters: new Set(['relay.bytes']) });
  /** The clock goes from one thing that happens to the next; each happens as late as it may. */
  let [rateAtMs, endAtMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (;;) {
    const next = sessions.reduce((first, each) => (each.nextMs < first.nextMs ? each : first));
    clockMs = Math.min(next.nextMs, rateAtMs, endAtMs);
    if (clockMs === endAtMs || clockMs > usedMs + 60_000) break;
    if (clockMs === rateAtMs) {
      rateAtMs = Number.POSITIVE_INFINITY;
      await rate();
      const isUsedUp = (await spending().spent('leaf')).some(({ setting }) => setting === 'prepaidBalance');
      if (isUsedUp) endAtMs = Math.min(endAtMs, clockMs + endedWithinMs);
    } else {
      await report(next);
      rateAtMs = Math.min(rateAtMs, clockMs + ratedWithinMs);
    }
  }
  for (const session of sessions) await report(session);
  await spending().evaluate({ accountId: 'leaf', period, meters: undefined }, { isForced: true });
  const spent = BigInt(clockMs - usedMs) * (perSecond / 1_000n);
  const boundMs = BigInt(reportEveryMs + ratedWithinMs + endedWithinMs);
  expect(spent).toBeGreaterThanOrEqual(given);
  expect(spent - given).toBeLessThanOrEqual((boundMs * perSecond) / 1_000n);
  expect((await balances().standing('leaf')).balance).toBe(given - spent);
  const entries = await asOwner<{ sum: string }>(
    database.url,
    'SELECT sum(amount)::text AS sum FROM ledger_entry GROUP BY transaction_id',
  );
  expect(new Set(entries.map(({ sum }) => sum))).toEqual(new Set(['0']));
});

test('what a month owes whole with its first use is held before it, with its tax, and not once more when it is owed (BIL-5)', async () => {
  await billing().setPrices({
    ...{ accountId: 'parent', service: 'relay', currency: 'EUR', fromMs: period.fromMs },
    prices: [
      {
        ...{ meter: 'bytes', where: {} },
        tariff: { kind: 'per-unit', amount: nano(10n), per: 1n, minimum: nano(800n * CENT) },
      },
    ],
  });
  await asOwner(
    database.url,
    `INSERT INTO billing_party (account_id, legal_name, address_lines, country, number_prefix, payment_days, tax_name,
       tax_basis_points, tax_rules) VALUES ('parent', 'Parent', '{}', 'FR', 'P', 14, 'VAT', 1000, '[]')`,
  );
  await balances().setTerms('leaf', { ...byPlatform, isPrepaid: true, overdraft: nano(0n) });
  await balances().give({
    ...{ accountId: 'leaf', givenById: 'platform', amount: nano(1_000n * CENT), priority: 1 },
    ...{ reason: 'Welcome', nowMs: clockMs },
  });
  const hold = (holdId: string) =>
    spending().hold({ accountId: 'leaf', holdId, nodeId: 'nod_1', services: ['relay'], isRunning: false });
  const heldCents = async () => Number((await balances().standing('leaf')).held / CENT);
  expect(await hold('one')).toBe(true);
  // 8.00, and 0.075 for thirty seconds of 2 Mbit/s, with a tenth of tax.
  expect(await heldCents()).toBe(888);
  expect(await hold('two')).toBe(false);
  await use(1);
  await spending().releaseHolds({ nodeId: 'nod_1', releasedIds: [], keptIds: ['one'] });
  expect(await heldCents()).toBe(8);
  expect(await hold('two')).toBe(true);
  expect(await heldCents()).toBe(16);
  // Half of a minute later it would be the next month, which owes it again.
  clockMs = period.toMs - 10_000;
  expect(await hold('three')).toBe(false);
  clockMs = period.toMs - 40_000;
  expect(await hold('three')).toBe(true);
});

test('each above keeps an account prepaid for itself, and the least that one allows is how far below nothing it goes (BIL-5)', async () => {
  const say = (by: Sayer, isPrepaid: boolean, overdraft = 0n) =>
    balances().setTerms('leaf', { ...by, isPrepaid, overdraft: nano(overdraft) });
  const terms = async () => (await balances().standing('leaf')).terms;
  await say(byPlatform, true, 5n);
  await say(byParent, true, 900n);
  expect(await terms()).toMatchObject({ isPrepaid: true, overdraft: 5n });
  expect(await say(byParent, false)).toBe('prepaid_above');
  expect(await terms()).toMatchObject({ isPrepaid: true, overdraft: 5n });
  await say(byParent, true, 2n);
  expect(await terms()).toMatchObject({ overdraft: 2n });
  // Whoever is above takes back what was said below them, too.
  expect(await say(byPlatform, false)).toMatchObject({
    before: { isPrepaid: true, overdraft: 2n },
    after: { isPrepaid: false, overdraft: 0n },
  });
});
