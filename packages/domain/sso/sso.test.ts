import { X509Certificate } from 'node:crypto';
import { samlKeyStore } from '@patchbay/adapters/prisma/saml-keys';
import { scimStore, scimTokenStore } from '@patchbay/adapters/prisma/scim-store';
import { ISSUER, type SsoHarness, ssoHarness } from '@patchbay/adapters/prisma/sso.testing';
import { readCertificates } from '@patchbay/adapters/saml/certificates';
import { readMetadata } from '@patchbay/adapters/saml/metadata';
import { makeSamlKey } from '@patchbay/adapters/saml/own-key';
import { realSamlProvider, SIGN_IN_URL } from '@patchbay/adapters/saml/real-provider.testing';
import { selfSigned } from '@patchbay/adapters/saml/self-signed.testing';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  createTenancyHarness,
  type Owner,
  refusal,
  type TenancyHarness,
} from '../tenancy/tenancy.testing.ts';
import { DOMAIN_COUNT_MAX, sso } from './definition.ts';
import { handlers } from './handlers.ts';
import type { NewSamlKey, SamlIdentity, SamlUnread, SsoPorts } from './ports.ts';
import { ProviderError } from './provider-error.ts';

type Resources = typeof sso.resources;
interface Declared {
  readonly request: { parse(value: unknown): unknown };
  readonly response: { parse(value: unknown): unknown };
}
type Handler = (context: unknown, request: unknown, ports: SsoPorts) => Promise<unknown>;
type Answer<
  R extends keyof Resources,
  K extends keyof Resources[R]['operations'],
