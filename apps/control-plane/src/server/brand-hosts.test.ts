/** What is answered at the host of an account's brand, to whom, and in whose name (PRD-2). */
import { newestMails } from '@patchbay/adapters/mail/outbox';
import { openClient } from '@patchbay/adapters/prisma/client';
import { mintBranchCipher, readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { pngOf } from '@patchbay/domain/branding/logo-image.testing';
import { createRequestId } from '@patchbay/faces/trpc';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveScim } from './scim.ts';
import { serveLogo } from './serve-logo.ts';
import {
  enrolNode,
  makePlatform,
  masterKey,
  proveAddress,
  type Served,
  serve,
  signUp,
  type Tenant,
} from './served.testing.ts';
import { serveTrpc } from './trpc-endpoint.ts';

const START_MS_MAX = 60_000;
const PLATFORM = 'http://127.0.0.1:4000';
const HOST = 'voice.nw.test';
const RIVAL_HOST = 'rival.test';

let database: TestDatabase;
let served: Served;
let reseller: Tenant;
let rival: Tenant;
let customerId: string;
let customerKey: string;
let logoHash: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  const tokens: string[] = [];
  served = serve(
    database.applicationUrl,
    // Where only its owner reaches the platform, mails lie where they can be read.
    { PATCHBAY_URL: PLATFORM },
    {
      names: { textsAt: async () => tokens },
      resolve: async (name) => (name === 'turn.nw.test' ? ['192.0.2.1'] : []),
    },
  );
  reseller = await signUp(served, 'northwind');
  rival = await signUp(served, 'rival');
  const put = async (tenant: Tenant, [method, path]: readonly [string, string], body: object) => {
    const answer = await served.rest(method, `/v1/accounts/${tenant.accountId}${path}`, {
      key: tenant.key,
      body,
    });
    expect(answer, path).toMatchObject({ status: 200 });
    return answer.body;
  };
  const prove = async (tenant: Tenant, host: string) => {
    const { id, record } = await put(tenant, ['POST', '/brand-hosts'], { host });
    tokens.push(record.value);
    await put(tenant, ['POST', `/brand-hosts/${id}/checks`], {});
  };
  await prove(reseller, HOST);
  await prove(reseller, 'turn.nw.test');
  await prove(rival, RIVAL_HOST);
  await put(reseller, ['PUT', '/brand'], {
    name: 'Northwind Voice',
    mainHost: HOST,
    senderAddress: `post@${HOST}`,
    turnHost: 'turn.nw.test',
    isSignUpOpen: true,
  });
  const data = pngOf().toString('base64');
  logoHash = (await put(reseller, ['PUT', '/brand/logos/light'], { theme: 'light', data })).digest;
  await put(rival, ['PUT', '/brand'], { name: 'Rival' });
  customerId = (await put(reseller, ['POST', '/accounts'], { name: 'Customer' })).id;
  customerKey = (await put({ ...reseller, accountId: customerId }, ['POST', '/keys'], {})).secret;
}, START_MS_MAX);

afterAll(async () => {
  await served.close();
  await database.drop();
});

const at = (host: string) => ({ headers: { host } });
const mailsOf = async (address: string) => {
  const prisma = openClient(database.applicationUrl);
  const cipher = mintBranchCipher(readMasterKey(masterKey));
  const mails = await newestMails(prisma, { cipher, countMax: 20 });
  await prisma.$disconnect();
  return mails.filter(({ recipient }) => recipient === address);
};

test('a key of an account below works at its host; one of an account elsewhere, or above, is as good as none', async () => {
  const path = `/v1/accounts/${customerId}`;
  expect(await served.rest('GET', path, { key: customerKey, ...at(HOST) })).toMatchObject({ status: 200 });
  expect(await served.rest('GET', path, { key: reseller.key, ...at(HOST) })).toMatchObject({ status: 200 });
  for (const [key, host] of [
    [customerKey, RIVAL_HOST],
    [rival.key, HOST],
  ] as const)
    expect(await served.rest('GET', '/v1/me', { key, ...at(host) }), host).toMatchObject({
      status: 401,
      body: { code: 'auth.missing' },
    });
});

