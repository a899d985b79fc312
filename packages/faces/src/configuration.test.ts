import type { EndpointRecord } from '@patchbay/domain/endpoints/ports';
import type { DomainPorts } from '@patchbay/domain/handlers.generated';
import { account, level } from '@patchbay/domain/policy/policy.testing';
import { createId } from '@patchbay/kit/ids';
import { CHILD_ACCOUNT, createApiHarness, PARENT_ACCOUNT } from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';

const ICE_SERVERS = `/v1/accounts/${PARENT_ACCOUNT}/services/network-discovery/ice-servers`;

const OTHER_APPLICATION = createId('app', 1);
const APPLICATION = createId('app', 2);
const calling = (accountId: string, below = '') =>
  `/v1/accounts/${accountId}${below}/services/signaling/config`;
const ofApplication = `/applications/${APPLICATION}`;
const ofType = `${ofApplication}/instance-types/free`;
const ENDPOINT = createId('end', 1);
const ofEndpoint = `/endpoints/${ENDPOINT}`;
const RESTING = createId('end', 2);
const bob: EndpointRecord = {
  id: ENDPOINT,
  accountId: CHILD_ACCOUNT,
  namespace: 'user',
  identifier: 'user:bob',
  label: '',
  applicationId: undefined,
  allocatedAt: new Date(0),
  restsUntil: undefined,
};

test('a configuration tells what is set here, what holds, and the level that each value comes from (ACC-6, POL-2)', async () => {
  const { call } = createApiHarness({ instanceTypes: { [APPLICATION]: ['free', 'paid'] } });
  const put = async (as: string, below: string, body: object) =>
    expect(await call('PUT', calling(as, below), { body, as })).toMatchObject({
      status: 200,
      body: { stored: body },
    });
  await put(PARENT_ACCOUNT, '', { sessionSecondsMax: 600 });
  await put(CHILD_ACCOUNT, '', { tokenTtlSecondsMax: 900 });
  await put(CHILD_ACCOUNT, ofApplication, { mode: 'relay' });
  await put(CHILD_ACCOUNT, ofType, { sessionSecondsMax: 60 });
  const type = { applicationId: APPLICATION, instanceType: 'free' };
  const { status, body } = await call('GET', `${calling(CHILD_ACCOUNT, ofType)}?from=${CHILD_ACCOUNT}`);
  expect(status).toBe(404);
  expect(body.code).toBe('resource.unknown');
  const asked = await call('GET', calling(CHILD_ACCOUNT, ofType), { as: CHILD_ACCOUNT });
  expect(asked.body).toEqual({
    origin: { level: 'instanceType', accountId: CHILD_ACCOUNT, ...type },
    speakerIds: [CHILD_ACCOUNT],
    fromAbove: [],
    stored: { sessionSecondsMax: 60 },
    own: { sessionSecondsMax: 60 },
    inherited: { mode: 'relay', sessionSecondsMax: 600, tokenTtlSecondsMax: 900 },
    effective: { mode: 'relay', sessionSecondsMax: 60, tokenTtlSecondsMax: 900 },
    origins: {
      mode: { level: 'application', accountId: CHILD_ACCOUNT, applicationId: APPLICATION },
      sessionSecondsMax: {
        level: 'instanceType',
        accountId: CHILD_ACCOUNT,
        applicationId: APPLICATION,
        instanceType: 'free',
      },
      tokenTtlSecondsMax: { level: 'account', accountId: CHILD_ACCOUNT },
    },
  });
  const { body: paid } = await call('GET', calling(CHILD_ACCOUNT, ofType.replace('free', 'paid')), {
    as: CHILD_ACCOUNT,
  });
  expect(paid).toMatchObject({ stored: {}, effective: { sessionSecondsMax: 600 } });
  expect((await call('GET', calling(PARENT_ACCOUNT))).body).toEqual({
    origin: { level: 'account', accountId: PARENT_ACCOUNT },
    speakerIds: [PARENT_ACCOUNT],
    fromAbove: [],
    own: { sessionSecondsMax: 600 },
    stored: { sessionSecondsMax: 600 },
    inherited: { mode: 'auto', tokenTtlSecondsMax: 86_400 },
    effective: { mode: 'auto', sessionSecondsMax: 600, tokenTtlSecondsMax: 86_400 },
    origins: {
      mode: { level: 'default' },
      sessionSecondsMax: { level: 'account', accountId: PARENT_ACCOUNT },
      tokenTtlSecondsMax: { level: 'default' },
    },
  });
});

