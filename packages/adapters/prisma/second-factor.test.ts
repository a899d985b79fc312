import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { auditStore } from './audit-store.ts';
import { RECOVERY_CODE_COUNT, type SecondFactors, secondFactors } from './second-factor.ts';
import { type SignIns, signIns } from './sign-in.ts';
import { connectAs } from './tenant-attack.ts';

vi.setConfig({ testTimeout: 120_000 });

const PASSWORD = 'a password of theirs';
const address = '192.0.2.1';
const STEP_MS = 30_000;
let database: TenancyDatabase;
let nowMs = Date.UTC(2026, 10, 29, 12);
let factors: SecondFactors;
let people: SignIns;

beforeAll(async () => {
  database = await createTenancyDatabase();
  factors = secondFactors(database.prisma, {
    cipher: database.cipher,
    isProofAsked: false,
    nowMs: () => nowMs,
  });
  people = signIns(database.prisma, {
    factors,
    mails: database.ports.mails,
    onFailure: (error) => {
      throw error;
    },
  });
}, 120_000);
afterAll(() => database.close());

async function enrol(name: string) {
  const person = await database.signUp(name, PASSWORD);
  const { userId, email } = person;
  const { secret = '', uri = '' } = (await factors.propose({ userId, email })) ?? {};
  const codeAt = (atMs: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: atMs });
  const confirm = (code: string) => factors.confirm({ userId, name, address, code });
  return { ...person, secret, uri, codeAt, confirm };
}

test('a code of RFC 6238 is asked for once it was shown to work, and a wrong one turns nothing on', async () => {
  const { email, userId, uri, secret, codeAt, confirm } = await enrol('Turns on');
  expect(uri).toContain(`secret=${secret}`);
  expect(await confirm('000000')).toBeUndefined();
  expect(await people.signIn({ email, password: PASSWORD, address })).toMatchObject({ userId });
  expect(await confirm(codeAt(nowMs))).toHaveLength(RECOVERY_CODE_COUNT);
  expect(await people.signIn({ email, password: PASSWORD, address })).toBe('second_factor');
  expect(await people.signIn({ email, password: 'not theirs', address })).toBeUndefined();
  expect(await factors.propose({ userId, email })).toBeUndefined();
});

test('a code works once, one step early or late, and no further; none from before it works after it', async () => {
  const { userId, codeAt, confirm } = await enrol('Replayed');
  await confirm(codeAt(nowMs));
  expect(await factors.take(userId, codeAt(nowMs))).toBe(false);
  expect(await factors.take(userId, codeAt(nowMs + 2 * STEP_MS))).toBe(false);
  const both = [factors.take(userId, codeAt(nowMs + STEP_MS)), factors.take(userId, codeAt(nowMs + STEP_MS))];
  expect((await Promise.all(both)).sort()).toEqual([false, true]);
  expect(await factors.take(userId, codeAt(nowMs - STEP_MS))).toBe(false);
  nowMs += 10 * STEP_MS;
  expect(await factors.take(userId, codeAt(nowMs - STEP_MS))).toBe(true);
});

test('a recovery code signs in once, and only its hash is kept', async () => {
  const { email, userId, codeAt, confirm } = await enrol('Recovers');
  const [code = '', other = ''] = (await confirm(codeAt(nowMs))) ?? [];
  const signIn = () => people.signIn({ email, password: PASSWORD, code: code.toUpperCase(), address });
  expect(await signIn()).toMatchObject({ userId });
  expect(await signIn()).toBeUndefined();
  const owner = await connectAs(database.url);
  const { rows } = await owner.query('SELECT row_to_json(c)::text AS text FROM recovery_code c');
  await owner.end();
  expect(JSON.stringify(rows)).not.toContain(Buffer.from(other).toString('hex'));
  await expect(database.prisma.$queryRaw`SELECT secret FROM second_factor`).rejects.toThrow(
    'permission denied',
  );
});

test('more than ten codes in 15 minutes are refused, from however many addresses', async () => {
  const { email, codeAt, confirm } = await enrol('Guessed');
  await confirm(codeAt(nowMs));
  for (let count = 0; count < 10; count += 1) {
    const from = `192.0.2.${count + 10}`;
    expect(await people.signIn({ email, password: PASSWORD, code: '000000', address: from })).toBeUndefined();
  }
  const right = { email, password: PASSWORD, code: codeAt(nowMs + STEP_MS), address: '192.0.2.99' };
  expect(await people.signIn(right)).toBeUndefined();
});

test('it is turned off by whoever shows a code, and both stand in the audit log', async () => {
  const { userId, accountId, codeAt, confirm } = await enrol('Turns off');
  await confirm(codeAt(nowMs));
  const person = { userId, name: 'Turns off', address };
  expect(await factors.remove({ ...person, code: '000000' })).toBe(false);
  expect(await factors.remove({ ...person, code: codeAt(nowMs + STEP_MS) })).toBe(true);
  expect(await factors.isOn(userId)).toBe(false);
  const { items } = await auditStore(database.prisma).entries.list({ accountId, scope: 'own', limit: 10 });
  expect(items.map(({ action }) => action)).toEqual(['second-factor.off', 'second-factor.on']);
});

test('somebody sees where they are signed in, and ends one of their own sessions and no other', async () => {
  const signIn = async (email: string, userAgent: string) => {
    const outcome = await people.signIn({ email, password: PASSWORD, address, userAgent });
    if (outcome === undefined || typeof outcome === 'string') throw new Error('The password was refused.');
    return outcome.signInSessionId;
  };
  const ada = await database.signUp('Sessions', PASSWORD);
  const bob = await database.signUp('Stranger', PASSWORD);
  const [here, there] = [await signIn(ada.email, 'Here'), await signIn(ada.email, 'There')];
  const bobs = await signIn(bob.email, 'Bob');
  expect((await people.list(here)).map(({ userAgent }) => userAgent).sort()).toEqual(['Here', 'There']);
  expect(await people.end(here, bobs)).toBe(false);
  expect(await people.check(bobs)).toBeDefined();
  expect(await people.end(here, there)).toBe(true);
  expect(await people.check(there)).toBeUndefined();
  expect(await people.list(there)).toEqual([]);
  expect(await people.end(there, here)).toBe(false);
});