test('a problem at a host has its page there; at a host that is nobody’s it has none, and nothing is served', async () => {
  const refused = await served.rest('GET', '/v1/accounts/acc_none', { key: customerKey, ...at(HOST) });
  expect(refused.body.type).toBe(`http://${HOST}:4000/docs/errors/resource.unknown`);
  const unknown = await served.rest('GET', '/v1/me', { key: customerKey, ...at('evil.test') });
  expect(unknown).toMatchObject({
    status: 421,
    body: { code: 'request.unknown_host', type: '/docs/errors/request.unknown_host' },
  });
  expect(JSON.stringify(unknown.body)).not.toContain('evil');
  const trpc = await serveTrpc(
    served.control,
    new Request('http://control.test/api/trpc/me.get?input={}', at('evil.test')),
  );
  expect(trpc.status).toBe(421);
});

test('what nodes tell clients of codes leads to the host of the account’s brand', async () => {
  const node = await enrolNode(served, ['signaling']);
  const pagesOf = async (accountId: string) => {
    const answer = await served.internal(node.request('accountSnapshot', { accountId }));
    return (await answer.json()).pagesUrl;
  };
  expect(await pagesOf(customerId)).toBe(`http://${HOST}:4000/docs/errors/`);
  // A brand without a host does not show what stands above the one that has one.
  const asReseller = { key: reseller.key };
  const path = `/v1/accounts/${reseller.accountId}/accounts`;
  const { body: branded } = await served.rest('POST', path, { ...asReseller, body: { name: 'Branded' } });
  await served.rest('PUT', `/v1/accounts/${branded.id}/brand`, { ...asReseller, body: { name: 'Own' } });
  expect(await pagesOf(branded.id)).toBe(`http://${HOST}:4000/docs/errors/`);
  expect(await pagesOf((await signUp(served, 'brandless')).accountId)).toBe(`${PLATFORM}/docs/errors/`);
});

test('what a provider is told is of the host that it was asked at, and a token of SCIM opens what that host shows', async () => {
  const path = `/v1/accounts/${reseller.accountId}/organisation/sso`;
  const addresses = async (options: object) => {
    const { redirectUrl, signInUrl, saml, scim } = (
      await served.rest('GET', path, { key: reseller.key, ...options })
    ).body;
    return [redirectUrl, signInUrl, saml.entityId, saml.acsUrl, saml.metadataUrl, scim.baseUrl].map(
      (url) => new URL(url).origin,
    );
  };
  expect(new Set(await addresses(at(HOST)))).toEqual(new Set([`http://${HOST}:4000`]));
  expect(new Set(await addresses({}))).toEqual(new Set([PLATFORM]));
  const { secret, baseUrl } = (
    await served.rest('POST', `${path}/scim-token`, { key: reseller.key, body: {}, ...at(HOST) })
  ).body;
  expect(baseUrl).toBe(`http://${HOST}:4000/scim/v2`);
  const types = async (host?: string) => {
    const headers = { authorization: `Bearer ${secret}`, ...(host === undefined ? {} : { host }) };
    const response = await serveScim(
      served.control,
      new Request('http://control.test/scim/v2/ResourceTypes', { headers }),
    );
    return { status: response.status, text: await response.text() };
  };
  const there = await types(HOST);
  expect(there).toMatchObject({ status: 200, text: expect.stringContaining(`http://${HOST}:4000/scim/v2/`) });
  expect(there.text).not.toContain(PLATFORM);
  expect(await types()).toMatchObject({ status: 200, text: expect.stringContaining(`${PLATFORM}/scim/v2/`) });
  expect((await types(RIVAL_HOST)).status).toBe(401);
  expect((await types('evil.test')).status).toBe(421);
});

test('the OpenAPI document of a host has its name and its address, and the platform’s stays the platform’s', () => {
  const own = served.control.openApi({ title: 'Northwind Voice', baseUrl: `http://${HOST}:4000` });
  expect([own.info.title, own.servers]).toEqual(['Northwind Voice', [{ url: `http://${HOST}:4000` }]]);
  const platform = served.control.openApi({ title: 'Patchbay', baseUrl: PLATFORM });
  expect(platform.info.title).toBe('Patchbay');
});

