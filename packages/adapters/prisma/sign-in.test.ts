import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashPassword, isPassword } from './password.ts';
import { makeSetUpLink, readSetUpLink, useSetUpLink } from './set-up-links.ts';
import { SIGN_IN_TRIES_MAX, type SignIns, signIns } from './sign-in.ts';
import { connectAs } from './tenant-attack.ts';

let database: TenancyDatabase;
let people: SignIns;

beforeAll(async () => {
  database = await createTenancyDatabase();
  await database.warmUp();
  people = signIns(database.prisma);
}, 60_000);
afterAll(() => database.close());

test('the right password opens a session, a new one each time, which ends when it is signed out (C12)', async () => {
  const password = 'a password of theirs';
  const { email, userId } = await database.signUp('Sign in', password);
  const request = { email: email.toUpperCase(), password, address: '192.0.2.1' };
  const first = await people.signIn(request);
  const second = await people.signIn(request);
  expect(first).toMatchObject({ userId, email });
  expect(first?.signInSessionId).not.toBe(second?.signInSessionId);
  expect(await people.check(first?.signInSessionId ?? '')).toMatchObject({ userId });
  await people.signOut(first?.signInSessionId ?? '');
  expect(await people.check(first?.signInSessionId ?? '')).toBeUndefined();
  expect(await people.check(second?.signInSessionId ?? '')).toMatchObject({ userId });
  expect(await people.signOutEverywhere(second?.signInSessionId ?? '')).toBe(1);
  expect(await people.check(second?.signInSessionId ?? '')).toBeUndefined();
}, 30_000);

test('after five failures in 15 minutes the right password is refused too, from that address alone (C13)', async () => {
  const password = 'a password of theirs';
  const { email } = await database.signUp('Guessed', password);
  const address = '192.0.2.2';
  // All at once: a burst is no way round the limit.
  const guesses = Array.from({ length: SIGN_IN_TRIES_MAX }, (_, index) =>
    people.signIn({ email, password: `guess ${index}`, address }),
  );
  expect(await Promise.all(guesses)).toEqual(Array(SIGN_IN_TRIES_MAX).fill(undefined));
  expect(await people.signIn({ email, password, address })).toBeUndefined();
  expect(await people.signIn({ email, password, address: '192.0.2.3' })).toBeDefined();

  const owner = await connectAs(database.url);
  await owner.query(`UPDATE sign_in_attempt SET at = at - interval '15 minutes'`);
  await owner.end();
  expect(await people.signIn({ email, password, address })).toBeDefined();
}, 30_000);

test('an unknown address takes as long as a wrong password (C13)', async () => {
  const { email } = await database.signUp('Timing', 'the right password');
  const timeOf = async (asked: string, address: string) => {
    const startedAt = performance.now();
    await people.signIn({ email: asked, password: 'wrong password', address });
    return performance.now() - startedAt;
  };
  await timeOf('warm@test.example', '192.0.2.9');
  const wrong: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < 4; round++) {
    wrong.push(await timeOf(email, '192.0.2.4'));
    unknown.push(await timeOf(`nobody${round}@test.example`, '192.0.2.4'));
  }
  const least = (times: number[]) => Math.min(...times);
  expect(least(unknown) / least(wrong)).toBeGreaterThan(0.5);
  expect(least(unknown) / least(wrong)).toBeLessThan(2);
  expect(await isPassword('anything', undefined)).toBe(false);
}, 30_000);

test('a set-up link sets the password once, and ends what was signed in before', async () => {
  const password = 'a password of theirs';
  const { email, userId } = await database.signUp('Set up', password);
  const before = await people.signIn({ email, password, address: '192.0.2.5' });
  const token = await makeSetUpLink(database.prisma, userId);
  const other = await makeSetUpLink(database.prisma, userId);
  expect(await readSetUpLink(database.prisma, token)).toMatchObject({ email });
  // The address is the user's own and stays.
  const used = await useSetUpLink(database.prisma, {
    token,
    password: 'a new password',
    email: 'x@test.example',
  });
  expect(used).toEqual({ userId, email });
  expect(await people.check(before?.signInSessionId ?? '')).toBeUndefined();
  for (const again of [token, other, 'forged']) {
    expect(await readSetUpLink(database.prisma, again)).toBeUndefined();
    expect(
      await useSetUpLink(database.prisma, { token: again, password: 'stolen password' }),
    ).toBeUndefined();
  }
  expect(await people.signIn({ email, password, address: '192.0.2.5' })).toBeUndefined();
  expect(await people.signIn({ email, password: 'a new password', address: '192.0.2.5' })).toBeDefined();
}, 30_000);

test('a long password counts to its last character', async () => {
  const long = 'x'.repeat(100);
  const stored = await hashPassword(`${long}a`);
  expect(await isPassword(`${long}a`, stored)).toBe(true);
  expect(await isPassword(`${long}b`, stored)).toBe(false);
}, 30_000);
