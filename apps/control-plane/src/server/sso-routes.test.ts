import {
  browseThrough,
  CLIENT,
  type RealProvider,
  startRealProvider,
} from '@patchbay/adapters/oidc/real-provider.testing';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';
import { signInSessionOf } from './sign-in-session.ts';
import { finishSso, startSso } from './sso-routes.ts';

const ORIGIN = 'http://control.test';
const SECRET = 'a secret for the cookies of this test';
vi.stubEnv('NEXTAUTH_SECRET', SECRET);

let database: TestDatabase;
let served: Served;
let alice: Tenant;
let real: RealProvider;
let organisationId: string;
/** As a browser keeps them. */
let jar: Map<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl, { PATCHBAY_ALLOW_LOOPBACK_PEERS: '1', NEXTAUTH_SECRET: SECRET });
  alice = await signUp(served, 'alice');
  const own = `/v1/accounts/${alice.accountId}`;
  const sso = (await served.rest('GET', `${own}/organisation/sso`, { key: alice.key })).body;
  organisationId = (await served.rest('GET', `${own}/organisation`, { key: alice.key })).body.id;
  real = await startRealProvider([sso.redirectUrl]);
  const settings = {
    issuer: real.issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    newcomerRole: 'viewer',
  };
  const set = await served.rest('PUT', `${own}/organisation/sso`, { key: alice.key, body: settings });
  expect(set).toMatchObject({ status: 200 });
  const { domains } = served.control.platform.domainPorts.sso;
  const added = await domains.add({ accountId: alice.accountId, domain: 'acme.example', countMax: 1 });
  if (typeof added === 'string') throw new Error(added);
  await domains.prove({ accountId: alice.accountId, domainId: added.id });
}, 120_000);

afterAll(async () => {
  await real?.close();
  await served?.close();
  await database?.drop();
});

interface Visit {
  readonly location: string;
  readonly cookies: readonly string[];
}

async function visit(work: typeof startSso, address: string): Promise<Visit> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await work(served.control, new Request(address, { headers: { cookie } }), organisationId);
  const cookies = response.headers.getSetCookie();
  for (const set of cookies) {
    const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=');
    jar.set(name, value);
  }
  expect(response.status).toBe(303);
  return { location: response.headers.get('location') ?? '', cookies };
}

const start = (query = '') => visit(startSso, `${ORIGIN}/sso/${organisationId}/start${query}`);
const signedIn = async () => {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const session = await signInSessionOf(new Request(ORIGIN, { headers: { cookie } }), ORIGIN);
  return session === undefined ? undefined : await served.control.signIns.check(session);
};

/** In a browser of its own, unless a test goes on in the one before. */
async function goThrough(query = '') {
  const begun = await start(query);
  const back = await browseThrough(new URL(begun.location));
  return { begun, back, done: await visit(finishSso, back.href) };
}

test('somebody comes in by a provider that we did not write, with the cookie that a password gives (PRD-3, C12)', async () => {
  jar = new Map();
  real.account = { id: 'ada', email: 'ada@acme.example', isVerified: true };
  const { begun, done } = await goThrough('?email=ada@acme.example');
  expect(begun.location.startsWith(`${real.issuer}/auth?`)).toBe(true);
  expect(begun.cookies).toEqual([
    expect.stringMatching(/^patchbay-sso=[\w-]{43}; Path=\/sso; Max-Age=600; HttpOnly; SameSite=Lax$/),
  ]);
  expect(done.location).toBe('/');
  expect(done.cookies).toEqual([
    expect.stringMatching(/^next-auth\.session-token=\S+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/),
  ]);
  const user = await signedIn();
  expect(user).toMatchObject({ email: 'ada@acme.example', name: 'Ada of the provider' });
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const [session] = await served.control.signIns.list(
    (await signInSessionOf(new Request(ORIGIN, { headers: { cookie } }), ORIGIN)) ?? '',
  );
  expect(session).toBeDefined();
  // It can be ended like any other.
  await served.control.signIns.signOut(session?.id ?? '');
  expect(await signedIn()).toBeUndefined();
});

