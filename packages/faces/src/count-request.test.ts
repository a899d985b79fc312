import { createId } from '@patchbay/kit/ids';
import {
  CHILD_ACCOUNT,
  createApiHarness,
  PARENT_ACCOUNT,
  STRANGER_ACCOUNT,
} from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';

const configOf = (accountId: string) => `/v1/accounts/${accountId}/services/network-discovery/config`;
const requestsIn = (usage: ReturnType<typeof createApiHarness>['usage']) =>
  usage
    .filter(({ meter }) => meter === 'api.requests')
    .map(({ accountId, quantity, dimensions: { resource, kind, outcome, caller } }) => ({
      accountId,
      said: `${quantity} ${resource} ${kind} ${outcome} ${caller}`,
    }));

test('each request counts once, for the account that it is about, by what it was to and how it ended (MET-6)', async () => {
  const { call, usage } = createApiHarness();
  await call('GET', configOf(PARENT_ACCOUNT));
  await call('PUT', configOf(CHILD_ACCOUNT), { body: { bitsPerSecondMax: 64_000 } });
  expect(requestsIn(usage)).toEqual([
    { accountId: PARENT_ACCOUNT, said: '1 network-discovery read succeeded key' },
    { accountId: CHILD_ACCOUNT, said: '1 network-discovery change succeeded key' },
  ]);
});

test('a refused request counts too; what is about nobody within reach counts for the key’s own account, never for a stranger', async () => {
  const { call, usage } = createApiHarness({ scopes: ['keys:read'] });
  expect((await call('GET', configOf(CHILD_ACCOUNT))).status).toBe(403);
  expect((await call('GET', configOf(STRANGER_ACCOUNT))).status).toBe(404);
  expect((await call('PUT', configOf(CHILD_ACCOUNT), { body: { nope: 1 } })).status).toBe(400);
  expect((await call('GET', configOf(CHILD_ACCOUNT), { as: null })).status).toBe(401);
  expect(requestsIn(usage)).toEqual([
    { accountId: CHILD_ACCOUNT, said: '1 network-discovery read refused key' },
    { accountId: PARENT_ACCOUNT, said: '1 network-discovery read refused key' },
    { accountId: CHILD_ACCOUNT, said: '1 network-discovery change refused key' },
  ]);
});

test('a request for somebody counts for their endpoint', async () => {
  const { call, usage } = createApiHarness();
  const path = `/v1/accounts/${PARENT_ACCOUNT}/services/network-discovery/ice-servers`;
  expect((await call('POST', path, { body: { identity: 'bob' } })).status).toBe(200);
  expect(usage.find(({ meter }) => meter === 'api.requests')).toMatchObject({ endpoint: 'user:bob' });
});

test('C18: what is of the wrong form, about an unknown account or not allowed is limited like all else, and told how it stands', async () => {
  const { call } = createApiHarness({ requestsMax: 3, scopes: ['keys:read'] });
  const refused = [
    await call('PUT', configOf(PARENT_ACCOUNT), { body: { nope: 1 } }),
    await call('GET', configOf(createId('acc'))),
    await call('GET', configOf(PARENT_ACCOUNT)),
  ];
  expect(refused.map(({ status }) => status)).toEqual([400, 404, 403]);
  expect(refused.map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['2', '1', '0']);
  for (const path of [configOf(createId('acc')), configOf(PARENT_ACCOUNT)])
    expect(await call('PUT', path, { body: { nope: 1 } })).toMatchObject({
      status: 429,
      body: { code: 'limit.exceeded' },
    });
});

const sending = (
  method: string,
  path: string,
  { as = PARENT_ACCOUNT, ...headers }: Record<string, string> = {},
) =>
  new Request(`https://api.test${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, ...headers },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{' }),
  });
const json = { 'content-type': 'application/json' };
const malformed = [
  { what: 'an unknown path', of: () => sending('GET', '/v1/nothing'), status: 404, said: 'none read' },
  {
    what: 'a wrong method',
    of: () => sending('DELETE', configOf(CHILD_ACCOUNT)),
    status: 405,
    said: 'network-discovery change',
  },
  {
    what: 'broken JSON',
    of: () => sending('PUT', configOf(CHILD_ACCOUNT), json),
    status: 400,
    said: 'network-discovery change',
  },
  {
    what: 'another type',
    of: () => sending('PUT', configOf(CHILD_ACCOUNT), { 'content-type': 'text/plain' }),
    status: 415,
    said: 'network-discovery change',
  },
  {
    what: 'an unknown version',
    of: () => sending('GET', configOf(CHILD_ACCOUNT), { 'patchbay-version': '1999-01-01' }),
    status: 400,
    said: 'network-discovery read',
  },
] as const;

test.each(malformed)(
  'C18: a request with $what is limited and counted like all else',
  async ({ of, status, said }) => {
    const { rest, usage } = createApiHarness({ requestsMax: 1 });
    const first = await rest(of());
    expect([first.status, first.headers.get('ratelimit-remaining')]).toEqual([status, '0']);
    const accountId = said.startsWith('none') ? PARENT_ACCOUNT : CHILD_ACCOUNT;
    expect(requestsIn(usage)).toEqual([{ accountId, said: `1 ${said} refused key` }]);
    const second = await rest(of());
    expect([second.status, (await second.json()).code]).toEqual([429, 'limit.exceeded']);
  },
);

test.each(malformed)(
  'with $what, a stranger is counted nowhere and takes nothing of any rate',
  async ({ of }) => {
    const { rest, usage } = createApiHarness({ requestsMax: 0 });
    const headers = { ...Object.fromEntries(of().headers), authorization: 'Bearer nobody' };
    const answer = await rest(new Request(of(), { headers }));
    expect([401, 404, 405]).toContain(answer.status);
    expect(answer.headers.get('ratelimit-limit')).toBeNull();
    expect(usage).toEqual([]);
  },
);

test('what cannot be read of a stranger’s account counts for the caller', async () => {
  const { rest, usage } = createApiHarness();
  expect((await rest(sending('PUT', configOf(STRANGER_ACCOUNT), json))).status).toBe(400);
  expect(requestsIn(usage)).toEqual([
    { accountId: PARENT_ACCOUNT, said: '1 network-discovery change refused key' },
  ]);
});
