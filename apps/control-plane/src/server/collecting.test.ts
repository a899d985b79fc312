import { periodAt } from '@patchbay/domain/billing/period';
import { addDocuments } from '@patchbay/testing/dashboard-documents';
import { type FakeStripe, startFakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveDocumentFile } from './document-file.ts';
import { testRailOf } from './money-work.ts';
import { takeNotice } from './rail-notices.ts';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

const nowMs = Date.now();
/** Long enough for what was asked to find that another has it in hand. */
const LOCKED_MS = 400;
const month = periodAt(periodAt(nowMs).fromMs - 1);

let database: TestDatabase;
let owner: pg.Client;
let stripe: FakeStripe;
let served: Served;
let reseller: Tenant;
let platform: { readonly accountId: string; readonly key: string };
let leafId: string;
/** Events that were sent before. */
let sentCount = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await makePlatform(database.applicationUrl);
  stripe = await startFakeStripe();
  served = serve(database.applicationUrl, {
    STRIPE_SECRET_KEY: 'sk_test_x',
    STRIPE_WEBHOOK_SECRETS: `whsec_next,${stripe.webhookSecret}`,
    STRIPE_TEST_SECRET_KEY: 'sk_test_books',
    STRIPE_TEST_WEBHOOK_SECRETS: 'whsec_books',
    STRIPE_API_URL: stripe.url,
  });
  stripe.accountOfKey.set('sk_test_books', 'books');
  reseller = await signUp(served, 'reseller');
  const accountId = (await served.control.platformAccount()) ?? '';
  const made = await served.control.platform.domainPorts.tenancy.keys.create({
    accountId,
    name: 'operator',
    mode: 'live',
    scopes: ['*'],
    createdBy: reseller.userId,
  });
  platform = { accountId, key: made.secret };
  leafId = (await ask(reseller, 'POST /accounts', { name: 'Leaf' })).id;
  for (const [sellerId, amount] of [
    [accountId, '10000000'],
    [reseller.accountId, '20000000'],
  ])
    await owner.query(
      `INSERT INTO price (id, account_id, service, meter, dimensions, amount, per, currency, effective_from)
       VALUES ('prc_' || $1, $1, 'network-discovery', 'bytes', '{}', $2, 1, 'EUR', '2020-01-01')`,
      [sellerId, amount],
    );
  const atMs = Math.max(month.fromMs, month.toMs - 86_400_000);
  const way = { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'none' };
  const counted = await served.control.internal.ingest([
    {
      id: { nodeId: 'nod_1', boot: 1, sequence: 1 },
      accountId: leafId,
      segment: 0,
      service: 'network-discovery',
      region: 'local',
      modality: 'data',
      fromMs: atMs,
      toMs: atMs,
      quantities: [{ meter: 'bytes', quantity: 1_000, dimensions: { ...way, direction: 'in' } }],
    },
  ]);
  expect(counted).toMatchObject({ freshCount: 1 });
});
afterAll(async () => {
  await served.close();
  await stripe.close();
  await owner.end();
  await database.drop();
});

interface Caller {
  readonly accountId: string;
  readonly key: string;
}

async function ask({ accountId, key }: Caller, asked: string, body?: object) {
  const [method = '', path = ''] = asked.split(' ');
  const at = `/v1/accounts/${accountId}${path}`;
  const answer = await served.rest(method, at, { key, ...(body === undefined ? {} : { body }) });
  expect(answer, `${path} ${JSON.stringify(answer.body)}`).toMatchObject({ status: 200 });
  return answer.body;
}

const leaf = (): Caller => ({ accountId: leafId, key: reseller.key });

/** As Stripe tells it: each event twice, the newest first. */
async function tell(): Promise<void> {
  const events = stripe.state.events.slice(sentCount).reverse();
  sentCount = stripe.state.events.length;
  for (const event of [...events, ...events]) {
    const { body, signature } = stripe.signed(event);
    const request = new Request('http://control.test/api/stripe', {
      method: 'POST',
      body,
      headers: { 'stripe-signature': signature },
    });
    expect((await takeNotice(request, served.control.railNotices)).status).toBe(204);
  }
}

const standing = async (of: Caller, kind: string) =>
  (await ask(of, `GET /documents?kind=${kind}`)).items[0]?.standing;

