import { ProviderError } from '@patchbay/domain/sso/provider-error';
import { createId } from '@patchbay/kit/ids';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { mailOutbox, newestMails } from '../mail/outbox.ts';
import { auditStore } from './audit-store.ts';
import { emailLinks, makeEmailLink } from './email-links.ts';
import { scimStore } from './scim-store.ts';
import { inAccount } from './scope.ts';
import { useSetUpLink } from './set-up-links.ts';
import { type SignIns, signIns } from './sign-in.ts';
import { BASE_URL, ISSUER, type SsoHarness, ssoHarness } from './sso.testing.ts';
import { ssoBinding } from './sso-binding.ts';
import { connectAs } from './tenant-attack.ts';

vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let harness: SsoHarness;
let people: SignIns;
let count = 0;

beforeAll(async () => {
  database = await createTenancyDatabase();
  harness = ssoHarness(database);
  people = signIns(database.prisma, {
    factors: database.factors,
    mails: database.ports.mails,
    onFailure: () => undefined,
  });
}, 120_000);
afterAll(() => database.close());

/** An organisation with a provider and a domain of its own. */
async function organisation(more: Parameters<SsoHarness['setUp']>[2] = {}, password?: string) {
  count += 1;
  const domain = `org${count}.example`;
  const owner = await database.signUp(`Organisation ${count}`, password);
  await harness.setUp(owner.accountId, domain, more);
  const person = (name: string) => ({
    subject: `${name} of ${domain}`,
    email: `${name}@${domain}`,
    name: name.toUpperCase(),
  });
  return { ...owner, domain, person };
}

/** Gives somebody another address, proved or not, as if they had it from the start. */
async function withAddress(userId: string, email: string, isProved = true): Promise<void> {
  const owner = await connectAs(database.url);
  await owner.query('UPDATE app_user SET email = $2, email_verified_at = $3 WHERE id = $1', [
    userId,
    email,
    isProved ? new Date() : null,
  ]);
  await owner.end();
}

const grantsAt = (accountId: string) =>
  inAccount(database.prisma, accountId, ({ roleGrant }) =>
    roleGrant.findMany({
      where: { user: { email: { contains: '@org' } } },
      select: { accountId: true, role: true, isProvisioned: true, acceptedAt: true },
    }),
  );

const membersToldAt = (accountId: string) =>
  inAccount(database.prisma, accountId, ({ platformEvent }) =>
    platformEvent.findMany({
      where: { accountId, type: { startsWith: 'tenancy.member.' } },
      select: { type: true, data: true },
      orderBy: { arrival: 'asc' },
    }),
  );

const give = (accountId: string, userId: string, role: string) =>
  inAccount(database.prisma, accountId, ({ roleGrant }) =>
    roleGrant.create({ data: { accountId, userId, role } }),
  );

const invite = (accountId: string, userId: string, role: string) =>
  inAccount(database.prisma, accountId, ({ roleGrant }) =>
    roleGrant.create({ data: { accountId, userId, role, acceptedAt: null } }),
  );

/** As somebody who followed the link of their invitation. */
const accept = (accountId: string, userId: string) =>
  inAccount(database.prisma, accountId, ({ roleGrant }) =>
    roleGrant.updateMany({ where: { accountId, userId }, data: { acceptedAt: new Date() } }),
  );

const actionsAt = async (accountId: string) =>
  (await auditStore(database.prisma).entries.list({ accountId, scope: 'own', limit: 20 })).items.map(
    ({ action, after }) => ({ action, after }),
  );

async function userOf(outcome: Awaited<ReturnType<SsoHarness['signIn']>>) {
  if (outcome.outcome !== 'in') throw new Error(JSON.stringify(outcome));
  return await people.check(outcome.signInSessionId);
}

const refused = (why: string) => ({ outcome: 'refused', why });

