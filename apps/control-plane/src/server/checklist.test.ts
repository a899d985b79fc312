/** Items of the control plane's checklist that take the whole of it, on a real database, and stand in no other test. */
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { openClient } from '@patchbay/adapters/prisma/client';
import { mountedOperations } from '@patchbay/faces/mounted';
import { bareCursorEnd } from '@patchbay/kit/api-version';
import { createId } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { forgedRequest } from '@patchbay/testing/wall/forged-request';
import { Client, escapeIdentifier } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';
import { serveTrpc } from './trpc-endpoint.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let database: TestDatabase;
let owner: Client;
let served: Served;
let tenant: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  served = serve(database.applicationUrl);
  tenant = await signUp(served, 'tenant');
});
afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

const at = (accountId: string, path = '') => `/v1/accounts/${accountId}${path}`;
async function made(method: string, path: string, { key, body = {} }: { key: string; body?: object }) {
  const answer = await served.rest(method, path, { key, body });
  expect(answer, `${method} ${path}`).toMatchObject({ status: 200 });
  return answer.body;
}

test('C4: five deep, a suspension in the middle stops live keys below it with the next request, and none above', async () => {
  const chain = [{ accountId: tenant.accountId, key: tenant.key }];
  for (const name of ['Two', 'Three', 'Four', 'Five']) {
    const above = chain.at(-1) ?? tenant;
    const { id: accountId } = await made('POST', at(above.accountId, '/accounts'), {
      key: above.key,
      body: { name },
    });
    const { secret } = await made('POST', at(accountId, '/keys'), { key: above.key });
    chain.push({ accountId, key: secret });
  }
  const uses = () =>
    Promise.all(
      chain.map(async ({ accountId, key }) => {
        const { status } = await served.rest('PATCH', at(accountId), { key, body: { timeZone: 'UTC' } });
        return status;
      }),
    );
  expect(await uses()).toEqual([200, 200, 200, 200, 200]);
  const third = at(chain[2]?.accountId ?? '');
  await made('PATCH', third, { key: tenant.key, body: { state: 'suspended' } });
  expect(await uses()).toEqual([200, 200, 403, 403, 403]);
  await made('PATCH', third, { key: tenant.key, body: { state: 'active' } });
  expect(await uses()).toEqual([200, 200, 200, 200, 200]);
});

test('C8: the secret of a key is in the answer that made it, and in no other', async () => {
  const { id, secret } = await made('POST', at(tenant.accountId, '/keys'), { key: tenant.key });
  const answers: string[] = [];
  for (const { operation, path, mount } of mountedOperations) {
    if (operation.method !== 'GET' || mount !== 'account') continue;
    const fields = forgedRequest(operation.request, { keyId: id });
    const filled = path
      .replace('{accountId}', tenant.accountId)
      .replace(/\{(\w+)\}/g, (_match, field: string) => String(fields[field]));
    const query = new URLSearchParams(
      Object.entries(fields).map(([name, value]): [string, string] => [
        name,
        typeof value === 'object' ? JSON.stringify(value) : String(value),
      ]),
    );
    const { body } = await served.rest('GET', `${filled}?${query}`, { key: tenant.key });
    answers.push(JSON.stringify(body));
  }
  expect(answers.join()).toContain(id);
  expect(answers.filter((answer) => answer.includes(secret.slice(-30)))).toEqual([]);
});

test('C9: a rotated key and its successor both work for the stated overlap, then the old one fails, and its last use is known', async () => {
  const keys = at(tenant.accountId, '/keys');
  const old = await made('POST', keys, { key: tenant.key });
  const uses = async (key: string) => (await served.rest('GET', at(tenant.accountId), { key })).status;
  expect(await uses(old.secret)).toBe(200);
  const endsAt = new Date(Date.now() + 86_400_000).toISOString();
  const next = await made('POST', `${keys}/${old.id}/rotate`, { key: tenant.key, body: { endsAt } });
  expect(next.secret).not.toBe(old.secret);
  expect([await uses(old.secret), await uses(next.secret)]).toEqual([200, 200]);
  const listed = (await served.rest('GET', `${keys}?limit=100`, { key: tenant.key })).body.items as {
    id: string;
    lastUsedAt?: string;
    expiresAt?: string;
  }[];
  const shown = listed.find(({ id }) => id === old.id);
  expect(shown).toMatchObject({ expiresAt: endsAt, lastUsedAt: expect.any(String) });
  // The clock of the database is the one that ends it: the stated time comes.
  await owner.query("UPDATE api_key SET expires_at = now() - interval '1 second' WHERE id = $1", [old.id]);
  expect([await uses(old.secret), await uses(next.secret)]).toEqual([401, 200]);
});

