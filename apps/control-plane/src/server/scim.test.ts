import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serveScim } from './scim.ts';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

const ORIGIN = 'http://control.test';

interface Organisation extends Tenant {
  readonly token: string;
  readonly domain: string;
}

let database: TestDatabase;
let served: Served;
let acme: Organisation;
let other: Organisation;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
}, 120_000);
afterAll(async () => {
  await served?.close();
  await database?.drop();
});
beforeEach(async () => {
  [acme, other] = [await organisation(), await organisation()];
});

async function organisation(): Promise<Organisation> {
  count += 1;
  const tenant = await signUp(served, `scim${count}`);
  const domain = `scim${count}.example`;
  const path = `/v1/accounts/${tenant.accountId}/organisation/sso`;
  const settings = {
    issuer: 'https://provider.example',
    clientId: 'c',
    clientSecret: 's',
    newcomerRole: 'viewer',
    groupRoles: [{ group: 'Engineering', role: 'developer' }],
  };
  await served.rest('PUT', path, { key: tenant.key, body: settings });
  const { domains } = served.control.platform.domainPorts.sso;
  const added = await domains.add({ accountId: tenant.accountId, domain, countMax: 1 });
  if (typeof added === 'string') throw new Error(added);
  await domains.prove({ accountId: tenant.accountId, domainId: added.id });
  const { body } = await served.rest('POST', `${path}/scim-token`, { key: tenant.key, body: {} });
  return { ...tenant, token: body.secret, domain };
}

interface Options {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: string;
}

async function scim(method: string, path: string, { body, headers = {}, as = acme.token }: Options = {}) {
  const init: RequestInit = { method, headers: { authorization: `Bearer ${as}`, ...headers } };
  if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await serveScim(served.control, new Request(`${ORIGIN}/scim/v2${path}`, init));
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

const userName = (name: string, { domain }: Organisation = acme) => `${name}@${domain}`;
const addUser = async (name: string, more: object = {}) => {
  const made = await scim('POST', '/Users', {
    body: { userName: userName(name), displayName: name, ...more },
  });
  expect(made).toMatchObject({ status: 201 });
  return made.body as { readonly id: string };
};
const patch = (id: string, ...Operations: readonly object[]) =>
  scim('PATCH', id, { body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations } });
const roleOf = async (userId: string) =>
  (await served.control.platform.domainPorts.tenancy.people.grantsOf(userId)).map(
    ({ accountId, roleRef }) => [accountId, roleRef],
  );
const openSession = (userId: string) =>
  served.control.signIns.open({ userId, name: 'Somebody', address: '192.0.2.1' });
const error = (status: number, scimType?: string) => ({
  status,
  body: {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
  },
});

