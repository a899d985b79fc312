import {
  type NamedPerson,
  posted,
  type RealSamlProvider,
  realSamlProvider,
  responseXml,
  type SamlAnswer,
  signedXml,
} from '@patchbay/adapters/saml/real-provider.testing';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ADDRESS_HEADER } from './request-address.ts';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';
import { signInSessionOf } from './sign-in-session.ts';
import { finishSso, receiveSaml, samlMetadata, startSso } from './sso-routes.ts';

const ORIGIN = 'http://control.test';
const SECRET = 'a secret for the cookies of this test';
vi.stubEnv('NEXTAUTH_SECRET', SECRET);

interface Organisation extends Tenant {
  readonly organisationId: string;
  readonly idp: RealSamlProvider;
  readonly entityId: string;
  readonly names: { readonly entityId: string; readonly acsUrl: string };
}

let database: TestDatabase;
let served: Served;
let acme: Organisation;
let bolt: Organisation;
/** As a browser keeps them. */
let jar: Map<string, string>;

const ada: NamedPerson = { id: 'id-of-ada', email: 'ada@acme.example' };
const eve: NamedPerson = { id: 'id-of-eve', email: 'eve@acme.example' };

const ssoOf = ({ accountId }: Tenant) => `/v1/accounts/${accountId}/organisation/sso`;
/** Whose provider a test set otherwise: the next one begins as all do. */
const changed = new Set<Organisation>();
const setSaml = async (of: Organisation, more: object = {}, idp = of.idp) => {
  changed.add(of);
  const body = { metadata: idp.metadata, newcomerRole: 'viewer', ...more };
  const set = await served.rest('PUT', `${ssoOf(of)}/saml`, { key: of.key, body });
  expect(set).toMatchObject({ status: 200 });
};
const problemOf = async (of: Organisation) =>
  (await served.rest('GET', ssoOf(of), { key: of.key })).body.provider.problem?.code;

async function organisation(name: string): Promise<Organisation> {
  const tenant = await signUp(served, name);
  const own = `/v1/accounts/${tenant.accountId}`;
  const organisationId: string = (await served.rest('GET', `${own}/organisation`, { key: tenant.key })).body
    .id;
  const names = (await served.rest('GET', `${own}/organisation/sso`, { key: tenant.key })).body.saml;
  const { domains } = served.control.platform.domainPorts.sso;
  const added = await domains.add({ accountId: tenant.accountId, domain: `${name}.example`, countMax: 1 });
  if (typeof added === 'string') throw new Error(added);
  await domains.prove({ accountId: tenant.accountId, domainId: added.id });
  const entityId = `https://idp.${name}.example`;
  return { ...tenant, organisationId, names, entityId, idp: realSamlProvider({ entityId }) };
}

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl, { NEXTAUTH_SECRET: SECRET });
  [acme, bolt] = [await organisation('acme'), await organisation('bolt')];
  for (const each of [acme, bolt]) changed.add(each);
}, 120_000);
afterAll(async () => {
  await served?.close();
  await database?.drop();
});
beforeEach(async () => {
  jar = new Map();
  for (const each of changed) await setSaml(each);
  changed.clear();
});

let visits = 0;

async function visit(work: typeof startSso, request: Request, { organisationId } = acme): Promise<string> {
  // Each from an address of its own: how often one may try is tested elsewhere.
  visits += 1;
  request.headers.set(ADDRESS_HEADER, `192.0.2.${visits}`);
  const response = await work(served.control, request, organisationId);
  for (const set of response.headers.getSetCookie()) {
    const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=');
    jar.set(name, value);
  }
  expect(response.status).toBe(303);
  return response.headers.get('location') ?? '';
}

