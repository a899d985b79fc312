import { apiVersionNewest } from '@patchbay/kit/api-version';
import { services } from '@patchbay/services/registry.generated';
import {
  CHILD_ACCOUNT,
  createApiHarness,
  PARENT_ACCOUNT,
  STRANGER_ACCOUNT,
} from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';
import type { CountedFor, Evidence } from './platform.ts';
import { createRestHandler } from './rest.ts';
import { METHOD_HEADER, UNREADABLE_PATH } from './unreadable.ts';
import { unserved } from './unserved.ts';

const ICE_SERVERS = `/v1/accounts/${PARENT_ACCOUNT}/services/network-discovery/ice-servers`;
const CONFIG = `/v1/accounts/${PARENT_ACCOUNT}/services/network-discovery/config`;

test('a stranger gets 401 before the body is looked at (POL-4)', async () => {
  const { rest } = createApiHarness();
  const response = await rest(
    new Request(`https://api.test${ICE_SERVERS}`, {
      method: 'POST',
      body: '{"no":1}',
      headers: { 'content-type': 'application/json' },
    }),
  );
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="patchbay"');
});

test('HEAD says what GET would, without its content (RFC 9110 §9.3.2)', async () => {
  const { rest } = createApiHarness();
  const ask = (method: string, path: string, token: string = PARENT_ACCOUNT) =>
    rest(new Request(`https://api.test${path}`, { method, headers: { authorization: `Bearer ${token}` } }));
  const [head, get] = [await ask('HEAD', CONFIG), await ask('GET', CONFIG)];
  expect([head.status, await head.text(), head.headers.get('etag')]).toEqual([
    200,
    '',
    get.headers.get('etag'),
  ]);
  expect((await ask('HEAD', CONFIG, 'nobody')).status).toBe(401);
  expect((await ask('HEAD', '/v1/nothing')).status).toBe(404);
});

test('an account out of reach and one that does not exist are the same answer (C1)', async () => {
  const { call } = createApiHarness();
  const nowhere = PARENT_ACCOUNT.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  const other = await call('GET', CONFIG.replace(PARENT_ACCOUNT, STRANGER_ACCOUNT));
  const missing = await call('GET', CONFIG.replace(PARENT_ACCOUNT, nowhere));
  const blank = ({ body }: typeof other, id: string) =>
    JSON.stringify({ ...body, requestId: '' }).replaceAll(id, 'X');
  expect(other.status).toBe(404);
  expect(blank(other, STRANGER_ACCOUNT)).toBe(blank(missing, nowhere));
});

test('C3: a parent reaches its child, a child never its parent', async () => {
  const { call } = createApiHarness();
  const child = CONFIG.replace(PARENT_ACCOUNT, CHILD_ACCOUNT);
  expect(await call('GET', child, { as: PARENT_ACCOUNT })).toMatchObject({ status: 200 });
  expect(await call('GET', CONFIG, { as: CHILD_ACCOUNT })).toMatchObject({ status: 404 });
});

test('what only an account above may do is refused to the account itself (BIL-2)', async () => {
  const { call, audited } = createApiHarness();
  const body = { service: 'network-discovery', prices: {}, currency: 'EUR' };
  const path = `/v1/accounts/${PARENT_ACCOUNT}/prices/network-discovery`;
  expect(await call('PUT', path, { body })).toMatchObject({ status: 403, body: { code: 'auth.scope' } });
  expect(audited).toEqual([]);
});

test.each([
  [['network-discovery:read'], 403],
  [['signaling:*'], 403],
  [['network-discovery:createIceServers'], 200],
  [['network-discovery:*'], 200],
  [['*'], 200],
])('a key with the scopes %s gets %i (ACC-4)', async (scopes, status) => {
  const { call } = createApiHarness({ scopes });
  expect(await call('POST', ICE_SERVERS, { body: {} })).toMatchObject({ status });
});

