import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let database: TestDatabase;
let served: Served;
let account: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl, { PATCHBAY_SIGN_UPS_PER_MINUTE_MAX: '50' });
  account = await signUp(served, 'paying');
});
afterAll(async () => {
  await served.close();
  await database.drop();
});

const stranger = (index: number, address: string) =>
  served.rest('POST', '/v1/sign-up', {
    body: {
      email: `stranger${index}@example.test`,
      password: 'correct horse',
      name: 'A stranger',
      organisationName: `Of ${index}`,
    },
    headers: { 'content-type': 'application/json', 'x-patchbay-address': address },
  });

test('40 who sign up at once hold no connection while they wait, and a key at work does not notice', async () => {
  const beganMs = performance.now();
  let isDone = false;
  const signUps = Promise.all(Array.from({ length: 40 }, (_, index) => stranger(index, '192.0.2.1'))).finally(
    () => {
      isDone = true;
    },
  );
  const tookMs: number[] = [];
  while (!isDone) {
    const startedMs = performance.now();
    const answer = await served.rest('GET', `/v1/accounts/${account.accountId}/keys`, { key: account.key });
    tookMs.push(performance.now() - startedMs);
    expect(answer.status).toBe(200);
  }
  expect((await signUps).map(({ status }) => status)).toEqual(Array(40).fill(200));
  // With the hashes on the main thread, and within transactions, one request waited for all of them.
  expect(tookMs.length).toBeGreaterThan(10);
  expect(Math.max(...tookMs)).toBeLessThan((performance.now() - beganMs) / 2);
});

test('of one IPv6 network people sign in and ask for links at one rate, whichever of its addresses they use', async () => {
  const few = serve(database.applicationUrl, {
    PATCHBAY_SIGN_UPS_PER_MINUTE_MAX: '2',
    PATCHBAY_SIGN_INS_PER_MINUTE_MAX: '2',
  });
  const { signInLimiter, resetLimiter } = few.control;
  for (const limiter of [signInLimiter, resetLimiter]) {
    const isExceeded = async (address: string) => (await limiter.count(address, Date.now())).isExceeded;
    for (const index of [1, 2]) expect(await isExceeded(`2001:db8:0:1::${index}`)).toBe(false);
    expect(await isExceeded('2001:db8:0:1::3')).toBe(true);
    expect(await isExceeded('2001:db8:0:2::1')).toBe(false);
  }
  await few.close();
});

test('C26: signing up has a rate of its own for each network', async () => {
  const few = serve(database.applicationUrl, { PATCHBAY_SIGN_UPS_PER_MINUTE_MAX: '5' });
  const from = (address: string, body: object) =>
    few.rest('POST', '/v1/sign-up', {
      body,
      headers: { 'content-type': 'application/json', 'x-patchbay-address': address },
    });
  const person = (index: number) => ({
    email: `rated${index}@example.test`,
    password: 'correct horse',
    name: 'A stranger',
    organisationName: `Of rate ${index}`,
  });
  try {
    // What is no request costs nobody a place.
    await Promise.all(Array.from({ length: 60 }, () => from('2001:db8:0:9::1', { wrong: 1 })));
    const first = await Promise.all(
      Array.from({ length: 6 }, (_, index) => from(`2001:db8:0:9::${index}`, person(index))),
    );
    expect(first.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await from('192.0.2.3', person(6))).toMatchObject({ status: 200 });
  } finally {
    await few.close();
  }
});

test('one who signs up again with the same key and words gets the first answer, another stranger does not (C40)', async () => {
  const send = (password: string) =>
    served.rest('POST', '/v1/sign-up', {
      body: { email: 'twice@example.test', password, name: 'Twice', organisationName: 'Twice' },
      headers: {
        'content-type': 'application/json',
        'x-patchbay-address': '192.0.2.4',
        'idempotency-key': 'one',
      },
    });
  const first = await send('correct horse');
  expect(first.status).toBe(200);
  const again = await send('correct horse');
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(await send('another horse')).toMatchObject({ status: 409, body: { code: 'tenancy.email_taken' } });
});

test('a key made for reading obtains nothing by the Idempotency-Key of one for everything (ACC-4)', async () => {
  const keys = `/v1/accounts/${account.accountId}/keys`;
  const headers = { 'content-type': 'application/json' };
  const reader = await served.rest('POST', keys, {
    key: account.key,
    body: { scopes: ['audit:read'] },
    headers,
  });
  const once = { body: { name: 'wide' }, headers: { ...headers, 'idempotency-key': 'wide' } };
  const made = await served.rest('POST', keys, { key: account.key, ...once });
  expect(made.status).toBe(200);
  const stolen = await served.rest('POST', keys, { key: reader.body.secret, ...once });
  expect(stolen).toMatchObject({ status: 403, body: { code: 'auth.scope' } });
  expect(JSON.stringify(stolen.body)).not.toContain('pb_live_');
  const again = await served.rest('POST', keys, { key: account.key, ...once });
  expect(again.body).toEqual(made.body);
});