test('somebody signed in at one host reaches what is below its account, and nothing else that is theirs', async () => {
  const signInSessionId = await served.control.signIns.open({
    userId: rival.userId,
    name: 'rival',
    address: '192.0.2.9',
  });
  const callerAt = (within: string | undefined) =>
    served.control.router.createCaller({
      evidence: { kind: 'signIn', signInSessionId, within },
      requestId: createRequestId(),
      signal: new AbortController().signal,
      responseHeaders: new Headers(),
    });
  const own = { accountId: rival.accountId };
  expect((await callerAt(undefined).accounts.get(own)).id).toBe(rival.accountId);
  expect((await callerAt(rival.accountId).me.get({})).accounts).toHaveLength(1);
  const elsewhere = callerAt(reseller.accountId);
  expect(await elsewhere.me.get({})).toMatchObject({ accounts: [], organisations: [] });
  await expect(elsewhere.accounts.get(own)).rejects.toThrow();
  await expect(elsewhere.accounts.create({ ...own, name: 'Not here' })).rejects.toThrow();
});

test('who signs up at a host is below its account, hears from it, and follows links there', async () => {
  const person = {
    email: 'new@below.test',
    password: 'correct horse',
    name: 'New',
    organisationName: 'Shop',
  };
  const offer = await served.rest('GET', '/v1/sign-up', at(HOST));
  expect(offer.body).toEqual({ currencies: ['EUR'] });
  const { body } = await served.rest('POST', '/v1/sign-up', { body: person, ...at(HOST) });
  const { body: account } = await served.rest('GET', `/v1/accounts/${body.accountId}`, { key: reseller.key });
  expect(account).toMatchObject({ name: 'Shop', parentId: reseller.accountId });
  const [mail] = await mailsOf(person.email);
  expect(mail?.sender).toEqual({ name: 'Northwind Voice', address: `post@${HOST}` });
  expect(mail?.text).toContain(`http://${HOST}:4000/verify/`);
  expect(mail?.text).not.toMatch(/patchbay|127\.0\.0\.1/i);
});

test('where a brand takes no sign-ups nobody gets an account, and none beside it', async () => {
  const person = { email: 'no@below.test', password: 'correct horse', name: 'No', organisationName: 'None' };
  expect(await served.rest('POST', '/v1/sign-up', { body: person, ...at(RIVAL_HOST) })).toMatchObject({
    status: 403,
    body: { code: 'policy.refused' },
  });
  expect(await mailsOf(person.email)).toEqual([]);
});

test('a lost password is set again where its owner belongs, whichever host was asked (C13)', async () => {
  const email = 'rival@example.test';
  await proveAddress(served, { userId: rival.userId, email });
  await served.control.emailLinks.requestReset(email);
  const [mail] = await mailsOf(email);
  // Nothing is above a top account but the platform: so says its mail, and no host of a stranger's is in it.
  expect(mail?.text).toContain(`${PLATFORM}/reset/`);
  expect(mail?.sender).toBeUndefined();
});

test('relays have the name of the brand for those below it alone, and the addresses at its host are its own', async () => {
  const node = await enrolNode(served);
  const urls = { turn: ['turn:192.0.2.1:3478?transport=udp'] };
  await served.internal(node.request('heartbeat', { boot: 1, urls, load: {}, isDraining: false }));
  const ice = async (tenant: { accountId: string; key: string }) => {
    const path = `/v1/accounts/${tenant.accountId}/services/network-discovery/ice-servers`;
    return (await served.rest('POST', path, { key: tenant.key, body: {} })).body.iceServers[0].urls;
  };
  expect(await ice({ accountId: customerId, key: customerKey })).toEqual([
    'turn:turn.nw.test:3478?transport=udp',
  ]);
  expect(await ice(rival)).toEqual(urls.turn);
  const { body } = await served.rest('GET', '/v1/addresses?role=api', at(HOST));
  expect(body.items).toMatchObject([{ host: HOST }]);
});

test('C51: a logo is served as the picture that it is, from where nothing runs, to stay; what is no hash is nothing', async () => {
  const logo = await serveLogo(served.control, logoHash);
  expect(logo.status).toBe(200);
  expect(Object.fromEntries(logo.headers)).toMatchObject({
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'public, max-age=31536000, immutable',
  });
  for (const hash of ['0'.repeat(64), '../../etc/passwd', `${logoHash}'`])
    expect((await serveLogo(served.control, hash)).status).toBe(404);
});
