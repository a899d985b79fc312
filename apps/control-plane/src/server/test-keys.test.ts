/** C11: whatever test keys do, nothing of what is live changes, and neither side reaches the other (PRD-1). */
import { tenantTables } from '@patchbay/adapters/prisma/tenant-attack';
import { nextPeriod, periodAt } from '@patchbay/domain/billing/period';
import { mountedOperations } from '@patchbay/faces/mounted';
import { createId, type IdPrefix, idPrefixes } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
import { forgedRequest } from '@patchbay/testing/wall/forged-request';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

let database: TestDatabase;
let owner: pg.Client;
let served: Served;
let alice: Tenant;
let other: Tenant;
let twin: { readonly accountId: string; readonly key: string };
/** What of the live account has an id. */
let ids: Readonly<Record<string, string>>;
/** Requests that are counted as use of what is live, a moment after they were made. */
let liveRequestCount = 0;

const month = periodAt(Date.now());

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  [alice, other] = [await signUp(served, 'alice'), await signUp(served, 'other')];
  const price = { currency: 'EUR', prices: { bytes: { amount: '1', per: '1' } } };
  await ask(alice, 'PUT /child-prices/network-discovery', price);
  const child = await ask(alice, 'POST /accounts', { name: 'Customer' });
  const application = await ask(alice, 'POST /applications', { name: 'Live' });
  const made = await ask(alice, 'POST /keys', { mode: 'test' });
  twin = { accountId: made.accountId, key: made.secret };
  ids = {
    applicationId: application.id,
    keyId: alice.keyId,
    userId: alice.userId,
    toAccountId: alice.accountId,
    parentId: alice.accountId,
    buyerId: child.id,
  };
  await use(child.id, 1);
  await ask(alice, `GET /statements/${month.name}`);
}, 120_000);
afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

async function ask(of: { accountId: string; key: string }, asked: string, body?: object) {
  const [method = '', path = ''] = asked.split(' ');
  const at = `/v1/accounts/${of.accountId}${path}`;
  if ([alice.key, other.key].includes(of.key)) liveRequestCount += 1;
  const answer = await served.rest(method, at, { key: of.key, ...(body === undefined ? {} : { body }) });
  expect(answer, `${asked} ${JSON.stringify(answer.body)}`).toMatchObject({ status: 200 });
  return answer.body;
}

/** Of another top account, whose clock is its own. */
async function anotherTwin(): Promise<typeof twin> {
  const made = await ask(other, 'POST /keys', { mode: 'test' });
  return { accountId: made.accountId, key: made.secret };
}

async function use(accountId: string, sequence: number): Promise<void> {
  // Not before: a price set this minute is for nothing that was used in the one before.
  const atMs = Date.now();
  const way = { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'none' };
  const counted = await served.control.internal.ingest([
    {
      id: { nodeId: 'nod_1', boot: 1, sequence },
      accountId,
      segment: 0,
      sessionId: createId('ses'),
      service: 'network-discovery',
      region: 'local',
      modality: 'data',
      fromMs: atMs,
      toMs: atMs,
      quantities: [{ meter: 'bytes', quantity: 1_000_000, dimensions: { ...way, direction: 'in' } }],
    },
  ]);
  expect(counted).toMatchObject({ freshCount: 1 });
}

async function liveUsage(meter: string): Promise<number> {
  const { rows } = await owner.query<{ sum: string }>(
    `SELECT coalesce(sum(m.sum), 0) AS sum FROM usage_minute m JOIN account a ON a.id = m.account_id
     WHERE a.parent_id IS NULL AND NOT a.is_test AND m.meter = $1`,
    [meter],
  );
  return Number(rows[0]?.sum);
}

/** Every row of every table that is a live account's, to the byte. */
async function liveRows(): Promise<ReadonlyMap<string, string>> {
  const isCounted = async () => (await liveUsage('api.requests')) === liveRequestCount;
  await until(isCounted, { what: `${liveRequestCount} live requests to be counted` });
  const tables = await tenantTables(owner);
  const rows = new Map<string, string>();
  for (const { table, column } of tables) {
    const found = await owner.query<{ rows: string }>(
      `SELECT coalesce(jsonb_agg(r ORDER BY r::text), '[]')::text AS rows
       FROM (SELECT to_jsonb(t) - 'last_used_at' AS r FROM ${table} t
         WHERE ${column} IN (SELECT id FROM account WHERE NOT is_test)) s`,
    );
    rows.set(`${table}.${column}`, found.rows[0]?.rows ?? '');
  }
  return rows;
}