/** The regular round comes in half a minute: what is asked of us is done at once. */
const become = (of: Caller, kind: string, wanted: object) =>
  until(
    async () => {
      served.control[
        of.key === reseller.key || of.key === platform.key ? 'railNotices' : 'testRailNotices'
      ].heard();
      const is = await standing(of, kind);
      return Object.entries(wanted).every(([field, value]) => is?.[field] === value) ? is : undefined;
    },
    { what: `${kind} ${JSON.stringify(wanted)}`, timeoutMs: 30_000 },
  );

test('a month is closed, paid at Stripe, shared out and given back in part, and each word of it is on record (BIL-6, ACC-8)', async () => {
  await ask(reseller, 'PUT /seller', {
    legalName: 'Reseller GmbH',
    addressLines: ['1 Way'],
    country: 'DE',
    numberPrefix: 'RS',
  });
  const { url } = await ask(reseller, 'POST /payee', {});
  expect(url).toContain('acct_');
  // Nobody waits for a round: it closes as soon as it was said, or as the round that goes on is over.
  const lock = "hashtextextended('patchbay.job.billing-close', 0)";
  await owner.query(`SELECT pg_advisory_lock(${lock})`);
  await ask(platform, 'POST /closings', { period: month.name });
  await new Promise((held) => setTimeout(held, LOCKED_MS));
  await owner.query(`SELECT pg_advisory_unlock(${lock})`);
  await become(leaf(), 'invoice', { state: 'open' });
  const [invoice] = (await ask(leaf(), 'GET /documents')).items;
  expect(invoice).toMatchObject({ number: 'RS-I00001', totalMinorUnits: '2000' });
  expect(invoice.sellerId).toBe(reseller.accountId);

  const { payUrl } = await ask(leaf(), `GET /statements/${month.name}/payment`);
  await fetch(payUrl, { method: 'POST' });
  await tell();
  await become(leaf(), 'invoice', { state: 'paid', paidMinorUnits: '2000' });
  expect(await standing(reseller, 'payout-note')).toMatchObject({
    state: 'waiting',
    fundedMinorUnits: '1000',
  });
  stripe.state.onboard(stripe.state.all('account')[0]?.id ?? '');
  await tell();
  await become(reseller, 'payout-note', { state: 'paid', paidMinorUnits: '1000' });

  const refund = { buyerId: leafId, period: month.name, minorUnits: '500' };
  await ask(platform, 'POST /refunds', refund);
  await become(leaf(), 'invoice', { refundedMinorUnits: '500' });
  await become(reseller, 'payout-note', { paidMinorUnits: '750' });
  const moved = (await ask(leaf(), 'GET /payments')).items;
  expect(moved.map(({ what, book }: { what: string; book: string }) => `${what} ${book}`).sort()).toEqual([
    'issued invoiced',
    'paid clearing',
    'paid invoiced',
    'refund clearing',
  ]);
  const { rows } = await owner.query<{ account_id: string; cents: string }>(
    `SELECT account_id, (sum(amount) / 10000000)::bigint::text AS cents FROM ledger_entry
     WHERE book = 'clearing' GROUP BY 1`,
  );
  const cash = Object.fromEntries(rows.map(({ account_id, cents }) => [account_id, Number(cents)]));
  expect(cash).toEqual({ [leafId]: -1500, [reseller.accountId]: 750, [platform.accountId]: 750 });
  expect(stripe.state.balance).toBe(750);

  const [{ id: documentId } = { id: '' }] = (await ask(reseller, 'GET /documents?kind=payout-note')).items;
  const [transfer] = stripe.state.all('transfer');
  stripe.state.reverseTransfer(transfer?.id ?? '', {});
  await tell();
  await become(reseller, 'payout-note', { paidMinorUnits: '0', returnedMinorUnits: '750' });
  await ask(platform, 'POST /payouts-again', { documentId });
  await become(reseller, 'payout-note', { state: 'paid', paidMinorUnits: '750' });
  const pressed = await served.rest('POST', `/v1/accounts/${platform.accountId}/payouts-again`, {
    key: platform.key,
    body: { documentId },
  });
  expect([pressed.status, pressed.body.code]).toEqual([409, 'billing.nothing_returned']);
  expect(stripe.state.all('transfer').map(({ amount }) => amount)).toEqual([1000, 750]);
  expect(stripe.state.balance).toBe(750);

  const { id: customerId } = stripe.state.createCustomer({ name: 'Reseller', metadata: {} });
  const csv = `account,customer\n${reseller.accountId},${customerId}`;
  expect(await ask(platform, 'POST /customers/checks', { csv })).toMatchObject({
    linkCount: 1,
    problems: [],
  });
  expect(await ask(platform, 'POST /customers/links', { csv })).toEqual({ linkCount: 1, unchangedCount: 0 });

  for (const [action, accountId] of [
    ['closings.close', platform.accountId],
    ['statements.refund', platform.accountId],
    ['customers.link', platform.accountId],
    ['payouts.setUp', reseller.accountId],
    ['payouts.sendAgain', platform.accountId],
  ]) {
    const entries = await owner.query('SELECT 1 FROM audit_entry WHERE action = $1 AND account_id = $2', [
      action,
      accountId,
    ]);
    expect(entries.rowCount, `${action}`).toBe(1);
  }
});