test('a suspended account can be read and not used; the refusal names the level (POL-5)', async () => {
  const { call } = createApiHarness({ states: { [PARENT_ACCOUNT]: 'suspended' } });
  expect(await call('GET', CONFIG)).toMatchObject({ status: 200 });
  expect(await call('POST', ICE_SERVERS, { body: {} })).toMatchObject({
    status: 403,
    body: { code: 'account.suspended', level: PARENT_ACCOUNT, rule: 'account.state' },
  });
});

test('an account above that is suspended is named to nobody who does not see it (C1, PRD-2)', async () => {
  const { call } = createApiHarness({ states: { [PARENT_ACCOUNT]: 'suspended' } });
  const answer = await call('PUT', CONFIG.replace(PARENT_ACCOUNT, CHILD_ACCOUNT), {
    as: CHILD_ACCOUNT,
    body: {},
  });
  expect(answer).toMatchObject({
    status: 403,
    body: { code: 'account.suspended', level: 'account', detail: 'An account above is suspended.' },
  });
  expect(JSON.stringify(answer.body)).not.toContain(PARENT_ACCOUNT);
});

test('a suspended account is served by no service, whoever asks; one above can still change it (POL-5)', async () => {
  const { call } = createApiHarness({ states: { [CHILD_ACCOUNT]: 'suspended' } });
  const child = (path: string) => path.replace(PARENT_ACCOUNT, CHILD_ACCOUNT);
  expect(await call('POST', child(ICE_SERVERS), { body: {} })).toMatchObject({
    status: 403,
    body: { code: 'account.suspended', level: CHILD_ACCOUNT },
  });
  expect(await call('PUT', child(CONFIG), { body: {} })).toMatchObject({ status: 200 });
  expect(await call('PUT', child(CONFIG), { body: {}, as: CHILD_ACCOUNT })).toMatchObject({ status: 403 });
});