test('who asks is told that an account above them set a value, and not which (C1)', async () => {
  const { call } = createApiHarness();
  await call('PUT', calling(PARENT_ACCOUNT), { body: { mode: 'relay' } });
  const { body } = await call('GET', calling(CHILD_ACCOUNT), { as: CHILD_ACCOUNT });
  expect(body.origins.mode).toEqual({ level: 'account' });
  const refused = await call('PUT', calling(CHILD_ACCOUNT), { body: { mode: 'auto' }, as: CHILD_ACCOUNT });
  expect(refused).toMatchObject({ status: 422, body: { code: 'config.wider', level: 'account' } });
  expect(JSON.stringify([body, refused.body])).not.toContain(PARENT_ACCOUNT);
});

test.each([
  { who: 'an account', below: '', body: { mode: 'auto' }, field: 'mode' },
  { who: 'an account', below: '', body: { sessionSecondsMax: 601 }, field: 'sessionSecondsMax' },
  { who: 'an application', below: ofApplication, body: { mode: 'auto' }, field: 'mode' },
  { who: 'an instance type', below: ofType, body: { sessionSecondsMax: 601 }, field: 'sessionSecondsMax' },
  { who: 'an endpoint', below: ofEndpoint, body: { sessionSecondsMax: 601 }, field: 'sessionSecondsMax' },
])(
  '$who can only narrow: a wider $field is refused with the level that holds it (POL-2)',
  async ({ below, body, field }) => {
    const { call, audited } = createApiHarness({
      instanceTypes: { [APPLICATION]: ['free'] },
      endpoints: [bob],
    });
    await call('PUT', calling(PARENT_ACCOUNT), { body: { mode: 'relay', sessionSecondsMax: 600 } });
    for (const [as, level] of [
      [PARENT_ACCOUNT, PARENT_ACCOUNT],
      [CHILD_ACCOUNT, 'account'],
    ] as const)
      expect(await call('PUT', calling(CHILD_ACCOUNT, below), { body, as })).toMatchObject({
        status: 422,
        body: { code: 'config.wider', rule: `signaling.${field}`, level },
      });
    expect((await call('GET', calling(CHILD_ACCOUNT, below))).body.stored).toEqual({});
    expect(audited).toHaveLength(1);
  },
);

test.each([
  {
    what: 'an application',
    below: ofApplication.replace(APPLICATION, OTHER_APPLICATION),
    code: 'resource.unknown',
  },
  {
    what: 'an instance type',
    below: ofType.replace('free', 'paid'),
    code: 'application.instance_type_unknown',
  },
  { what: 'an endpoint', below: ofEndpoint, code: 'resource.unknown' },
  { what: 'an endpoint that rests', below: ofEndpoint.replace(ENDPOINT, RESTING), code: 'resource.unknown' },
])('$what that is not there has no configuration: $code', async ({ below, code }) => {
  const { call, audited } = createApiHarness({
    instanceTypes: { [APPLICATION]: ['free'] },
    endpoints: [{ ...bob, id: RESTING, restsUntil: new Date(1) }],
  });
  for (const [method, extra] of [
    ['GET', {}],
    ['PUT', { body: {} }],
  ] as const)
    expect(await call(method, calling(PARENT_ACCOUNT, below), extra)).toMatchObject({
      status: 404,
      body: { code },
    });
  expect(audited).toEqual([]);
});