test('an open invoice is printed in the look of its seller, and made void by the platform alone, which is on record', async () => {
  const { id: accountId } = await ask(reseller, 'POST /accounts', { name: 'Buyer' });
  const buyer = { accountId, key: reseller.key };
  const filled = { databaseUrl: database.url, accountId, childId: leafId, nowMs };
  const documentId = await addDocuments(filled);
  const { fileName, base64 } = await ask(buyer, `GET /documents/${documentId}/pdf`);
  expect(Buffer.from(base64, 'base64').subarray(0, 5).toString()).toBe('%PDF-');
  const file = await serveDocumentFile(
    new Request(`http://control.test/v1/accounts/${accountId}/documents/${documentId}/document.pdf`, {
      headers: { authorization: `Bearer ${buyer.key}` },
    }),
    (asked) => served.control.rest(asked),
  );
  expect(file.headers.get('content-disposition')).toBe(`attachment; filename="${fileName}"`);
  expect(Buffer.from(await file.arrayBuffer()).toString('base64')).toBe(base64);
  const asked = { buyerId: accountId, period: month.name };
  const refused = await served.rest('POST', `/v1/accounts/${reseller.accountId}/voids`, {
    key: reseller.key,
    body: asked,
  });
  expect(refused.status).toBe(403);
  const note = await ask(platform, 'POST /voids', asked);
  expect(note).toMatchObject({ kind: 'credit-note', correctsId: documentId });
  const entries = await owner.query(
    "SELECT 1 FROM audit_entry WHERE action = 'statements.void' AND account_id = $1",
    [platform.accountId],
  );
  expect(entries.rowCount).toBe(1);
});

test('C39: what Stripe tells is kept once, whatever it is and however often it comes; what it did not sign in the last 5 minutes is nothing', async () => {
  const event = stripe.state.events[0];
  if (event === undefined) throw new Error('Nothing happened.');
  const unknown = { ...event, id: 'evt_of_a_kind_to_come', type: 'something.happened', data: { object: {} } };
  const { body: sent, signature } = stripe.signed(unknown, nowMs);
  for (let time = 0; time < 2; time++) {
    const request = { method: 'POST', body: sent, headers: { 'stripe-signature': signature } };
    const answer = await takeNotice(new Request('http://control.test/', request), served.control.railNotices);
    expect(answer.status).toBe(204);
  }
  const keptOnce = await owner.query('SELECT 1 FROM rail_notice WHERE id = $1', [unknown.id]);
  expect(keptOnce.rowCount).toBe(1);
  const told = (body: string, headers = {}) =>
    takeNotice(new Request('http://control.test/', { method: 'POST', body, headers }), {
      ...served.control.railNotices,
      keep: async () => {
        throw new Error('It was kept.');
      },
    });
  expect((await told(JSON.stringify(event))).status).toBe(400);
  const old = stripe.signed(event, nowMs - 400_000);
  expect((await told(old.body, { 'stripe-signature': old.signature })).status).toBe(400);
  expect((await told('x'.repeat(1_100_000))).status).toBe(413);
  const none = { ...served.control.railNotices, rail: undefined };
  expect((await takeNotice(new Request('http://control.test/', { method: 'POST' }), none)).status).toBe(404);
});