const prefixes = Object.keys(idPrefixes) as IdPrefix[];
/** More of one key's are too many for its rate. */
const AT_ONCE = 8;
const onAccounts = mountedOperations.filter(({ mount }) => mount === 'account');

/** For what the live account has none of. */
const anyIds = (shape: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(shape).flatMap(([field, schema]) => {
      const fits = (id: string) => (schema as z.ZodType).safeParse(id).success;
      const id = /Id$/.test(field) ? prefixes.map((prefix) => createId(prefix)).find(fits) : undefined;
      return id === undefined ? [] : [[field, id]];
    }),
  );

const send = async (
  { operation, path }: (typeof onAccounts)[number],
  { accountId, key }: { accountId: string; key: string },
) => {
  const fields = forgedRequest(operation.request, { ...anyIds(operation.request.shape), ...ids });
  const filled = path
    .replace('{accountId}', accountId)
    .replace(/\{(\w+)\}/g, (_match, field: string) => String(fields[field]));
  const isQuery = operation.method === 'GET' || operation.method === 'DELETE';
  const query = isQuery ? `?${new URLSearchParams(fields as Record<string, string>)}` : '';
  if (key === alice.key) liveRequestCount += 1;
  return await served.rest(operation.method, `${filled}${query}`, {
    key,
    ...(isQuery ? {} : { body: fields }),
  });
};

/** Of every operation: neither side tells the other apart from what is not there. */
async function expectUnknown(asked: { accountId: string; key: string }): Promise<void> {
  const answers: (readonly [name: string, status: number, code: string])[] = [];
  for (let from = 0; from < onAccounts.length; from += AT_ONCE) {
    const some = onAccounts.slice(from, from + AT_ONCE).map(async (mounted) => {
      const { status, body } = await send(mounted, asked);
      return [`${mounted.group}.${mounted.name}`, status, body.code] as const;
    });
    answers.push(...(await Promise.all(some)));
  }
  expect(answers.filter(([, , code]) => code !== 'resource.unknown')).toEqual([]);
  expect(answers.filter(([, status]) => status !== 404)).toEqual([]);
}

function expectSame(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  expect([...before].filter(([table, rows]) => after.get(table) !== rows).map(([table]) => table)).toEqual(
    [],
  );
}

test('C11: no operation takes a live account with a test key, and no row of it changes', async () => {
  const before = await liveRows();
  await expectUnknown({ accountId: alice.accountId, key: twin.key });
  expectSame(before, await liveRows());
}, 120_000);

test('C11: of all that a test key does, no row of what is live changes, and no sum of the platform', async () => {
  const before = await liveRows();
  const usedBefore = await liveUsage('network-discovery.bytes');

  const customer = await ask(twin, 'POST /accounts', { name: 'Test customer' });
  await ask(twin, 'PUT /child-prices/network-discovery', {
    currency: 'EUR',
    prices: { bytes: { amount: '3', per: '1' } },
  });
  await use(customer.id, 2);
  await use(twin.accountId, 3);
  const statement = await ask({ ...twin, accountId: customer.id }, `GET /statements/${month.name}`);
  expect(statement.lines.length).toBeGreaterThan(0);
  const sold = await owner.query('SELECT 1 FROM ledger_entry WHERE account_id = $1', [twin.accountId]);
  expect(sold.rowCount).toBeGreaterThan(0);
  // Whatever else there is to do.
  for (const mounted of onAccounts) {
    if (`${mounted.group}.${mounted.name}` === 'keys.revoke') continue;
    const { status } = await send(mounted, twin);
    expect([404, 200, 400, 403, 409, 422, 429, 503], `${mounted.group}.${mounted.name}`).toContain(status);
  }
  await served.control.jobs.runDue();

  expect(await liveUsage('network-discovery.bytes')).toBe(usedBefore);
  expectSame(before, await liveRows());
}, 120_000);