test('what is minted for an application and an instance type is held to what was set for them (ACC-6)', async () => {
  const { call } = createApiHarness({ instanceTypes: { [APPLICATION]: ['free'] } });
  const path = calling(PARENT_ACCOUNT, ofType).replace('signaling', 'network-discovery');
  await call('PUT', path, { body: { credentialTtlSecondsMax: 60 } });
  const mint = (body: object) => call('POST', ICE_SERVERS, { body: { ttlSeconds: 61, ...body } });
  const application = { applicationId: APPLICATION };
  expect(await mint({})).toMatchObject({ status: 200 });
  expect(await mint(application)).toMatchObject({ status: 200 });
  expect(await mint({ ...application, instanceType: 'free' })).toMatchObject({
    status: 422,
    body: { code: 'network-discovery.ttl_too_long' },
  });
  expect(await mint({ ...application, instanceType: 'paid' })).toMatchObject({
    status: 404,
    body: { code: 'application.instance_type_unknown' },
  });
  expect(await mint({ applicationId: OTHER_APPLICATION })).toMatchObject({
    status: 404,
    body: { code: 'resource.unknown' },
  });
  expect(await mint({ instanceType: 'free' })).toMatchObject({
    status: 400,
    body: { code: 'request.invalid' },
  });
});

test('an endpoint is the last level: it narrows what its account and its application say, and tells so (API-2, HKS-1)', async () => {
  const { call } = createApiHarness({
    instanceTypes: { [APPLICATION]: [] },
    endpoints: [{ ...bob, applicationId: APPLICATION }],
  });
  const as = CHILD_ACCOUNT;
  await call('PUT', calling(CHILD_ACCOUNT), { body: { sessionSecondsMax: 600 }, as });
  await call('PUT', calling(CHILD_ACCOUNT, ofApplication), { body: { mode: 'relay' }, as });
  const put = await call('PUT', calling(CHILD_ACCOUNT, ofEndpoint), { body: { sessionSecondsMax: 60 }, as });
  expect(put.body).toEqual({
    origin: { level: 'endpoint', accountId: CHILD_ACCOUNT, endpointId: ENDPOINT },
    speakerIds: [CHILD_ACCOUNT],
    fromAbove: [],
    own: { sessionSecondsMax: 60 },
    stored: { sessionSecondsMax: 60 },
    inherited: { mode: 'relay', sessionSecondsMax: 600, tokenTtlSecondsMax: 86_400 },
    effective: { mode: 'relay', sessionSecondsMax: 60, tokenTtlSecondsMax: 86_400 },
    origins: {
      mode: { level: 'application', accountId: CHILD_ACCOUNT, applicationId: APPLICATION },
      sessionSecondsMax: { level: 'endpoint', accountId: CHILD_ACCOUNT, endpointId: ENDPOINT },
      tokenTtlSecondsMax: { level: 'default' },
    },
  });
  expect((await call('GET', calling(CHILD_ACCOUNT, ofEndpoint), { as })).body).toEqual(put.body);
});

test('what is minted for an identity is held to what was set for its endpoint (ACC-5)', async () => {
  const { call } = createApiHarness({
    instanceTypes: { [APPLICATION]: [] },
    endpoints: [{ ...bob, applicationId: APPLICATION }],
  });
  await call('PUT', calling(CHILD_ACCOUNT, ofEndpoint), { body: { tokenTtlSecondsMax: 60 } });
  const mint = (identity: string, ttlSeconds: number) =>
    call('POST', `/v1/accounts/${CHILD_ACCOUNT}/services/signaling/tokens`, {
      body: { identity, ttlSeconds },
    });
  expect(await mint('eve', 61)).toMatchObject({ status: 200 });
  expect(await mint('bob', 61)).toMatchObject({ status: 422, body: { code: 'signaling.ttl_too_long' } });
  expect(await mint('bob', 60)).toMatchObject({ status: 200 });
});

