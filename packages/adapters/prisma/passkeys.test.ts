import { newestMails } from '@patchbay/adapters/mail/outbox';
import { TRIES_OF_USER_MAX } from '@patchbay/domain/tenancy/sign-in-tries';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { asOwner } from '../metering/tenants.testing.ts';
import { auditStore } from './audit-store.ts';
import { emailLinks } from './email-links.ts';
import { type Signing, softwarePasskey } from './passkey.testing.ts';
import { PASSKEY_COUNT_MAX, type Passkeys, passkeys } from './passkeys.ts';
import { secondFactors } from './second-factor.ts';
import { signIns } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000 });

const rpId = 'patchbay.test';
const origin = 'https://patchbay.test';
const at = { id: rpId, origin };
const placeName = 'Patchbay';
const address = '192.0.2.40';
let database: TenancyDatabase;
let keys: Passkeys;

beforeAll(async () => {
  database = await createTenancyDatabase();
  keys = passkeys(database.prisma, { mails: database.ports.mails, isProofAsked: false });
}, 120_000);
afterAll(() => database.close());

type Forged = Partial<Signing>;

const isKept = (passkeyId: string | undefined) => passkeyId !== undefined;

const take = (response: unknown) => keys.take(response, at);

/** Somebody with one passkey, named Laptop. */
async function enrol(name: string) {
  const { userId, email, accountId } = await database.signUp(name);
  const person = { userId, email, name };
  const passkey = softwarePasskey(userId);
  const register = async (forged: Forged = {}, as = person) => {
    const challenge = (await keys.propose({ ...as, at, placeName }))?.challenge ?? '';
    const response = passkey.register({ challenge, origin, rpId, ...forged });
    return isKept(await keys.add({ ...as, at, address, passkeyName: 'Laptop', response }));
  };
  const answer = async (forged: Forged = {}) => {
    const challenge = (await keys.challenge(at))?.challenge ?? '';
    return passkey.answer({ challenge, origin, rpId, counter: 1, ...forged });
  };
  return { ...person, accountId, passkey, register, answer };
}

test('a passkey signs in without a password or a code, and adding, using and removing it is told (PRD-3, ACC-8)', async () => {
  const { userId, email, accountId, register, answer } = await enrol('Laptop owner');
  expect(await register()).toBe(true);
  const people = signIns(database.prisma, {
    factors: database.factors,
    passkeys: keys,
    mails: database.ports.mails,
    onFailure: () => undefined,
  });
  const signedIn = await people.signInByPasskey({ at, response: await answer(), address });
  expect(signedIn).toMatchObject({ userId, email });
  if (signedIn === 'organisation') throw new Error('Nobody here has a provider.');
  expect(await people.check(signedIn?.signInSessionId ?? '')).toMatchObject({ userId });
  const [kept] = await keys.list(userId);
  expect(kept).toMatchObject({ name: 'Laptop', lastUsedAt: expect.any(Date) });
  expect(await keys.remove({ userId, name: 'Owner', address, id: kept?.id ?? '' })).toBe(true);
  expect(await keys.list(userId)).toEqual([]);
  expect(await take(await answer({ counter: 2 }))).toBeUndefined();
  const { items } = await auditStore(database.prisma).entries.list({ accountId, scope: 'own', limit: 10 });
  expect(items).toMatchObject([
    { action: 'passkey.remove', before: { passkeyName: 'Laptop' } },
    { action: 'sign-in.open', actorId: userId, after: { by: 'passkey' } },
    { action: 'passkey.add', after: { passkeyName: 'Laptop' } },
  ]);
  const [mail] = await newestMails(database.prisma, { cipher: database.cipher, countMax: 1 });
  expect(mail).toMatchObject({ recipient: email, subject: 'A passkey was added' });
});

test('an answer from another page, for another host, to no challenge of ours or without the owner is refused', async () => {
  const { userId, register, answer } = await enrol('Forged');
  const forgeries: readonly Forged[] = [
    { origin: 'https://patchbay.test.evil.example' },
    { rpId: 'evil.example' },
    { challenge: 'bm90IG91cnM' },
    { isUserVerified: false },
  ];
  for (const forged of forgeries) expect(await register(forged), JSON.stringify(forged)).toBe(false);
  expect(await register()).toBe(true);
  for (const forged of forgeries)
    expect(await take(await answer(forged)), JSON.stringify(forged)).toBeUndefined();
  expect(await take(await answer())).toMatchObject({ userId });
});

