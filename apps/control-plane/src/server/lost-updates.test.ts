import { etagOf } from '@patchbay/faces/etag';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

let database: TestDatabase;
let served: Served;
let owner: Tenant;
let childId: string;
let applicationId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  owner = await signUp(served, 'owner');
  childId = (await ask('POST', 'accounts', { body: { name: 'Child' } })).body.id;
  const application = { name: 'Telehealth', instanceTypes: ['light'] };
  applicationId = (await ask('POST', 'applications', { body: application })).body.id;
}, 120_000);
afterAll(async () => {
  await served.close();
  await database.drop();
});

async function ask(method: string, path: string, { body, tag, accountId = owner.accountId }: Asked = {}) {
  const headers = tag === undefined ? {} : { 'if-match': tag };
  return await served.rest(method, `/v1/accounts/${accountId}/${path}`, {
    key: owner.key,
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

interface Asked {
  readonly body?: object;
  readonly tag?: string;
  readonly accountId?: string;
}

const tagOf = ({ headers }: Awaited<ReturnType<typeof ask>>): string => headers.get('etag') ?? 'no tag';

const places: readonly [string, () => Readonly<Record<string, string>>][] = [
  ['an account', () => ({})],
  ['an application', () => ({ applicationId })],
  ['an instance type', () => ({ applicationId, instanceType: 'light' })],
  ['an endpoint', () => ({ endpoint: 'user:bob' })],
];

test.each(places)(
  'of two who edit the policy of %s, the second is told what the first did',
  async (_, of) => {
    const place = of();
    const read = () => ask('GET', `policy?${new URLSearchParams(place)}`);
    const set = (sessionSecondsMax: number, tag: string) =>
      ask('PUT', 'policy', { body: { ...place, sessionSecondsMax }, tag });
    const tag = tagOf(await read());
    expect(await set(60, tag)).toMatchObject({ status: 200 });
    const second = await set(90, tag);
    const now = await read();
    expect(now.body.stored).toEqual({ sessionSecondsMax: 60 });
    expect(second).toMatchObject({
      status: 412,
      body: { code: 'request.precondition_failed', current: now.body },
    });
    expect(await set(90, tagOf(now))).toMatchObject({ status: 200 });
  },
);

const whole: readonly [string, (mark: number) => object, path: () => Promise<string>][] = [
  [
    'a plan',
    (mark) => ({ name: 'Free', policy: { sessionSecondsMax: mark } }),
    async () => `plans/${(await ask('POST', 'plans', { body: { name: 'Free', policy: {} } })).body.id}`,
  ],
  [
    'where keys may be used from',
    (mark) => ({ keys: [], credentials: [{ network: `192.0.2.${mark}/32`, label: 'Office' }] }),
    async () => 'allow-list',
  ],
  ['for how long data is kept', (mark) => ({ events: { keepDays: mark } }), async () => 'retention'],
  ['a brand', (mark) => ({ name: `Brand ${mark}` }), async () => 'brand'],
  [
    'what stands on documents',
    (mark) => ({ legalName: `Acme ${mark}`, addressLines: ['1 Way'] }),
    async () => 'seller',
  ],
  ['the terms of reminders', (mark) => ({ afterDays: [mark], lastAction: 'mark' }), async () => 'reminders'],
];

test.each(whole)('of two who edit %s at once, one does, and the other is told', async (_, wordOf, pathOf) => {
  const path = await pathOf();
  const tag = tagOf(await ask('GET', path));
  const answers = await Promise.all([30, 31].map((mark) => ask('PUT', path, { body: wordOf(mark), tag })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  const now = await ask('GET', path);
  expect(answers.find(({ status }) => status === 412)?.body.current).toEqual(now.body);
  expect(await ask('PUT', path, { body: wordOf(32), tag: tagOf(now) })).toMatchObject({ status: 200 });
});

test('of many who change what all have read, at once, one does, and the others leave no entry', async () => {
  const tag = tagOf(await ask('GET', 'policy', { accountId: childId }));
  const more = { tag, accountId: childId };
  const answers = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((concurrentSessionsMax) =>
      ask('PUT', 'policy', { body: { concurrentSessionsMax }, ...more }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
  const log = await ask('GET', 'audit?limit=100', { accountId: childId });
  expect(
    log.body.items.filter(({ action }: { readonly action: string }) => action === 'policy.set'),
  ).toHaveLength(1);
});

const priced = (amount: string, more = {}) => ({
  prices: { bytes: { amount, per: '1000' } },
  currency: 'EUR',
  ...more,
});

test('prices that were planned for later are a change too, for one account and for all children', async () => {
  const later = {
    effectiveFrom: new Date(Math.ceil(Date.now() / 60_000) * 60_000 + 86_400_000).toISOString(),
  };
  for (const [path, readPath, accountId] of [
    ['prices/network-discovery', 'prices/network-discovery/own', childId],
    ['child-prices/network-discovery', 'child-prices/network-discovery', owner.accountId],
  ] as const) {
    const read = () => ask('GET', readPath, { accountId });
    const set = (body: object, tag: string) => ask('PUT', path, { body, tag, accountId });
    const tag = tagOf(await read());
    expect(await set(priced('3', later), tag)).toMatchObject({ status: 200 });
    const second = await set(priced('4', later), tag);
    const now = await read();
    expect(now.body.items).toMatchObject([{ amount: '3', ...later }]);
    expect(second).toMatchObject({ status: 412, body: { current: now.body } });
    expect(await set(priced('4'), tagOf(now))).toMatchObject({ status: 200 });
  }
  // The dashboard edits what listForChildren answers, and tags that part of it which is replaced.
  const { items } = (await ask('GET', 'child-prices')).body;
  const part = (of: string | undefined) =>
    items.filter((price: { readonly childId?: string }) => price.childId === of);
  const forChild = await ask('GET', 'prices/network-discovery/own', { accountId: childId });
  expect(await etagOf({ items: part(childId) })).toBe(tagOf(forChild));
  expect(await etagOf({ items: part(undefined) })).toBe(
    tagOf(await ask('GET', 'child-prices/network-discovery')),
  );
});

test('an account is not told what it will pay, nor that of others', async () => {
  const key = await ask('POST', 'keys', { body: { name: 'own', scopes: ['*'] }, accountId: childId });
  const asChild = await served.rest('GET', `/v1/accounts/${childId}/prices/network-discovery/own`, {
    key: key.body.secret,
  });
  expect(asChild).toMatchObject({ status: 403, body: { code: 'auth.scope' } });
});

test('whoever speaks tRPC names what they saw in the same header, for one call', async () => {
  const input = { accountId: owner.accountId };
  const { body } = await served.trpc('GET', 'policy.get', { input, key: owner.key });
  const seen = body.result.data;
  const set = (regions: string[], procedure = 'policy.set') =>
    served.trpc('POST', procedure, {
      input: { ...input, regions },
      key: owner.key,
      headers: { 'if-match': tag },
    });
  const tag = await etagOf(seen);
  expect(await set(['eu'])).toMatchObject({ status: 200 });
  const second = await set(['us']);
  expect(second.status).toBe(412);
  const { problem } = second.body.error.data;
  expect(problem).toMatchObject({
    code: 'request.precondition_failed',
    current: { stored: { regions: ['eu'] } },
  });
  // Whose condition would it be?
  const batch = await set(['us'], 'policy.set,policy.set');
  expect(batch).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
});

test('who may change a policy and not read it is not told what it is, by a condition that does not hold', async () => {
  const { body: key } = await ask('POST', 'keys', { body: { name: 'Writer', scopes: ['policy:set'] } });
  const change = (by: string) =>
    served.rest('PUT', `/v1/accounts/${owner.accountId}/policy`, {
      key: by,
      headers: { 'if-match': 'W/"other"' },
      body: { sessionSecondsMax: 30 },
    });
  const told = await change(owner.key);
  expect(told).toMatchObject({ status: 412, body: { current: expect.anything() } });
  const refused = await change(key.secret);
  expect(refused).toMatchObject({ status: 412, body: { code: 'request.precondition_failed' } });
  expect(refused.body).not.toHaveProperty('current');
});