test('C20: ten thousand rows are read page by page while others are added: none is skipped, and none comes twice', async () => {
  const { accountId, key } = await signUp(served, 'many-rows');
  const rowCount = 10_000;
  const ids = Array.from({ length: rowCount }, (_, index) => createId('app', 1_700_000_000_000 + index));
  const insertion = `INSERT INTO application (id, account_id, name)
    SELECT t.id, $1, t.id FROM unnest($2::text[]) AS t (id)`;
  await owner.query(insertion, [accountId, ids]);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: '100', ...(cursor === undefined ? {} : { cursor }) });
    const { body } = await served.rest('GET', at(accountId, `/applications?${query}`), { key });
    seen.push(...body.items.map((item: { id: string }) => item.id));
    cursor = body.nextCursor;
    // Before, among and behind what was read.
    const added = [1_600_000_000_000, 1_700_000_000_000 + seen.length, Date.now()];
    await owner.query(insertion, [accountId, added.map((ms) => createId('app', ms))]);
  } while (cursor !== undefined && seen.length < 2 * rowCount);
  expect(new Set(seen).size).toBe(seen.length);
  const read = new Set(seen);
  expect(ids.filter((id) => !read.has(id))).toEqual([]);
}, 120_000);

test('C20: a cursor that no list gave is refused, be it made up, of another account or of another list, and tells no id', async () => {
  const { accountId, key } = await signUp(served, 'two-applications');
  for (const name of ['one', 'two'])
    await served.rest('POST', at(accountId, '/applications'), { key, body: { name } });
  const page = async (path: string, by = key) => await served.rest('GET', path, { key: by });
  const { body } = await page(at(accountId, '/applications?limit=1'));
  const [first] = body.items;
  expect(Buffer.from(body.nextCursor, 'base64url').toString('latin1')).not.toContain(first.id);
  const next = await page(at(accountId, `/applications?limit=1&cursor=${body.nextCursor}`));
  expect(next.body.items.map(({ name }: { name: string }) => name)).toEqual(['two']);
  const other = await signUp(served, 'another-applications');
  for (const [path, by] of [
    [at(accountId, '/applications?cursor=app_1'), key],
    [at(accountId, `/events?cursor=${'x'.repeat(22)}`), key],
    [at(accountId, `/keys?cursor=${body.nextCursor}`), key],
    [at(other.accountId, `/applications?cursor=${body.nextCursor}`), other.key],
  ] as const) {
    const refused = await page(path, by);
    expect([refused.status, refused.body.code], path).toEqual([400, 'request.invalid']);
  }
  // What lists gave before they sealed it is taken for one release more, and each answer says until when.
  const before = await page(at(accountId, `/applications?cursor=${first.id}`));
  expect(before.body).toEqual({ items: next.body.items });
  expect(before.headers.get('sunset')).toBe(bareCursorEnd.endsAt.toUTCString());
  expect(next.headers.get('sunset')).toBeNull();
});

test('a tRPC call of the wrong method or type of body is refused as REST refuses it, with the request that it was', async () => {
  const call = async (init: RequestInit) => {
    const headers = { authorization: `Bearer ${tenant.key}`, ...init.headers };
    const url = 'http://control.test/api/trpc/applications.create';
    const answer = await serveTrpc(served.control, new Request(url, { ...init, headers }));
    const body = (await answer.json()) as {
      readonly error?: { readonly data: { readonly problem: object } };
    };
    return { status: answer.status, problem: body.error?.data.problem ?? body };
  };
  const typed = (type: string) => call({ method: 'POST', headers: { 'content-type': type }, body: '{}' });
  const requestId = expect.stringMatching(/^req_/);
  expect(await call({ method: 'GET' })).toMatchObject({
    status: 405,
    problem: { status: 405, code: 'request.method_not_allowed', requestId },
  });
  expect(await typed('text/plain')).toMatchObject({
    status: 415,
    problem: { status: 415, code: 'request.media_type_unsupported', requestId },
  });
  // What has no body has none to be typed.
  expect(await call({ method: 'POST' })).toMatchObject({
    status: 400,
    problem: { status: 400, code: 'request.invalid', requestId },
  });
});