test('a clock closes months in seconds, invoices are paid and disputed by nobody, and what is live knows nothing of it (PRD-1)', async () => {
  const reseller = await anotherTwin();
  const before = await liveRows();
  const customer = { ...reseller, accountId: (await ask(reseller, 'POST /accounts', { name: 'Buyer' })).id };
  const price = (amount: string) => ({ currency: 'EUR', prices: { bytes: { amount, per: '1' } } });
  await ask(reseller, 'PUT /child-prices/network-discovery', price('20000'));
  await ask(reseller, 'POST /test-clock', {});
  await use(customer.accountId, 10);

  const toMs = nextPeriod(nextPeriod(month)).fromMs + 86_400_000;
  const advanced = () =>
    served.rest('POST', `/v1/accounts/${reseller.accountId}/test-clock/advance`, {
      key: reseller.key,
      body: { to: new Date(toMs).toISOString() },
    });
  const startedMs = performance.now();
  expect(await advanced()).toMatchObject({ status: 200, body: { state: 'closing' } });
  const isReady = async () => (await ask(reseller, 'GET /test-clock')).state === 'ready';
  await until(isReady, { what: 'both months to be closed', timeoutMs: 20_000 });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  const { months, aheadMs } = await ask(reseller, 'GET /test-clock');
  expect(months).toMatchObject([
    { period: nextPeriod(month).name, state: 'closed' },
    { period: month.name, state: 'closed', documentCount: 2 },
  ]);
  expect(aheadMs).toBeGreaterThan(0);
  expect(await advanced()).toMatchObject({ status: 422, body: { code: 'test-books.goes_back' } });

  const [invoice] = (await ask(customer, 'GET /documents')).items;
  expect(invoice).toMatchObject({ kind: 'invoice', totalMinorUnits: '2000', period: month.name });
  expect(Date.parse(invoice.issuedAt)).toBe(month.toMs);
  const pay = (outcome: string) => ({ period: month.name, outcome });
  await ask(customer, 'POST /test-payments', pay('refused'));
  expect(await ask(customer, 'POST /test-payments', pay('paid'))).toMatchObject({
    state: 'paid',
    paidMinorUnits: '2000',
  });
  await ask(customer, 'POST /test-payments', pay('disputed'));
  const again = await served.rest('POST', `/v1/accounts/${customer.accountId}/test-payments`, {
    key: customer.key,
    body: pay('refunded'),
  });
  expect(again).toMatchObject({ status: 409, body: { code: 'test-books.not_possible' } });
  // What is used from now on is used by the clock.
  await use(customer.accountId, 11);
  const { lines } = await ask(customer, `GET /statements/${periodAt(toMs).name}`);
  const used = lines.find(({ meter }: { meter: string }) => meter === 'bytes');
  expect(used).toMatchObject({ parts: [{ amount: '20000000000' }] });

  const { accountId: anewId } = await ask(reseller, 'POST /test-clock/reset', {});
  const anew = { ...reseller, accountId: anewId };
  expect(await ask(anew, 'GET ')).toMatchObject({ isTest: true, state: 'active' });
  expect((await ask(anew, 'GET /documents')).items).toEqual([]);
  const audited = await owner.query<{ action: string }>(
    `SELECT action FROM audit_entry WHERE account_id IN ($1, $2) AND action ~ '^test-' ORDER BY id`,
    [reseller.accountId, customer.accountId],
  );
  expect(audited.rows.map(({ action }) => action)).toEqual([
    ...['test-clocks.create', 'test-clocks.advance'],
    ...['test-payments.create', 'test-payments.create', 'test-payments.create', 'test-clocks.reset'],
  ]);
  await served.control.moneyWork.runDue();
  expectSame(before, await liveRows());
  const { rows } = await owner.query('SELECT tree_id, period FROM billing_closing WHERE tree_id = $1', ['']);
  expect(rows).toEqual([]);
}, 120_000);

