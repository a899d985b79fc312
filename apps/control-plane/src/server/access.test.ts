import { randomBytes } from 'node:crypto';
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import { createId } from '@patchbay/kit/ids';
import { bearerToken, mint, RANDOM_ID_BYTES } from '@patchbay/protocol/credential/credential';
import { mintBranch, parseSecret } from '@patchbay/protocol/credential/secret';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  enrolNode,
  makePlatform,
  type Served,
  serve,
  signUp,
  type Tenant,
  type TestNode,
} from './served.testing.ts';

const OFFICE = '203.0.113.7';
const ELSEWHERE = '198.51.100.1';
let database: TestDatabase;
let served: Served;
let node: TestNode;
let parent: Tenant;
let account: { readonly accountId: string; readonly key: string };
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  node = await enrolNode(served, ['relay']);
}, 120_000);
afterAll(async () => {
  await served.close();
  await database.drop();
});

beforeEach(async () => {
  parent = await signUp(served, `parent-${++count}`);
  const { body } = await ask('POST', '/accounts', { body: { name: 'Child' }, as: parent });
  const { body: key } = await ask('POST', '/keys', { as: { ...parent, accountId: body.id } });
  account = { accountId: body.id, key: key.secret };
});

interface Asked {
  readonly from?: string;
  readonly body?: object;
  /** Whose key; the account is that of the path. */
  readonly as?: { readonly accountId: string; readonly key: string };
}

const ask = (method: string, path: string, { from = OFFICE, body = {}, as = account }: Asked = {}) =>
  served.rest(method, `/v1/accounts/${as.accountId}${path}`, {
    key: as.key,
    headers: { 'x-patchbay-address': from },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body }),
  });
const office = [{ network: '203.0.113.0/24', label: 'Office' }];
const setLists = (keys: object[], credentials: object[] = [], as: Asked['as'] = account) =>
  ask('PUT', '/allow-list', { body: { keys, credentials }, as });
const createIceServers = async (asked: Asked = {}) => {
  // A node counts as live for a while after it was heard of, which on a busy machine is over soon.
  const urls = { turn: ['turn:192.0.2.1:3478'] };
  await served.internal(node.request('heartbeat', { boot: 1, urls, load: {}, isDraining: false }));
  return await ask('POST', '/services/network-discovery/ice-servers', asked);
};

test('a key is refused from where its account’s list does not have it, for all that it asks, and why says so (ACC-9)', async () => {
  expect(await setLists(office)).toMatchObject({ status: 200 });
  expect(await ask('GET', '')).toMatchObject({ status: 200 });
  const refused = await ask('GET', '', { from: ELSEWHERE });
  expect(refused).toMatchObject({
    status: 403,
    body: { code: 'policy.refused', rule: 'keyAllowList', level: account.accountId },
  });
  expect(refused.body.detail).toContain(ELSEWHERE);
  // Before anything is looked at: nothing of the form of the request is told, nor whose account it is.
  const malformed = await ask('POST', '/keys', { from: ELSEWHERE, body: { name: 7 } });
  expect(malformed).toMatchObject({ status: 403, body: { rule: 'keyAllowList' } });
  const me = { key: account.key, headers: { 'x-patchbay-address': ELSEWHERE } };
  expect(await served.rest('GET', '/v1/me', me)).toMatchObject({ status: 403 });
  expect(await served.rest('GET', '/v1/me', { key: account.key })).toMatchObject({ status: 403 });
  const why = await ask('GET', `/why/${refused.body.requestId}`);
  expect(why.body).toMatchObject({ code: 'policy.refused', rule: 'keyAllowList', level: account.accountId });
});

test('the list of an account above holds as well, and one below does not bind those above', async () => {
  await setLists(office, [], parent);
  const refused = await ask('GET', '', { from: ELSEWHERE });
  // Which account above it is, is nobody's business below (C1).
  expect(refused).toMatchObject({ status: 403, body: { rule: 'keyAllowList', level: 'account' } });
  expect(JSON.stringify(refused.body)).not.toContain(parent.accountId);
  await setLists([], [], parent);
  await setLists(office);
  const below = { accountId: account.accountId, key: parent.key };
  expect(await ask('GET', '', { from: ELSEWHERE, as: below })).toMatchObject({ status: 200 });
});

test('somebody who signed in is bound by no list, and can take a wrong one back', async () => {
  const body = { keys: [{ network: '192.0.2.1' }], credentials: [], force: true };
  const below = { accountId: account.accountId, key: parent.key };
  expect(await ask('PUT', '/allow-list', { body, as: below })).toMatchObject({ status: 200 });
  expect(await ask('GET', '')).toMatchObject({ status: 403 });
  const signInSessionId = createId('sin');
  await asOwner(
    database.url,
    `INSERT INTO sign_in_session (id, user_id, expires_at) VALUES ($1, $2, now() + interval '1 hour')`,
    [signInSessionId, parent.userId],
  );
  const caller = served.control.router.createCaller({
    evidence: { kind: 'signIn', signInSessionId },
    requestId: 'req_signed_in',
    address: ELSEWHERE,
    signal: new AbortController().signal,
    responseHeaders: new Headers(),
  });
  await caller.allowList.set({ accountId: account.accountId, keys: [], credentials: [] });
  expect(await ask('GET', '')).toMatchObject({ status: 200 });
});