test('C14: nothing in an address says where somebody is sent once they are in, or when they are not', async () => {
  jar = new Map();
  const elsewhere = encodeURIComponent('https://evil.test/');
  const wishes = `next=${elsewhere}&callbackUrl=${elsewhere}&redirect_uri=${elsewhere}&return_to=//evil.test`;
  const begun = await start(`?${wishes}`);
  const asked = new URL(begun.location);
  expect(asked.origin).toBe(real.issuer);
  expect(asked.searchParams.get('redirect_uri')).toBe(`${ORIGIN}/sso/${organisationId}/callback`);
  const back = await browseThrough(asked);
  expect((await visit(finishSso, `${back.href}&${wishes}`)).location).toBe('/');
  expect((await visit(finishSso, `${back.href}&${wishes}`)).location).toBe(
    '/sign-in/organisation?problem=expired',
  );
});

test('at the host of a brand, the provider leads back to that host, and to no other that a request names', async () => {
  const at = async (host: Awaited<ReturnType<typeof served.control.hosts.of>>) => {
    const control = { ...served.control, hosts: { of: async () => host } };
    const address = `${ORIGIN}/sso/${organisationId}/start`;
    const response = await startSso(
      control,
      new Request(address, { headers: { host: 'evil.test' } }),
      organisationId,
    );
    return new URL(response.headers.get('location') ?? '').searchParams.get('redirect_uri');
  };
  const callback = `/sso/${organisationId}/callback`;
  expect(await at({ kind: 'brand', baseUrl: 'https://voice.test', within: alice.accountId })).toBe(
    `https://voice.test${callback}`,
  );
  expect(await at({ kind: 'unknown' })).toBe(`${ORIGIN}${callback}`);
});

test('what one browser began, another does not end; nor does it begin without the cookie', async () => {
  jar = new Map();
  const { location } = await start();
  const back = await browseThrough(new URL(location));
  const own = jar;
  for (const other of [new Map<string, string>(), new Map([['patchbay-sso', 'y'.repeat(43)]])]) {
    jar = other;
    expect((await visit(finishSso, back.href)).location).toBe('/sign-in/organisation?problem=expired');
    expect(await signedIn()).toBeUndefined();
  }
  jar = own;
  expect((await visit(finishSso, back.href)).location).toBe('/');
});

test('two windows of one browser end both of their sign-ins', async () => {
  jar = new Map();
  const [first, second] = [await start(), await start()];
  const back = [await browseThrough(new URL(first.location)), await browseThrough(new URL(second.location))];
  for (const { href } of back) expect((await visit(finishSso, href)).location).toBe('/');
});

test('a test brings nobody in, and is for somebody who is', async () => {
  jar = new Map();
  expect((await start('?test')).location).toBe('/sign-in');
  real.account = { id: 'bea', email: 'bea@acme.example', isVerified: true };
  await goThrough();
  const bea = await signedIn();
  const before = jar.get('next-auth.session-token');
  const { done } = await goThrough('?test');
  expect(done.location).toBe(`/accounts/${alice.accountId}/single-sign-on?test=ok`);
  expect(jar.get('next-auth.session-token')).toBe(before);
  real.account = { id: 'ada', email: 'ada@acme.example', isVerified: true };
  const other = await goThrough('?test');
  expect(other.done.location).toBe(`/accounts/${alice.accountId}/single-sign-on?test=other_person`);
  expect(await signedIn()).toEqual(bea);
});

test('whoever is refused is told why on a page, and what the provider did not mean to say is not in its address', async () => {
  jar = new Map();
  real.account = { id: 'eve', email: 'eve@evil.example', isVerified: true };
  expect((await goThrough()).done.location).toBe('/sign-in/organisation?problem=domain');
  const { location } = await start();
  const state = new URL(location).searchParams.get('state');
  const said = `error=access_denied&error_description=${encodeURIComponent('<b>evil</b>')}`;
  const { href } = new URL(
    `/sso/${organisationId}/callback?${said}&state=${state}&iss=${real.issuer}`,
    ORIGIN,
  );
  expect((await visit(finishSso, href)).location).toBe('/sign-in/organisation?problem=declined');
  expect(await signedIn()).toBeUndefined();
});

test('a provider that is down, or not there, keeps nobody waiting and is told to its owners', async () => {
  jar = new Map();
  const own = `/v1/accounts/${alice.accountId}/organisation/sso`;
  const settings = {
    issuer: 'http://127.0.0.1:1',
    clientId: CLIENT.id,
    clientSecret: 's',
    newcomerRole: 'viewer',
  };
  await served.rest('PUT', own, { key: alice.key, body: settings });
  expect((await start()).location).toBe('/sign-in/organisation?problem=unavailable');
  expect((await served.rest('GET', own, { key: alice.key })).body.provider.problem).toMatchObject({
    text: 'Nothing came of asking it: connect_failed',
  });
});