> = Resources[R]['operations'][K] extends { readonly response: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : never;

let tenancy: TenancyHarness;
let harness: SsoHarness;
let ports: SsoPorts;
let owner: Owner;
let childId: string;
/** What stands at whichever address metadata are fetched from. */
let fetched: SamlIdentity | SamlUnread = { refused: 'There it answers 404.' };
const httpsAlone = (url: string) => (url.startsWith('https:') ? undefined : 'only https is spoken');
/** By the name that they stand at. */
const records = new Map<string, readonly string[]>();
let domainCount = 0;
let domain: string;

let keyCount = 0;
let ownKeys: readonly NewSamlKey[] = [];

beforeAll(async () => {
  ownKeys = await Promise.all([makeSamlKey(Date.now()), makeSamlKey(Date.now())]);
  tenancy = await createTenancyHarness();
  const { database } = tenancy;
  harness = ssoHarness(database);
  ports = {
    providers: harness.providers,
    domains: harness.domains,
    // To make one takes a moment: two are enough to tell one from the next.
    samlKeys: {
      ...samlKeyStore(database.prisma, database.cipher),
      make: async () => ownKeys[keyCount++ % ownKeys.length] ?? (await makeSamlKey(Date.now())),
    },
    scimTokens: scimTokenStore(database.prisma),
    records: { find: async (name) => records.get(name) ?? [] },
    addresses: { refusalOf: httpsAlone, browserRefusalOf: httpsAlone },
    saml: { readMetadata, readCertificates, fetchMetadata: async () => fetched },
    discovery: harness.sso,
    urlOf: (path, baseUrl = 'https://patchbay.test') => `${baseUrl}${path}`,
    tenancy: database.ports,
  };
}, 120_000);
afterAll(() => tenancy.database.close());
beforeEach(async () => {
  owner = await tenancy.signUp('Acme');
  childId = await tenancy.database.addChild(owner.accountId, 'Child');
  domainCount += 1;
  domain = `acme${domainCount}.example`;
  harness.says({});
});

async function call<R extends keyof Resources & string, K extends keyof Resources[R]['operations'] & string>(
  [resource, operation]: readonly [R, K],
  request: Readonly<Record<string, unknown>> = {},
  { as = owner.asOwner, at = owner.accountId }: { readonly as?: Actor; readonly at?: string } = {},
) {
  const chain = await tenancy.database.chainOf(at);
  const { context, audited } = domainContext(sso, { actor: as, chain, nowMs: Date.now() });
  const declared = (sso.resources[resource].operations as Readonly<Record<string, Declared>>)[operation];
  const handler = (handlers[resource] as unknown as Readonly<Record<string, Handler>>)[operation];
  if (declared === undefined || handler === undefined) throw new Error(`There is no ${operation}.`);
  const answer = await handler(context, declared.request.parse(request), ports);
  return { answer: declared.response.parse(answer) as Answer<R, K>, audited };
}

const settings = { issuer: ISSUER, clientId: 'patchbay', clientSecret: 'a secret of theirs' };
const set = (more: object = {}, options: Parameters<typeof call>[2] = {}) =>
  call(['sso', 'set'], { ...settings, newcomerRole: 'viewer', ...more }, options);

/** Somebody who took a role at an account. */
async function personAt(
  accountId: string,
  role: 'admin' | 'viewer' | 'owner',
): Promise<Actor & { userId: string }> {
  const { userId } = await tenancy.database.signUp('Elsewhere');
  await tenancy.database.prisma.$transaction(async (transaction) => {
    await transaction.$queryRaw`SELECT set_config('patchbay.account_id', ${accountId}, true)`;
    await transaction.roleGrant.create({ data: { userId, accountId, role } });
  });
  return { kind: 'user', userId };
}

const forbidden = refusal(403, 'auth.scope');

type Operation = {
  [R in keyof Resources & string]: readonly [R, keyof Resources[R]['operations'] & string];
}[keyof Resources & string];

/** Who administers and owns nothing, and who owns an account below alone. */
async function expectForOwnersAlone(operation: Operation, request: Readonly<Record<string, unknown>> = {}) {
  const admin = await personAt(owner.accountId, 'admin');
  await expect(call(operation as never, request, { as: admin })).rejects.toMatchObject(forbidden);
  const below = await personAt(childId, 'owner');
  await expect(call(operation as never, request, { as: below, at: childId })).rejects.toMatchObject(
    refusal(404, 'resource.unknown'),
  );
}

const expectForAdmins = async (operation: Operation) => {
  const viewer = await personAt(owner.accountId, 'viewer');
  await expect(call(operation as never, {}, { as: viewer })).rejects.toMatchObject(forbidden);
};

describe('the provider of an organisation (PRD-3)', () => {
  test('sso.get 200: before there is one, it says what the provider has to know; the secret is never shown', async () => {
    const { answer } = await call(['sso', 'get']);
    expect(answer.redirectUrl).toMatch(/^https:\/\/patchbay\.test\/sso\/org_\w+\/callback$/);
    expect(answer.provider).toBeUndefined();
    await set();
    const shown = (await call(['sso', 'get'], {}, { at: childId })).answer;
    expect(shown).toMatchObject({
      accountId: owner.accountId,
      provider: { issuer: ISSUER, clientId: 'patchbay', newcomerRole: 'viewer', isRequired: false },
    });
    expect(JSON.stringify(shown)).not.toContain('a secret of theirs');
  });

  test('sso.get 403: whoever only looks does not read it', () => expectForAdmins(['sso', 'get']));

  test('sso.set 200: the secret is kept sealed and stays when it is left out; what is set is on record without it', async () => {
    const { audited } = await set({ groupRoles: [{ group: 'ops', role: 'admin' }] });
    expect(audited).toMatchObject([
      { accountId: owner.accountId, after: { issuer: ISSUER, clientSecret: 'set' } },
    ]);
    expect(JSON.stringify(audited)).not.toContain('a secret of theirs');
    const { clientSecret: _clientSecret, ...same } = settings;
    const again = await call(['sso', 'set'], same);
    expect(again.answer.provider).toMatchObject({ groupRoles: [], groupsClaim: 'groups' });
    expect(again.answer.provider?.newcomerRole).toBeUndefined();
    expect(again.audited[0]?.after).not.toHaveProperty('clientSecret');
  });

  test('sso.set 403: only owners set it, and a key gives no role that may do more than it', async () => {
    await expectForOwnersAlone(['sso', 'set'], settings);
    const { actor } = await owner.createKey(['sso:*']);
    await set({ newcomerRole: undefined }, { as: actor });
    for (const more of [{ newcomerRole: 'admin' }, { groupRoles: [{ group: 'ops', role: 'developer' }] }])
      await expect(set({ newcomerRole: undefined, ...more }, { as: actor })).rejects.toMatchObject(forbidden);
  });

  test('sso.set refuses owners by the provider, and a role that nobody defined', async () => {
    const { request } = sso.resources.sso.operations.set;
    for (const more of [{ newcomerRole: 'owner' }, { groupRoles: [{ group: 'ops', role: 'owner' }] }])
      expect(request.safeParse({ ...settings, ...more }).success).toBe(false);
    await expect(set({ newcomerRole: createId('rol') })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
    const role = await owner.call('roles', 'create', { request: { name: 'Desk', scopes: ['accounts:get'] } });
    expect((await set({ newcomerRole: role.answer.id })).answer.provider?.newcomerRole).toBe(role.answer.id);
  });

  test('sso.set 422: a new provider without a secret, another client of it too, and an issuer that nothing is sent to', async () => {
    const missing = refusal(422, 'sso.secret_missing');
    await expect(set({ clientSecret: undefined })).rejects.toMatchObject(missing);
    await set();
    for (const more of [{ clientId: 'another' }, { issuer: 'https://another.example' }])
      await expect(set({ clientSecret: undefined, ...more })).rejects.toMatchObject(missing);
    await expect(set({ issuer: 'http://provider.example' })).rejects.toMatchObject(
      refusal(422, 'sso.issuer_refused'),
    );
    for (const issuer of ['https://a.example/?x', 'https://a.example/#x', 'ftp://a.example', 'nonsense'])
      expect(sso.resources.sso.operations.set.request.safeParse({ ...settings, issuer }).success).toBe(false);
  });

  const idp = realSamlProvider();
  const byHand = {
    entityId: 'urn:acme:idp',
    signInUrl: SIGN_IN_URL,
    certificates: [idp.signer.certificate],
  };
  const setSaml = (more: object, options: Parameters<typeof call>[2] = {}) =>
    call(['sso', 'setSaml'], { newcomerRole: 'viewer', ...more }, options);

  test('sso.setSaml 200: by metadata, by its address, or by hand; it takes the place of one before, and is on record', async () => {
    await set();
    const { answer, audited } = await setSaml({
      metadata: idp.metadata,
      groupRoles: [{ group: 'ops', role: 'admin' }],
    });
    expect(answer.saml).toEqual({
      entityId: answer.saml.metadataUrl,
      acsUrl: expect.stringMatching(/^https:\/\/patchbay\.test\/sso\/saml\/org_\w+\/acs$/),
      metadataUrl: expect.stringMatching(/^https:\/\/patchbay\.test\/sso\/saml\/org_\w+\/metadata$/),
      keys: [],
    });
    const [certificate] = [{ certificate: idp.signer.certificate, isEnding: false }];
    expect(answer.provider).toMatchObject({
      kind: 'saml',
      signInUrl: SIGN_IN_URL,
      certificates: [certificate],
      acceptsUnasked: false,
      attributes: {},
      groupRoles: [{ group: 'ops', role: 'admin' }],
    });
    expect(answer.provider).not.toHaveProperty('clientId');
    expect(audited).toMatchObject([
      {
        before: { kind: 'oidc', issuer: ISSUER },
        after: { kind: 'saml', certificates: [expect.stringMatching(/^[0-9a-f]{64}$/)] },
      },
    ]);
    fetched = readMetadata(idp.metadata);
    const metadataUrl = 'https://idp.example/metadata';
    expect(
      (await setSaml({ metadataUrl, attributes: { email: 'contact' }, acceptsUnasked: true })).answer
        .provider,
    ).toMatchObject({
      metadataUrl,
      attributes: { email: 'contact' },
      acceptsUnasked: true,
      groupRoles: [],
    });
    const soon = selfSigned({ endsMs: Date.now() + 20 * 24 * 3_600_000 }).certificate;
    const hand = await setSaml({ ...byHand, certificates: [...byHand.certificates, soon] });
    expect(hand.answer.provider).toMatchObject({
      issuer: 'urn:acme:idp',
      certificates: [{ isEnding: false }, { isEnding: true }],
    });
    expect((await set()).answer.provider).toMatchObject({ kind: 'oidc', clientId: 'patchbay' });
  });

  test('sso.setSaml 422: requests are signed once there is a key for that, and whoever turns it on tries it anew', async () => {
    const asking = { metadata: idp.metadata, signsRequests: true };
    await expect(setSaml(asking)).rejects.toMatchObject(refusal(422, 'sso.saml_key_missing'));
    const before = (await setSaml({ metadata: idp.metadata })).answer.provider?.changedAt ?? '';
    await call(['sso', 'rotateSamlKey']);
    const { answer } = await setSaml(asking);
    expect(answer.provider).toMatchObject({ signsRequests: true });
    expect(Date.parse(answer.provider?.changedAt ?? '')).toBeGreaterThan(Date.parse(before));
    expect((await setSaml(asking)).answer.provider?.changedAt).toBe(answer.provider?.changedAt);
  });

  test('sso.rotateSamlKey 200: the key before goes on for a while, the log has no private one, and it goes with the provider', async () => {
    const first = await call(['sso', 'rotateSamlKey']);
    const [one] = first.answer.saml.keys;
    expect(one).not.toHaveProperty('endsAt');
    expect(new X509Certificate(Buffer.from(one?.certificate ?? '', 'base64')).subject).toBe(
      'CN=Service provider',
    );
    const next = await call(['sso', 'rotateSamlKey'], { overlapSeconds: 60 });
    expect(next.answer.saml.keys).toEqual([
      expect.not.objectContaining({ fingerprint: one?.fingerprint }),
      { ...one, endsAt: expect.any(String) },
    ]);
    expect(next.audited).toMatchObject([
      { before: { fingerprint: one?.fingerprint }, after: { replacedEndsAt: expect.any(String) } },
    ]);
    const said = JSON.stringify([first, next]);
    for (const secret of ['privateKey', 'private_key', 'PRIVATE']) expect(said).not.toContain(secret);
    await setSaml({ metadata: idp.metadata });
    await call(['sso', 'remove']);
    expect((await call(['sso', 'get'])).answer.saml.keys).toEqual([]);
  });

  test('sso.rotateSamlKey 409: of two in use one has to end first; without an overlap it ends at once', async () => {
    await call(['sso', 'rotateSamlKey']);
    await call(['sso', 'rotateSamlKey'], { overlapSeconds: 0 });
    expect((await call(['sso', 'get'])).answer.saml.keys).toHaveLength(1);
    await call(['sso', 'rotateSamlKey']);
    await expect(call(['sso', 'rotateSamlKey'])).rejects.toMatchObject(refusal(409, 'sso.saml_key_replaced'));
    expect((await call(['sso', 'get'])).answer.saml.keys).toHaveLength(2);
  });

  test('sso.rotateSamlKey 403: it is for owners alone', () => expectForOwnersAlone(['sso', 'rotateSamlKey']));

  test('sso.endReplacedSamlKey 403: it is for owners alone', () =>
    expectForOwnersAlone(['sso', 'endReplacedSamlKey']));

  test('sso.endReplacedSamlKey 200: the newer one alone is left', async () => {
    const one = (await call(['sso', 'rotateSamlKey'])).answer.saml.keys[0];
    await expect(call(['sso', 'endReplacedSamlKey'])).rejects.toMatchObject(refusal(404, 'resource.unknown'));
    const [two] = (await call(['sso', 'rotateSamlKey'])).answer.saml.keys;
    const { answer, audited } = await call(['sso', 'endReplacedSamlKey']);
    expect(answer.saml.keys).toEqual([two]);
    expect(audited).toMatchObject([{ before: { fingerprint: one?.fingerprint } }]);
  });

  test('sso.setSaml 403: only owners set it, and a key gives no role that may do more than it', async () => {
    await expectForOwnersAlone(['sso', 'setSaml'], byHand);
    const { actor } = await owner.createKey(['sso:*']);
    await expect(setSaml({ ...byHand, newcomerRole: 'admin' }, { as: actor })).rejects.toMatchObject(
      forbidden,
    );
  });

  test('sso.setSaml 422: what says nothing of a provider, says it twice or by halves, and addresses that are not https', async () => {
    fetched = { refused: 'There it answers 404.' };
    const metadataUrl = 'https://idp.example/metadata';
    const unread = refusal(422, 'sso.metadata_refused');
    const { signInUrl: _signInUrl, ...half } = byHand;
    for (const given of [
      {},
      { metadata: '<a/>' },
      { metadata: idp.metadata, metadataUrl },
      { metadata: idp.metadata, ...byHand },
      { metadataUrl },
      half,
      { ...byHand, certificates: ['AAAA'] },
    ])
      await expect(setSaml(given)).rejects.toMatchObject(unread);
    for (const given of [
      { metadataUrl: 'http://idp.example' },
      { ...byHand, signInUrl: 'http://idp.example' },
    ])
      await expect(setSaml(given)).rejects.toMatchObject(refusal(422, 'sso.issuer_refused'));
    for (const signInUrl of ['javascript:alert(1)', 'nonsense'])
      expect(sso.resources.sso.operations.setSaml.request.safeParse({ ...byHand, signInUrl }).success).toBe(
        false,
      );
  });

  test('another key or sign-in address has to be tried again; another entity id is another provider', async () => {
    const changedAt = async (more: object) =>
      (await setSaml({ ...byHand, ...more })).answer.provider?.changedAt;
    const first = await changedAt({});
    expect(await changedAt({ newcomerRole: 'developer' })).toBe(first);
    expect(await changedAt({ certificates: [selfSigned().certificate] })).not.toBe(first);
    const again = await changedAt({});
    expect(await changedAt({ signInUrl: 'https://idp.example/other' })).not.toBe(again);
  });

  /** Signs the owner in by the provider once. */
  async function tried(): Promise<void> {
    await set();
    await harness.setUp(owner.accountId, domain, { isNew: false });
    const email = `owner@${domain}`;
    await tenancy.database.proveAddress({ userId: owner.userId, email });
    const said = { subject: `owner of ${domain}`, email };
    const outcome = await harness.signIn(owner.accountId, said, { testedBy: owner.userId });
    expect(outcome.outcome).toBe('tested');
  }

  test('sso.update 200: whoever tried it requires it, names owners for emergencies, and takes it back', async () => {
    await tried();
    const emergencyUserIds = [owner.userId];
    const on = await call(['sso', 'update'], { isRequired: true, emergencyUserIds });
    expect(on.answer.provider).toMatchObject({ isRequired: true, emergencyUserIds });
    expect(on.audited).toMatchObject([{ before: { isRequired: false }, after: { isRequired: true } }]);
    // Of what was left out, nothing changes.
    const off = await call(['sso', 'update'], { isRequired: false });
    expect(off.answer.provider).toMatchObject({ isRequired: false, emergencyUserIds });
  });

  test('sso.update 403: it is for owners alone', async () => {
    await set();
    await expectForOwnersAlone(['sso', 'update'], { isRequired: false });
  });

  test('sso.update 409: nobody requires what they have not signed in by as it is set now, and no key does', async () => {
    const untried = refusal(409, 'sso.not_tried');
    const require = (as?: Actor) =>
      call(['sso', 'update'], { isRequired: true }, as === undefined ? {} : { as });
    await set();
    await expect(require()).rejects.toMatchObject(untried);
    await tried();
    await expect(require((await owner.createKey(['*'])).actor)).rejects.toMatchObject(untried);
    await expect(require(await personAt(owner.accountId, 'owner'))).rejects.toMatchObject(untried);
    await set({ clientSecret: 'another secret' });
    await expect(require()).rejects.toMatchObject(untried);
  });

  test('sso.update 422: emergency access is for owners of the top account', async () => {
    await set();
    const [admin, below] = [await personAt(owner.accountId, 'admin'), await personAt(childId, 'owner')];
    for (const { userId } of [admin, below, { userId: createId('usr') }])
      await expect(call(['sso', 'update'], { emergencyUserIds: [userId] })).rejects.toMatchObject(
        refusal(422, 'sso.not_an_owner'),
      );
  });

  test('sso.remove 200: it is gone, and the domains stay', async () => {
    await tried();
    const { answer, audited } = await call(['sso', 'remove']);
    expect(answer).toEqual({ accountId: owner.accountId, endedSessionCount: 0 });
    expect(audited).toMatchObject([{ before: { issuer: ISSUER } }]);
    expect((await call(['sso', 'get'])).answer.provider).toBeUndefined();
    expect((await call(['ssoDomains', 'list'])).answer.items).toMatchObject([{ domain }]);
    await expect(call(['sso', 'remove'])).rejects.toMatchObject(refusal(404, 'resource.unknown'));
    await expect(call(['sso', 'update'], {})).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('sso.remove 403: it is for owners alone', () => expectForOwnersAlone(['sso', 'remove']));

  test('sso.rotateScimToken 200: it is shown once, and the one before it ends; the log has neither', async () => {
    const { scim } = (await call(['sso', 'get'])).answer;
    expect(scim).toEqual({ baseUrl: 'https://patchbay.test/scim/v2' });
    const first = await call(['sso', 'rotateScimToken']);
    const { secret } = first.answer;
    expect(secret).toMatch(/^pb_scim_[\w-]{43}$/);
    expect(JSON.stringify(first.audited)).not.toContain(secret);
    const { accountOf } = scimStore(tenancy.database.prisma);
    expect(await accountOf(secret)).toBe(owner.accountId);
    const next = (await call(['sso', 'rotateScimToken'])).answer.secret;
    expect([await accountOf(secret), await accountOf(next)]).toEqual([undefined, owner.accountId]);
    const shown = (await call(['sso', 'get'])).answer.scim.inUse;
    expect(shown).toEqual({ createdAt: expect.any(String), lastUsedAt: expect.any(String) });
  });

  test('sso.rotateScimToken 403: it is for owners alone, and a key makes none that gives or takes more than it may (ACC-3)', async () => {
    await expectForOwnersAlone(['sso', 'rotateScimToken']);
    const make = async (scopes: readonly string[]) =>
      call(['sso', 'rotateScimToken'], {}, { as: (await owner.createKey([...scopes])).actor });
    // What it takes away: an admin, whoever made them one.
    await expect(make(['sso:*'])).rejects.toMatchObject(forbidden);
    await set({ groupRoles: [{ group: 'ops', role: 'admin' }] });
    await expect(make(['sso:*'])).rejects.toMatchObject(forbidden);
    expect((await make(['*'])).answer.secret).toBeDefined();
  });

  test('sso.removeScimToken 200: it opens nothing any more', async () => {
    const { secret } = (await call(['sso', 'rotateScimToken'])).answer;
    await call(['sso', 'removeScimToken']);
    expect(await scimStore(tenancy.database.prisma).accountOf(secret)).toBeUndefined();
    await expect(call(['sso', 'removeScimToken'])).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('sso.removeScimToken 403: it is for owners alone', () =>
    expectForOwnersAlone(['sso', 'removeScimToken']));

  test('sso.test 200: it says what the provider offers, or what is wrong with it', async () => {
    await set();
    expect((await call(['sso', 'test'])).answer).toMatchObject({
      isUsable: true,
      tokenEndpoint: `${ISSUER}/token`,
    });
    harness.says(new ProviderError('unavailable', 'Nothing came of asking it: timeout'));
    const { answer, audited } = await call(['sso', 'test']);
    expect(answer).toEqual({ isUsable: false, problem: 'Nothing came of asking it: timeout' });
    expect(audited).toMatchObject([{ after: { isUsable: false } }]);
  });

  test('sso.test 403: it is for owners alone', () => expectForOwnersAlone(['sso', 'test']));
});

describe('the domains of an organisation', () => {
  const add = (name = domain) => call(['ssoDomains', 'add'], { domain: name });

  test('ssoDomains.list 200: each with the record that proves it', async () => {
    const { answer } = await add(domain.toUpperCase());
    expect(answer).toMatchObject({
      domain,
      record: {
        name: `_patchbay-challenge.${domain}`,
        value: expect.stringMatching(/^patchbay-domain=\w{40}$/),
      },
    });
    expect((await call(['ssoDomains', 'list'], {}, { at: childId })).answer.items).toEqual([answer]);
  });

  test('ssoDomains.list 403: whoever only looks does not read it', () =>
    expectForAdmins(['ssoDomains', 'list']));

  test('ssoDomains.add 200: the same one twice is one, with one record', async () => {
    expect((await add()).answer).toEqual((await add()).answer);
  });

  test('ssoDomains.add 403: it is for owners alone', () =>
    expectForOwnersAlone(['ssoDomains', 'add'], { domain }));

  test('ssoDomains.add 409: one that another organisation proved, and one more than may be', async () => {
    await prove((await add()).answer);
    const first = owner;
    owner = await tenancy.signUp('Another');
    await expect(add()).rejects.toMatchObject(refusal(409, 'sso.domain_taken'));
    const { accountId } = owner;
    const data = Array.from({ length: DOMAIN_COUNT_MAX }, (_, count) => ({
      ...{ id: createId('dom'), accountId, challenge: 'c' },
      domain: `d${count}.${domain}`,
    }));
    await tenancy.database.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT set_config('patchbay.account_id', ${accountId}, true)`;
      await transaction.ssoDomain.createMany({ data });
    });
    await expect(add(`more.${domain}`)).rejects.toMatchObject(refusal(409, 'sso.too_many_domains'));
    owner = first;
  });

  const prove = async ({ id, record }: { id: string; record: { name: string; value: string } }) => {
    records.set(record.name, ['v=spf1 -all', record.value]);
    return await call(['ssoDomains', 'verify'], { domainId: id });
  };

  test('ssoDomains.verify 200: it is proved once its record stands there, and says what stands there instead', async () => {
    const { answer: added } = await add();
    const { id: domainId } = added;
    expect((await call(['ssoDomains', 'verify'], { domainId })).answer).toEqual({ ...added, found: [] });
    records.set(added.record.name, [`${added.record.value}0`]);
    const wrong = await call(['ssoDomains', 'verify'], { domainId });
    expect(wrong.answer).toEqual({ ...added, found: [`${added.record.value}0`] });
    expect(wrong.audited).toMatchObject([{ after: { isFound: false } }]);
    const { answer, audited } = await prove(added);
    expect(answer.provedAt).toBeDefined();
    expect(audited).toMatchObject([{ accountId: owner.accountId, after: { domain, isFound: true } }]);
    expect((await prove(added)).answer).toEqual(answer);
  });

  test('ssoDomains.verify 403: it is for owners alone', async () => {
    const { id: domainId } = (await add()).answer;
    await expectForOwnersAlone(['ssoDomains', 'verify'], { domainId });
  });

  test('ssoDomains.verify 409: of two organisations that could, the first has it', async () => {
    const { answer: ours } = await add();
    const first = owner;
    owner = await tenancy.signUp('Another');
    const { answer: theirs } = await add();
    expect(theirs.record.value).not.toBe(ours.record.value);
    records.set(ours.record.name, [ours.record.value, theirs.record.value]);
    await call(['ssoDomains', 'verify'], { domainId: theirs.id });
    owner = first;
    await expect(call(['ssoDomains', 'verify'], { domainId: ours.id })).rejects.toMatchObject(
      refusal(409, 'sso.domain_taken'),
    );
    // What is the other's is not there.
    await expect(call(['ssoDomains', 'verify'], { domainId: theirs.id })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('ssoDomains.remove 200: it is another’s to prove', async () => {
    const { answer: ours } = await add();
    await prove(ours);
    const { answer, audited } = await call(['ssoDomains', 'remove'], { domainId: ours.id });
    expect(answer).toEqual({ id: ours.id, domain });
    expect(audited).toMatchObject([{ before: { domain } }]);
    owner = await tenancy.signUp('Another');
    expect((await prove((await add()).answer)).answer.provedAt).toBeDefined();
    await expect(call(['ssoDomains', 'remove'], { domainId: ours.id })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('ssoDomains.remove 403: it is for owners alone', async () => {
    const { id: domainId } = (await add()).answer;
    await expectForOwnersAlone(['ssoDomains', 'remove'], { domainId });
  });
});
