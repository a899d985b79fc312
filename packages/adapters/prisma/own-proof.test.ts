import { newestMails } from '@patchbay/adapters/mail/outbox';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { asOwner } from '../metering/tenants.testing.ts';
import { auditStore } from './audit-store.ts';
import { ownProofs, PROOF_FRESH_MS } from './own-proof.ts';
import { softwarePasskey } from './passkey.testing.ts';
import { passkeys } from './passkeys.ts';
import { signIns } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000 });

const PASSWORD = 'a long enough password';
const NEW_PASSWORD = 'another long password';
const address = '192.0.2.50';
const at = { id: 'patchbay.test', origin: 'https://patchbay.test' };
let database: TenancyDatabase;

beforeAll(async () => {
  database = await createTenancyDatabase();
}, 120_000);
afterAll(() => database.close());

/** Somebody who signed in just now, in a world whose clock the test moves. */
async function signedIn(name: string) {
  const { prisma, factors, ports } = database;
  const { userId, email, accountId } = await database.signUp(name, PASSWORD);
  const keys = passkeys(prisma, { mails: ports.mails, isProofAsked: false });
  const people = signIns(prisma, { factors, passkeys: keys, mails: ports.mails, onFailure: () => undefined });
  let aheadMs = 0;
  const proofs = ownProofs(prisma, {
    factors,
    passkeys: keys,
    mails: ports.mails,
    nowMs: () => Date.now() + aheadMs,
  });
  const signIn = async (password = PASSWORD) => {
    const answer = await people.signIn({ email, password, address });
    if (typeof answer !== 'object') throw new Error(`Signing in ended with ${answer}.`);
    return answer;
  };
  const holder = await signIn();
  const pass = (ms: number) => {
    aheadMs += ms;
  };
  const isFresh = () => proofs.isFresh(holder.signInSessionId);
  return { ...holder, accountId, keys, people, proofs, signIn, pass, isFresh };
}

test('a sign-in is a fresh proof for ten minutes, and a password is one again (PRD-3)', async () => {
  const { proofs, pass, isFresh, ...who } = await signedIn('Fresh');
  expect(await isFresh()).toBe(true);
  pass(PROOF_FRESH_MS);
  expect(await isFresh()).toBe(false);
  expect(await proofs.byPassword({ ...who, password: 'wrong' })).toBe('refused');
  expect(await isFresh()).toBe(false);
  pass(-PROOF_FRESH_MS);
  await asOwner(
    database.url,
    `UPDATE sign_in_session SET proved_at = now() - interval '1 hour' WHERE id = $1`,
    [who.signInSessionId],
  );
  expect(await isFresh()).toBe(false);
  expect(await proofs.byPassword({ ...who, password: PASSWORD })).toBe('proved');
  expect(await isFresh()).toBe(true);
  expect(await proofs.isFresh('sin_of_nobody')).toBe(false);
});

test('where there is an authenticator its code is asked for as well, and tries are few', async () => {
  const { proofs, userId, name, email, ...who } = await signedIn('With a code');
  const { factors } = database;
  const { secret = '' } = (await factors.propose({ userId, email })) ?? {};
  const code = (stepsAhead: number) =>
    new TOTP({ secret, period: 30 }).generate({ timestamp: Date.now() + stepsAhead * 30_000 });
  await factors.confirm({ userId, name, address, code: code(0) });
  const proof = { ...who, userId, name, email, password: PASSWORD };
  expect(await proofs.byPassword(proof)).toBe('second_factor');
  expect(await proofs.byPassword({ ...proof, code: '000000' })).toBe('refused');
  expect(await proofs.byPassword({ ...proof, code: code(1) })).toBe('proved');
  for (let time = 0; time < 10; time += 1) await proofs.byPassword({ ...proof, password: 'wrong' });
  expect(await proofs.byPassword(proof)).toBe('refused');
});

test('a passkey of theirs is a proof, and nobody else’s is', async () => {
  const { proofs, keys, ...who } = await signedIn('With a passkey');
  const other = await signedIn('Other');
  const answerOf = async (owner: { userId: string; email: string; name: string }) => {
    const passkey = softwarePasskey(owner.userId);
    const challenge = (await keys.propose({ ...owner, at, placeName: 'Patchbay' }))?.challenge ?? '';
    const made = passkey.register({ challenge, ...at, rpId: at.id });
    await keys.add({ ...owner, at, address, passkeyName: 'Laptop', response: made });
    const asked = (await keys.challenge(at))?.challenge ?? '';
    return passkey.answer({ challenge: asked, ...at, rpId: at.id, counter: 1 });
  };
  expect(await proofs.byPasskey({ ...who, at, response: await answerOf(other) })).toBe('refused');
  expect(await proofs.byPasskey({ ...who, at, response: await answerOf(who) })).toBe('proved');
});

test('another password needs a fresh proof, ends every other session and link, and is told (ACC-8)', async () => {
  const { proofs, people, pass, signIn, accountId, ...who } = await signedIn('Changes it');
  const elsewhere = await signIn();
  const change = { ...who, password: NEW_PASSWORD, address };
  pass(PROOF_FRESH_MS);
  expect(await proofs.changePassword(change)).toBe('stale');
  expect(await people.check(elsewhere.signInSessionId)).toBeDefined();
  pass(-PROOF_FRESH_MS);
  expect(await proofs.changePassword(change)).toBe('changed');
  expect(await people.check(elsewhere.signInSessionId)).toBeUndefined();
  expect(await people.check(who.signInSessionId)).toBeDefined();
  expect(await people.signIn({ email: who.email, password: PASSWORD, address })).toBeUndefined();
  await signIn(NEW_PASSWORD);
  const { items } = await auditStore(database.prisma).entries.list({ accountId, scope: 'own', limit: 2 });
  expect(items[1]).toMatchObject({ action: 'password.set', after: { by: 'signed in' } });
  const [mail] = await newestMails(database.prisma, { cipher: database.cipher, countMax: 1 });
  expect(mail).toMatchObject({ recipient: who.email, subject: 'Your password was changed' });
  await people.signOut(who.signInSessionId);
  expect(await proofs.changePassword(change)).toBe('stale');
});