test('C21: a batch has at most 50 calls, and each of them counts against the rate', async () => {
  // Four at once, and one more each four seconds: of an account that asked nothing before, at whatever other rate.
  const { key } = await signUp(served, `batches-${Date.now()}`);
  const slow = serve(database.applicationUrl, { PATCHBAY_REQUESTS_PER_MINUTE_MAX: '16' });
  const batch = (count: number) => {
    const names = Array.from({ length: count }, () => 'me.get').join(',');
    const input = Object.fromEntries(Array.from({ length: count }, (_, index) => [index, {}]));
    const url = `http://control.test/api/trpc/${names}?batch=1&input=${encodeURIComponent(JSON.stringify(input))}`;
    return serveTrpc(slow.control, new Request(url, { headers: { authorization: `Bearer ${key}` } }));
  };
  const refused = await batch(51);
  const { code, requestId } = (await refused.json()) as { readonly code: string; readonly requestId: string };
  expect([refused.status, code]).toEqual([413, 'request.too_many']);
  expect(requestId).toMatch(/^req_/);
  const taken = await batch(50);
  const answers: {
    readonly error?: { readonly data: { readonly problem: { readonly requestId: string } } };
  }[] = await taken.json();
  expect(answers).toHaveLength(50);
  expect([4, 5]).toContain(answers.filter(({ error }) => error === undefined).length);
  // Each call is a request of its own, with an id of its own to ask by why it was refused.
  const ids = taken.headers.get('x-request-id')?.split(', ') ?? [];
  expect(new Set(ids).size).toBe(50);
  for (const [index, { error }] of answers.entries())
    if (error !== undefined) expect(error.data.problem.requestId).toBe(ids[index]);
  await slow.close();
});

test('C23: on every connection that serves requests the database ends a statement after 5 seconds', async () => {
  const shown = 'SHOW statement_timeout';
  const { rows } = await served.control.pool.query<{ statement_timeout: string }>(shown);
  expect(rows).toEqual([{ statement_timeout: '5s' }]);
  const prisma = openClient(database.applicationUrl, { connectionsMax: 1 });
  expect(await prisma.$queryRaw`SELECT current_setting('statement_timeout') AS bound`).toEqual([
    { bound: '5s' },
  ]);
  await prisma.$disconnect();
});

test('C38: what was delivered, failed and is still to come can be read in order, and read on from any cursor', async () => {
  const { accountId, key } = await signUp(served, 'replays');
  const { id: webhookId } = await made('POST', at(accountId, '/webhooks'), {
    key,
    body: { url: 'https://receiver.test/hooks' },
  });
  const { cursor: start } = (await served.rest('GET', at(accountId, '/events/latest'), { key })).body;
  for (let count = 0; count < 5; count++)
    await made('POST', at(accountId, `/webhooks/${webhookId}/tests`), { key });
  while ((await placeEvents(served.control.pool)) > 0);
  const read = async (cursor: string) =>
    (await served.rest('GET', at(accountId, `/events?cursor=${cursor}`), { key })).body.items as {
      id: string;
      cursor: string;
    }[];
  const events = await read(start);
  expect(events.length).toBeGreaterThanOrEqual(5);
  for (const [index, { cursor }] of events.entries())
    expect(await read(cursor)).toEqual(events.slice(index + 1));
  const log = (await served.rest('GET', at(accountId, `/webhooks/${webhookId}/deliveries`), { key })).body;
  expect(log.items.length).toBe(5);
});

test('C41: nothing is changed by a GET, whoever asks and however it is called', async () => {
  const entries = async () => (await owner.query('SELECT count(*) FROM audit_entry')).rows[0];
  const before = await entries();
  for (const { group, name, operation } of mountedOperations) {
    if (operation.method === 'GET') continue;
    const input = { ...forgedRequest(operation.request, {}), accountId: tenant.accountId };
    const { status } = await served.trpc('GET', `${group}.${name}`, { input, key: tenant.key });
    expect(status, `${group}.${name}`).toBe(405);
  }
  expect(await entries()).toEqual(before);
});

test('C45: of what was shown as a secret and refused, nothing is in any row or line of the log', async () => {
  const canary = 'Kanarienvogel';
  const lines: string[] = [];
  const { log } = served.control;
  log.level = 'trace';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    const person = {
      email: 'tenant@example.test',
      name: 'Somebody',
      organisationName: 'Theirs',
      password: `${canary} password`,
    };
    await served.rest('POST', '/v1/sign-up', { body: person });
    await served.rest('POST', '/v1/sign-up', { body: { ...person, wrong: 1 } });
    await served.rest('GET', at(tenant.accountId), { key: `pb_live_${canary}` });
    await served.rest('POST', at(tenant.accountId, '/keys'), {
      key: tenant.key,
      body: { scopes: 'not a list' },
      headers: { cookie: `next-auth.session-token=${canary}`, 'x-api-key': canary },
    });
    await served.rest('POST', at(tenant.accountId, '/credentials/revocations'), {
      key: tenant.key,
      body: { username: canary, password: canary },
    });
    await served.rest('GET', at(tenant.accountId, '/why'), { key: tenant.key });
  } finally {
    spy.mockRestore();
    log.level = 'silent';
  }
  expect(lines.join()).not.toContain(canary);
  const { rows: tables } = await owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await owner.query(
      `SELECT 1 FROM ${escapeIdentifier(name)} t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%' LIMIT 1`,
      [canary],
    );
    if (rows.length > 0) found.push(name);
  }
  expect(tables.length).toBeGreaterThan(30);
  expect(found).toEqual([]);
});