describe('users', () => {
  test('one is made with the role of newcomers, is found by address and external id, and answers in SCIM’s form', async () => {
    const body = {
      userName: userName('Ada'),
      externalId: 'e-1',
      name: { givenName: 'Ada', familyName: 'L' },
    };
    const made = await scim('POST', '/Users', { body });
    expect(made.status).toBe(201);
    expect(made.headers.get('content-type')).toBe('application/scim+json');
    expect(made.headers.get('location')).toBe(`${ORIGIN}/scim/v2/Users/${made.body.id}`);
    expect(made.headers.get('etag')).toBe('W/"1"');
    expect(made.body).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: userName('ada'),
      externalId: 'e-1',
      displayName: 'Ada L',
      active: true,
    });
    expect(await roleOf(made.body.id)).toEqual([[acme.accountId, 'viewer']]);
    await addUser('bea');
    const found = (filter: string) => scim('GET', `/Users?filter=${encodeURIComponent(filter)}`);
    for (const filter of [
      `userName eq "${userName('ADA')}"`,
      'externalId eq "e-1"',
      `id eq "${made.body.id}"`,
    ])
      expect((await found(filter)).body, filter).toMatchObject({
        totalResults: 1,
        Resources: [{ id: made.body.id }],
      });
    expect((await found('userName eq "nobody@x.example"')).body).toMatchObject({
      totalResults: 0,
      Resources: [],
    });
    expect(await found('userName sw "a"')).toMatchObject(error(400, 'invalidFilter'));
    const page = await scim('GET', '/Users?startIndex=2&count=1');
    expect(page.body).toMatchObject({ totalResults: 2, startIndex: 2, itemsPerPage: 1 });
    expect((await scim('GET', '/Users?count=0')).body).toMatchObject({ totalResults: 2, Resources: [] });
  });

  test('one who is shut out has no role and no session within the request, and comes back with the role of a newcomer', async () => {
    const { id } = await addUser('ada');
    const session = await openSession(id);
    const out = await patch(`/Users/${id}`, { op: 'replace', value: { active: false } });
    expect(out).toMatchObject({ status: 200, body: { active: false } });
    expect(await served.control.signIns.check(session)).toBeUndefined();
    expect(await roleOf(id)).toEqual([]);
    await patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'True' });
    expect(await roleOf(id)).toEqual([[acme.accountId, 'viewer']]);
    const again = await openSession(id);
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204);
    expect(await served.control.signIns.check(again)).toBeUndefined();
    expect(await scim('GET', `/Users/${id}`)).toMatchObject(error(404));
  });

  test('a role that somebody gave by hand goes with them as well, further down too', async () => {
    const { id } = await addUser('ada');
    const child = await served.rest('POST', `/v1/accounts/${acme.accountId}/accounts`, {
      key: acme.key,
      body: { name: 'Child' },
    });
    const { team } = served.control.platform.domainPorts.tenancy;
    const at = { email: userName('ada'), name: 'Ada', ownersAt: [acme.accountId] };
    await team.put({ ...at, accountId: acme.accountId, role: 'admin' });
    await team.put({ ...at, accountId: child.body.id, role: 'owner' });
    await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false });
    const left = await served.control.pool.query('SELECT 1 FROM role_grant WHERE user_id = $1', [id]);
    expect(await roleOf(id)).toEqual([]);
    expect(left.rows).toEqual([]);
  });

  test('the last owner stays, whatever SCIM says', async () => {
    const taken = await ownerAtDomain();
    const refused = await patch(`/Users/${taken}`, { op: 'replace', path: 'active', value: false });
    expect(refused).toMatchObject(error(409, 'mutability'));
    expect(await scim('DELETE', `/Users/${taken}`)).toMatchObject(error(409, 'mutability'));
    expect((await scim('GET', `/Users/${taken}`)).body).toMatchObject({ active: true });
    expect(await roleOf(taken)).toEqual([[acme.accountId, 'owner']]);
  });

  /** The owner of the organisation, with an address at its domain, taken up by SCIM. */
  async function ownerAtDomain(): Promise<string> {
    const { people } = served.control.platform.domainPorts.tenancy;
    const token = await people.makeVerification({ userId: acme.userId, email: userName('owner') });
    await served.control.pool.query(`SELECT email_verify(sha256(convert_to($1, 'UTF8')))`, [token]);
    expect((await addUser('owner')).id).toBe(acme.userId);
    return acme.userId;
  }

  test('only addresses at proved domains are taken, each once, and none of somebody who has an account elsewhere', async () => {
    const make = (name: string) => scim('POST', '/Users', { body: { userName: name } });
    expect(await make('ada@gmail.example')).toMatchObject(error(400, 'invalidValue'));
    // Proved, by another organisation.
    expect(await make(userName('ada', other))).toMatchObject(error(400, 'invalidValue'));
    expect(await make('no address')).toMatchObject(error(400, 'invalidValue'));
    await addUser('ada');
    expect(await make(userName('ada'))).toMatchObject(error(409, 'uniqueness'));
    const { people } = served.control.platform.domainPorts.tenancy;
    const token = await people.makeVerification({ userId: other.userId, email: userName('eve') });
    await served.control.pool.query(`SELECT email_verify(sha256(convert_to($1, 'UTF8')))`, [token]);
    expect(await make(userName('eve'))).toMatchObject(error(409, 'uniqueness'));
    expect(await roleOf(other.userId)).toEqual([[other.accountId, 'owner']]);
  });

  test('what is written over what changed meanwhile is refused, by its version', async () => {
    const { id } = await addUser('ada');
    const put = (match: string, body: object) =>
      scim('PUT', `/Users/${id}`, {
        headers: { 'if-match': match },
        body: { userName: userName('ada'), ...body },
      });
    const first = await put('W/"1"', { displayName: 'Augusta', externalId: 'x' });
    expect(first).toMatchObject({
      status: 200,
      body: { displayName: 'Augusta', meta: { version: 'W/"2"' } },
    });
    expect(await put('W/"1"', { displayName: 'Late' })).toMatchObject(error(412));
    expect(await put('nonsense', { displayName: 'Late' })).toMatchObject(error(412));
    const known = await scim('GET', `/Users/${id}`, { headers: { 'if-none-match': 'W/"2"' } });
    expect(known.status).toBe(304);
    const moved = await put('*', { userName: userName('augusta') });
    expect(moved.body).toMatchObject({ userName: userName('augusta'), meta: { version: 'W/"3"' } });
    const away = await put('*', { userName: userName('augusta', other) });
    expect(away).toMatchObject(error(400, 'invalidValue'));
  });
});

describe('groups', () => {
  test('give the role of their name to whoever is in them, as long as they are', async () => {
    const { id } = await addUser('ada');
    const body = { displayName: 'Engineering', members: [{ value: id }] };
    const made = await scim('POST', '/Groups', { body });
    expect(made).toMatchObject({ status: 201, body: { members: [{ value: id, display: userName('ada') }] } });
    expect(await roleOf(id)).toEqual([[acme.accountId, 'developer']]);
    expect((await scim('GET', `/Users/${id}`)).body.groups).toMatchObject([{ display: 'Engineering' }]);
    const group = `/Groups/${made.body.id}`;
    await patch(group, { op: 'remove', path: `members[value eq "${id}"]` });
    expect(await roleOf(id)).toEqual([[acme.accountId, 'viewer']]);
    await patch(group, { op: 'add', path: 'members', value: [{ value: id }] });
    await patch(group, { op: 'replace', value: { displayName: 'Sales' } });
    expect(await roleOf(id)).toEqual([[acme.accountId, 'viewer']]);
    expect(await scim('POST', '/Groups', { body: { displayName: 'Sales' } })).toMatchObject(
      error(409, 'uniqueness'),
    );
    expect((await scim('GET', '/Groups?filter=displayName%20eq%20%22sales%22')).body.totalResults).toBe(1);
    expect((await scim('DELETE', group)).status).toBe(204);
    expect((await scim('GET', '/Groups')).body.totalResults).toBe(0);
  });
});

