import {
  CHILD_ACCOUNT,
  createApiHarness,
  PARENT_ACCOUNT,
  PLATFORM_ACCOUNT,
  STRANGER_ACCOUNT,
} from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';

const config = `/v1/accounts/${CHILD_ACCOUNT}/services/signaling/config`;

test('a refused request is kept with chain, scopes, limits and policy, under the id that its caller was told (PRD-8)', async () => {
  const { call, refused } = createApiHarness({
    scopes: ['keys:read'],
    states: { [PARENT_ACCOUNT]: 'suspended' },
  });
  const { body } = await call('GET', config);
  expect(body).toMatchObject({ code: 'auth.scope' });
  expect(refused).toMatchObject([
    {
      requestId: body.requestId,
      // In the caller's log: it is none of the child's business what its parent tried.
      accountId: PARENT_ACCOUNT,
      askedAccountId: CHILD_ACCOUNT,
      operation: 'signaling.getConfig',
      code: 'auth.scope',
      status: 403,
      detail: body.detail,
      known: {
        scopes: ['keys:read'],
        chain: [
          { accountId: PLATFORM_ACCOUNT, state: 'active' },
          { accountId: PARENT_ACCOUNT, state: 'suspended' },
          { accountId: CHILD_ACCOUNT, state: 'active' },
        ],
      },
    },
  ]);
  expect(refused[0]?.known.policy).toContainEqual({
    rule: 'signaling.mode',
    value: 'auto',
    level: 'default',
  });
});

test('what is out of reach stands in the caller’s own log alone, and says nothing of it', async () => {
  const { call, refused } = createApiHarness();
  await call('GET', config, { as: STRANGER_ACCOUNT });
  expect(refused).toMatchObject([
    { accountId: STRANGER_ACCOUNT, code: 'resource.unknown', known: { chain: [], policy: [] } },
  ]);
});

test('who comes too often is told the limit that held', async () => {
  const { call, refused } = createApiHarness({ requestsMax: 1 });
  await call('GET', config);
  await call('GET', config);
  expect(refused).toMatchObject([
    {
      code: 'limit.exceeded',
      rule: 'requests',
      known: { limits: [{ name: 'requests', max: 1, used: 1 }], policy: [] },
    },
  ]);
});

test('what was allowed, and what a stranger asked, is not kept', async () => {
  const { call, refused } = createApiHarness();
  expect((await call('GET', config)).status).toBe(200);
  expect((await call('GET', config, { as: null })).status).toBe(401);
  expect(refused).toEqual([]);
});

test('a request of the wrong form to the caller’s own account is kept without asking the store about it', async () => {
  const { call, refused, platform } = createApiHarness();
  const asked: string[] = [];
  const { reach } = platform;
  Object.assign(platform, {
    reach: (...parameters: Parameters<typeof reach>) => {
      asked.push('reach');
      return reach(...parameters);
    },
  });
  await call('PUT', config.replace(CHILD_ACCOUNT, PARENT_ACCOUNT), { body: { mode: 7 } });
  expect(refused).toMatchObject([{ code: 'request.invalid', accountId: PARENT_ACCOUNT }]);
  expect(asked).toEqual([]);
});

test('a store that fails while a refusal is noted leaves the refusal as it was', async () => {
  const { call, refused, platform } = createApiHarness({ scopes: [] });
  const gone = () => Promise.reject(new Error('gone'));
  Object.assign(platform, { configChain: gone, policyChain: gone });
  expect((await call('GET', config)).body).toMatchObject({ code: 'auth.scope' });
  expect(refused).toMatchObject([{ code: 'auth.scope', known: { scopes: [] } }]);
});

test('a refusal by policy is kept with the policy that held, and the level that said so', async () => {
  const { call, refused, platform } = createApiHarness();
  const said = { values: { services: ['signaling'] }, locked: [], overridable: {}, timeZone: 'UTC' };
  Object.assign(platform, {
    policyChain: async () => [
      { ...said, origin: { level: 'account', accountId: PARENT_ACCOUNT, by: 'self' } },
    ],
  });
  const path = `/v1/accounts/${CHILD_ACCOUNT}/services/network-discovery/ice-servers`;
  expect((await call('POST', path, { body: {} })).body).toMatchObject({
    code: 'policy.refused',
    rule: 'services',
  });
  expect(refused).toMatchObject([{ code: 'policy.refused', rule: 'services', accountId: PARENT_ACCOUNT }]);
  expect(refused[0]?.known.policy).toContainEqual({
    rule: 'services',
    value: ['signaling'],
    level: expect.stringContaining(PARENT_ACCOUNT),
  });
});