test('a challenge is taken once, within five minutes, and by whoever it was made for', async () => {
  const first = await enrol('Replayed');
  const other = await enrol('Other');
  await first.register();
  // It counts nothing: so nothing but the challenge says that this was answered before.
  const answer = await first.answer({ counter: 0 });
  expect((await Promise.all([take(answer), take(answer)])).filter(Boolean)).toHaveLength(1);
  expect(await take(answer)).toBeUndefined();

  const late = await first.answer({ counter: 2 });
  await asOwner(database.url, `UPDATE passkey_challenge SET expires_at = expires_at - interval '5 minutes'`);
  expect(await take(late)).toBeUndefined();

  const challenge = (await keys.propose({ ...first, at, placeName }))?.challenge ?? '';
  const response = other.passkey.register({ challenge, origin, rpId });
  const stolen = { ...other, at, address, passkeyName: 'Of another', response };
  expect(isKept(await keys.add(stolen))).toBe(false);
  // A challenge to sign in adds nothing, and one to add signs nobody in.
  const ofSignIn = (await keys.challenge(at))?.challenge ?? '';
  const wrong = other.passkey.register({ challenge: ofSignIn, origin, rpId });
  expect(isKept(await keys.add({ ...stolen, response: wrong }))).toBe(false);
  expect(await take(await first.answer({ challenge, counter: 3 }))).toBeUndefined();
});

test('nobody signs in, adds or removes with the passkey of another person', async () => {
  const owner = await enrol('Has it');
  const other = await enrol('Wants it');
  await owner.register();
  // The id of the owner's, the key and the name of the other.
  const forged = {
    ...(await other.answer()),
    id: (await owner.answer()).id,
    rawId: (await owner.answer()).rawId,
  };
  expect(await take(forged)).toBeUndefined();
  const claimed = await owner.answer();
  const userHandle = Buffer.from(other.userId).toString('base64url');
  expect(await take({ ...claimed, response: { ...claimed.response, userHandle } })).toBeUndefined();
  expect(await owner.register({}, { userId: other.userId, email: other.email, name: 'Wants it' })).toBe(
    false,
  );
  const [{ id } = { id: '' }] = await keys.list(owner.userId);
  expect(await keys.remove({ userId: other.userId, name: 'Wants it', address, id })).toBe(false);
  expect(await keys.list(owner.userId)).toHaveLength(1);
});

test('a passkey that counts backwards was copied, and is refused; one that never counts is taken', async () => {
  const counting = await enrol('Counts');
  await counting.register({ counter: 5 });
  expect(await take(await counting.answer({ counter: 5 }))).toBeUndefined();
  expect(await take(await counting.answer({ counter: 6 }))).toBeDefined();
  const twice = [await counting.answer({ counter: 7 }), await counting.answer({ counter: 7 })];
  expect((await Promise.all(twice.map(take))).filter(Boolean)).toHaveLength(1);
  const still = await enrol('Never counts');
  await still.register({ counter: 0 });
  for (let time = 0; time < 2; time += 1)
    expect(await take(await still.answer({ counter: 0 }))).toBeDefined();
});

test('many wrong answers from one network address close it to passkeys for a while, as wrong passwords do', async () => {
  const { register, answer } = await enrol('Tried');
  await register();
  const people = signIns(database.prisma, {
    factors: database.factors,
    passkeys: keys,
    mails: database.ports.mails,
    onFailure: () => undefined,
  });
  const from = { address: '192.0.2.41' };
  for (let time = 0; time < 5; time += 1)
    expect(await people.signInByPasskey({ at, response: {}, ...from })).toBeUndefined();
  expect(await people.signInByPasskey({ at, response: await answer(), ...from })).toBeUndefined();
  expect(await people.signInByPasskey({ at, response: await answer(), address: '192.0.2.42' })).toBeDefined();
});

test('one person has so many passkeys and no more, and only the proved owner of an address keeps them', async () => {
  const { userId, email, name } = await enrol('Many');
  for (let made = 0; made < PASSKEY_COUNT_MAX + 1; made += 1) {
    const challenge = (await keys.propose({ userId, email, name, at, placeName }))?.challenge ?? '';
    const response = softwarePasskey(userId).register({ challenge, origin, rpId });
    const added = await keys.add({
      ...{ userId, email, name, at, address, response },
      passkeyName: `Number ${made}`,
    });
    expect(isKept(added)).toBe(made < PASSKEY_COUNT_MAX);
  }
  const links = emailLinks(database.prisma, database.ports.mails);
  const reset = async () => {
    await links.requestReset(email);
    const [mail] = await newestMails(database.prisma, { cipher: database.cipher, countMax: 1 });
    const token = /\/reset\/(\S+)/.exec(mail?.text ?? '')?.[1] ?? '';
    return await links.reset({ token, password: 'a new password', address });
  };
  expect(await reset()).toBeDefined();
  expect(await keys.list(userId)).toHaveLength(PASSKEY_COUNT_MAX);
  await asOwner(database.url, 'UPDATE app_user SET email_verified_at = NULL WHERE id = $1', [userId]);
  expect(await reset()).toBeDefined();
  expect(await keys.list(userId)).toEqual([]);
});