const cookies = () => ({ cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') });
const open = (path: string) => new Request(new URL(path, ORIGIN), { headers: cookies() });
const start = async (of = acme, query = '') =>
  new URL(await visit(startSso, open(`/sso/${of.organisationId}/start${query}`), of));
/** Posted by a page of another site: a browser sends no cookie of ours along, for they are Lax. */
const post = (form: Partial<SamlAnswer>, of = acme) =>
  visit(
    receiveSaml,
    new Request(of.names.acsUrl, { method: 'POST', body: new URLSearchParams({ ...form }) }),
    of,
  );
const finish = (path: string, of = acme) => visit(finishSso, open(path), of);

const signedIn = async () => {
  const session = await signInSessionOf(open('/'), ORIGIN);
  return session === undefined ? undefined : await served.control.signIns.check(session);
};

/** Away to the provider, and back. */
async function goThrough(person: NamedPerson, of = acme): Promise<string> {
  const answer = await of.idp.answer(await start(of), person, of.names);
  const location = await post(answer, of);
  return location.startsWith('/sign-in/') ? location : await finish(location, of);
}

const refused = (why: string) => `/sign-in/organisation?problem=${why}`;

/** What the provider of an organisation says without being asked, each time something else. */
const unasked = (of: Organisation, person: NamedPerson, more: object = {}): SamlAnswer => {
  const xml = responseXml({ names: of.names, issuer: of.entityId, requestId: undefined, person, ...more });
  return { SAMLResponse: posted(signedXml(xml, of.idp.signer)), RelayState: '' };
};

describe('somebody signs in by SAML (PRD-3)', () => {
  test('by a provider that we did not write: the page that posts signs nobody in, the browser that began does', async () => {
    const answer = await acme.idp.answer(await start(), ada, acme.names);
    const own = jar;
    jar = new Map();
    const location = await post(answer);
    expect(location).toMatch(new RegExp(`^/sso/${acme.organisationId}/callback\\?state=[\\w-]{43}$`));
    expect(jar.size).toBe(0);
    // Another browser has nothing of it, and the one that began still has.
    expect(await finish(location)).toBe(refused('expired'));
    jar = new Map([['patchbay-sso', 'y'.repeat(43)]]);
    expect(await finish(location)).toBe(refused('expired'));
    jar = own;
    expect(await finish(location)).toBe('/');
    expect(await signedIn()).toMatchObject({ email: 'ada@acme.example' });
    const signedInBefore = await signedIn();
    // The same subject is the same person, whatever the address is by now.
    await goThrough({ ...ada, email: 'other@acme.example' });
    expect(await signedIn()).toEqual(signedInBefore);
    expect(await finish(location)).toBe(refused('expired'));
  });

  test('whoever comes back without an answer, or after the provider was set otherwise, begins again', async () => {
    const away = await start();
    const callback = `/sso/${acme.organisationId}/callback?state=${away.searchParams.get('RelayState')}`;
    expect(await finish(callback)).toBe(refused('expired'));
    const location = await post(await acme.idp.answer(await start(), ada, acme.names));
    await setSaml(acme, { metadata: realSamlProvider({ entityId: acme.entityId }).metadata });
    expect(await finish(location)).toBe(refused('expired'));
    expect(await signedIn()).toBeUndefined();
  });

  test('a test brings nobody in, and lets whoever it was require the provider', async () => {
    await goThrough(eve);
    jar = new Map();
    await goThrough(ada);
    const before = jar.get('next-auth.session-token');
    const tested = await acme.idp.answer(await start(acme, '?test'), ada, acme.names);
    const page = `/accounts/${acme.accountId}/single-sign-on?test=`;
    expect(await finish(await post(tested))).toBe(`${page}ok`);
    const other = await acme.idp.answer(await start(acme, '?test'), eve, acme.names);
    expect(await finish(await post(other))).toBe(`${page}other_person`);
    expect(jar.get('next-auth.session-token')).toBe(before);
  });

  test('what is wrong is told to the owners by a code that says what to do, and forgotten once it works', async () => {
    const elsewhere = realSamlProvider({ entityId: acme.entityId });
    expect(await post(await elsewhere.answer(await start(), ada, acme.names))).toBe(refused('invalid'));
    expect(await problemOf(acme)).toBe('sso.saml_signature');
    await goThrough(ada);
    expect(await problemOf(acme)).toBeUndefined();
  });

  test('what is no form of an answer is read no further than it may be long', async () => {
    const { acsUrl } = acme.names;
    const large = new URLSearchParams({ SAMLResponse: 'a'.repeat(600_000) });
    for (const body of [large, '{}', new URLSearchParams({})])
      expect(await visit(receiveSaml, new Request(acsUrl, { method: 'POST', body }))).toBe(
        refused('invalid'),
      );
  });

  test('our document is of the host that it is asked at, and says nothing of whether there is such an organisation', async () => {
    const at = async (organisationId: string, of?: typeof served.control.hosts.of) => {
      const control = of === undefined ? served.control : { ...served.control, hosts: { of } };
      return await samlMetadata(control, open(`/sso/saml/${organisationId}/metadata`), organisationId);
    };
    const document = await (await at(acme.organisationId)).text();
    expect(document).toContain(`entityID="${acme.names.entityId}"`);
    expect(document).toContain(`Location="${acme.names.acsUrl}"`);
    const brand = async () =>
      ({ kind: 'brand', baseUrl: 'https://voice.test', within: acme.accountId }) as const;
    const atBrand = await (await at(acme.organisationId, brand)).text();
    expect(atBrand).toContain(`Location="https://voice.test/sso/saml/${acme.organisationId}/acs"`);
    expect(atBrand).not.toContain(ORIGIN);
    expect((await at('org_"><script>')).status).toBe(404);
  });
});

describe('key pairs of ours', () => {
  const keyPath = () => `${ssoOf(acme)}/saml-keys`;
  const rotate = async (body: object = {}) =>
    (await served.rest('POST', keyPath(), { key: acme.key, body })).body.saml.keys as {
      certificate: string;
    }[];
  const document = async () =>
    await (
      await samlMetadata(
        served.control,
        open(`/sso/saml/${acme.organisationId}/metadata`),
        acme.organisationId,
      )
    ).text();
  const certificatesFor = (text: string, use: string) =>
    [...text.matchAll(/use="(\w+)"[\s\S]*?<ds:X509Certificate>([^<]+)</g)]
      .filter(([, found]) => found === use)
      .map(([, , certificate]) => certificate);

  test('an encrypted answer signs somebody in, and requests are signed by the older key while there are two (PRD-3)', async () => {
    const [first] = await rotate();
    const idp = realSamlProvider({ entityId: acme.entityId, encrypts: true, wantsSigned: true });
    await setSaml(acme, { signsRequests: true }, idp);
    const told = await document();
    expect(told).toContain('AuthnRequestsSigned="true"');
    expect(certificatesFor(told, 'signing')).toEqual([first?.certificate]);
    const known = {
      signing: [first?.certificate ?? ''],
      encryption: [first?.certificate ?? ''],
      signsRequests: true,
    };
    const signIn = async (published: typeof known) => {
      const answer = await idp.answer(await start(), ada, { ...acme.names, published });
      return await finish(await post(answer));
    };
    expect(await signIn(known)).toBe('/');
    expect(await signedIn()).toMatchObject({ email: 'ada@acme.example' });
    const [second] = await rotate();
    const both = await document();
    expect(certificatesFor(both, 'signing')).toEqual([second?.certificate, first?.certificate]);
    expect(certificatesFor(both, 'encryption')).toEqual([second?.certificate]);
    // Who knows the older one alone, and who encrypts to the newer one by now.
    expect(await signIn(known)).toBe('/');
    expect(await signIn({ ...known, encryption: [second?.certificate ?? ''] })).toBe('/');
    await served.rest('DELETE', `${keyPath()}/replaced`, { key: acme.key });
    await expect(signIn(known)).rejects.toBeDefined();
    const knownNow = { ...known, signing: [second?.certificate ?? ''] };
    const toOld = await idp.answer(await start(), ada, { ...acme.names, published: knownNow });
    expect(await post(toOld)).toBe(refused('invalid'));
    expect(await problemOf(acme)).toBe('sso.saml_encrypted');
  });

  test('they are sealed under the master key, and the role of the application reads none of them', async () => {
    await rotate({ overlapSeconds: 0 });
    const { rows } = await served.control.pool.query<{ may: boolean }>(
      `SELECT has_column_privilege(current_user, 'saml_key', 'private_key', 'SELECT') AS may`,
    );
    expect(rows).toEqual([{ may: false }]);
  });
});

describe('an answer is used once', () => {
  test('one that comes again is refused, in its own attempt and in another one', async () => {
    const answer = await acme.idp.answer(await start(), ada, acme.names);
    await post(answer);
    expect(await post(answer)).toBe(refused('expired'));
    const RelayState = (await start()).searchParams.get('RelayState') ?? '';
    expect(await post({ ...answer, RelayState })).toBe(refused('invalid'));
    expect(await problemOf(acme)).toBe('sso.saml_unasked');
  });

  test('of many at once, in whichever process, one is taken', async () => {
    await setSaml(acme, { acceptsUnasked: true });
    const answer = unasked(acme, ada);
    const locations = await Promise.all(Array.from({ length: 5 }, () => post(answer)));
    expect(locations.filter((location) => location === refused('invalid'))).toHaveLength(4);
    expect(await problemOf(acme)).toBe('sso.saml_replayed');
  });
});

describe('somebody comes from the provider without having been sent there', () => {
  test('is refused, and the owners are told that they may allow it', async () => {
    expect(await post(unasked(acme, ada))).toBe(refused('invalid'));
    expect(await problemOf(acme)).toBe('sso.saml_unasked');
  });

  test('comes in where that is allowed, but never in the place of somebody who is in', async () => {
    await setSaml(acme, { acceptsUnasked: true });
    expect(await finish(await post(unasked(acme, ada)))).toBe('/');
    const before = await signedIn();
    expect(before).toMatchObject({ email: ada.email });
    expect(await finish(await post(unasked(acme, eve)))).toBe(refused('other_person'));
    expect(await signedIn()).toEqual(before);
    expect(await finish(await post(unasked(acme, ada)))).toBe('/');
  });
});

describe('tenants do not meet', () => {
  test('the answer of one organisation’s provider signs nobody in at another, whatever that one sets', async () => {
    const forBolt = async () => (await start(bolt)).searchParams.get('RelayState') ?? '';
    const atAcme = async () => await acme.idp.answer(await start(), ada, acme.names);
    expect(await post({ ...(await atAcme()), RelayState: await forBolt() }, bolt)).toBe(refused('invalid'));
    // They say that acme's provider is theirs: it makes its answers out to acme all the same.
    await setSaml(bolt, {}, acme.idp);
    expect(await post({ ...(await atAcme()), RelayState: await forBolt() }, bolt)).toBe(refused('invalid'));
    await setSaml(bolt, { acceptsUnasked: true }, acme.idp);
    expect(await post(unasked(acme, ada), bolt)).toBe(refused('invalid'));
    // An attempt of the one is none of the other.
    expect(await post(await atAcme(), bolt)).toBe(refused('expired'));
    expect(await finish(await post(await atAcme()), bolt)).toBe(refused('expired'));
    expect(await signedIn()).toBeUndefined();
  });

  test('a provider names people of its own domains alone, though it signs whatever it likes', async () => {
    await goThrough(ada);
    jar = new Map();
    for (const email of [ada.email, 'root@sub.bolt.example', 'root@other.example'])
      expect(await goThrough({ id: `evil ${email}`, email }, bolt)).toBe(refused('domain'));
    // The subject of another organisation is nobody here.
    expect(await goThrough({ id: ada.id, email: 'ada@bolt.example' }, bolt)).toBe('/');
    expect(await signedIn()).toMatchObject({ email: 'ada@bolt.example' });
  });
});
