import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { deliverMails, type OutgoingMail } from '../mail/delivery.ts';
import { mailOutbox } from '../mail/outbox.ts';
import { auditStore } from './audit-store.ts';
import { type EmailLinks, emailLinks } from './email-links.ts';
import { peopleStore } from './people-store.ts';
import { signIns } from './sign-in.ts';
import { connectAs } from './tenant-attack.ts';

vi.setConfig({ testTimeout: 120_000 });

const address = '192.0.2.1';
const PASSWORD = 'a password of theirs';
const sent: OutgoingMail[] = [];
let database: TenancyDatabase;
let links: EmailLinks;
let deliver: () => Promise<number>;

beforeAll(async () => {
  database = await createTenancyDatabase();
  const { prisma, cipher } = database;
  links = emailLinks(prisma, mailOutbox(prisma, { cipher, baseUrl: 'https://patchbay.test' }));
  const transport = async (mail: OutgoingMail) => void sent.push(mail);
  deliver = () => deliverMails(prisma, { cipher, transport, isShown: false, nowMs: Date.now });
}, 120_000);
afterAll(() => database.close());

/** The token of the newest mail to somebody. */
async function tokenTo(email: string): Promise<string> {
  await deliver();
  const { text = '' } = sent.findLast(({ to }) => to === email) ?? {};
  return /\/(?:verify|reset)\/(\S+)/.exec(text)?.[1] ?? '';
}

async function asOwner(sql: string, values: readonly unknown[] = []): Promise<void> {
  const owner = await connectAs(database.url);
  await owner.query(sql, [...values]);
  await owner.end();
}

test('a reset works once, for 30 minutes, ends every session, and stands in the audit log (PRD-3)', async () => {
  const { email, accountId } = await database.signUp('Reset', PASSWORD);
  const people = signIns(database.prisma, {
    factors: database.factors,
    mails: database.ports.mails,
    onFailure: () => undefined,
  });
  const before = await people.signIn({ email, password: PASSWORD, address });
  if (before === undefined || typeof before === 'string') throw new Error('The password was refused.');
  await links.requestReset(email.toUpperCase());
  const stale = await tokenTo(email);
  expect(await links.readReset(stale)).toEqual({ email });
  await asOwner(
    `UPDATE email_link SET expires_at = expires_at - interval '30 minutes' WHERE purpose = 'reset'`,
  );
  expect(await links.reset({ token: stale, password: 'too late for it', address })).toBeUndefined();

  await links.requestReset(email);
  const token = await tokenTo(email);
  expect(await links.reset({ token, password: 'a new password', address })).toEqual({ email });
  expect(await people.check(before.signInSessionId)).toBeUndefined();
  expect(await links.reset({ token, password: 'a second one', address })).toBeUndefined();
  expect(await people.signIn({ email, password: PASSWORD, address })).toBeUndefined();
  expect(await people.signIn({ email, password: 'a new password', address })).toBeDefined();
  const { items } = await auditStore(database.prisma).entries.list({ accountId, scope: 'own', limit: 10 });
  expect(items).toContainEqual(
    expect.objectContaining({
      action: 'password.set',
      after: { signInSessions: 'ended', by: 'mailed link' },
    }),
  );
});

test('a reset for nobody writes no mail, and one for somebody at most five an hour', async () => {
  const { email } = await database.signUp('Asked often');
  await deliver();
  const before = sent.length;
  await links.requestReset('nobody@test.example');
  expect(await deliver()).toBe(0);
  for (let count = 0; count < 7; count += 1) await links.requestReset(email);
  await deliver();
  expect(sent.length - before).toBe(5);
});

test('until an address is proved every role looks and changes nothing; a link proves it once (PRD-3)', async () => {
  const { userId, email, accountId } = await database.signUp('Unproved');
  await asOwner('UPDATE app_user SET email_verified_at = NULL WHERE id = $1', [userId]);
  const roleOf = async () => (await database.ports.people.grantsOf(userId)).map(({ role }) => role);
  expect(await roleOf()).toEqual(['viewer']);
  await links.sendVerification({ userId, name: 'Ada', email });
  const token = await tokenTo(email);
  expect(await links.reset({ token, password: 'of another purpose', address })).toBeUndefined();
  expect(await links.verify(token, address)).toEqual({ email });
  expect(await roleOf()).toEqual(['owner']);
  expect(await links.verify(token, address)).toBeUndefined();
  const { items } = await auditStore(database.prisma).entries.list({ accountId, scope: 'own', limit: 10 });
  expect(items).toContainEqual(expect.objectContaining({ action: 'email.verify', actorId: userId }));
});