test('an idempotency key asks nothing more of a stranger than the operation does', async () => {
  const { rest } = createApiHarness();
  const send = (path: string) =>
    rest(
      new Request(`https://api.test${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'a' },
        body: '{}',
      }),
    );
  expect((await send('/v1/sign-up')).status).toBe(400);
  expect((await send(ICE_SERVERS)).status).toBe(401);
});

test.each([
  ['text for a number', { ttlSeconds: '60' }],
  ['null for a number', { ttlSeconds: null }],
  ['a field nobody declared', { accountIdOfAnother: 'x' }],
])('a body is never coerced: %s is refused', async (_name, body) => {
  const { call } = createApiHarness();
  expect(await call('POST', ICE_SERVERS, { body })).toMatchObject({
    status: 400,
    body: { code: 'request.invalid' },
  });
});

test.each([
  ['U+0000', { identity: 'a\0b' }],
  ['half of a surrogate pair', { identity: 'a\ud800' }],
])('text that no database stores is refused with its field: %s', async (_name, body) => {
  const { call } = createApiHarness();
  const answer = await call('POST', ICE_SERVERS, { body });
  expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  expect(JSON.stringify(answer.body)).toContain('identity');
});

test('text that no database stores is refused in an address too', async () => {
  const { call } = createApiHarness();
  const answer = await call('GET', `/v1/accounts/${PARENT_ACCOUNT}/keys?cursor=%00`);
  expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  expect(JSON.stringify(answer.body)).toContain('cursor');
});

test('a misspelt field is refused by its name, in a query as in a body', async () => {
  const { call } = createApiHarness();
  for (const path of ['/accounts?dept=children', '/statements?x=1', '/prices?meter=bytes']) {
    const answer = await call('GET', `/v1/accounts/${PARENT_ACCOUNT}${path}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(answer.body.detail).toContain(path.slice(path.indexOf('?') + 1, path.indexOf('=')));
  }
});

test('a REST call leaves the shared schemas as their author wrote them', async () => {
  const { call } = createApiHarness();
  await call('POST', ICE_SERVERS, { body: { ttlSeconds: 60 } });
  const { request } = services.networkDiscovery.operations.createIceServers;
  expect(request.safeParse({ ttlSeconds: '60' }).success).toBe(false);
});

test('C19: a body above the bound, too deep, or no JSON is refused as such', async () => {
  const { call, rest } = createApiHarness();
  expect(await call('POST', ICE_SERVERS, { body: { identity: 'x'.repeat(1_000_001) } })).toMatchObject({
    status: 413,
  });
  let deep: unknown = 1;
  for (let level = 0; level < 40; level++) deep = [deep];
  expect(await call('POST', ICE_SERVERS, { body: deep })).toMatchObject({ status: 400 });
  const headers = { authorization: `Bearer ${PARENT_ACCOUNT}`, 'content-type': 'application/json' };
  const response = await rest(
    new Request(`https://api.test${ICE_SERVERS}`, { method: 'POST', headers, body: '{' }),
  );
  expect(await response.json()).toMatchObject({ status: 400, detail: 'The body is not JSON.' });
});

test('C40: a repeated request with one idempotency key has one effect and one answer', async () => {
  const { call, audited } = createApiHarness();
  const first = await call('POST', ICE_SERVERS, { body: { ttlSeconds: 60 }, idempotencyKey: 'a' });
  const second = await call('POST', ICE_SERVERS, { body: { ttlSeconds: 60 }, idempotencyKey: 'a' });
  expect(second.body).toEqual(first.body);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(audited).toHaveLength(1);
  expect(await call('POST', ICE_SERVERS, { body: { ttlSeconds: 61 }, idempotencyKey: 'a' })).toMatchObject({
    status: 409,
    body: { code: 'request.idempotency_mismatch' },
  });
});

test('an idempotency key of one account never answers another', async () => {
  const { call } = createApiHarness();
  await call('POST', ICE_SERVERS, { body: {}, idempotencyKey: 'a' });
  expect(
    await call('POST', ICE_SERVERS, { body: {}, idempotencyKey: 'a', as: STRANGER_ACCOUNT }),
  ).toMatchObject({
    status: 404,
  });
});

test('a refusal is not kept under its idempotency key', async () => {
  const { call } = createApiHarness();
  expect(await call('POST', ICE_SERVERS, { body: { ttlSeconds: 0 }, idempotencyKey: 'b' })).toMatchObject({
    status: 400,
  });
  expect(await call('POST', ICE_SERVERS, { body: { ttlSeconds: 60 }, idempotencyKey: 'b' })).toMatchObject({
    status: 200,
  });
});

test('API-1: a write with anything in its query is refused by its name, and nothing is set', async () => {
  const { call } = createApiHarness();
  for (const name of ['applicationId', 'bitsPerSecondMax', 'junk']) {
    const refused = await call('PUT', `${CONFIG}?${name}=64000`, { body: { bitsPerSecondMax: 64_000 } });
    expect(refused, name).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(refused.body.detail).toBe(
      `The query has "${name}": this operation takes no query parameters, its fields go into the body.`,
    );
  }
  expect((await call('GET', CONFIG)).body.stored).toEqual({});
  expect(await call('POST', `${ICE_SERVERS}?identity=bob`, { body: {} })).toMatchObject({ status: 400 });
  // Who may not ask at all learns nothing of it.
  expect(await call('PUT', `${CONFIG}?junk=1`, { as: null, body: {} })).toMatchObject({ status: 401 });
});

test('past the rate limit: 429, with when to come back', async () => {
  const { call } = createApiHarness({ requestsMax: 1 });
  const first = await call('GET', CONFIG);
  expect(first.headers.get('ratelimit-limit')).toBe('1');
  expect(first.headers.get('ratelimit-remaining')).toBe('0');
  expect(first.headers.get('ratelimit-reset')).toBe('2');
  expect(first.headers.get('ratelimit-policy')).toBe('1;w=60');
  const second = await call('GET', CONFIG);
  expect(second).toMatchObject({ status: 429, body: { code: 'limit.exceeded', retryAfterMs: 1_500 } });
  expect(second.headers.get('retry-after')).toBe('2');
});

test.each<[CountedFor, string, string]>([
  [{ kind: 'key', keyId: 'key_a' }, 'This key', 'key_a'],
  [{ kind: 'keys', accountId: 'acc_a' }, 'All keys of this account together', 'acc_a'],
  [{ kind: 'tree', accountId: 'acc_a' }, 'This account with all below it', 'acc_a'],
  [{ kind: 'treeAbove' }, 'An account above with all below it', 'account'],
])('a refusal says which limit is reached: %o', async (countedFor, whose, level) => {
  const { call } = createApiHarness({ requestsMax: 1, countedFor });
  await call('GET', CONFIG);
  const { body } = await call('GET', CONFIG);
  expect(body).toMatchObject({ rule: 'requests', level });
  expect(body.detail).toBe(`${whose}: at most 1 request at once, and 1 a minute after that.`);
});

test('each change leaves exactly one audit entry, a reading none (ACC-8)', async () => {
  const { call, audited } = createApiHarness();
  await call('PUT', CONFIG, { body: { bitsPerSecondMax: 64_000 } });
  await call('GET', CONFIG);
  expect(audited).toMatchObject([
    {
      action: 'network-discovery.putConfig',
      accountId: PARENT_ACCOUNT,
      before: {},
      after: { bitsPerSecondMax: 64_000 },
    },
  ]);
});

test('a change that lost against others and was done anew leaves one entry too, of what was kept (C44, ACC-8)', async () => {
  const { call, audited, platform } = createApiHarness();
  let attempts = 0;
  const { setConfig } = platform;
  Object.assign(platform, {
    // As a store that keeps nothing of the first attempts, nor of what they told.
    setConfig: (...said: Parameters<typeof setConfig>) =>
      attempts < 3 ? Promise.resolve({}) : setConfig(...said),
    atomically: async (work: () => Promise<unknown>) => {
      for (attempts = 1; attempts < 3; attempts++) {
        audited.length = 0;
        await work();
      }
      audited.length = 0;
      return await work();
    },
  });
  expect(await call('PUT', CONFIG, { body: { bitsPerSecondMax: 64_000 } })).toMatchObject({ status: 200 });
  expect(attempts).toBe(3);
  expect(audited).toHaveLength(1);
});

test('a key that is not known and a session that has ended are told apart', async () => {
  const { router } = createApiHarness();
  const saidTo = (evidence: Evidence | undefined) =>
    router
      .createCaller({
        evidence,
        requestId: 'req_1',
        signal: new AbortController().signal,
        responseHeaders: new Headers(),
      })
      .accounts.get({ accountId: PARENT_ACCOUNT })
      .catch((error: unknown) => error);
  const ended = await saidTo({ kind: 'signIn', signInSessionId: 'sis_ended' });
  expect(ended).toMatchObject({
    cause: { fields: { publicDetail: expect.stringMatching(/session has ended/) } },
  });
  const unknown = await saidTo({ kind: 'bearer', token: 'unknown' });
  expect(unknown).toMatchObject({
    cause: { fields: { publicDetail: expect.stringMatching(/key is unknown/) } },
  });
});

test('what every service has: its information, and its use this month, descendants included (API-2)', async () => {
  const queries: unknown[] = [];
  const usage = {
    query: async (query: object) => {
      queries.push(query);
      const row = { atMs: 0, group: {}, recordCount: 1 };
      return {
        rows: [
          { ...row, meter: 'network-discovery.bytes', quantity: 9_007_199_254_740_993n },
          { ...row, meter: 'signaling.sessions', quantity: 3n },
        ],
        isTruncated: false,
      };
    },
  };
  const { call } = createApiHarness({
    domainPorts: { metering: { usage: usage as never, catalogue: new Map() } },
  });
  const { body: info } = await call('GET', CONFIG.replace(/config$/, 'info'));
  expect(info).toMatchObject({
    name: 'network-discovery',
    operations: ['createIceServers'],
    media: 'immutable',
  });
  const { status, body } = await call('GET', CONFIG.replace(/config$/, 'use'));
  expect(status).toBe(200);
  expect(body).toMatchObject({ from: '2027-01-01T00:00:00.000Z', to: '2027-01-15T08:00:00.000Z' });
  expect(body.meters).toContainEqual({ meter: 'bytes', unit: 'byte', quantity: '9007199254740993' });
  expect(body.meters).toContainEqual({ meter: 'attempts', unit: 'count', quantity: '0' });
  expect(JSON.stringify(body)).not.toContain('sessions');
  expect(queries).toMatchObject([{ accountId: PARENT_ACCOUNT, scope: 'descendants' }]);
});

test('a configuration that its service does not know is refused, and nothing is set', async () => {
  const { call } = createApiHarness();
  for (const body of [{ bitsPerSecondMax: 1 }, { nope: 1 }]) {
    expect(await call('PUT', CONFIG, { body })).toMatchObject({
      status: 400,
      body: { code: 'request.invalid' },
    });
  }
  expect((await call('GET', CONFIG)).body.stored).toEqual({});
});

test('C44: a failure of ours is a 500 that tells nothing of the inside', async () => {
  const { call, failures } = createApiHarness({ relayUrls: [1 as unknown as string] });
  const { status, body } = await call('POST', ICE_SERVERS, { body: {} });
  expect({ status, code: body.code, detail: body.detail }).toEqual({
    status: 500,
    code: 'platform.internal',
    detail: 'The platform failed.',
  });
  expect(failures).toHaveLength(1);
});

test('a path that is served with other methods says which, and a body of another type is not read', async () => {
  const { call, rest } = createApiHarness();
  const wrong = await call('DELETE', '/v1/me');
  expect(wrong).toMatchObject({ status: 405, body: { code: 'request.method_not_allowed' } });
  expect(wrong.headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'OPTIONS', 'PATCH']);
  const key = await call('PUT', `/v1/accounts/${PARENT_ACCOUNT}/keys`, { body: {} });
  expect(key.headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST']);
  const send = (contentType: string) =>
    rest(
      new Request(`https://api.test${ICE_SERVERS}`, {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${PARENT_ACCOUNT}`, 'content-type': contentType },
      }),
    );
  expect((await send('text/plain')).status).toBe(415);
  expect((await send('application/x-www-form-urlencoded')).status).toBe(415);
  expect((await send('Application/JSON; charset=utf-8')).status).toBe(200);
});

test('an answer names the version that it was served as, and one that is not served is refused (API-1)', async () => {
  const { rest } = createApiHarness();
  const send = (version: string | undefined) =>
    rest(
      new Request(`https://api.test${CONFIG}`, {
        headers: {
          authorization: `Bearer ${PARENT_ACCOUNT}`,
          ...(version === undefined ? {} : { 'patchbay-version': version }),
        },
      }),
    );
  for (const version of [undefined, apiVersionNewest]) {
    const response = await send(version);
    expect([response.status, response.headers.get('patchbay-version')]).toEqual([200, apiVersionNewest]);
  }
  const refused = await send('1999-01-01');
  const body = await refused.json();
  expect(body).toMatchObject({ status: 400, code: 'request.version_unknown' });
  expect(body.detail).toContain(apiVersionNewest);
  expect(body.type).toBe('https://api.test/docs/errors/request.version_unknown');
});

test('every answer has a request id, every failure is problem+json with one of our codes', async () => {
  const { call } = createApiHarness();
  const { status, headers, body } = await call('GET', '/v1/nowhere');
  expect({ status, type: headers.get('content-type'), code: body.code }).toEqual({
    status: 404,
    type: 'application/problem+json',
    code: 'request.unknown_path',
  });
  expect(headers.get('x-request-id')).toBe(body.requestId);
});

test('C47: each answer of a version that comes to an end says when, a refusal too; of one that does not, none does', async () => {
  const { platform, router, rest } = createApiHarness();
  const end = { deprecatedAt: new Date('2027-01-01T00:00:00Z'), endsAt: new Date('2027-07-01T00:00:00Z') };
  const ending = createRestHandler({
    router,
    unserved: (context, request) => unserved(platform, context, request),
    baseUrl: 'https://api.test',
    versionEnds: { [apiVersionNewest]: end },
  });
  for (const path of ['/v1/me', '/v1/nothing']) {
    const request = () =>
      new Request(`https://api.test${path}`, { headers: { 'patchbay-version': apiVersionNewest } });
    const { headers } = await ending(request());
    expect(headers.get('sunset'), path).toBe('Thu, 01 Jul 2027 00:00:00 GMT');
    expect(headers.get('deprecation'), path).toBe('@1798761600');
    const going = await rest(request());
    expect([going.headers.get('sunset'), going.headers.get('deprecation')], path).toEqual([null, null]);
  }
});

const asking = (method: string, path: string, headers: Record<string, string> = {}) =>
  new Request(`https://api.test${path}`, {
    method,
    headers: { authorization: `Bearer ${PARENT_ACCOUNT}`, ...headers },
  });

test('who asks with another method is told the methods that there are, at files as at operations (RFC 9110 §15.5.6)', async () => {
  const { rest } = createApiHarness();
  const files = [`/v1/accounts/${PARENT_ACCOUNT}/usage.csv`, '/v1/addresses.txt', '/v1/openapi.json'];
  for (const path of files) {
    const answer = await rest(asking('POST', path));
    expect([answer.status, answer.headers.get('allow')], path).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await answer.json()).code).toBe('request.method_not_allowed');
  }
  expect((await rest(asking('DELETE', CONFIG))).headers.get('allow')).toBe('GET, PUT, HEAD, OPTIONS');
});