test('a passkey works at the host where it was made and at no other, and says where that is (PRD-2, PRD-3)', async () => {
  const { userId, email, name } = await enrol('Of a brand');
  const host = 'calls.acme.example';
  const brand = { id: host, origin: `https://${host}`, host };
  const passkey = softwarePasskey(userId);
  const person = { userId, email, name, placeName: 'Acme', at: brand };
  const challenge = (await keys.propose(person))?.challenge ?? '';
  const made = {
    address,
    passkeyName: 'Phone',
    response: passkey.register({ challenge, ...brand, rpId: host }),
  };
  // A challenge that is answered at another host adds nothing there.
  expect(isKept(await keys.add({ ...person, ...made, at }))).toBe(false);
  const again = (await keys.propose(person))?.challenge ?? '';
  const response = passkey.register({ challenge: again, ...brand, rpId: host });
  expect(isKept(await keys.add({ ...person, ...made, response }))).toBe(true);
  expect(await keys.list(userId)).toMatchObject([{ name: 'Phone', host }]);
  expect((await keys.propose({ ...person, at }))?.excludeCredentials).toEqual([]);
  expect((await keys.propose(person))?.excludeCredentials).toHaveLength(1);
  const answerAt = async (party: typeof at) => {
    const { challenge: asked = '' } = (await keys.challenge(party)) ?? {};
    return passkey.answer({ challenge: asked, origin: party.origin, rpId: party.id, counter: 1 });
  };
  expect(await keys.take(await answerAt(at), brand)).toBeUndefined();
  expect(await keys.take(await answerAt(brand), at)).toBeUndefined();
  expect(await keys.take(await answerAt(brand), brand)).toMatchObject({ userId });
});

test('somebody whose password is tried from everywhere signs in from a new network by their passkey', async () => {
  const { email, register, answer } = await enrol('Tried from everywhere');
  await register();
  const people = signIns(database.prisma, {
    factors: database.factors,
    passkeys: keys,
    mails: database.ports.mails,
    onFailure: () => undefined,
  });
  const asOne = (network: number) => ({ email, password: 'wrong', address: `198.18.${network}.1` });
  await Promise.all(
    Array.from({ length: TRIES_OF_USER_MAX + 1 }, (_, network) => people.signIn(asOne(network))),
  );
  const from = '198.18.200.1';
  expect(await people.signInByPasskey({ at, response: await answer(), address: from })).toMatchObject({
    email,
  });
});

test('nobody adds a passkey or an authenticator before their address is proved: it would outlive the proof (PRD-3)', async () => {
  const { prisma, cipher, ports } = database;
  const proving = { isProofAsked: true };
  const asked = passkeys(prisma, { mails: ports.mails, ...proving });
  const factors = secondFactors(prisma, { cipher, ...proving });
  const { userId, email, name, passkey } = await enrol('Somebody else’s');
  const person = { userId, email, name, at, placeName };
  const prove = (at: string) =>
    asOwner(database.url, `UPDATE app_user SET email_verified_at = ${at} WHERE id = $1`, [userId]);
  const add = async () => {
    const challenge = (await asked.propose(person))?.challenge;
    if (challenge === undefined) return 'not proposed';
    const response = passkey.register({ challenge, origin, rpId });
    return isKept(await asked.add({ ...person, address, passkeyName: 'Laptop', response }));
  };
  await prove('NULL');
  expect([await add(), await factors.propose(person)]).toEqual(['not proposed', undefined]);
  // Proposed while it was proved, and answered when it is no more.
  await prove('now()');
  const challenge = (await asked.propose(person))?.challenge ?? '';
  const { secret = '' } = (await factors.propose(person)) ?? {};
  const code = new TOTP({ secret, period: 30 }).generate();
  await prove('NULL');
  const response = passkey.register({ challenge, origin, rpId });
  expect(isKept(await asked.add({ ...person, address, passkeyName: 'Laptop', response }))).toBe(false);
  expect(await factors.confirm({ userId, name, address, code })).toBeUndefined();
  await prove('now()');
  expect(await add()).toBe(true);
});