describe('who comes in', () => {
  test('somebody new comes in with the role of newcomers, and it is on record; the same subject is the same person', async () => {
    const { accountId, person } = await organisation();
    const ada = await userOf(await harness.signIn(accountId, person('ada')));
    expect(ada).toMatchObject({ email: person('ada').email, name: 'ADA' });
    expect(await grantsAt(accountId)).toMatchObject([{ role: 'viewer', isProvisioned: true }]);
    expect(await actionsAt(accountId)).toMatchObject([
      { action: 'sign-in.open', after: { by: 'oidc' } },
      { action: 'team.provision', after: { role: 'viewer' } },
    ]);
    // An address is given to others; a subject is not.
    const renamed = { ...person('ada'), email: 'somebody.else@gmail.example' };
    expect(await userOf(await harness.signIn(accountId, renamed))).toMatchObject({ userId: ada?.userId });
    expect(await database.ports.people.isVerified(ada?.userId ?? '')).toBe(true);
  });

  test('an address that is not verified, or at another domain, or none, signs in nobody', async () => {
    const { accountId, person } = await organisation();
    const other = await organisation();
    const ada = person('ada');
    expect(await harness.signIn(accountId, { ...ada, isEmailVerified: false })).toMatchObject(
      refused('no_address'),
    );
    expect(await harness.signIn(accountId, { ...ada, isEmailVerified: undefined })).toMatchObject(
      refused('no_address'),
    );
    expect(await harness.signIn(accountId, { ...ada, email: undefined })).toMatchObject(
      refused('no_address'),
    );
    // Proved, and by another organisation.
    expect(await harness.signIn(accountId, { ...ada, email: `ada@${other.domain}` })).toMatchObject(
      refused('domain'),
    );
    expect(await grantsAt(accountId)).toEqual([]);
    expect(await grantsAt(other.accountId)).toEqual([]);
    expect((await actionsAt(accountId))[0]).toMatchObject({
      action: 'sign-in.refuse',
      after: { why: 'domain', email: `ada@${other.domain}` },
    });
  });

  test('a domain counts no longer when it was removed, for whoever was linked by it too, nor when it is another’s', async () => {
    const { accountId, person, domain } = await organisation();
    await userOf(await harness.signIn(accountId, person('ada')));
    const { items } = await harness.domains.list({ accountId, limit: 5 });
    await harness.domains.remove({ accountId, domainId: items[0]?.id ?? '' });
    expect(await harness.signIn(accountId, person('ada'))).toMatchObject(refused('domain'));
    const other = await database.signUp('Heir of the domain');
    await harness.setUp(other.accountId, domain);
    expect(await harness.signIn(accountId, person('ada'))).toMatchObject(refused('domain'));
  });

  test('without a role for newcomers only who was added comes in, and takes the role they were invited to', async () => {
    const { accountId, person } = await organisation({ newcomerRole: undefined });
    expect(await harness.signIn(accountId, person('eve'))).toMatchObject(refused('not_added'));
    const { email } = person('ada');
    const put = await database.ports.team.put({
      accountId,
      email,
      name: 'Ada',
      role: 'admin',
      ownersAt: [accountId],
    });
    if (put === 'last_owner') throw new Error('She owns nothing.');
    await userOf(await harness.signIn(accountId, person('ada')));
    expect(await grantsAt(accountId)).toMatchObject([
      { role: 'admin', isProvisioned: false, acceptedAt: expect.any(Date) },
    ]);
    expect((await actionsAt(accountId)).map(({ action }) => action)).toContain('team.accept');
    // Nothing of the one who was refused is left.
    const [eve] = await database.prisma.$queryRaw<
      object[]
    >`SELECT id FROM user_for_sign_in(${person('eve').email})`;
    expect(eve).toBeUndefined();
  });

  test('groups give roles anew at each sign-in, and what somebody gave by hand stays', async () => {
    const groupRoles = [
      { group: 'ops', role: 'admin' },
      { group: 'dev', role: 'developer' },
    ] as const;
    const { accountId, person } = await organisation({ newcomerRole: undefined, groupRoles });
    const ada = { ...person('ada'), groups: ['dev'] };
    const user = await userOf(await harness.signIn(accountId, ada));
    await userOf(await harness.signIn(accountId, { ...ada, groups: ['ops'] }));
    expect(await grantsAt(accountId)).toMatchObject([{ role: 'admin' }]);
    expect(await harness.signIn(accountId, { ...ada, groups: [] })).toMatchObject(refused('not_added'));
    expect(await grantsAt(accountId)).toEqual([]);
    await give(accountId, user?.userId ?? '', 'billing');
    await userOf(await harness.signIn(accountId, ada));
    expect(await grantsAt(accountId)).toMatchObject([{ role: 'billing', isProvisioned: false }]);
  });

  test('who holds a role further down alone stays there', async () => {
    const { accountId, person } = await organisation();
    const child = await database.addChild(accountId, 'Child');
    const { userId } = await database.signUp('Elsewhere at first');
    await withAddress(userId, person('ada').email);
    await give(child, userId, 'developer');
    await userOf(await harness.signIn(accountId, person('ada')));
    expect(await grantsAt(accountId)).toMatchObject([{ accountId: child, role: 'developer' }]);
  });
});