test('a seller connects its own Stripe: its key is kept sealed, and what it signs is told of its own rail alone (decision 0017)', async () => {
  const seller = await signUp(served, 'seller');
  const asked = { secretKey: 'rk_test_seller_9876', webhookSecrets: ['whsec_seller'] };
  const connected = await ask(seller, 'PUT /collecting', asked);
  expect(connected).toMatchObject({ state: 'begins', keyHint: '9876' });
  expect(new URL(connected.webhookUrl).pathname).toBe(`/api/stripe/${seller.accountId}`);
  const { rows } = await owner.query("SELECT encode(key_sealed, 'escape') AS key FROM own_rail");
  expect(rows).toHaveLength(1);
  expect(rows[0].key).not.toContain('seller');

  const event = { id: 'evt_seller', object: 'event', type: 'something.happened', data: { object: {} } };
  const tellAt = async (secret: string, accountId?: string) => {
    const { body, signature } = stripe.signed(event, nowMs, secret);
    const request = { method: 'POST', body, headers: { 'stripe-signature': signature } };
    const { control } = served;
    const ports = accountId === undefined ? control.railNotices : await control.railNoticesOf(accountId);
    return (await takeNotice(new Request('http://control.test/', request), ports)).status;
  };
  expect(await tellAt('whsec_seller', seller.accountId)).toBe(204);
  expect(await tellAt('whsec_seller')).toBe(400);
  expect(await tellAt(stripe.webhookSecret, seller.accountId)).toBe(400);
  expect(await tellAt('whsec_seller', reseller.accountId)).toBe(404);
  // Who signs for itself cannot be in the way of what the platform is told under the same id.
  expect(await tellAt(stripe.webhookSecret)).toBe(204);
  const kept = await owner.query("SELECT collector_id FROM rail_notice WHERE id = 'evt_seller' ORDER BY 1");
  expect(kept.rows).toEqual([{ collector_id: '' }, { collector_id: seller.accountId }]);

  // While money is on its way back by its key, the key stays.
  const refunding = {
    state: 'paid',
    number: 'S-I00001',
    askedRefunds: [{ refundId: 'doc_back' }],
    refunds: [],
  };
  await owner.query(
    `INSERT INTO collection (document_id, account_id, period, kind, state, collector_id)
     VALUES ('doc_refunding', $1, '2020-01', 'invoice', $2, $1)`,
    [seller.accountId, JSON.stringify(refunding)],
  );
  const kept409 = await served.rest('POST', `/v1/accounts/${seller.accountId}/collecting/ends`, {
    key: seller.key,
    body: { forgetsKey: true },
  });
  expect(kept409).toMatchObject({ status: 409, body: { code: 'billing.refunds_open' } });
  await owner.query("DELETE FROM collection WHERE document_id = 'doc_refunding'");

  await owner.query(
    `INSERT INTO own_rail_party (collector_id, account_id, customer_id) VALUES ($1, $1, 'cus_of_that_key')`,
    [seller.accountId],
  );
  const ended = await ask(seller, 'POST /collecting/ends', { forgetsKey: true });
  expect(ended).toMatchObject({ state: 'none' });
  // At another account of Stripe, by a key to come, nobody is known of those who were.
  const known = await owner.query('SELECT customer_id FROM own_rail_party WHERE collector_id = $1', [
    seller.accountId,
  ]);
  expect(known.rows).toEqual([{ customer_id: null }]);
  const entries = await owner.query(
    "SELECT action, before, after FROM audit_entry WHERE account_id = $1 AND action ~ '^collecting' ORDER BY sequence",
    [seller.accountId],
  );
  expect(entries.rows).toMatchObject([
    { action: 'collecting.connect', before: { state: 'none' }, after: { state: 'begins' } },
    { action: 'collecting.disconnect', before: { state: 'begins' }, after: { state: 'none' } },
  ]);
  expect(JSON.stringify(entries.rows)).not.toMatch(/seller_9876|whsec/);
  expect(await tellAt('whsec_seller', seller.accountId)).toBe(404);
});

