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

test('a configuration tells what is set here, what holds, and the level that each value comes from (ACC-6, POL-2)', async () => {
  const { call } = createApiHarness({ instanceTypes: { [APPLICATION]: ['free', 'paid'] } });
  const put = async (path: string, body: object) =>
    expect(await call('PUT', path, { body })).toMatchObject({ status: 200, body: { stored: body } });
  await put(calling(PARENT_ACCOUNT), { sessionSecondsMax: 600 });
  await put(calling(CHILD_ACCOUNT), { tokenTtlSecondsMax: 900 });
  await put(calling(CHILD_ACCOUNT, ofApplication), { mode: 'relay' });
  await put(calling(CHILD_ACCOUNT, ofType), { sessionSecondsMax: 60 });
  const { status, body } = await call('GET', calling(CHILD_ACCOUNT, ofType));
  expect(status).toBe(200);
  expect(body).toEqual({
    stored: { sessionSecondsMax: 60 },
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
  const { body: paid } = await call('GET', calling(CHILD_ACCOUNT, ofType.replace('free', 'paid')));
  expect(paid).toMatchObject({ stored: {}, effective: { sessionSecondsMax: 600 } });
  expect((await call('GET', calling(PARENT_ACCOUNT))).body).toEqual({
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
])(
  '$who can only narrow: a wider $field is refused with the level that holds it (POL-2)',
  async ({ below, body, field }) => {
    const { call, audited } = createApiHarness({ instanceTypes: { [APPLICATION]: ['free'] } });
    await call('PUT', calling(PARENT_ACCOUNT), { body: { mode: 'relay', sessionSecondsMax: 600 } });
    expect(await call('PUT', calling(CHILD_ACCOUNT, below), { body })).toMatchObject({
      status: 422,
      body: { code: 'config.wider', rule: `signaling.${field}`, level: PARENT_ACCOUNT },
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
])('$what that is not there has no configuration: $code', async ({ below, code }) => {
  const { call, audited } = createApiHarness({ instanceTypes: { [APPLICATION]: ['free'] } });
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