describe('whom SCIM keeps up to date', () => {
  test('signs in with the role of their groups there, and not at all once they are shut out', async () => {
    const groupRoles = [{ group: 'Engineering', role: 'developer' }] as const;
    const { accountId, person } = await organisation({ groupRoles });
    const { users, groups } = scimStore(database.prisma);
    const fields = {
      userName: person('ada').email,
      externalId: undefined,
      displayName: 'Ada',
      isActive: true,
    };
    const ada = await users.create(accountId, fields);
    await groups.create(accountId, {
      displayName: 'Engineering',
      externalId: undefined,
      memberIds: [ada.id],
    });
    expect(await userOf(await harness.signIn(accountId, person('ada')))).toMatchObject({ userId: ada.id });
    expect(await grantsAt(accountId)).toMatchObject([{ role: 'developer' }]);
    await users.change(accountId, { id: ada.id }, () => ({ ...fields, isActive: false }));
    expect(await harness.signIn(accountId, person('ada'))).toMatchObject(refused('not_added'));
    expect(await grantsAt(accountId)).toEqual([]);
    const [first, then] = [
      { userId: ada.id, role: 'viewer' },
      { userId: ada.id, role: 'developer' },
    ];
    expect(await membersToldAt(accountId)).toEqual([
      { type: 'tenancy.member.joined', data: first },
      { type: 'tenancy.member.role-changed', data: { ...then, previousRole: 'viewer' } },
      { type: 'tenancy.member.removed', data: then },
    ]);
  });
});

