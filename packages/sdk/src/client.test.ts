import { expect, expectTypeOf, test } from 'vitest';
import { type ClientOptions, createClient } from './client.ts';
import type { Trigger, Webhook, WebhooksCreateRequest } from './operation-types.generated.ts';
import { apiVersion } from './operations.generated.ts';
import { PatchbayError } from './patchbay-error.ts';
import { requestIdOf } from './request-id.ts';

const accountId = 'acc_00k0000000000000000000000000a';

interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: unknown;
}

type Answer = Response | Error | ((init: RequestInit) => Promise<Response>);

/** Answers in turn, the last one for ever, and keeps what was asked. */
function fakeFetch(...answers: readonly Answer[]) {
  const seen: Seen[] = [];
  const fetch: NonNullable<ClientOptions['fetch']> = async (input, init = {}) => {
    const { method, headers, body } = new Request(String(input), { ...init, signal: null });
    seen.push({ method, url: new URL(String(input)), headers, body: body && JSON.parse(String(init.body)) });
    const answer = answers[Math.min(seen.length, answers.length) - 1];
    if (answer === undefined || answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(init) : answer.clone();
  };
  return { fetch, seen };
}

const waits: number[] = [];
function clientOver(fetch: NonNullable<ClientOptions['fetch']>, more: Partial<ClientOptions> = {}) {
  waits.length = 0;
  return createClient({
    baseUrl: 'https://api.test',
    credential: 'pb_test_x',
    accountId,
    fetch,
    wait: async (delayMs) => void waits.push(delayMs),
    ...more,
  });
}

const problem = (status: number, body: object, headers: HeadersInit = {}) =>
  new Response(JSON.stringify(body), { status, headers });

test('a method takes the account first, or leaves it to the client', async () => {
  const { fetch, seen } = fakeFetch(Response.json({ id: 'x' }));
  const client = clientOver(fetch);
  await client.accounts.create({ name: 'Acme' });
  await client.accounts.create('acc_other', { name: 'Acme' });
  expect(seen.map(({ method, url, body }) => [method, url.pathname, body])).toEqual([
    ['POST', `/v1/accounts/${accountId}/accounts`, { name: 'Acme' }],
    ['POST', '/v1/accounts/acc_other/accounts', { name: 'Acme' }],
  ]);
  expect(seen[0]?.headers.get('authorization')).toBe('Bearer pb_test_x');
  expect(seen[0]?.headers.get('patchbay-version')).toBe(apiVersion);
});

test('fields of the path are escaped, and the others of a GET go into its query', async () => {
  const { fetch, seen } = fakeFetch(Response.json({ items: [] }));
  await clientOver(fetch).accounts.list({ limit: 5, externalId: 'a&b' }).page();
  await clientOver(fetch).applications.get({ applicationId: '../keys' });
  expect(seen[0]?.url.search).toBe('?limit=5&externalId=a%26b');
  expect(seen[1]?.url.pathname).toBe(`/v1/accounts/${accountId}/applications/..%2Fkeys`);
});

test('without an account the one of the key is asked for, once', async () => {
  const { fetch, seen } = fakeFetch(Response.json({ kind: 'key', accounts: [{ id: 'acc_own' }] }));
  const client = createClient({ baseUrl: 'https://api.test', credential: 'pb_test_x', fetch });
  await Promise.all([client.accounts.get(), client.accounts.get()]);
  expect(seen.map(({ url }) => url.pathname).sort()).toEqual([
    '/v1/accounts/acc_own',
    '/v1/accounts/acc_own',
    '/v1/me',
  ]);
});

test('a list is an async iterator that fetches pages while it is read', async () => {
  const { fetch, seen } = fakeFetch(
    Response.json({ items: [{ id: 'a' }, { id: 'b' }], nextCursor: 'n' }),
    Response.json({ items: [{ id: 'c' }] }),
  );
  const ids: string[] = [];
  for await (const account of clientOver(fetch).accounts.list()) ids.push(account.id);
  expect(ids).toEqual(['a', 'b', 'c']);
  expect(seen.map(({ url }) => url.searchParams.get('cursor'))).toEqual([null, 'n']);
  expect(await clientOver(fetch).accounts.list().toArray({ countMax: 0 })).toEqual([]);
});

test('an answer that may be cut is its first part when it is awaited, and all rows when it is read', async () => {
  const row = { at: '2026-11-01T00:00:00Z', meter: 'a.b', group: {}, quantity: '1', recordCount: 1 };
  const parts = [
    { rows: [row, { ...row, quantity: '2' }], isTruncated: true, nextAfter: 'x' },
    { rows: [{ ...row, quantity: '3' }], isTruncated: false },
  ];
  const range = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
  const { fetch, seen } = fakeFetch(...parts.map((part) => Response.json(part)));
  const quantities: string[] = [];
  for await (const { quantity } of clientOver(fetch).usage.query(range)) quantities.push(quantity);
  expect(quantities).toEqual(['1', '2', '3']);
  expect(seen.map(({ url }) => url.searchParams.get('after'))).toEqual([null, 'x']);
  const again = fakeFetch(Response.json(parts[0]));
  expect((await clientOver(again.fetch).usage.query(range)).nextAfter).toBe('x');
  expect(again.seen).toHaveLength(1);
  const refused = fakeFetch(problem(404, { code: 'resource.unknown' }));
  await expect(clientOver(refused.fetch).usage.query(range)[Symbol.asyncIterator]().next()).rejects.toThrow();
});

test('a file is read as a stream or as text, and a refusal of it is one like any other', async () => {
  const range = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
  const headers = { 'content-type': 'text/csv; charset=utf-8' };
  const { fetch, seen } = fakeFetch(
    new Response('at,meter\r\n', { headers }),
    new Response('at,meter\r\n', { headers }),
    problem(403, {
      type: '/docs/errors/role.missing',
      title: 'No.',
      code: 'role.missing',
      detail: 'No.',
      retry: 'never',
      requestId: 'req_1',
    }),
  );
  const pb = clientOver(fetch);
  const file = await pb.usage.csv(range, { timeoutMs: 5 });
  expect([file.mediaType, await file.text()]).toEqual(['text/csv', 'at,meter\r\n']);
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await pb.usage.csv(range)).stream) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('at,meter\r\n');
  expect(seen[0]?.url.pathname).toBe(`/v1/accounts/${accountId}/usage.csv`);
  await expect(pb.usage.csv(range)).rejects.toMatchObject({ code: 'role.missing' });
});