test('while the database is away, that is said in SCIM’s words', async () => {
  const closed = serve('postgres://nobody@127.0.0.1:1/none');
  const request = new Request(`${ORIGIN}/scim/v2/Users`, {
    headers: { authorization: `Bearer ${acme.token}` },
  });
  const answer = await serveScim(closed.control, request);
  expect({ status: answer.status, body: await answer.json() }).toMatchObject(error(503));
  await closed.close();
});

describe('another organisation', () => {
  test('reads, changes and removes nobody, by any id, and puts nobody of the other in a group of its own', async () => {
    const { id } = await addUser('ada');
    const group = (
      await scim('POST', '/Groups', { body: { displayName: 'Secret', members: [{ value: id }] } })
    ).body;
    const as = other.token;
    for (const path of [`/Users/${id}`, `/Groups/${group.id}`]) {
      expect(await scim('GET', path, { as })).toMatchObject(error(404));
      expect(await scim('DELETE', path, { as })).toMatchObject(error(404));
      const Operations = [{ op: 'replace', value: { active: false, displayName: 'Taken' } }];
      expect(await scim('PATCH', path, { as, body: { Operations } })).toMatchObject(error(404));
      const body = { userName: userName('ada', other), displayName: 'Taken' };
      expect(await scim('PUT', path, { as, body })).toMatchObject(error(404));
    }
    for (const path of [
      '/Users',
      '/Groups',
      `/Users?filter=${encodeURIComponent(`userName eq "${userName('ada')}"`)}`,
    ])
      expect((await scim('GET', path, { as })).body).toMatchObject({ totalResults: 0, Resources: [] });
    const stolen = { displayName: 'Mine', members: [{ value: id }] };
    expect(await scim('POST', '/Groups', { as, body: stolen })).toMatchObject(error(400, 'invalidValue'));
    expect((await scim('GET', '/Groups', { as })).body.totalResults).toBe(0);
    expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ displayName: 'ada', active: true });
    expect(await roleOf(id)).toEqual([[acme.accountId, 'viewer']]);
  });

  test('whoever has no token, a wrong one, a key of the API or one that was replaced, is told nothing', async () => {
    const wrong = ['', 'pb_scim_nonsense', acme.key, `${acme.token}x`];
    for (const as of wrong) {
      const answer = await scim('GET', '/Users', { as });
      expect(answer).toMatchObject(error(401));
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    const path = `/v1/accounts/${acme.accountId}/organisation/sso/scim-token`;
    await served.rest('POST', path, { key: acme.key, body: {} });
    expect(await scim('GET', '/Users')).toMatchObject(error(401));
  });
});

test('what it can do is said in the form that RFC 7643 asks for, and what it cannot is refused in that of RFC 7644', async () => {
  expect((await scim('GET', '/ServiceProviderConfig')).body).toMatchObject({
    patch: { supported: true },
    bulk: { supported: false },
    filter: { supported: true, maxResults: 200 },
    etag: { supported: true },
  });
  expect((await scim('GET', '/ResourceTypes')).body.Resources).toMatchObject([
    { id: 'User' },
    { id: 'Group' },
  ]);
  const id = 'urn:ietf:params:scim:schemas:core:2.0:User';
  expect((await scim('GET', `/Schemas/${id}`)).body).toMatchObject({ id, attributes: expect.any(Array) });
  expect((await scim('GET', '/Schemas')).body.totalResults).toBe(2);
  for (const [method, path, status] of [
    ['GET', '/Nothing', 404],
    ['GET', '/Users/a/b', 404],
    ['PUT', '/Users', 405],
    ['POST', '/Schemas', 405],
  ] as const)
    expect(await scim(method, path)).toMatchObject(error(status));
  expect(await scim('POST', '/Users', { body: '{' })).toMatchObject(error(400, 'invalidSyntax'));
  expect(await scim('POST', '/Users', { body: 'x'.repeat(300_000) })).toMatchObject(error(413));
});

test('what SCIM does is on record, as what the token of the organisation did', async () => {
  const { id } = await addUser('ada');
  const { items } = (await served.rest('GET', `/v1/accounts/${acme.accountId}/audit`, { key: acme.key }))
    .body;
  expect(items.slice(0, 2)).toMatchObject([
    { action: 'scim.create', actorId: 'scim', target: id, after: { email: userName('ada') } },
    { action: 'team.provision', actorId: 'scim', target: id, after: { role: 'viewer' } },
  ]);
  expect(JSON.stringify(items)).not.toContain(acme.token);
});