describe('a provider of A says something of a user of B', () => {
  test('who has an account of their own, and no role at A, is not opened by it', async () => {
    const { accountId, person } = await organisation();
    const b = await database.signUp('B');
    await withAddress(b.userId, person('ada').email);
    expect(await harness.signIn(accountId, person('ada'))).toMatchObject(refused('elsewhere'));
    // That an owner of A invites them is nothing that they said themselves.
    await invite(accountId, b.userId, 'viewer');
    expect(await harness.signIn(accountId, person('ada'))).toMatchObject(refused('elsewhere'));
    await accept(accountId, b.userId);
    expect(await userOf(await harness.signIn(accountId, person('ada')))).toMatchObject({ userId: b.userId });
    // They leave A again: its provider, which knew them, knows nobody any more.
    await database.ports.team.remove({ accountId, userId: b.userId, ownersAt: [accountId] });
    expect(await harness.signIn(accountId, person('ada'))).toMatchObject(refused('elsewhere'));
  });

  test('two providers that use one subject, and one issuer, have two people', async () => {
    const [a, b] = [await organisation(), await organisation()];
    const inA = await userOf(await harness.signIn(a.accountId, a.person('ada')));
    const inB = await userOf(
      await harness.signIn(b.accountId, { ...b.person('ada'), subject: a.person('ada').subject }),
    );
    expect(inB?.userId).not.toBe(inA?.userId);
    // A subject that A knows says nothing at B.
    expect(await harness.signIn(b.accountId, { ...a.person('ada'), subject: 'somebody new' })).toMatchObject(
      refused('domain'),
    );
  });

  test('another subject with an address that was linked is another person, until the first one left the team', async () => {
    const { accountId, person } = await organisation();
    const ada = await userOf(await harness.signIn(accountId, person('ada')));
    const heir = { ...person('ada'), subject: 'who got her address' };
    expect(await harness.signIn(accountId, heir)).toMatchObject(refused('other_subject'));
    const userId = ada?.userId ?? '';
    await database.ports.team.remove({ accountId, userId, ownersAt: [accountId] });
    expect(await userOf(await harness.signIn(accountId, heir))).toMatchObject({ userId });
  });

  test('whoever signed up with an address that they never proved keeps no way in', async () => {
    const { accountId, person } = await organisation();
    const { userId, email } = await database.signUp('Squatter', 'a password of theirs');
    const signedIn = await people.signIn({ email, password: 'a password of theirs', address: '192.0.2.8' });
    if (typeof signedIn !== 'object') throw new Error('They were to be in.');
    await withAddress(userId, person('ada').email, false);
    expect(await harness.signIn(accountId, person('ada'))).toMatchObject(refused('elsewhere'));
    await give(accountId, userId, 'viewer');
    const ada = await userOf(await harness.signIn(accountId, person('ada')));
    expect(ada).toMatchObject({ userId });
    expect(await people.check(signedIn.signInSessionId)).toBeUndefined();
    const again = { email: person('ada').email, password: 'a password of theirs', address: '192.0.2.8' };
    expect(await people.signIn(again)).toBeUndefined();
  });
});

