import { createId } from '@patchbay/kit/ids';
import { createApiHarness, PARENT_ACCOUNT } from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';

const ICE_SERVERS = `/v1/accounts/${PARENT_ACCOUNT}/services/network-discovery/ice-servers`;
const keys = {
  wide: { accountId: PARENT_ACCOUNT, scopes: ['*'] },
  reader: { accountId: PARENT_ACCOUNT, scopes: ['audit:read'] },
  twin: { accountId: PARENT_ACCOUNT, scopes: ['*'] },
};
const repeated = { body: { ttlSeconds: 60 }, idempotencyKey: 'a' };

test('a key gets no answer of another key of its account, be it allowed less or as much (ACC-4)', async () => {
  const { call } = createApiHarness({ keys });
  const first = await call('POST', ICE_SERVERS, { ...repeated, as: 'wide' });
  expect(first.status).toBe(200);
  const reader = await call('POST', ICE_SERVERS, { ...repeated, as: 'reader' });
  expect(reader).toMatchObject({ status: 403, body: { code: 'auth.scope' } });
  const twin = await call('POST', ICE_SERVERS, { ...repeated, as: 'twin' });
  expect(twin.headers.get('idempotent-replayed')).toBeNull();
  expect(twin.body).not.toEqual(first.body);
  const again = await call('POST', ICE_SERVERS, { ...repeated, as: 'wide' });
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.body).toEqual(first.body);
});

test('a repeat is refused where the first would be now: by scope, by state, by rate', async () => {
  const scopes = { mine: { accountId: PARENT_ACCOUNT, scopes: ['*'] } };
  const states: Record<string, 'active' | 'suspended'> = {};
  const { call } = createApiHarness({ keys: scopes, states, requestsMax: 5 });
  expect(await call('POST', ICE_SERVERS, { ...repeated, as: 'mine' })).toMatchObject({ status: 200 });
  states[PARENT_ACCOUNT] = 'suspended';
  expect(await call('POST', ICE_SERVERS, { ...repeated, as: 'mine' })).toMatchObject({
    status: 403,
    body: { code: 'account.suspended' },
  });
  states[PARENT_ACCOUNT] = 'active';
  scopes.mine = { accountId: PARENT_ACCOUNT, scopes: ['signaling:*'] };
  expect(await call('POST', ICE_SERVERS, { ...repeated, as: 'mine' })).toMatchObject({ status: 403 });
  scopes.mine = { accountId: PARENT_ACCOUNT, scopes: ['*'] };
  for (const status of [200, 200, 429])
    expect(await call('POST', ICE_SERVERS, { ...repeated, as: 'mine' })).toMatchObject({ status });
});

test('a stranger who signs up twice with one key signs up once; nobody else gets that answer (C40)', async () => {
  const people = {
    offeredCurrencies: async () => [],
    hashPassword: async (password: string) => `hash of ${password}`,
    signUp: async ({ email }: { email: string }) => {
      if (taken.has(email)) return { outcome: 'email_taken' as const };
      taken.add(email);
      return { outcome: 'signed_up' as const, userId: createId('usr'), accountId: PARENT_ACCOUNT };
    },
    makeVerification: async () => 'token',
  };
  const written: unknown[] = [];
  const mails = {
    send: async (mail: unknown) => void written.push(mail),
  };
  const taken = new Set<string>();
  const { call } = createApiHarness({ domainPorts: { tenancy: { people, mails } as never } });
  const body = { email: 'a@test.example', password: 'correct horse', name: 'A', organisationName: 'A' };
  const signUp = (change: object, idempotencyKey: string) =>
    call('POST', '/v1/sign-up', { body: { ...body, ...change }, as: null, idempotencyKey });
  const first = await signUp({}, 'a');
  expect(first.status).toBe(200);
  const again = await signUp({}, 'a');
  expect(again).toMatchObject({ status: 200, body: first.body });
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(written).toHaveLength(1);
  // Neither the key alone nor the body alone is enough.
  for (const [change, key] of [
    [{ password: 'wrong horse' }, 'a'],
    [{}, 'b'],
  ] as const) {
    expect(await signUp(change, key)).toMatchObject({ status: 409, body: { code: 'tenancy.email_taken' } });
  }
});

test('a change whose answer breaks its own schema keeps nothing under its key', async () => {
  const relayUrls: unknown[] = [1];
  const { call } = createApiHarness({ relayUrls: relayUrls as string[] });
  expect(await call('POST', ICE_SERVERS, repeated)).toMatchObject({ status: 500 });
  relayUrls[0] = 'turn:192.0.2.1:3478';
  expect(await call('POST', ICE_SERVERS, repeated)).toMatchObject({ status: 200 });
});
