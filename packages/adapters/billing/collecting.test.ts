import type { BillingStore } from '@patchbay/domain/billing/billing-store';
import { collectDocument } from '@patchbay/domain/billing/collection/collect';
import { unsaidTerms } from '@patchbay/domain/billing/documents/document';
import { parseDecimal } from '@patchbay/domain/billing/money';
import { type Period, periodAt } from '@patchbay/domain/billing/period';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import { QUANTITY_MAX } from '@patchbay/domain/metering/usage-record';
import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import { type FakeStripe, startFakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applicationPool, asOwner, plantTree, relayCatalogue, usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { stripeRail } from '../stripe/stripe-rail.ts';
import { accountAccrual, billingStore } from './billing-store.ts';
import { closeMonths } from './closing.ts';
import { collectionStore, railNotices } from './collection-store.ts';
import { customerBook } from './customer-book.ts';
import { documentStore } from './document-store.ts';
import { ledgerReader } from './ledger-reader.ts';
import { reconciliation } from './rail-differences.ts';

const DAY = 86_400_000;
const usedMs = Date.now() - (Date.now() % 60_000) - 60_000;
const period: Period = periodAt(usedMs);
const tree = { platform: undefined, top: 'platform', parent: 'top', leaf: 'parent', other: 'top' };
const CENT = 10_000_000n;

let database: TestDatabase;
let pool: pg.Pool;
let usage: UsageStore;
let billing: BillingStore;
let stripe: FakeStripe;
let clockMs: number;

beforeEach(async () => {
  clockMs = usedMs;
  stripe = await startFakeStripe({ nowMs: () => clockMs });
  database = await createTestDatabase();
  await plantTree(database.url, tree);
  pool = applicationPool(database.applicationUrl, 4);
  usage = usageStore(pool);
  billing = billingStore({ pool, catalogue: relayCatalogue, nowMs: () => clockMs });
});
afterEach(async () => {
  await pool.end();
  await database.drop();
  await stripe.close();
});

const setPrice = (accountId: string, amount: string) =>
  billing.setPrices({
    accountId,
    service: 'relay',
    currency: 'EUR',
    fromMs: period.fromMs,
    prices: [
      { meter: 'bytes', where: {}, tariff: { kind: 'per-unit', amount: parseDecimal(amount), per: 1n } },
    ],
  });

/** The platform sells for 0.01, top for 0.015 and parent for 0.02. */
async function useAThousand() {
  await setPrice('platform', '0.01');
  await setPrice('top', '0.015');
  await setPrice('parent', '0.02');
  await usage.ingest([usageOf('leaf', { atMs: usedMs, bytes: 1000 })]);
  await billing.accrueAll(period);
}

const platformAccount = async () => 'platform';
const close = (of: pg.Pool = pool) =>
  closeMonths({
    pool: of,
    accrual: accountAccrual({ pool: of, catalogue: relayCatalogue, nowMs: () => clockMs }),
    platformAccount,
    nowMs: () => clockMs,
    isCollecting,
  });
let isCollecting = true;
const ask = (month: string) => pool.query('INSERT INTO billing_closing (period) VALUES ($1)', [month]);

interface SaidNumbers {
  readonly numberPrefix: string;
  readonly taxId?: string;
}

interface DocumentRow {
  readonly id: string;
  readonly account_id: string;
  readonly kind: string;
  readonly number: string;
  readonly total: number;
}
const documents = () =>
  asOwner<DocumentRow>(
    database.url,
    `SELECT id, account_id, kind, number, total_minor_units::int AS total FROM document
     ORDER BY period, account_id, kind, number`,
  );
const printed = async () =>
  (await documents()).map(
    ({ account_id, kind, number, total }) => `${account_id} ${kind} ${number} ${total}`,
  );

const balances = async () =>
  Object.fromEntries(
    (
      await asOwner<{ account_id: string; book: string; cents: string }>(
        database.url,
        `SELECT account_id, book, (sum(amount) / ${CENT})::bigint::text AS cents FROM ledger_entry
         WHERE ledger_is_collecting(book) GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2`,
      )
    ).map(({ account_id, book, cents }) => [`${account_id} ${book}`, Number(cents)]),
  );

describe('a month that is over', () => {
  it('closes into documents in the name of each seller, once no late use can change it (BIL-4, BIL-7)', async () => {
    await useAThousand();
    clockMs = period.toMs + 40 * DAY;
    expect(await close()).toEqual([]);
    clockMs = period.toMs + 64 * DAY;
    expect(await close()).toEqual([{ period: period.name, accountCount: 4, documentCount: 3 }]);
    const expected = [
      'leaf invoice PARENT-I00001 2000',
      'parent payout-note TOP-P00001 500',
      'top payout-note D-P00001 500',
    ];
    expect(await printed()).toEqual(expected);
    expect(await close()).toEqual([]);
    expect(await printed()).toEqual(expected);
    for (const text of ["UPDATE document SET number = ''", 'DELETE FROM closed_statement'])
      await expect(asOwner(database.url, text)).rejects.toThrow('not changed');
    expect(await billing.countMismatches()).toBe(0);
    expect(await billing.oldestUnsettled(periodAt(clockMs))).toBeUndefined();
  });

  it('names each seller as itself, by its legal name, its brand or its account, and never as one above (PRD-2, BIL-6)', async () => {
    await useAThousand();
    await usage.ingest([usageOf('other', { atMs: usedMs, bytes: 100 })]);
    await usage.ingest([usageOf('top', { atMs: usedMs, bytes: 100 })]);
    await asOwner(database.url, `INSERT INTO brand (account_id, name) VALUES ('top', 'Top Voice')`);
    await billing.accrueAll(period);
    clockMs = period.toMs + DAY;
    await ask(period.name);
    await close();
    const sellers = await asOwner<{ account_id: string; number: string; name: string }>(
      database.url,
      `SELECT account_id, number, content #>> '{seller,legalName}' AS name FROM document WHERE kind = 'invoice' ORDER BY 1`,
    );
    expect(sellers).toEqual([
      { account_id: 'leaf', number: 'PARENT-I00001', name: 'parent Ltd' },
      { account_id: 'other', number: 'TOP-I00001', name: 'Top Voice' },
      { account_id: 'top', number: 'D-I00001', name: PLATFORM_NAME },
    ]);
    // A statement says what the documents do.
    for (const [buyerId, sellerId] of [
      ['leaf', 'parent'],
      ['other', 'top'],
      ['top', 'platform'],
    ] as const) {
      const known = await billing.parties(buyerId, [sellerId]);
      const { name } = sellers.find(({ account_id }) => account_id === buyerId) ?? {};
      expect(known.get(sellerId)).toEqual({ isSeen: false, name });
    }
  });

  it('gives no two sellers of one name or tax id the same numbers, whoever had the prefix before (BIL-6)', async () => {
    await useAThousand();
    const store = documentStore({ pool, platformAccount });
    const said = { ...unsaidTerms, addressLines: [], taxRules: [] };
    const setOf = (accountId: string, legalName: string, { numberPrefix, ...more }: SaidNumbers) =>
      store.setParty(accountId, { ...said, ...more, legalName, numberPrefix });
    expect(await store.prefixOf('parent')).toBe('PARENT');
    expect(await setOf('parent', 'Acme GmbH', { numberPrefix: 'ACME', taxId: 'DE 1' })).toBe('set');
    clockMs = period.toMs + DAY;
    await ask(period.name);
    await close();
    // Another of that name, however it is written, or of that tax id; not one that is called otherwise.
    expect(await setOf('other', 'ACME  Gmbh.', { numberPrefix: 'ACME' })).toBe('taken');
    expect(await setOf('other', 'Other', { numberPrefix: 'ACME', taxId: 'de-1' })).toBe('taken');
    expect(await setOf('other', 'Other', { numberPrefix: 'ACME' })).toBe('set');
    // The platform's own, said by nobody, and what comes by itself to one that said nothing.
    expect(await setOf('other', PLATFORM_NAME, { numberPrefix: 'D' })).toBe('taken');
    expect(await setOf('other', 'leaf Ltd', { numberPrefix: 'LEAF' })).toBe('taken');
    // Numbers that were issued stay those of who issued them.
    expect(await setOf('parent', 'Acme GmbH', { numberPrefix: 'NEW' })).toBe('set');
    expect(await setOf('other', 'Acme GmbH', { numberPrefix: 'ACME' })).toBe('taken');
    expect(await setOf('parent', 'Acme GmbH', { numberPrefix: 'ACME' })).toBe('set');
  });

  it('closes at the dearest price that there is too: more minor units than 64 bits hold (BIL-4)', async () => {
    await setPrice('platform', '1000000');
    await usage.ingest([usageOf('leaf', { atMs: usedMs, bytes: QUANTITY_MAX })]);
    await billing.accrueAll(period);
    clockMs = period.toMs + 64 * DAY;
    expect(await close()).toMatchObject([{ documentCount: 1 }]);
    const [invoice] = await asOwner(database.url, 'SELECT total_minor_units::text AS total FROM document');
    expect(invoice).toEqual({ total: `${BigInt(QUANTITY_MAX) * 100_000_000n}` });
    const stored = await documentStore({ pool, platformAccount }).findInvoice('leaf', period.name);
    expect(stored?.document.totalMinorUnits).toBe(BigInt(QUANTITY_MAX) * 100_000_000n);
    expect(await billing.countMismatches()).toBe(0);
  });

  it('that the operator closes early has what comes late in the next documents, which name the month', async () => {
    await useAThousand();
    clockMs = period.toMs + DAY;
    await ask(period.name);
    await close();
    await usage.ingest([usageOf('leaf', { atMs: usedMs, bytes: 500 })]);
    const next = periodAt(period.toMs);
    await usage.ingest([usageOf('leaf', { atMs: next.fromMs + 60_000, bytes: 100 })]);
    await billing.accrueAll(period);
    clockMs = next.toMs + DAY;
    await ask(next.name);
    await close();
    expect(await printed()).toEqual([
      'leaf invoice PARENT-I00001 2000',
      'parent payout-note TOP-P00001 500',
      'top payout-note D-P00001 500',
      'leaf invoice PARENT-I00002 1200',
      'parent payout-note TOP-P00002 300',
      'top payout-note D-P00002 300',
    ]);
    const [row] = await asOwner<{ by_period: unknown }>(
      database.url,
      `SELECT by_period FROM document WHERE number = 'PARENT-I00002'`,
    );
    expect(row?.by_period).toEqual({ [period.name]: '1000', [next.name]: '200' });
  });

  it.each([
    { how: 'early', isAsked: true },
    { how: 'by itself', isAsked: false },
  ])(
    'that had use come late is in documents of the next, closed $how, of accounts that used nothing since or were closed too (BIL-7)',
    async ({ isAsked }) => {
      await useAThousand();
      clockMs = period.toMs + DAY;
      await ask(period.name);
      await close();
      await usage.ingest([usageOf('leaf', { atMs: usedMs, bytes: 500 })]);
      await asOwner(database.url, "UPDATE account SET state = 'closed' WHERE id = 'leaf'");
      const next = periodAt(period.toMs);
      clockMs = next.toMs + DAY;
      if (isAsked) await ask(next.name);
      else {
        // Nothing at all happened in it: it closes for what is late alone.
        await billing.accrueAll(period);
        expect((await billing.readClosed('leaf', period))?.corrections).toEqual([
          { side: 'charge', minorUnits: 1000n },
        ]);
        clockMs = next.toMs + 64 * DAY;
      }
      await close();
      expect((await printed()).slice(3)).toEqual([
        'leaf invoice PARENT-I00002 1000',
        'parent payout-note TOP-P00002 250',
        'top payout-note D-P00002 250',
      ]);
      // The month stays as it was closed, and tells what came later.
      const closed = await billing.readClosed('leaf', period);
      expect(closed?.kept?.statement).toMatchObject({
        charge: { minorUnits: 2000n },
        payable: 20_000_000_000n,
      });
      expect((await billing.read('leaf', period)).statement.charge.minorUnits).toBe(3000n);
      expect(closed?.corrections).toMatchObject([
        { side: 'charge', minorUnits: 1000n, document: { number: 'PARENT-I00002' } },
      ]);
      expect((await billing.readClosed('top', period))?.corrections).toMatchObject([
        { side: 'payout', minorUnits: 250n, document: { number: 'D-P00002' } },
      ]);
      // Of the next month nothing was used, and its document asks for what came late: that is what is to be paid of it.
      expect((await billing.readClosed('leaf', next))?.documents).toMatchObject([
        { side: 'charge', number: 'PARENT-I00002', totalMinorUnits: 1000n },
      ]);
      expect(await billing.readClosed('leaf', periodAt(next.toMs))).toBeUndefined();
      // What was earned of it waits until it is paid.
      const weights = await asOwner<{ account_id: string; weight: string }>(
        database.url,
        `SELECT account_id, state -> 'backing' -> 'weight' ->> 'bigint' AS weight FROM collection
       WHERE kind = 'payout' AND period = '${next.name}' ORDER BY 1`,
      );
      expect(weights).toEqual([
        { account_id: 'parent', weight: `${250n * CENT}` },
        { account_id: 'top', weight: `${250n * CENT}` },
      ]);
      const after = periodAt(next.toMs);
      clockMs = after.toMs + 2 * DAY;
      await ask(after.name);
      await close();
      expect(await printed()).toHaveLength(6);
      expect(await billing.countMismatches()).toBe(0);
    },
  );

  it('whose fraction goes to a seller that collects itself from the next on is whole: no alarm is due (decision 0017)', async () => {
    await useAThousand();
    await setPrice('parent', '0.0200033');
    await usage.ingest([usageOf('leaf', { atMs: usedMs, bytes: 1 })]);
    const next = periodAt(period.toMs);
    await asOwner(
      database.url,
      "INSERT INTO own_collecting (account_id, from_period) VALUES ('parent', $1)",
      [next.name],
    );
    await billing.accrueAll(period);
    clockMs = period.toMs + DAY;
    await billing.accrueAll(period);
    const carried = await asOwner<{ seller_id: string }>(
      database.url,
      "SELECT DISTINCT seller_id FROM ledger_position WHERE buyer_id = 'leaf' AND book = 'carry' ORDER BY 1",
    );
    expect(carried.map(({ seller_id }) => seller_id)).toEqual(['parent', 'platform']);
    expect(await billing.countMismatches()).toBe(0);
    // One that is lost on the way is still told.
    await asOwner(
      database.url,
      "DELETE FROM ledger_position WHERE buyer_id = 'leaf' AND book = 'carry' AND seller_id = 'parent'",
    );
    expect(await billing.countMismatches()).toBeGreaterThan(0);
  });

  it('that closes while nothing collects is not asked for later', async () => {
    await useAThousand();
    clockMs = period.toMs + 64 * DAY;
    isCollecting = false;
    await close();
    isCollecting = true;
    await close();
    expect(await printed()).toHaveLength(3);
    const store = collectionStore({ pool, platformAccount, nowMs: () => clockMs });
    expect(await store.due(clockMs + 400 * DAY, 10)).toEqual([]);
  });
});

describe('the documents of a month at Stripe', () => {
  const rail = () =>
    stripeRail({ secretKey: 'sk_test_x', webhookSecrets: [], apiUrl: stripe.url, retryCount: 0 });
  const store = (of: pg.Pool = pool) => collectionStore({ pool: of, platformAccount, nowMs: () => clockMs });

  async function collect(of: pg.Pool = pool) {
    const ports = { store: store(of), rail: rail(), nowMs: () => clockMs };
    for (const documentId of await ports.store.due(clockMs, 100)) await collectDocument(documentId, ports);
  }
  /** As a notice does. */
  const hear = () =>
    asOwner(database.url, "UPDATE collection SET next_at = '2020-01-01' WHERE next_at <> 'infinity'");

  async function payees() {
    for (const accountId of ['parent', 'top']) {
      const { id } = await rail().perform({ type: 'create-payee', accountId, country: 'DE' }, accountId);
      stripe.state.onboard(id);
      await asOwner(
        database.url,
        `INSERT INTO rail_party (account_id, payee_id, is_payable) VALUES ('${accountId}', '${id}', true)`,
      );
    }
  }

  const invoice = () => {
    const [made, ...others] = stripe.state.all('invoice');
    if (made === undefined || others.length > 0) throw new Error(`${others.length + 1} invoices`);
    return made;
  };

  it('are asked for, paid, shared out, given back in part and taken back: the ledger is what Stripe has (BIL-6)', async () => {
    await useAThousand();
    clockMs = period.toMs + 64 * DAY;
    await close();
    await payees();
    await collect();
    expect(invoice()).toMatchObject({ status: 'open', total: 2000 });
    expect(stripe.state.all('transfer')).toEqual([]);
    await fetch(String(invoice()['hosted_invoice_url']), { method: 'POST' });
    await hear();
    await collect();
    await collect();
    expect(stripe.state.all('transfer').map(({ amount }) => amount)).toEqual([500, 500]);
    const payment = stripe.state.all('payment_intent')[0]?.id ?? '';
    stripe.state.createRefund({ payment_intent: payment, amount: '400' });
    await hear();
    await collect();
    await collect();
    expect(stripe.state.all('transfer').map((each) => each['amount_reversed'])).toEqual([100, 100]);
    expect(await balances()).toEqual({
      'leaf clearing': -1600,
      'parent clearing': 400,
      'platform clearing': 800,
      'top clearing': 400,
    });
    expect(stripe.state.balance).toBe(800);
    expect(await billing.countMismatches()).toBe(0);
    // Nobody here asked for that refund: it has its credit note all the same, and one however often it is seen.
    await hear();
    await collect();
    const notes = (await documents()).filter(({ kind }) => kind === 'credit-note');
    expect(notes).toMatchObject([{ account_id: 'leaf', number: 'PARENT-C00001', total: 400 }]);
  });

  const payAll = async () => {
    for (const asked of stripe.state.all('invoice'))
      if (asked['status'] === 'open') stripe.state.pay(asked.id);
    for (let round = 0; round < 3; round++) {
      await hear();
      await collect();
    }
  };
  const sent = () =>
    stripe.state
      .all('transfer')
      .reduce((sum, each) => sum + Number(each['amount']) - Number(each['amount_reversed']), 0);

  it('pass on to a seller what was paid as tax in its name, and take it back with what goes back: the rest is whose it is (decision 0023)', async () => {
    await useAThousand();
    const taxed = { ...unsaidTerms, taxName: 'VAT', addressLines: [], taxRules: [], country: 'DE' };
    for (const [accountId, taxBasisPoints] of [
      ['parent', 1900],
      ['top', 700],
      ['platform', 1000],
    ] as const) {
      const said = { ...taxed, legalName: accountId, numberPrefix: accountId.toUpperCase(), taxBasisPoints };
      expect(await documentStore({ pool, platformAccount }).setParty(accountId, said)).toBe('set');
    }
    await usage.ingest([usageOf('top', { atMs: usedMs, bytes: 100 })]);
    await billing.accrueAll(period);
    clockMs = period.toMs + 64 * DAY;
    await close();
    await payees();
    await collect();
    expect(await printed()).toEqual([
      'leaf invoice PARENT-I00001 2380',
      'parent payout-note TOP-P00001 500',
      'top invoice PLATFORM-I00001 110',
      'top payout-note PLATFORM-P00001 500',
    ]);
    expect(sent()).toBe(0);
    await payAll();
    const transfers = () => stripe.state.all('transfer').map(({ amount }) => amount);
    expect(transfers()).toHaveLength(3);
    expect(transfers()).toEqual(expect.arrayContaining([500, 500, 380]));
    // What the platform sold itself, and its tax, stay with it: 10.00 of the leaf's use, and 1.00 and 0.10 of top's.
    expect(stripe.state.balance).toBe(1110);
    expect(await balances()).toEqual({
      'leaf clearing': -2380,
      'leaf tax': 380,
      'parent clearing': 880,
      'parent tax': -380,
      'platform clearing': 1110,
      'platform tax': -10,
      'top clearing': 390,
      'top tax': 10,
    });
    const payment = stripe.state.all('payment_intent').find(({ amount }) => amount === 2380)?.id ?? '';
    stripe.state.createRefund({ payment_intent: payment, amount: '476' });
    await payAll();
    const [note] = await asOwner<{ tax: string }>(
      database.url,
      `SELECT content #>> '{taxLines,0,minorUnits,bigint}' AS tax FROM document WHERE kind = 'credit-note'`,
    );
    expect(note).toEqual({ tax: '76' });
    expect(await balances()).toMatchObject({ 'parent clearing': 704, 'parent tax': -304, 'leaf tax': 304 });
    expect(stripe.state.balance).toBe(910);
    await payAll();
    expect(transfers()).toHaveLength(3);
    expect(await billing.countMismatches()).toBe(0);
    const told = await asOwner<{ type: string; data: object }>(
      database.url,
      "SELECT type, data FROM platform_event WHERE type LIKE 'billing.tax.%' AND account_id = 'parent' ORDER BY type",
    );
    expect(told.map(({ type, data }) => ({ type, ...data }))).toMatchObject([
      { type: 'billing.tax.passed-on', minorUnits: '380' },
      { type: 'billing.tax.taken-back', minorUnits: '76' },
    ]);
  });

  it('pay out a fee of a seller from whom alone something was bought once it is paid, and not before (BIL-6)', async () => {
    const tariff = { kind: 'fee', amount: parseDecimal('500') } as const;
    await billing.setPrices({
      ...{ accountId: 'parent', service: 'relay', currency: 'EUR', fromMs: period.fromMs },
      prices: [{ meter: 'bytes', where: {}, tariff }],
    });
    clockMs = period.toMs + 64 * DAY;
    await billing.accrueAll(period);
    await close();
    await payees();
    expect(await printed()).toEqual([
      'leaf invoice PARENT-I00001 50000',
      'parent payout-note TOP-P00001 50000',
    ]);
    for (let round = 0; round < 2; round++) {
      await hear();
      await collect();
    }
    expect(sent()).toBe(0);
    await payAll();
    expect(sent()).toBe(50_000);
  });

  it('of what comes late pay those above once that is paid, and take it back with it (BIL-6, BIL-7)', async () => {
    await useAThousand();
    clockMs = period.toMs + DAY;
    await ask(period.name);
    await close();
    await payees();
    await collect();
    await payAll();
    expect(sent()).toBe(1000);
    await usage.ingest([usageOf('leaf', { atMs: usedMs, bytes: 500 })]);
    const next = periodAt(period.toMs);
    await billing.accrueAll(period);
    await usage.ingest([usageOf('leaf', { atMs: next.fromMs + 60_000, bytes: 100 })]);
    clockMs = next.toMs + DAY;
    await ask(next.name);
    await close();
    for (let round = 0; round < 2; round++) {
      await hear();
      await collect();
    }
    expect(sent()).toBe(1000);
    await payAll();
    expect(sent()).toBe(1600);
    const payment = stripe.state.all('payment_intent').find(({ amount }) => amount === 1200)?.id ?? '';
    stripe.state.createRefund({ payment_intent: payment, amount: '600' });
    await payAll();
    expect(sent()).toBe(1300);
    expect(await balances()).toMatchObject({ 'leaf clearing': -2600, 'platform clearing': 1300 });
    expect(stripe.state.balance).toBe(1300);
  });

  it('of all others go on where one account cannot be closed, and its own and those below it are made once it can', async () => {
    await useAThousand();
    await usage.ingest([usageOf('other', { atMs: usedMs, bytes: 100 })]);
    await billing.accrueAll(period);
    clockMs = period.toMs + 64 * DAY;
    const whole = accountAccrual({ pool, catalogue: relayCatalogue, nowMs: () => clockMs });
    const ailing: typeof whole = {
      ...whole,
      accrue: async (accountId, ...rest) => {
        if (accountId === 'parent') throw new TypeError('What is this?');
        return await whole.accrue(accountId, ...rest);
      },
    };
    await expect(
      closeMonths({ pool, accrual: ailing, platformAccount, nowMs: () => clockMs, isCollecting: true }),
    ).rejects.toThrow(`Account parent could not be closed for ${period.name}.`);
    expect(await printed()).toEqual(['other invoice TOP-I00001 150', 'top payout-note D-P00001 550']);
    await payees();
    await collect();
    await payAll();
    // Its payout waits until everything is known of the month.
    expect(sent()).toBe(0);
    await close();
    expect(await printed()).toEqual([
      'leaf invoice PARENT-I00001 2000',
      'other invoice TOP-I00001 150',
      'parent payout-note TOP-P00001 500',
      'top payout-note D-P00001 550',
    ]);
    await collect();
    await payAll();
    expect(sent()).toBe(1050);
  });

  it('that somebody changed at Stripe by hand are found: no less is taken as paid, and what was taken back is owed again (BIL-6)', async () => {
    const found = reconciliation(pool);
    const differences = async () =>
      (await found.list({ accountId: 'platform' }, { limit: 10 })).items.map(
        ({ kind, expected, found: is, endedAtMs }) =>
          `${kind} ${expected} ${is}${endedAtMs === undefined ? '' : ' ended'}`,
      );
    const told = async () =>
      await asOwner<{ type: string; kind: string }>(
        database.url,
        `SELECT type, data ->> 'kind' AS kind FROM platform_event
         WHERE account_id = 'platform' AND type = 'billing.difference.found' ORDER BY id`,
      );
    await useAThousand();
    clockMs = period.toMs + 64 * DAY;
    await close();
    await payees();
    await collect();
    Object.assign(invoice(), { total: 100, amount_due: 100, amount_remaining: 100 });
    stripe.state.pay(invoice().id);
    await hear();
    await collect();
    expect(await differences()).toEqual(['amount 2000 100']);
    const documentsOf = documentStore({ pool, platformAccount });
    const standing = async () => (await documentsOf.findInvoice('leaf', period.name))?.collection;
    expect(await standing()).toMatchObject({ state: 'open', paidMinorUnits: 100n });
    // Put right there, it is paid, and the difference ended.
    Object.assign(invoice(), { total: 2000, amount_due: 2000, amount_paid: 2000, amount_remaining: 0 });
    stripe.state.balance += 1900;
    expect(await found.readAgain({ accountId: 'platform' }, clockMs)).toBeGreaterThan(0);
    await collect();
    await collect();
    expect(await standing()).toMatchObject({ state: 'paid', paidMinorUnits: 2000n });
    expect(await differences()).toEqual(['amount 2000 100 ended']);
    const transfer = stripe.state.all('transfer').find(({ amount }) => amount === 475);
    stripe.state.reverseTransfer(transfer?.id ?? '', { amount: '475' });
    const notices = railNotices({ pool, platformAccount, nowMs: () => clockMs });
    const subject = { kind: 'transfer', id: transfer?.id ?? '' } as const;
    await notices.handled({ id: 'evt_1', type: 'transfer.reversed', subject }, {});
    await collect();
    await collect();
    expect((await differences()).sort()).toEqual(['amount 2000 100 ended', 'transfer-reversed 0 475']);
    // It is not sent once more: somebody wanted it back.
    expect(stripe.state.all('transfer')).toHaveLength(4);
    expect((await told()).map(({ kind }) => kind).sort()).toEqual(['amount', 'transfer-reversed']);
    expect(stripe.state.balance).toBe(1475);
    const moved = (await documentsOf.movements('platform', { limit: 100 })).items;
    expect(new Set(moved.map((each) => `${each.accountId} ${each.accountName}`))).toEqual(
      new Set(['leaf leaf Ltd', 'parent parent Ltd', 'top top Ltd']),
    );
    const own = (await documentsOf.movements('leaf', { limit: 100 })).items;
    expect(new Set(own.map(({ accountId }) => accountId))).toEqual(new Set(['leaf']));
    const books = await balances();
    expect(books).toMatchObject({ 'leaf clearing': -2000, 'platform clearing': 1475 });
    expect([books['parent clearing'], books['top clearing']].sort()).toEqual([25, 500]);
    expect([books['parent owed'], books['top owed']]).toContain(475);
    expect(await billing.countMismatches()).toBe(0);
    expect((await found.list({ accountId: 'top', collectorId: 'top' }, { limit: 10 })).items).toEqual([]);
  });

  it('are void at Stripe and in the ledger once they are asked for no more, and nobody is owed anything of them', async () => {
    await useAThousand();
    clockMs = period.toMs + 64 * DAY;
    await close();
    // What is posted at one moment has no order.
    clockMs += 1;
    await payees();
    await collect();
    // Of transactions of one millisecond none is the newest.
    clockMs += 1_000;
    const documentsOf = documentStore({ pool, platformAccount });
    const cancel = () => documentsOf.cancel({ accountId: 'leaf', period: period.name, nowMs: clockMs });
    expect(await cancel()).toMatchObject({ kind: 'credit-note', totalMinorUnits: 2000n });
    expect(await cancel()).toBeUndefined();
    await hear();
    await collect();
    expect(invoice()).toMatchObject({ status: 'void' });
    // Of the reseller's and of the reseller's reseller's note nothing is left to wait for.
    expect(await balances()).toEqual({});
    expect(await billing.countMismatches()).toBe(0);
    const ledger = ledgerReader(pool);
    const [last] = (await ledger.transactions('leaf', { period: period.name, limit: 1 })).items;
    expect(last?.entries.map(({ accountId, book }) => `${accountId} ${book}`)).toEqual(['leaf invoiced']);
    const seen =
      (await ledger.transactions('platform', { period: period.name, limit: 1 })).items[0]?.entries ?? [];
    expect(seen.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n);
    expect(seen.length).toBeGreaterThan(1);
    const invoiced = (await ledger.balances('leaf', period.name)).find(({ book }) => book === 'invoiced');
    expect(invoiced).toMatchObject({ amount: 0n, entryCount: 2 });
    expect(await ledger.balances('leaf', '2999-01')).toEqual([]);
    const whose = async (accountId: string, of: 'own' | 'issued' | 'below') =>
      (await documentsOf.list(accountId, { of, limit: 10 })).items
        .map(({ document }) => document.accountId)
        .sort();
    expect(await whose('parent', 'own')).toEqual(['parent']);
    expect(await whose('parent', 'issued')).toEqual(['leaf', 'leaf']);
    expect(await whose('top', 'below')).toEqual(['leaf', 'leaf', 'parent', 'top']);
    expect(await whose('leaf', 'below')).toEqual(['leaf', 'leaf']);
  });

  it('that are void before anything was made at Stripe never get there', async () => {
    await useAThousand();
    clockMs = period.toMs + 64 * DAY;
    await close();
    const documentsOf = documentStore({ pool, platformAccount });
    await documentsOf.cancel({ accountId: 'leaf', period: period.name, nowMs: clockMs });
    expect(await balances()).toEqual({});
    await collect();
    expect(stripe.state.all('invoice')).toEqual([]);
  });

  it('go to the customer that an account was linked to, and nobody has the customer of another', async () => {
    const customers = customerBook(pool);
    const { id } = await rail().perform(
      { type: 'create-customer', accountId: 'elsewhere', name: 'Leaf' },
      'by-hand',
    );
    expect(await rail().readCustomer(id)).toEqual({ accountId: 'elsewhere' });
    expect(await rail().readCustomer('cus_none')).toBeUndefined();
    await asOwner(database.url, "UPDATE account SET external_id = 'crm_1' WHERE id = 'leaf'");
    expect(await customers.accountsOf('platform', ['crm_1', 'top', 'nobody'])).toEqual(
      new Map([
        ['crm_1', ['leaf']],
        ['top', ['top']],
      ]),
    );
    const leaf = { accountId: 'leaf', customerId: id };
    expect(await customers.link('platform', [leaf])).toBe(true);
    expect(await customers.link('platform', [leaf])).toBe(true);
    const taken = { accountId: 'top', customerId: id };
    expect(await customers.link('platform', [{ accountId: 'parent', customerId: 'cus_p' }, taken])).toBe(
      false,
    );
    expect(await customers.link('platform', [{ accountId: 'leaf', customerId: 'cus_x' }])).toBe(false);
    const { items } = await customers.list('platform', { limit: 10 });
    expect(items).toEqual([{ ...leaf, name: 'leaf Ltd' }]);
    expect((await customers.list('top', { limit: 10 })).items).toEqual(items);
    await useAThousand();
    clockMs = period.toMs + 64 * DAY;
    await close();
    await collect();
    expect(stripe.state.all('customer')).toHaveLength(1);
    expect(invoice()).toMatchObject({ customer: id });
  });

  it('compare alone where an account is rated and not asked: nobody is asked, reminded or owed anything, then or later (BIL-6)', async () => {
    await asOwner(
      database.url,
      `INSERT INTO compared_months (account_id, from_period, to_period) VALUES ('leaf', '${period.name}', '${period.name}')`,
    );
    await useAThousand();
    clockMs = period.toMs + DAY;
    await payees();
    await ask(period.name);
    await close();
    expect(await printed()).toEqual([
      'leaf comparison PARENT-R00001 2000',
      'parent payout-note TOP-P00001 500',
      'top payout-note D-P00001 500',
    ]);
    expect(await balances()).toEqual({});
    await hear();
    await collect();
    expect(stripe.requests.filter((request) => /invoice|transfer/.test(request))).toEqual([]);
    expect(await billing.countMismatches()).toBe(0);
    // What comes late is of a month that nobody was asked for, and so is asked for in none.
    await usage.ingest([usageOf('leaf', { atMs: usedMs, bytes: 500 })]);
    const next = periodAt(period.toMs);
    await usage.ingest([usageOf('leaf', { atMs: next.fromMs + 60_000, bytes: 100 })]);
    await billing.accrueAll(period);
    clockMs = next.toMs + DAY;
    await ask(next.name);
    await close();
    expect(await printed()).toEqual([
      'leaf comparison PARENT-R00001 2000',
      'parent payout-note TOP-P00001 500',
      'top payout-note D-P00001 500',
      'leaf invoice PARENT-I00001 200',
      'parent payout-note TOP-P00002 50',
      'top payout-note D-P00002 50',
    ]);
    await collect();
    expect(invoice()).toMatchObject({ status: 'open', total: 200 });
  });

  it('are asked for by the seller itself, at its own Stripe, where it collects: it owes what they cost it, and no more (decision 0017)', async () => {
    await asOwner(
      database.url,
      "INSERT INTO own_collecting (account_id, from_period) VALUES ('top', '2020-01')",
    );
    stripe.accountOfKey.set('rk_test_top', 'acct_top');
    const ownRail = stripeRail({
      secretKey: 'rk_test_top',
      webhookSecrets: [],
      apiUrl: stripe.url,
      retryCount: 0,
    });
    const own = stripe.stateOf('acct_top');
    const collectBoth = async () => {
      const ports = {
        store: store(),
        rail: rail(),
        ownRailOf: async (collectorId: string) => (collectorId === 'top' ? ownRail : undefined),
        nowMs: () => clockMs,
      };
      for (let round = 0; round < 3; round++) {
        await hear();
        for (const documentId of await ports.store.due(clockMs, 100))
          await collectDocument(documentId, ports);
      }
    };
    await useAThousand();
    clockMs = period.toMs + 64 * DAY;
    await close();
    // Its own customer buys of it, its customer's customer of that one; it buys of the platform.
    expect(await printed()).toEqual([
      'leaf invoice PARENT-I00001 2000',
      'parent payout-note TOP-P00001 500',
      'top invoice D-I00001 1000',
    ]);
    const { id: payee } = await ownRail.perform(
      { type: 'create-payee', accountId: 'parent', country: 'DE' },
      'parent',
    );
    own.onboard(payee);
    await asOwner(
      database.url,
      `INSERT INTO own_rail_party (collector_id, account_id, payee_id, is_payable) VALUES ('top', 'parent', '${payee}', true)`,
    );
    await collectBoth();
    const [asked] = own.all('invoice');
    expect(asked).toMatchObject({ status: 'open', total: 2000 });
    expect(invoice()).toMatchObject({ status: 'open', total: 1000 });
    await fetch(String(asked?.['hosted_invoice_url']), { method: 'POST' });
    await fetch(String(invoice()['hosted_invoice_url']), { method: 'POST' });
    await collectBoth();
    expect(own.all('transfer').map(({ amount }) => amount)).toEqual([500]);
    expect(stripe.state.all('transfer')).toEqual([]);
    // What goes back, and what a bank takes back, is between the seller and those below it.
    const payment = own.all('payment_intent')[0]?.id ?? '';
    own.createRefund({ payment_intent: payment, amount: '400' });
    await collectBoth();
    expect(await balances()).toEqual({
      'leaf clearing': -1600,
      'parent clearing': 400,
      'platform clearing': 1000,
      'top clearing': 200,
    });
    expect([own.balance, stripe.state.balance]).toEqual([1200, 1000]);
    const dispute = own.dispute(payment, 1600);
    await collectBoth();
    own.closeDispute(dispute.id, 'lost');
    await collectBoth();
    // Nothing came in: nothing is anybody's above its customer, and the seller has paid for what was used all the same.
    expect(await balances()).toEqual({ 'platform clearing': 1000, 'top clearing': -1000 });
    expect([own.balance, stripe.state.balance]).toEqual([0, 1000]);
    expect(await billing.countMismatches()).toBe(0);
    expect(await billing.oldestUnsettled(periodAt(clockMs))).toBeUndefined();
  });

  it('of a seller that collects itself pay those above it by its own invoice, and not once more by those of its customers (decision 0017)', async () => {
    await asOwner(
      database.url,
      "INSERT INTO own_collecting (account_id, from_period) VALUES ('parent', '2020-01')",
    );
    await useAThousand();
    clockMs = period.toMs + 64 * DAY;
    await close();
    expect(await printed()).toEqual([
      'leaf invoice PARENT-I00001 2000',
      'parent invoice TOP-I00001 1500',
      'top payout-note D-P00001 500',
    ]);
    await payees();
    await collect();
    stripe.state.pay(invoice().id);
    for (let round = 0; round < 2; round++) {
      await hear();
      await collect();
    }
    // Whether its own customer has paid it is nothing that they wait for.
    expect(stripe.state.all('transfer').map(({ amount }) => amount)).toEqual([500]);
    expect(await balances()).toMatchObject({
      'leaf invoiced': -2000,
      'parent invoiced': 2000,
      'top clearing': 500,
    });
  });
});