describe('an attempt', () => {
  const begin = async (accountId: string) => {
    const organisationId = await harness.organisationOf(accountId);
    harness.says({});
    const url = await harness.sso.start({
      organisationId,
      baseUrl: BASE_URL,
      browserSecret: harness.browserSecret,
    });
    if (typeof url === 'string') throw new Error(url);
    return { organisationId, baseUrl: BASE_URL, search: url.search, address: '192.0.2.7' };
  };

  test('is taken once, in the browser that began it, at the organisation that it was begun for', async () => {
    const [a, b] = [await organisation(), await organisation()];
    const { browserSecret } = harness;
    const begun = await begin(a.accountId);
    harness.says(a.person('ada'));
    const expired = refused('expired');
    expect(await harness.sso.finish({ ...begun, browserSecret: 'x'.repeat(43) })).toEqual(expired);
    const atB = { ...begun, organisationId: await harness.organisationOf(b.accountId), browserSecret };
    expect(await harness.sso.finish(atB)).toEqual(expired);
    expect(await harness.sso.finish({ ...begun, search: '?state=forged&code=1', browserSecret })).toEqual(
      expired,
    );
    expect(await harness.sso.finish({ ...begun, search: '', browserSecret })).toEqual(expired);
    // Whoever was wrong took nothing from the one who is right.
    expect(await harness.sso.finish({ ...begun, browserSecret })).toMatchObject({ outcome: 'in' });
    expect(await harness.sso.finish({ ...begun, browserSecret })).toEqual(expired);
  });

  test('is over after ten minutes, and when its provider was set anew or removed', async () => {
    const { accountId, person } = await organisation();
    const { browserSecret } = harness;
    const old = await begin(accountId);
    const owner = await connectAs(database.url);
    await owner.query(`UPDATE sso_attempt SET expires_at = expires_at - interval '10 minutes'`);
    expect(await harness.sso.finish({ ...old, browserSecret })).toEqual(refused('expired'));
    // What nobody came back from may hold a name.
    await owner.query('SELECT prune()');
    expect((await owner.query('SELECT 1 FROM sso_attempt WHERE expires_at < now()')).rowCount).toBe(0);
    await owner.end();
    const before = await begin(accountId);
    await harness.setAnew(accountId, { clientId: 'another' });
    harness.says(person('ada'));
    expect(await harness.sso.finish({ ...before, browserSecret })).toEqual(refused('expired'));
    const begun = await begin(accountId);
    await harness.providers.remove({ accountId });
    harness.says(person('ada'));
    expect(await harness.sso.finish({ ...begun, browserSecret })).toEqual(refused('unknown'));
  });

  test('that the provider fails tells its owners why, until one succeeds', async () => {
    const { accountId, person } = await organisation();
    const problem = async () => (await harness.providers.find({ accountId }))?.problem?.text;
    const failed = new ProviderError('unavailable', 'Nothing came of asking it: timeout');
    expect(await harness.signIn(accountId, failed)).toMatchObject(refused('unavailable'));
    expect(await problem()).toBe('Nothing came of asking it: timeout');
    const declined = new ProviderError('declined', 'It said access_denied');
    expect(await harness.signIn(accountId, declined)).toMatchObject(refused('declined'));
    expect(await problem()).toBe('Nothing came of asking it: timeout');
    await userOf(await harness.signIn(accountId, person('ada')));
    expect(await problem()).toBeUndefined();
  });

  test('leads to nobody’s provider for an address at no proved domain, whoever is known here', async () => {
    const { domain, accountId } = await organisation();
    const organisationId = await harness.organisationOf(accountId);
    expect(await harness.sso.organisationOf(`nobody.at.all@${domain.toUpperCase()}`)).toBe(organisationId);
    expect(await harness.sso.organisationOf('person1@test.example')).toBeUndefined();
    await harness.providers.remove({ accountId });
    expect(await harness.sso.organisationOf(`ada@${domain}`)).toBeUndefined();
    const { browserSecret } = harness;
    expect(await harness.sso.start({ organisationId, baseUrl: BASE_URL, browserSecret })).toBe('unknown');
    expect(
      await harness.sso.start({ organisationId: createId('org'), baseUrl: BASE_URL, browserSecret }),
    ).toBe('unknown');
  });
});

describe('a test', () => {
  test('counts for whoever is signed in, opens no session and gives no role', async () => {
    const { accountId, userId, person } = await organisation();
    await withAddress(userId, person('owner').email);
    const tested = { testedBy: userId };
    expect(await harness.signIn(accountId, person('owner'), tested)).toEqual({
      outcome: 'tested',
      accountId,
    });
    expect(await harness.providers.triedAt({ accountId, issuer: ISSUER, userId })).toBeInstanceOf(Date);
    const other = await harness.signIn(accountId, person('ada'), tested);
    expect(other).toEqual({ outcome: 'refused', why: 'not_added', testedAt: accountId });
    expect(await grantsAt(accountId)).toMatchObject([{ role: 'owner' }]);
  });

  test('links nobody else’s subject to whoever is signed in', async () => {
    const { accountId, userId, person } = await organisation();
    await withAddress(userId, person('owner').email);
    const ada = await userOf(await harness.signIn(accountId, person('ada')));
    const wrong = { outcome: 'refused', why: 'other_person', testedAt: accountId };
    expect(await harness.signIn(accountId, person('ada'), { testedBy: userId })).toEqual(wrong);
    expect(await harness.providers.triedAt({ accountId, issuer: ISSUER, userId })).toBeUndefined();
    // And whoever began it is who ends it.
    const swapped = { testedBy: userId, userId: ada?.userId };
    expect(await harness.signIn(accountId, person('owner'), swapped)).toEqual(wrong);
  });
});