test('a refusal has code, status, message, helpUrl, requestId, rule, level and retryAfterMs', async () => {
  const { fetch } = fakeFetch(
    problem(
      429,
      {
        type: '/docs/errors/limit.exceeded',
        code: 'limit.exceeded',
        detail: 'Too many.',
        retry: 'after',
        requestId: 'req_1',
        rule: 'starts',
        level: 'acc_1',
      },
      { 'retry-after': '60' },
    ),
  );
  const error = await clientOver(fetch)
    .accounts.get()
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(PatchbayError);
  expect(error).toMatchObject({
    code: 'limit.exceeded',
    status: 429,
    message: 'Too many.',
    helpUrl: 'https://api.test/docs/errors/limit.exceeded',
    requestId: 'req_1',
    rule: 'starts',
    level: 'acc_1',
    retryAfterMs: 60_000,
  });
  expect(waits).toEqual([]);
});

test('what may be repeated is repeated with the same idempotency key, after the time that was named', async () => {
  const busy = problem(503, { code: 'platform.unavailable', detail: '', retry: 'after', retryAfterMs: 40 });
  const { fetch, seen } = fakeFetch(busy, new TypeError('reset'), Response.json({ id: 'x' }));
  await clientOver(fetch).accounts.create({ name: 'Acme' });
  const keys = seen.map(({ headers }) => headers.get('idempotency-key'));
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(waits[0]).toBe(40);
  expect(waits[1]).toBeGreaterThanOrEqual(200);
});

test('each call has its own idempotency key, unless the caller names one', async () => {
  const { fetch, seen } = fakeFetch(Response.json({}));
  const client = clientOver(fetch);
  await client.accounts.create({ name: 'a' });
  await client.accounts.create({ name: 'a' });
  await client.accounts.create({ name: 'a' }, { idempotencyKey: 'mine' });
  const keys = seen.map(({ headers }) => headers.get('idempotency-key'));
  expect(new Set(keys).size).toBe(3);
  expect(keys[2]).toBe('mine');
});

test('what would fail again is not repeated, and repeating ends', async () => {
  const never = fakeFetch(problem(403, { code: 'auth.scope', detail: '', retry: 'never' }));
  await expect(clientOver(never.fetch).accounts.get()).rejects.toMatchObject({ code: 'auth.scope' });
  expect(never.seen).toHaveLength(1);

  const down = fakeFetch(new TypeError('refused'));
  await expect(clientOver(down.fetch).accounts.get()).rejects.toMatchObject({
    code: 'client.unreachable',
    status: 0,
  });
  expect(down.seen).toHaveLength(3);

  const page = fakeFetch(new Response('<html>', { status: 502 }));
  await expect(clientOver(page.fetch, { retryCountMax: 0 }).accounts.get()).rejects.toMatchObject({
    code: 'client.unexpected_answer',
    status: 502,
  });
});

/** Hangs until its signal ends it, as fetch does. */
const hang = (init: RequestInit) =>
  new Promise<Response>((_resolve, reject) => {
    init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  });

test('a call that is not answered in time ends, and says after how long', async () => {
  const { fetch } = fakeFetch(hang);
  const slow = clientOver(fetch, { timeoutMs: 20, retryCountMax: 0 }).accounts.get();
  await expect(slow).rejects.toMatchObject({
    code: 'client.timeout',
    message: expect.stringContaining('20 ms'),
  });
});