test('minting for an identity is decided by the policy of its endpoint, allocated or not (POL-1)', async () => {
  const asked: unknown[] = [];
  const { call } = createApiHarness({
    endpoints: [bob],
    policyChain: (entity) => {
      asked.push([entity.endpointId, entity.endpoint]);
      return [];
    },
  });
  for (const identity of ['bob', 'eve'])
    await call('POST', `/v1/accounts/${CHILD_ACCOUNT}/services/signaling/tokens`, {
      body: { identity, ttlSeconds: 60 },
    });
  expect(asked).toEqual([
    [ENDPOINT, 'user:bob'],
    [undefined, 'user:eve'],
  ]);
});

test('what is minted names the nodes of regions in which data are kept, and no others (PRD-4)', async () => {
  const asked: unknown[] = [];
  const { call } = createApiHarness({
    policyChain: () => [level(account(PARENT_ACCOUNT), { values: { dataRegions: ['eu'] } })],
    onPlaced: (regions) => asked.push(regions),
  });
  expect(await call('POST', ICE_SERVERS, { body: {} })).toMatchObject({ status: 200 });
  expect(asked).toEqual([['eu']]);
});

test('the use of an endpoint is asked for by its identifier, of its account alone (API-2)', async () => {
  const queries: unknown[] = [];
  const usage = {
    query: async (query: unknown) => {
      queries.push(query);
      const row = { atMs: 0, meter: 'signaling.messages', group: {}, quantity: 7n, recordCount: 1 };
      return { rows: [row], isTruncated: false };
    },
  };
  const { call } = createApiHarness({
    endpoints: [bob],
    domainPorts: { metering: { usage } as unknown as DomainPorts['metering'] },
  });
  const path = `/v1/accounts/${CHILD_ACCOUNT}${ofEndpoint}/services/signaling/use`;
  const { body } = await call('GET', path);
  expect(body.meters).toContainEqual({ meter: 'messages', unit: 'count', quantity: '7' });
  expect(queries).toMatchObject([{ accountId: CHILD_ACCOUNT, scope: 'own', endpoint: 'user:bob' }]);
});

test('information and use are read of an application and of an endpoint, of each its own (API-2)', async () => {
  const asked: object[] = [];
  const usage = {
    query: async (query: object) => {
      asked.push(query);
      const rows = [{ atMs: 0, meter: 'signaling.sessions', group: {}, quantity: 3n, recordCount: 1 }];
      return { rows, isTruncated: false };
    },
  };
  const { call } = createApiHarness({
    instanceTypes: { [APPLICATION]: [] },
    endpoints: [{ ...bob, applicationId: APPLICATION }],
    domainPorts: { metering: { usage: usage as never, catalogue: new Map() } },
  });
  const read = (below: string, what: string) =>
    call('GET', calling(CHILD_ACCOUNT, below).replace(/config$/, what));
  for (const below of [ofApplication, ofEndpoint]) {
    expect((await read(below, 'info')).body).toMatchObject({ name: 'signaling' });
    expect((await read(below, 'use')).body.meters).toContainEqual(
      expect.objectContaining({ meter: 'sessions', quantity: '3' }),
    );
  }
  // An endpoint has one use, with whichever application.
  expect(asked).toMatchObject([
    { accountId: CHILD_ACCOUNT, scope: 'own', application: APPLICATION },
    { accountId: CHILD_ACCOUNT, scope: 'own', endpoint: 'user:bob' },
  ]);
  expect(asked[1]).not.toHaveProperty('application');
  const unknown = [`/applications/${OTHER_APPLICATION}`, `/endpoints/${RESTING}`];
  for (const below of unknown)
    for (const what of ['info', 'use'])
      expect(await read(below, what)).toMatchObject({ status: 404, body: { code: 'resource.unknown' } });
});
