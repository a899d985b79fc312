import { shownCode } from '@patchbay/adapters/prisma/authenticator.testing';
import { softwarePasskey } from '@patchbay/adapters/prisma/passkey.testing';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';
import { setSessionCookie } from './sign-in-session.ts';

/** Browsers make passkeys on this machine alone, or over HTTPS. */
const PLATFORM_URL = 'http://localhost:3000';
const SECRET = 'a secret for the cookies of this test';
const PASSWORD = 'correct horse battery';
vi.stubEnv('NEXTAUTH_SECRET', SECRET);

let database: TestDatabase;
let owner: Client;
let served: Served;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  served = serve(database.applicationUrl, { NEXTAUTH_SECRET: SECRET, PATCHBAY_URL: PLATFORM_URL });
}, 120_000);
afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

/** Somebody who signed in with a password, and speaks REST with the cookie of that session. */
async function person(name: string) {
  const tenant = await signUp(served, name);
  const hash = await served.control.platform.domainPorts.tenancy.people.hashPassword(PASSWORD);
  await owner.query('UPDATE app_user SET password_hash = $2 WHERE id = $1', [tenant.userId, hash]);
  const open = () => served.control.signIns.open({ userId: tenant.userId, name, address: '192.0.2.9' });
  const sessionId = await open();
  const cookie = await cookieOf(sessionId);
  return { ...tenant, sessionId, open, ask: askWith(cookie), send: sendWith(cookie) };
}

async function cookieOf(signInSessionId: string): Promise<string> {
  const env = { NEXTAUTH_SECRET: SECRET, PATCHBAY_URL: PLATFORM_URL };
  const set = await setSessionCookie({ signInSessionId, lifetimeMs: 60_000, env });
  return set.split(';')[0] ?? '';
}

const ownPage = { origin: PLATFORM_URL, host: new URL(PLATFORM_URL).host };