test('an address changes when the new one is proved, for whoever knows the password, and the old one is told', async () => {
  const person = await database.signUp('Moves', PASSWORD);
  const { userId, email: oldEmail } = person;
  const change = { userId, oldEmail, name: 'Ada', email: 'Moved@test.example' };
  expect(await links.changeEmail({ ...change, password: 'not the password' })).toBeUndefined();
  expect(await links.changeEmail({ ...change, password: PASSWORD })).toBe(true);
  expect((await database.ports.people.profileOf(userId))?.email).toBe(oldEmail);
  expect(await links.verify(await tokenTo('moved@test.example'), address)).toEqual({
    email: 'moved@test.example',
  });
  expect((await database.ports.people.profileOf(userId))?.email).toBe('moved@test.example');
  await deliver();
  expect(sent.at(-1)).toMatchObject({ to: oldEmail, subject: 'Your address was changed' });

  const other = await database.signUp('Taken');
  await links.changeEmail({
    ...change,
    oldEmail: 'moved@test.example',
    email: other.email,
    password: PASSWORD,
  });
  expect(await links.verify(await tokenTo(other.email), address)).toBe('email_taken');
});

test('whoever took an address that was not theirs loses all of it when its owner sets a password (PRD-3)', async () => {
  const { userId, email } = await database.signUp('Squatter', PASSWORD);
  await asOwner('UPDATE app_user SET email_verified_at = NULL WHERE id = $1', [userId]);
  const { secret = '' } = (await database.factors.propose({ userId, email })) ?? {};
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  await database.factors.confirm({ userId, name: 'Squatter', address, code });
  await links.changeEmail({
    userId,
    oldEmail: email,
    name: 'S',
    email: 'squatter@test.example',
    password: PASSWORD,
  });
  const taken = await tokenTo('squatter@test.example');

  await links.requestReset(email);
  const token = await tokenTo(email);
  expect(await links.reset({ token, password: 'of its owner', address })).toEqual({ email });
  expect(await links.verify(taken, address)).toBeUndefined();
  const people = signIns(database.prisma, {
    factors: database.factors,
    mails: database.ports.mails,
    onFailure: () => undefined,
  });
  expect(await people.signIn({ email, password: 'of its owner', address })).toMatchObject({ userId });
  expect(await database.ports.people.isVerified(userId)).toBe(true);
});

test('a proved person who lost a password keeps the second factor', async () => {
  const { userId, email } = await database.signUp('Keeps', PASSWORD);
  const { secret = '' } = (await database.factors.propose({ userId, email })) ?? {};
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  await database.factors.confirm({ userId, name: 'Keeps', address, code });
  await links.requestReset(email);
  expect(await links.reset({ token: await tokenTo(email), password: 'another one', address })).toBeDefined();
  expect(await database.factors.isOn(userId)).toBe(true);
});

test('where no mail leaves the machine a role counts at once, and nothing is said to be proved', async () => {
  const { userId } = await database.signUp('Local');
  await asOwner('UPDATE app_user SET email_verified_at = NULL WHERE id = $1', [userId]);
  const roleOf = async (isProofAsked: boolean) =>
    (await peopleStore(database.prisma, { isProofAsked }).grantsOf(userId)).map(({ role }) => role);
  expect(await roleOf(true)).toEqual(['viewer']);
  expect(await roleOf(false)).toEqual(['owner']);
  expect(await database.ports.people.isVerified(userId)).toBe(false);
});

test('the application reads no token of a link', async () => {
  await expect(database.prisma.$queryRaw`SELECT token_hash FROM email_link`).rejects.toThrow(
    'permission denied',
  );
});
