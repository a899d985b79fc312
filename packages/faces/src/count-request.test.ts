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
    { accountId: PARENT_ACCOUNT, said: '1 network-discovery change refused key' },
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
