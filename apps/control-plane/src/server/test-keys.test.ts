/** C11: whatever test keys do, nothing of what is live changes, and neither side reaches the other (PRD-1). */
import { tenantTables } from '@patchbay/adapters/prisma/tenant-attack';
import { periodAt } from '@patchbay/domain/billing/period';
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
  alice = await signUp(served, 'alice');
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
}, 60_000);
afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

async function ask(of: { accountId: string; key: string }, asked: string, body?: object) {
  const [method = '', path = ''] = asked.split(' ');
  const at = `/v1/accounts/${of.accountId}${path}`;
  if (of.key === alice.key) liveRequestCount += 1;
  const answer = await served.rest(method, at, { key: of.key, ...(body === undefined ? {} : { body }) });
  expect(answer, `${asked} ${JSON.stringify(answer.body)}`).toMatchObject({ status: 200 });
  return answer.body;
}

async function use(accountId: string, sequence: number): Promise<void> {
  const atMs = Date.now() - 1_000;
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

const unknown = { status: 404, body: { code: 'resource.unknown' } };

function expectSame(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  expect([...before].filter(([table, rows]) => after.get(table) !== rows).map(([table]) => table)).toEqual(
    [],
  );
}

test('C11: no operation takes a live account with a test key, and no row of it changes', async () => {
  const before = await liveRows();
  for (const mounted of onAccounts) {
    const answer = await send(mounted, { accountId: alice.accountId, key: twin.key });
    expect(answer, `${mounted.group}.${mounted.name}`).toMatchObject(unknown);
  }
  expectSame(before, await liveRows());
}, 30_000);

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
}, 60_000);

test('no operation takes a test account with a live key', async () => {
  for (const mounted of onAccounts) {
    const answer = await send(mounted, { accountId: twin.accountId, key: alice.key });
    expect(answer, `${mounted.group}.${mounted.name}`).toMatchObject(unknown);
  }
}, 30_000);