test('OPTIONS says the methods of a path, and of none where nothing is', async () => {
  const { rest } = createApiHarness();
  const there = await rest(asking('OPTIONS', CONFIG));
  expect([there.status, there.headers.get('allow')]).toEqual([204, 'GET, PUT, HEAD, OPTIONS']);
  expect((await rest(asking('OPTIONS', '/v1/nothing'))).status).toBe(404);
});

test('a method that no request may have, and a path that nobody can read, are refused as problems', async () => {
  const { rest } = createApiHarness();
  const traced = await rest(asking('OPTIONS', CONFIG, { [METHOD_HEADER]: 'TRACE' }));
  expect([traced.status, (await traced.json()).code]).toEqual([405, 'request.method_not_allowed']);
  const unreadable = await rest(asking('GET', UNREADABLE_PATH));
  expect(unreadable.headers.get('content-type')).toBe('application/problem+json');
  expect([unreadable.status, (await unreadable.json()).code]).toEqual([400, 'request.invalid']);
});

test('a body is JSON in UTF-8, and said to be so; what is not is refused and never replaced', async () => {
  const { rest } = createApiHarness();
  const send = async (type: string | undefined, body: string | Uint8Array<ArrayBuffer>) => {
    const request = new Request(`https://api.test${CONFIG}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${PARENT_ACCOUNT}`,
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    });
    const answer = await rest(request);
    const { code, detail } = await answer.json();
    return [answer.status, code, detail];
  };
  expect((await send(undefined, '{}')).slice(0, 2)).toEqual([415, 'request.media_type_unsupported']);
  expect((await send('application/json; charset=iso-8859-1', '{}')).slice(0, 2)).toEqual([
    415,
    'request.media_type_unsupported',
  ]);
  // A byte that no text has, and a character that the end cuts off.
  for (const last of [0xff, 0xc3]) {
    const bytes = Uint8Array.from([...new TextEncoder().encode('{}'), last]);
    expect(await send('application/json', bytes)).toEqual([400, 'request.invalid', 'The body is not UTF-8.']);
  }
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
  ])
    expect((await send(type, '{}'))[0]).toBe(200);
});

test('an account in the body, or the query, of a request whose path has one is a field that nobody declared', async () => {
  const { call } = createApiHarness();
  const body = { bitsPerSecondMax: 64_000, accountId: CHILD_ACCOUNT };
  const refused = {
    status: 400,
    body: { code: 'request.invalid', detail: expect.stringContaining('accountId') },
  };
  expect(await call('PUT', CONFIG, { body })).toMatchObject(refused);
  expect(await call('GET', `${CONFIG}?accountId=${PARENT_ACCOUNT}`)).toMatchObject(refused);
});