describe('where the provider is required', () => {
  const password = 'a password of theirs';
  const address = '192.0.2.6';

  /** An owner at the domain, by a password. */
  async function required(emergency: 'none' | 'owner' = 'none') {
    const made = await organisation({}, password);
    const { accountId, userId, person } = made;
    const { email } = person('owner');
    await withAddress(userId, email);
    const before = await people.signIn({ email, password, address });
    if (typeof before !== 'object') throw new Error('They were to be in.');
    const emergencyUserIds = emergency === 'owner' ? [userId] : [];
    await harness.providers.update({ accountId, isRequired: true, emergencyUserIds });
    return { ...made, email, before };
  }

  test('a password is refused with a word why, once it is right, and what it had opened ends', async () => {
    const { email, before, accountId, person } = await required();
    expect(await people.check(before.signInSessionId)).toBeUndefined();
    expect(await people.signIn({ email, password, address })).toBe('organisation');
    expect(await people.signIn({ email, password: 'a wrong one here', address })).toBeUndefined();
    const inAgain = await userOf(await harness.signIn(accountId, person('owner')));
    expect(inAgain).toMatchObject({ email });
  });

  test('an owner who is marked for emergencies signs in by a password still, and a marked one who owns nothing does not', async () => {
    const { email, before, accountId, userId } = await required('owner');
    expect(await people.check(before.signInSessionId)).toBeDefined();
    expect(await people.signIn({ email, password, address })).toMatchObject({ email });
    await inAccount(database.prisma, accountId, ({ roleGrant }) =>
      roleGrant.updateMany({ where: { userId }, data: { role: 'admin' } }),
    );
    expect(await people.signIn({ email, password, address })).toBe('organisation');
  });

  test('who has an address elsewhere is not bound, nor is anybody of another organisation', async () => {
    const { accountId } = await required();
    const guest = await database.signUp('Guest');
    await give(accountId, guest.userId, 'viewer');
    expect(await ssoBinding(database.prisma, guest.userId)).toBeUndefined();
    const second = await required();
    const { person } = second;
    const stranger = await database.signUp('Stranger');
    await withAddress(stranger.userId, person('stranger').email);
    expect(await ssoBinding(database.prisma, stranger.userId)).toBeUndefined();
    // An invitation keeps nobody from what is theirs.
    await invite(second.accountId, stranger.userId, 'viewer');
    expect(await ssoBinding(database.prisma, stranger.userId)).toBeUndefined();
    await accept(second.accountId, stranger.userId);
    expect(await ssoBinding(database.prisma, stranger.userId)).toBeDefined();
  });

  test('a forgotten password is answered by the way in, a link from before sets none, and no other address leads out', async () => {
    const { email, userId } = await required();
    const { prisma, cipher } = database;
    const links = emailLinks(prisma, mailOutbox(prisma, { cipher, baseUrl: 'https://patchbay.test' }));
    await links.requestReset(email);
    const [mail] = await newestMails(prisma, { cipher, countMax: 1 });
    expect(mail).toMatchObject({ recipient: email, subject: 'How you sign in' });
    expect(mail?.text).toContain('https://patchbay.test/sign-in/organisation');
    const token = (await makeEmailLink(prisma, { userId, purpose: 'reset', email })) ?? '';
    expect(await links.readReset(token)).toMatchObject({ organisationName: expect.any(String) });
    expect(await links.reset({ token, password: 'another one of theirs', address })).toBeUndefined();
    const change = { userId, oldEmail: email, name: 'N', email: 'out@gmail.example', password };
    expect(await links.changeEmail(change)).toBe('organisation');
    const out =
      (await makeEmailLink(prisma, { userId, purpose: 'verify', email: 'out@gmail.example' })) ?? '';
    expect(await links.verify(out, address)).toBeUndefined();
    const same = (await makeEmailLink(prisma, { userId, purpose: 'verify', email })) ?? '';
    expect(await links.verify(same, address)).toEqual({ email });
  });

  test('an invitation sets no password: whoever is invited signs in by the provider', async () => {
    const { accountId, person } = await required();
    const { email } = person('new');
    const put = await database.ports.team.put({
      accountId,
      email,
      name: 'New',
      role: 'viewer',
      ownersAt: [accountId],
    });
    const token = put === 'last_owner' ? '' : (put.invitation?.mailed ?? '');
    expect(await useSetUpLink(database.prisma, { token, password: 'one of their own' })).toBeUndefined();
    await userOf(await harness.signIn(accountId, person('new')));
  });

  test('another client is another provider: it is required no more, and whoever came by the old one is out', async () => {
    const { accountId, person } = await required();
    const outcome = await harness.signIn(accountId, person('owner'));
    const signInSessionId = outcome.outcome === 'in' ? outcome.signInSessionId : '';
    expect((await harness.providers.find({ accountId }))?.isRequired).toBe(true);
    expect((await harness.setAnew(accountId, { isNew: false })).isRequired).toBe(true);
    expect(await people.check(signInSessionId)).toBeDefined();
    expect((await harness.setAnew(accountId, { clientId: 'another' })).isRequired).toBe(false);
    expect(await people.check(signInSessionId)).toBeUndefined();
  });
});