test("an aborted call rejects with the signal's own reason, and is not repeated", async () => {
  const { fetch, seen } = fakeFetch(hang);
  const controller = new AbortController();
  const call = clientOver(fetch).accounts.get({}, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
  expect(seen.length).toBeLessThanOrEqual(1);
});

test('a change is made to what was read, or not at all, and then says what it is now', async () => {
  const { fetch, seen } = fakeFetch(
    Response.json({ stored: {} }, { headers: { etag: 'W/"a"' } }),
    problem(412, {
      code: 'request.precondition_failed',
      detail: '',
      retry: 'never',
      current: { stored: { x: 1 } },
    }),
  );
  const client = clientOver(fetch);
  const policy = await client.policy.get();
  const refused = client.policy.set({ regions: ['eu'] }, { unlessChanged: policy });
  await expect(refused).rejects.toMatchObject({
    code: 'request.precondition_failed',
    current: { stored: { x: 1 } },
  });
  expect(seen.map(({ headers }) => headers.get('if-match'))).toEqual([null, 'W/"a"']);
  // What was never read has no tag: without one, the change would be made to whatever is there.
  const copy = client.policy.set({ regions: ['eu'] }, { unlessChanged: { ...policy } });
  await expect(copy).rejects.toMatchObject({ code: 'client.not_configured' });
  expect(seen).toHaveLength(2);
});

test('what a call answered says which request did, as do pages, items, parts and files, each for itself', async () => {
  const answered = (id: string, body: object) => Response.json(body, { headers: { 'x-request-id': id } });
  const answers = fakeFetch(answered('req_1', { id: 'a' }), answered('req_2', { id: 'a' }));
  const pb = clientOver(answers.fetch);
  const [first, second] = [await pb.accounts.get(), await pb.accounts.get()];
  expect([first, second].map(requestIdOf)).toEqual(['req_1', 'req_2']);
  // It is not in the answer: whoever stores or compares one finds what the platform said, and nothing else.
  expect(Reflect.ownKeys(first)).toEqual(['id']);
  expect(requestIdOf({ ...first })).toBeUndefined();

  const pages = [
    answered('req_3', { items: [{ id: 'a' }, { id: 'b' }], nextCursor: 'n' }),
    answered('req_4', { items: [{ id: 'c' }] }),
  ];
  const list = clientOver(fakeFetch(...pages).fetch).accounts.list();
  expect((await list.toArray({ countMax: 9 })).map(requestIdOf)).toEqual(['req_3', 'req_3', 'req_4']);
  const page = await clientOver(fakeFetch(...pages).fetch)
    .accounts.list()
    .page();
  expect(requestIdOf(page)).toBe('req_3');

  const range = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
  const part = answered('req_5', { rows: [{ quantity: '1' }], isTruncated: false });
  const usage = clientOver(fakeFetch(part).fetch).usage.query(range);
  expect(requestIdOf(await usage)).toBe('req_5');
  for await (const row of usage) expect(requestIdOf(row)).toBe('req_5');

  const csv = new Response('at\r\n', { headers: { 'x-request-id': 'req_6', 'content-type': 'text/csv' } });
  const file = await clientOver(fakeFetch(csv).fetch).usage.csv(range);
  expect([requestIdOf(file), await file.text()]).toEqual(['req_6', 'at\r\n']);
});

test('a secret key in a browser is refused, with the reason (SDK-1)', () => {
  const global = globalThis as { document?: unknown };
  global.document = {};
  try {
    expect(() => clientOver(fetch)).toThrow(/everyone who opens the page/);
    expect(() => clientOver(fetch, { credential: 'AQ.token' })).not.toThrow();
  } finally {
    delete global.document;
  }
});

test('a code narrows, and types are those of the definitions', () => {
  const client = clientOver(fetch);
  expectTypeOf(client.accounts.create).parameter(0).not.toBeAny();
  // @ts-expect-error A field that the operation does not have.
  const wrong = () => client.accounts.create({ name: 'a', colour: 'red' });
  // @ts-expect-error A code that does not exist.
  const unknown = (error: PatchbayError) => error.code === 'limit.exceded';
  expect([wrong, unknown]).toHaveLength(2);
});

test('what calls take and answer has a name of its own', () => {
  const calls = async (pb: ReturnType<typeof createClient>) => {
    const wanted: WebhooksCreateRequest = { url: 'https://example.com/hooks' };
    const webhook: Webhook = await pb.webhooks.create(wanted);
    for await (const each of pb.triggers.list()) expectTypeOf(each).toEqualTypeOf<Trigger>();
    // @ts-expect-error A webhook is no trigger.
    const trigger: Trigger = webhook;
    return trigger;
  };
  expect(calls).toBeTypeOf('function');
});