interface Sent {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const askWith = (cookie: string) => (method: string, path: string, body?: object) =>
  sendWith(cookie)(method, path, body === undefined ? {} : { body });

const sendWith =
  (cookie: string) =>
  (method: string, path: string, { body, headers = ownPage }: Sent) =>
    served.rest(method, `/v1/me${path}`, {
      ...(body === undefined ? {} : { body }),
      headers: { cookie, ...headers },
    });

const entriesOf = async ({ accountId }: Tenant, action: string) =>
  (
    await owner.query(
      'SELECT before, after, request_id FROM audit_entry WHERE account_id = $1 AND action = $2',
      [accountId, action],
    )
  ).rows;

const letAge = (sessionId: string) =>
  owner.query("UPDATE sign_in_session SET proved_at = now() - interval '11 minutes' WHERE id = $1", [
    sessionId,
  ]);

test('REST takes the cookie of a sign-in, and a change from a page of ours alone (API-1, C41)', async () => {
  const { ask, send, key, userId } = await person('cookie');
  expect((await ask('GET', '')).body).toMatchObject({ kind: 'user', userId });
  const foreign = [
    { host: ownPage.host },
    { ...ownPage, origin: 'https://evil.test' },
    { ...ownPage, origin: 'null' },
  ];
  for (const headers of foreign) {
    const refused = await send('PATCH', '', { body: { name: 'Forged' }, headers });
    expect(refused).toMatchObject({ status: 403, body: { code: 'auth.scope' } });
  }
  expect((await ask('GET', '')).body.name).toBe('cookie');
  // Whoever sends a key speaks for that, whatever the browser sends along.
  const both = await send('GET', '/sign-ins', { headers: { authorization: `Bearer ${key}` } });
  expect(both).toMatchObject({ status: 403, body: { code: 'auth.person_only' } });
  expect(await served.rest('GET', '/v1/me/sign-ins', {})).toMatchObject({ status: 401 });
  const forged = await send('GET', '/sign-ins', { headers: { cookie: 'next-auth.session-token=forged' } });
  expect(forged).toMatchObject({ status: 401 });
});

test('a session or a passkey of somebody else is unknown, and stays', async () => {
  const [alice, eve] = [await person('alice'), await person('eve')];
  const passkeyId = await addPasskey(alice);
  expect(await eve.ask('DELETE', `/sign-ins/${alice.sessionId}`)).toMatchObject({ status: 404 });
  expect(await eve.ask('PATCH', `/passkeys/${passkeyId}`, { name: 'Eve’s' })).toMatchObject({ status: 404 });
  expect(await eve.ask('DELETE', `/passkeys/${passkeyId}`)).toMatchObject({ status: 404 });
  expect((await alice.ask('GET', '/passkeys')).body.items).toMatchObject([{ id: passkeyId, name: 'Laptop' }]);
});

type Person = Awaited<ReturnType<typeof person>>;

const signing = { origin: PLATFORM_URL, rpId: 'localhost' };

async function addPasskey({ ask, userId }: Person): Promise<string> {
  const { challenge } = (await ask('POST', '/passkeys/options', {})).body;
  const response = softwarePasskey(userId).register({ challenge, ...signing });
  expect(await ask('POST', '/passkeys', { name: 'Laptop', response })).toMatchObject({ status: 200 });
  return (await ask('GET', '/passkeys')).body.items[0].id;
}

test('a passkey is made by two requests, once, by whoever asked, at the host that they asked (PRD-3)', async () => {
  const [maker, thief] = [await person('maker'), await person('thief')];
  const options = async () => (await maker.ask('POST', '/passkeys/options', {})).body.challenge as string;
  const passkey = softwarePasskey(maker.userId);
  const add = (who: Person, response: object) => who.ask('POST', '/passkeys', { name: 'Laptop', response });
  const refused = { status: 422, body: { code: 'sign-in.passkey_refused' } };
  const elsewhere = passkey.register({ challenge: await options(), ...signing, origin: 'https://evil.test' });
  expect(await add(maker, elsewhere)).toMatchObject(refused);
  const made = passkey.register({ challenge: await options(), ...signing });
  expect(await add(thief, made)).toMatchObject(refused);
  const added = await add(maker, made);
  expect(added).toMatchObject({ status: 200 });
  expect(await add(maker, made)).toMatchObject(refused);
  // A challenge that was answered wrongly is used up as well.
  const used = await options();
  expect(await add(maker, passkey.register({ challenge: used, ...signing, rpId: 'evil' }))).toMatchObject(
    refused,
  );
  const again = softwarePasskey(maker.userId).register({ challenge: used, ...signing });
  expect(await add(maker, again)).toMatchObject(refused);
  expect(await entriesOf(maker, 'passkey.add')).toMatchObject([
    { after: { passkeyName: 'Laptop' }, request_id: added.headers.get('x-request-id') },
  ]);
  const [{ id }] = (await maker.ask('GET', '/passkeys')).body.items;
  await maker.ask('PATCH', `/passkeys/${id}`, { name: 'Desk' });
  expect(await entriesOf(maker, 'passkey.rename')).toMatchObject([
    { before: { passkeyName: 'Laptop' }, after: { passkeyName: 'Desk' } },
  ]);
  expect(await maker.ask('DELETE', `/passkeys/${id}`)).toMatchObject({ status: 200 });
  expect((await maker.ask('GET', '/passkeys')).body).toEqual({ items: [], elsewhereCount: 0 });
});

test('a proof of long ago is shown anew, by a passkey or a password, before another password is set', async () => {
  const { ask, userId, sessionId, open } = await person('proof');
  const passkey = softwarePasskey(userId);
  const { challenge } = (await ask('POST', '/passkeys/options', {})).body;
  await ask('POST', '/passkeys', { name: 'Laptop', response: passkey.register({ challenge, ...signing }) });
  await letAge(sessionId);
  const set = { password: 'another horse battery' };
  expect(await ask('POST', '/password', set)).toMatchObject({ body: { code: 'sign-in.proof_stale' } });
  const asked = (await ask('POST', '/proof/challenge', {})).body.challenge;
  const response = passkey.answer({ challenge: asked, ...signing, counter: 1 });
  expect(await ask('POST', '/proof/passkey', { response })).toMatchObject({ body: { isFresh: true } });
  await letAge(sessionId);
  expect(await ask('POST', '/proof/password', { password: PASSWORD })).toMatchObject({ status: 200 });
  const otherId = await open();
  expect(await ask('POST', '/password', set)).toMatchObject({ status: 200 });
  expect(await served.control.signIns.check(otherId)).toBeUndefined();
  expect((await ask('GET', '/sign-ins')).body.items).toMatchObject([{ id: sessionId, isThis: true }]);
});

test('wrong passwords stay counted although their requests change nothing: after ten the right one is refused too', async () => {
  const { ask, sessionId } = await person('guessed');
  await letAge(sessionId);
  for (let tries = 0; tries < 10; tries++)
    expect(await ask('POST', '/proof/password', { password: 'wrong' })).toMatchObject({ status: 403 });
  const right = await ask('POST', '/proof/password', { password: PASSWORD });
  expect(right).toMatchObject({ status: 403, body: { code: 'sign-in.proof_refused' } });
  expect((await ask('GET', '/proof')).body).toEqual({ isFresh: false });
});

test('an authenticator is turned on once, whose recovery codes a repeat of the same request gets again (C40)', async () => {
  const someone = await person('factor');
  const { ask, send } = someone;
  const { secret } = (await ask('POST', '/second-factor', {})).body;
  const code = shownCode(secret);
  const sent = { body: { code }, headers: { ...ownPage, 'idempotency-key': 'once' } };
  const on = await send('POST', '/second-factor/confirmation', sent);
  expect(on.body.recoveryCodes).toHaveLength(10);
  const again = await send('POST', '/second-factor/confirmation', sent);
  expect([again.body, again.headers.get('idempotent-replayed')]).toEqual([on.body, 'true']);
  expect(await entriesOf(someone, 'second-factor.on')).toHaveLength(1);
  const off = { code: on.body.recoveryCodes[0] };
  expect(await ask('POST', '/second-factor/removal', { code: '000000' })).toMatchObject({ status: 422 });
  expect(await ask('POST', '/second-factor/removal', off)).toMatchObject({ status: 200 });
  expect((await ask('GET', '/second-factor')).body).toEqual({ isOn: false, mayAdd: true });
});

test('the other sessions end and this one holds; another name is in the log as it was and as it is (ACC-8)', async () => {
  const someone = await person('many');
  const { ask, open, userId } = someone;
  const others = [await open(), await open()];
  const ended = await ask('POST', '/sign-ins/ends', { scope: 'others' });
  expect(ended.body).toEqual({ endedCount: 2 });
  expect(await entriesOf(someone, 'sign-in.close')).toMatchObject([
    { after: { endedCount: 2 }, request_id: ended.headers.get('x-request-id') },
  ]);
  for (const id of others) expect(await served.control.signIns.check(id)).toBeUndefined();
  const renamed = await ask('PATCH', '', { name: 'Many Names' });
  expect((await ask('GET', '')).body).toMatchObject({ userId, name: 'Many Names' });
  expect(await entriesOf(someone, 'profile.rename')).toMatchObject([
    {
      before: { name: 'many' },
      after: { name: 'Many Names' },
      request_id: renamed.headers.get('x-request-id'),
    },
  ]);
  expect((await ask('POST', '/sign-ins/ends', { scope: 'everywhere' })).body).toEqual({ endedCount: 1 });
  expect(await ask('GET', '/sign-ins')).toMatchObject({ status: 401 });
});

test('whoever looks as a customer is shown nothing of their own, and changes nothing (PRD-3)', async () => {
  const { ask, accountId, key } = await person('looker');
  const child = await served.rest('POST', `/v1/accounts/${accountId}/accounts`, {
    key,
    body: { name: 'Child' },
  });
  const view = await ask('POST', `/../accounts/${child.body.id}/views`, { reason: 'Ticket', minutes: 5 });
  expect(view).toMatchObject({ status: 200 });
  const looking = askWith(await cookieOf(view.body.id));
  const refused = { status: 403, body: { code: 'auth.view_read_only' } };
  expect(await looking('GET', '/sign-ins')).toMatchObject(refused);
  expect(await looking('GET', '/passkeys')).toMatchObject(refused);
  expect(await looking('POST', '/sign-ins/ends', { scope: 'everywhere' })).toMatchObject(refused);
});