test('with the provider go the sessions that it opened, views among them, and no other', async () => {
  const { accountId, person, email } = await organisation({}, 'a password of theirs');
  const own = await people.signIn({ email, password: 'a password of theirs', address: '192.0.2.5' });
  const outcome = await harness.signIn(accountId, person('ada'));
  const ada = await userOf(outcome);
  const child = await database.addChild(accountId, 'Child');
  const untilMs = Date.now() + 60_000;
  const viewId = await database.ports.views.start({
    accountId: child,
    userId: ada?.userId ?? '',
    reason: 'A test',
    untilMs,
  });
  expect(await people.check(viewId)).toBeDefined();
  expect(await harness.providers.remove({ accountId })).toBe(1);
  expect(await people.check(outcome.outcome === 'in' ? outcome.signInSessionId : '')).toBeUndefined();
  expect(await people.check(viewId)).toBeUndefined();
  expect(await people.check(typeof own === 'object' ? own.signInSessionId : '')).toBeDefined();
});

test('another account neither reads the secret of a provider, nor ends its sessions, nor proves addresses by it', async () => {
  const [a, b] = [await organisation(), await organisation()];
  const outcome = await harness.signIn(a.accountId, a.person('ada'));
  await inAccount(database.prisma, b.accountId, async (transaction) => {
    const ask = async (sql: string, ...values: string[]) =>
      (await transaction.$queryRawUnsafe<{ found: unknown }[]>(sql, ...values))[0]?.found;
    expect(await ask('SELECT sso_client_secret($1) AS found', a.accountId)).toBeNull();
    expect(await ask('SELECT sso_client_secret($1) AS found', b.accountId)).toBeInstanceOf(Uint8Array);
    expect(await ask('SELECT sso_end_sessions($1) AS found', a.accountId)).toBe(0);
    expect(await ask('SELECT sso_end_other_sessions($1) AS found', a.accountId)).toBe(0);
    expect(await ask('SELECT sso_prove_address($1, $2) AS found', a.userId, a.accountId)).toBe(false);
    expect(await ask('SELECT sso_is_elsewhere($1, $2) AS found', b.userId, a.accountId)).toBe(false);
    const forged = [createId('sin'), a.userId, a.accountId];
    expect(
      await ask("SELECT sso_open_session($1, $2, now() + interval '1 day', '', '', $3) AS found", ...forged),
    ).toBe(false);
  });
  expect(await userOf(outcome)).toBeDefined();
});