test('networks of a policy hold for keys that ask for a service, and for nothing else (POL-3)', async () => {
  const policy = { sourceNetworks: ['203.0.113.0/24'] };
  await ask('PUT', '/policy', { body: policy });
  expect(await createIceServers()).toMatchObject({ status: 200 });
  expect(await createIceServers({ from: ELSEWHERE })).toMatchObject({
    status: 403,
    body: { code: 'policy.refused', rule: 'sourceNetworks', level: account.accountId },
  });
  expect(await ask('GET', '/policy', { from: ELSEWHERE })).toMatchObject({ status: 200 });
});

test('a credential is held to the list for credentials where it is shown, and a node is told of a change at once (POL-5)', async () => {
  const parsed = parseSecret(account.key);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  const token = bearerToken(
    mint({
      keyId: parsed.keyId,
      mintKey: mintBranch(parsed),
      caveats: [{ type: 'notAfter', atMs: Date.now() + 3_600_000 }],
      randomId: randomBytes(RANDOM_ID_BYTES),
    }),
  );
  const messages: unknown[] = [];
  const { bus } = served.control;
  const unsubscribe = bus.subscribe(({ message }) => void messages.push(message), await bus.latest());
  await setLists([], office);
  await expect
    .poll(() => messages, { timeout: 20_000 })
    .toContainEqual({ type: 'account.changed', accountId: account.accountId });
  unsubscribe();
  const show = (from: string) =>
    served.rest('GET', '/v1/me', { key: token, headers: { 'x-patchbay-address': from } });
  expect(await show(OFFICE)).toMatchObject({ status: 200 });
  expect(await show(ELSEWHERE)).toMatchObject({ status: 403, body: { rule: 'clientAllowList' } });
  expect(await ask('GET', '', { from: ELSEWHERE })).toMatchObject({ status: 200 });
  const snapshot = await served.internal(node.request('accountSnapshot', { accountId: account.accountId }));
  const { policy } = (await snapshot.json()) as { policy: unknown };
  expect(policy).toMatchObject([
    { origin: { level: 'access' }, values: { clientAllowList: ['203.0.113.0/24'] } },
  ]);
});

test('an address that shows itself counts as its account for every relay, which hears of it by its heartbeat (ACC-9)', async () => {
  const TRUNK = '81.2.69.142';
  const beat = async () => {
    const report = { boot: 1, urls: {}, load: {}, isDraining: false };
    const answer = await served.internal(node.request('heartbeat', report));
    return ((await answer.json()) as { listedAddressesVersion: string }).listedAddressesVersion;
  };
  const before = await beat();
  const body = { keys: [], credentials: [{ network: TRUNK, label: 'Trunk', authenticates: true }] };
  expect(await ask('PUT', '/allow-list', { body })).toMatchObject({
    status: 422,
    body: { code: 'access.address_unproved' },
  });
  for (const network of ['127.0.0.9', '10.1.2.3']) {
    const own = { keys: [], credentials: [{ network, authenticates: true }] };
    expect(await ask('PUT', '/allow-list', { body: own, from: network })).toMatchObject({
      body: { code: 'access.address_not_allowed' },
    });
  }
  expect(await ask('PUT', '/allow-list', { body, from: TRUNK })).toMatchObject({ status: 200 });
  const as = { ...parent, accountId: parent.accountId };
  expect(await ask('PUT', '/allow-list', { body, from: TRUNK, as })).toMatchObject({
    status: 409,
    body: { code: 'access.address_taken' },
  });
  await expect.poll(beat, { timeout: 20_000 }).not.toBe(before);
  const list = await served.internal(node.request('listAddresses', {}));
  expect(await list.json()).toMatchObject({
    version: await beat(),
    items: [{ accountId: account.accountId, network: TRUNK }],
  });
  // Whoever is no node hears nothing of it.
  const unsigned = new Request('http://node.test/internal/v1/listed-addresses');
  expect((await served.internal(unsigned)).status).toBe(401);
});

test('what has to be enabled is neither minted for nor served until an account does so, and says how (ACC-10)', async () => {
  const operator = { values: { servicesToEnable: ['network-discovery'] } };
  await ask('PUT', '/policy', { body: operator.values, as: parent });
  const refused = await createIceServers();
  expect(refused).toMatchObject({ status: 403, body: { code: 'service.not_enabled', level: 'account' } });
  expect((await ask('GET', `/why/${refused.body.requestId}`)).body.remedy).toContain('services.enable');
  const use = { uses: ['audio'], sessionsPerDay: 10, minutesPerSession: 5 };
  const path = '/service-access/network-discovery';
  expect(await ask('PUT', path, { body: use })).toMatchObject({ status: 200, body: { isOn: true } });
  expect(await createIceServers()).toMatchObject({ status: 200 });
  await ask('DELETE', path);
  expect(await createIceServers()).toMatchObject({
    status: 403,
    body: { code: 'service.not_enabled', level: account.accountId },
  });
  while ((await placeEvents(served.control.pool)) > 0);
  const told = await ask('GET', '/events');
  expect(told.body.items.map(({ type }: { type: string }) => type)).toEqual(
    expect.arrayContaining(['access.service.enabled', 'access.service.disabled']),
  );
});