test('under a clock that is ahead a move is of the time of the books, as use is: each seller keeps what was used before it, and the closed month is right (ACC-2, PRD-1)', async () => {
  const reseller = await anotherTwin();
  const below = async (of: typeof reseller, name: string) => ({
    ...reseller,
    accountId: (await ask(of, 'POST /accounts', { name })).id as string,
  });
  const price = (amount: string) => ({ currency: 'EUR', prices: { bytes: { amount, per: '1' } } });
  const [first, second] = [await below(reseller, 'First'), await below(reseller, 'Second')];
  const customer = await below(first, 'Customer');
  await ask(reseller, 'PUT /child-prices/network-discovery', price('10'));
  await ask(first, 'PUT /child-prices/network-discovery', price('20'));
  await ask(second, 'PUT /child-prices/network-discovery', price('40'));
  await ask(reseller, 'POST /test-clock', {});
  const books = nextPeriod(month);
  const clockTo = async (toMs: number) => {
    await ask(reseller, 'POST /test-clock/advance', { to: new Date(toMs).toISOString() });
    const isReady = async () => (await ask(reseller, 'GET /test-clock')).state === 'ready';
    await until(isReady, { what: 'the months to be closed', timeoutMs: 20_000 });
  };
  const movedMs = books.fromMs + 9 * 86_400_000;
  await clockTo(movedMs);
  await use(customer.accountId, 20);
  // What was used in the window before a trigger was made counts in it, and it fires by the same clock.
  await ask(customer, 'POST /triggers', {
    ...{
      name: 'Bytes',
      counter: { meter: 'network-discovery.bytes' },
      action: { kind: 'throttle', bitsPerSecondMax: 64_000 },
    },
    condition: { kind: 'recurring', limit: 2_000_000, per: 'month' },
  });
  await ask(reseller, 'POST /triggers', {
    ...{ name: 'Moves', counter: { event: 'tenancy.account.moved' } },
    condition: { kind: 'recurring', limit: 1, per: 'month' },
  });
  const { startsAt: previewed } = await ask(customer, `GET /move?parentId=${second.accountId}`);
  const { startsAt } = await ask(customer, 'POST /move', { parentId: second.accountId });
  for (const each of [previewed, startsAt]) {
    expect(Date.parse(each)).toBeGreaterThan(movedMs);
    expect(Date.parse(each)).toBeLessThanOrEqual(movedMs + 120_000);
  }
  const [moved] = (await ask(reseller, 'GET /trigger-firings')).items;
  expect(moved).toMatchObject({ value: '1', windowStart: new Date(books.fromMs).toISOString() });
  await clockTo(movedMs + 3_600_000);
  await use(customer.accountId, 21);
  await served.control.triggerActions.runDue();
  const [firing] = (await ask(customer, 'GET /trigger-firings')).items;
  expect(firing).toMatchObject({
    state: 'done',
    value: '2000000',
    windowStart: new Date(books.fromMs).toISOString(),
  });
  expect(Date.parse(firing.at)).toBeGreaterThan(movedMs);
  // What it holds to is held as long as its window lasts by that clock.
  const isHeld = async () =>
    JSON.stringify(await ask(customer, 'GET /services/network-discovery/config')).includes('64000');
  expect(await isHeld()).toBe(true);
  await clockTo(nextPeriod(books).fromMs + 3_600_000);
  expect(await isHeld()).toBe(false);
  await served.control.triggerActions.runDue();
  expect((await owner.query('SELECT 1 FROM trigger_hold')).rowCount).toBe(0);

  const statementOf = (of: typeof reseller) => ask(of, `GET /statements/${books.name}`);
  expect(await statementOf(first)).toMatchObject({ payable: '10000000', receivable: '20000000' });
  expect(await statementOf(second)).toMatchObject({ payable: '10000000', receivable: '40000000' });
  expect(await statementOf(customer)).toMatchObject({ payable: '60000000' });
  const { rows } = await ask(reseller, `GET /statements/${books.name}/verification`);
  expect(rows).toHaveLength(4);
  expect(rows.map(({ outcome }: { outcome: string }) => outcome)).toEqual(Array(4).fill('agrees'));
}, 120_000);

test('no operation takes a test account with a live key', async () => {
  await expectUnknown({ accountId: twin.accountId, key: alice.key });
}, 120_000);