test('what is on the books of tests is asked for at the test mode of Stripe, and by nothing that is live (PRD-1)', async () => {
  const { secret, accountId } = await ask(reseller, 'POST /keys', { mode: 'test' });
  const twin = { accountId, key: secret };
  const customer = { ...twin, accountId: (await ask(twin, 'POST /accounts', { name: 'Nobody' })).id };
  const price = { currency: 'EUR', prices: { bytes: { amount: '20000000', per: '1' } } };
  await ask(twin, 'PUT /child-prices/network-discovery', price);
  await ask(twin, 'POST /test-clock', {});
  const atMs = Date.now();
  const way = { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'none', direction: 'in' };
  await served.control.internal.ingest([
    {
      id: { nodeId: 'nod_1', boot: 1, sequence: 2 },
      accountId: customer.accountId,
      segment: 0,
      service: 'network-discovery',
      region: 'local',
      modality: 'data',
      fromMs: atMs,
      toMs: atMs,
      quantities: [{ meter: 'bytes', quantity: 1_000, dimensions: way }],
    },
  ]);
  const live = stripe.state.all('invoice').length;
  const to = new Date(periodAt(atMs).toMs + 86_400_000).toISOString();
  await ask(twin, 'POST /test-clock/advance', { to });
  await until(async () => (await ask(twin, 'GET /test-clock')).state === 'ready', { what: 'the month' });
  await become(customer, 'invoice', { state: 'open' });
  const books = stripe.stateOf('books');
  expect(books.all('invoice')).toMatchObject([{ status: 'open', total: 2000 }]);
  expect(stripe.state.all('invoice')).toHaveLength(live);

  const [invoice] = (await ask(customer, 'GET /documents')).items;
  expect(await ask(customer, `GET /documents/${invoice.id}`)).toMatchObject({ isTest: true });
  await fetch(invoice.standing.payUrl, { method: 'POST' });
  const event = books.events.findLast(({ type }) => type === 'invoice.paid');
  if (event === undefined) throw new Error('Nothing was told.');
  const { body, signature } = stripe.signed(event, Date.now(), 'whsec_books');
  const told = () =>
    new Request('http://control.test/', { method: 'POST', body, headers: { 'stripe-signature': signature } });
  expect((await takeNotice(told(), served.control.railNotices)).status).toBe(400);
  expect((await takeNotice(told(), served.control.testRailNotices)).status).toBe(204);
  await become(customer, 'invoice', { state: 'paid', paidMinorUnits: '2000' });
}, 120_000);

test('a live key of Stripe is none for the books of tests, by whatever way it comes (PRD-1)', () => {
  const live = { STRIPE_TEST_SECRET_KEY: 'sk_live_books' };
  expect(() => serve(database.applicationUrl, live)).toThrow('STRIPE_TEST_SECRET_KEY');
  const env = { STRIPE_SECRET_KEY: 'sk_live_x', STRIPE_WEBHOOK_SECRETS: [], STRIPE_API_URL: undefined };
  expect(() => testRailOf({ ...env, ...live, STRIPE_TEST_WEBHOOK_SECRETS: [] })).toThrow('test mode');
  const none = { STRIPE_TEST_SECRET_KEY: undefined, STRIPE_TEST_WEBHOOK_SECRETS: [] };
  expect(testRailOf({ ...env, ...none })).toBeUndefined();
});

test('the platform compares a customer alone, beside what another asked it for, and says from when it is asked (BIL-6, ACC-8)', async () => {
  const { accountId: childId } = await signUp(served, 'moving');
  const current = periodAt(nowMs);
  await ask(platform, 'POST /compared-accounts', { childId, fromPeriod: current.name });
  const refused = await served.rest('POST', `/v1/accounts/${reseller.accountId}/compared-accounts`, {
    key: reseller.key,
    body: { childId: leafId, fromPeriod: current.name },
  });
  expect(refused).toMatchObject({ status: 403, body: { code: 'billing.collector_only' } });
  const csv = `account,period,total\n${childId},${current.name},120.50\n`;
  expect(await ask(platform, 'POST /compared-figures', { csv })).toEqual({ figureCount: 1 });
  await owner.query(
    `INSERT INTO document (id, account_id, seller_id, period, kind, sequence, number, currency, total_minor_units, by_period,
       issued_at, content) VALUES ('doc_c', $1, $2, $3, 'comparison', 1, 'D-R00001', 'EUR', 12000, '{}', now(), '{}')`,
    [childId, platform.accountId, current.name],
  );
  const { items } = await ask(platform, `GET /comparisons/${current.name}`);
  expect(items).toMatchObject([
    { childId, oursMinorUnits: '12000', theirsMinorUnits: '12050', differenceMinorUnits: '-50' },
  ]);
  const next = periodAt(current.toMs).name;
  const after = await ask(platform, 'POST /compared-accounts/ends', { childId, collectFrom: next });
  expect(after.items).toMatchObject([{ childId, fromPeriod: current.name, toPeriod: current.name }]);
  const again = await served.rest('POST', `/v1/accounts/${platform.accountId}/compared-accounts/ends`, {
    key: platform.key,
    body: { childId, collectFrom: next },
  });
  expect(again).toMatchObject({ status: 409, body: { code: 'billing.not_compared' } });
  const { rows } = await owner.query(
    "SELECT action FROM audit_entry WHERE account_id = $1 AND action ~ '^comparisons' ORDER BY sequence",
    [platform.accountId],
  );
  expect(rows.map(({ action }) => action)).toEqual([
    ...['comparisons.start', 'comparisons.importFigures', 'comparisons.collect'],
  ]);
});
