import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { enrolNode, makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

let database: TestDatabase;
let served: Served;
let tenant: Tenant;
let applicationId: string;
let childId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.url);
  // So slow that each request draws one from the rate; at the usual one that is a question for several.
  served = serve(database.applicationUrl, { PATCHBAY_REQUESTS_PER_MINUTE_MAX: '300' });
  tenant = await signUp(served, 'often');
  const node = await enrolNode(served, ['relay', 'signaling']);
  const urls = { turn: ['turn:192.0.2.1:3478'], signal: ['ws://192.0.2.1:8080'] };
  const beat = { boot: 1, urls, load: {}, isDraining: false };
  expect((await served.internal(node.request('heartbeat', beat))).status).toBe(200);
  const { key } = tenant;
  const made = async (path: string) =>
    (await served.rest('POST', at(path), { key, body: { name: 'made' } })).body.id as string;
  applicationId = await made('/applications');
  childId = await made('/accounts');
});
afterAll(async () => {
  await served.close();
  await database.drop();
});

const at = (path: string) => `/v1/accounts/${tenant.accountId}${path}`;
const mint = { identity: 'bob' };
const hour = '2026-11-30T00:00:00Z';

/** How often the database is asked: what a request costs most of, and what any store can add to unnoticed. */
async function roundTripsOf(method: string, path: string, options: object): Promise<number> {
  // The first one of a minute notes that the key is in use.
  await served.rest(method, path, { key: tenant.key, ...options });
  // Of several the least: what else the platform does meanwhile, such as sending a mail, is none of it.
  const counts: number[] = [];
  for (let time = 0; time < 3; time += 1) {
    const asked = vi.spyOn(Client.prototype, 'query');
    const { status } = await served.rest(method, path, { key: tenant.key, ...options });
    counts.push(asked.mock.calls.length);
    asked.mockRestore();
    expect(status).toBe(200);
  }
  return Math.min(...counts);
}

// Who calls and what holds, the rate, what is read, where there is more than one thing to read; a mint asks for whom it is for, the
// settings, the nodes with the name that they have there and the key, and leaves an entry.
const operations: readonly [string, number, string, () => string, object?][] = [
  ['networkDiscovery.createIceServers', 7, 'POST', () => at('/services/network-discovery/ice-servers'), mint],
  ['signaling.createToken', 7, 'POST', () => at('/services/signaling/tokens'), mint],
  ['accounts.get', 4, 'GET', () => at('')],
  ['accounts.list', 3, 'GET', () => at('/accounts')],
  ['applications.get', 3, 'GET', () => at(`/applications/${applicationId}`)],
  ['sessions.list', 3, 'GET', () => at('/sessions')],
  ['usage.query', 3, 'GET', () => at(`/usage?from=${hour}&to=2026-11-30T01:00:00Z&groupBy=region`)],
  ['events.list', 3, 'GET', () => at('/events')],
  ['keys.list', 3, 'GET', () => at('/keys')],
  ['networkDiscovery.getConfig', 3, 'GET', () => at('/services/network-discovery/config')],
];

test.each(operations)('%s asks the database %i times', async (...[, count, method, path, body]) => {
  expect(await roundTripsOf(method, path(), body === undefined ? {} : { body })).toBe(count);
});

test('for an account below the key’s own it asks for its chain too, and for its policies where a service is used', async () => {
  const below = `/v1/accounts/${childId}`;
  expect(await roundTripsOf('GET', `${below}/applications`, {})).toBe(4);
  expect(await roundTripsOf('POST', `${below}/services/signaling/tokens`, { body: mint })).toBe(9);
});

test('C18: a request is counted for its key, for the keys of its account and for each tree that it is in', async () => {
  const below = `/v1/accounts/${childId}`;
  const { key } = tenant;
  const made = await served.rest('POST', `${below}/keys`, { key, body: { name: 'below' } });
  expect((await served.rest('GET', below, { key: made.body.secret as string })).status).toBe(200);
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  const { rows } = await owner.query<{ caller: string }>('SELECT caller FROM request_rate');
  await owner.end();
  const keyId = made.body.id as string;
  expect(rows.map(({ caller }) => caller)).toEqual(
    expect.arrayContaining([
      `key ${keyId}`,
      `keys ${childId}`,
      `tree ${childId}`,
      `tree ${tenant.accountId}`,
    ]),
  );
  const trees = rows.flatMap(({ caller }) => (caller.startsWith('tree ') ? [caller.slice(5)] : []));
  expect(trees.toSorted()).toEqual([tenant.accountId, childId].toSorted());
});

test('a mint that names itself asks once more, to begin: its answer is kept with its entry', async () => {
  let named = 0;
  const options = {
    body: mint,
    get headers() {
      named += 1;
      return { 'idempotency-key': `named ${named}` };
    },
  };
  expect(await roundTripsOf('POST', at('/services/signaling/tokens'), options)).toBe(8);
});
