import { TRIES_OF_PAIR_MAX, TRIES_OF_USER_MAX } from '@patchbay/domain/tenancy/sign-in-tries';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { hash as bcryptHash } from 'bcryptjs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 120_000 });

type Crypto = typeof import('node:crypto');
/** Argon2 as it is, counted. */
const derived = vi.hoisted(() => vi.fn<Crypto['argon2']>());
vi.mock('node:crypto', async (original) => {
  const crypto = await original<Crypto>();
  derived.mockImplementation(crypto.argon2);
  return { ...crypto, argon2: derived };
});

import { newestMails } from '../mail/outbox.ts';
import { UnitEndedError } from '../postgres/unit-of-work.ts';
import { auditStore } from './audit-store.ts';
import { emailLinks, makeEmailLink } from './email-links.ts';
import { prune } from './idempotency-store.ts';
import { isOutdated } from './password.ts';
import { inAccount } from './scope.ts';
import { makeSetUpLink, readSetUpLink, useSetUpLink } from './set-up-links.ts';
import { type SignedIn, type SignInRequest, type SignIns, signIns } from './sign-in.ts';
import { connectAs } from './tenant-attack.ts';

/** On a machine with too much to do the time of what nobody waits for may be up: the next try does it. */
const fail = (error: unknown) => {
  if (!(error instanceof UnitEndedError)) throw error;
};

let database: TenancyDatabase;
let people: Omit<SignIns, 'signIn'> & {
  signIn(request: SignInRequest): Promise<SignedIn | undefined>;
};

beforeAll(async () => {
  database = await createTenancyDatabase();
  await database.warmUp();
  const opened = signIns(database.prisma, {
    factors: database.factors,
    mails: database.ports.mails,
    onFailure: fail,
  });
  people = {
    ...opened,
    signIn: async (request) => {
      const outcome = await opened.signIn(request);
      if (typeof outcome === 'string') throw new Error('Nobody here has a second factor, or a provider.');
      return outcome;
    },
  };
}, 120_000);
afterAll(() => database.close());

test('C12: the right password opens a session, a new one each time, which ends when it is signed out', async () => {
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
}, 120_000);

test('C13: after five failures in 15 minutes the right password is refused too, from that address alone', async () => {
  const password = 'a password of theirs';
  const { email } = await database.signUp('Guessed', password);
  const address = '192.0.2.2';
  // All at once: a burst is no way round the limit.
  const guesses = Array.from({ length: TRIES_OF_PAIR_MAX }, (_, index) =>
    people.signIn({ email, password: `guess ${index}`, address }),
  );
  expect(await Promise.all(guesses)).toEqual(Array(TRIES_OF_PAIR_MAX).fill(undefined));
  expect(await people.signIn({ email, password, address })).toBeUndefined();
  expect(await people.signIn({ email, password, address: '192.0.2.3' })).toBeDefined();

  const owner = await connectAs(database.url);
  await owner.query(`UPDATE sign_in_attempt SET at = at - interval '15 minutes'`);
  await owner.end();
  expect(await people.signIn({ email, password, address })).toBeDefined();
}, 120_000);

test('C13: all addresses of one IPv6 network are one, as whoever has one of them has all', async () => {
  const password = 'a password of theirs';
  const { email } = await database.signUp('Guessed over IPv6', password);
  for (let index = 0; index < TRIES_OF_PAIR_MAX; index += 1)
    await people.signIn({ email, password: `guess ${index}`, address: `2001:db8:0:1::${index + 1}` });
  expect(await people.signIn({ email, password, address: '2001:db8:0:1:a:b:c:d' })).toBeUndefined();
  expect(await people.signIn({ email, password, address: '2001:db8:0:2::1' })).toBeDefined();
});

/** As many wrong passwords as one user may be tried with, from many networks at once, and some more. */
async function tryFromEverywhere(email: string, network: number): Promise<void> {
  const tries = Array.from({ length: TRIES_OF_USER_MAX + 2 }, (_, index) =>
    people.signIn({ email, password: 'a guess', address: `198.51.${network}.${Math.floor(index / 4)}` }),
  );
  expect((await Promise.all(tries)).every((signedIn) => signedIn === undefined)).toBe(true);
}
const mailsTo = (email: string) =>
  newestMails(database.prisma, { cipher: database.cipher, countMax: 100 }).then((mails) =>
    mails.filter(({ recipient, subject }) => recipient === email && subject.includes('wrong passwords')),
  );

test('C13: tried from many networks, a password holds where its owner signed in before, and they are told once', async () => {
  const password = 'a password of theirs';
  const { email, userId } = await database.signUp('Tried from everywhere', password);
  expect(await people.signIn({ email, password, address: '2001:db8:1:1::7' })).toBeDefined();
  await tryFromEverywhere(email, 1);
  expect(await people.signIn({ email, password, address: '203.0.113.1' })).toBeUndefined();
  expect(await people.signIn({ email, password, address: '2001:db8:1:1::8' })).toBeDefined();
  // An address of mail that is nobody's is answered in the same way.
  await tryFromEverywhere('nobody-there@test.example', 2);
  await vi.waitFor(async () => expect(await mailsTo(email)).toHaveLength(1));

  // Elsewhere their mail lets them in, with the password that they set there.
  const links = emailLinks(database.prisma, database.ports.mails);
  const token = await makeEmailLink(database.prisma, { userId, purpose: 'reset', email });
  const next = 'another password of theirs';
  expect(await links.reset({ token: token ?? '', password: next, address: '203.0.113.1' })).toBeDefined();
  expect(await people.signIn({ email, password: next, address: '203.0.113.1' })).toBeDefined();
  expect(await people.signIn({ email, password: next, address: '203.0.113.200' })).toBeUndefined();

  const owner = await connectAs(database.url);
  await prune(database.prisma);
  await owner.query(`UPDATE sign_in_attempt SET at = at - interval '15 minutes'`);
  expect(await people.signIn({ email, password: next, address: '203.0.113.200' })).toBeDefined();
  await prune(database.prisma);
  await owner.end();
  const another = signIns(database.prisma, {
    factors: database.factors,
    mails: database.ports.mails,
    onFailure: fail,
  });
  const again = Array.from({ length: TRIES_OF_USER_MAX + 2 }, (_, index) =>
    another.signIn({ email, password: 'a guess', address: `198.51.3.${Math.floor(index / 4)}` }),
  );
  await Promise.all(again);
  expect(await mailsTo(email)).toHaveLength(1);
}, 120_000);

test('what could not be told of tries from many networks is told at the next one (C13)', async () => {
  const { email } = await database.signUp('Tell later', 'a password of theirs');
  const failures: unknown[] = [];
  let isBroken = true;
  const { mails } = database.ports;
  const opened = signIns(database.prisma, {
    factors: database.factors,
    mails: {
      ...mails,
      send: async (letter) => {
        if (isBroken) throw new Error('The outbox is full.');
        await mails.send(letter);
      },
    },
    onFailure: (error) => failures.push(error),
  });
  const tryFrom = (network: number) =>
    opened.signIn({ email, password: 'a guess', address: `198.51.${network}.1` });
  await Promise.all(
    Array.from({ length: TRIES_OF_USER_MAX + 2 }, (_, index) => tryFrom(20 + Math.floor(index / 4))),
  );
  await vi.waitFor(() => expect(failures).not.toEqual([]), { timeout: 10_000 });
  expect(await mailsTo(email)).toEqual([]);
  isBroken = false;
  await tryFrom(200);
  await vi.waitFor(async () => expect(await mailsTo(email)).toHaveLength(1), { timeout: 10_000 });
});

test('C13: an unknown address costs the same work as a wrong password', async () => {
  const { email } = await database.signUp('Timing', 'the right password');
  const workOf = async (asked: string) => {
    derived.mockClear();
    await people.signIn({ email: asked, password: 'wrong password', address: '192.0.2.4' });
    return derived.mock.calls.map(([algorithm, { memory, passes, parallelism, tagLength }]) => ({
      algorithm,
      memory,
      passes,
      parallelism,
      tagLength,
    }));
  };
  const ofWrong = await workOf(email);
  expect(ofWrong).toHaveLength(1);
  expect(await workOf('nobody@test.example')).toEqual(ofWrong);
}, 120_000);

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
  expect(used).toMatchObject({ userId, email, isEmailVerified: true });
  expect(await people.check(before?.signInSessionId ?? '')).toBeUndefined();
  for (const again of [token, other, 'forged']) {
    expect(await readSetUpLink(database.prisma, again)).toBeUndefined();
    expect(
      await useSetUpLink(database.prisma, { token: again, password: 'stolen password' }),
    ).toBeUndefined();
  }
  expect(await people.signIn({ email, password, address: '192.0.2.5' })).toBeUndefined();
  expect(await people.signIn({ email, password: 'a new password', address: '192.0.2.5' })).toBeDefined();
}, 120_000);

test('a password that was hashed by an earlier version is hashed anew when it is shown, and not before', async () => {
  const password = 'a password of theirs';
  const { email, userId } = await database.signUp('Rehashed');
  const owner = await connectAs(database.url);
  const hashOf = async () => {
    const { rows } = await owner.query('SELECT password_hash FROM app_user WHERE id = $1', [userId]);
    return String(rows[0].password_hash);
  };
  await owner.query('UPDATE app_user SET password_hash = $2 WHERE id = $1', [
    userId,
    await bcryptHash(password, 4),
  ]);
  const request = { email, address: '192.0.2.20' };
  expect(await people.signIn({ ...request, password: 'wrong password' })).toBeUndefined();
  expect(isOutdated(await hashOf())).toBe(true);
  expect(await people.signIn({ ...request, password })).toBeDefined();
  expect(isOutdated(await hashOf())).toBe(false);
  expect(await people.signIn({ ...request, password })).toBeDefined();
  await owner.end();
});

test('the audit log of each account of a user tells of signing in and out, and of a new password (ACC-8)', async () => {
  const password = 'a password of theirs';
  const { email, userId, accountId } = await database.signUp('Audited', password);
  const elsewhere = await database.signUp('Elsewhere');
  const child = await database.addChild(elsewhere.accountId, 'Child');
  await grant(userId, child);
  const signedIn = await people.signIn({ email, password, address: '192.0.2.21', userAgent: 'Test/1' });
  await people.signIn({ email, password, address: '192.0.2.21' });
  await people.signOutEverywhere(signedIn?.signInSessionId ?? '');
  await people.signOut(signedIn?.signInSessionId ?? '');
  const token = await makeSetUpLink(database.prisma, userId);
  await useSetUpLink(database.prisma, { token, password: 'a new password' });
  const told = [
    { action: 'sign-in.open', actorId: userId, target: userId, after: { userAgent: 'Test/1' } },
    { action: 'sign-in.open', actorId: userId },
    { action: 'sign-in.close', actorId: userId, after: { endedCount: 2 } },
    { action: 'password.set', actorId: userId },
  ];
  expect(await entriesOf(accountId)).toMatchObject(told);
  expect(await entriesOf(child)).toMatchObject(told);
  // Above, and beside, nobody is told.
  expect(await entriesOf(elsewhere.accountId)).toEqual([]);
});

test('tries at a user stand in the log once in 15 minutes, whoever makes however many from wherever', async () => {
  const { email, userId, accountId } = await database.signUp('Tried', 'a password of theirs');
  for (const address of ['192.0.2.22', '192.0.2.23']) {
    const tries = Array.from({ length: TRIES_OF_PAIR_MAX + 2 }, (_, index) =>
      people.signIn({ email, password: `guess ${index}`, address }),
    );
    expect(await Promise.all(tries)).toEqual(Array(TRIES_OF_PAIR_MAX + 2).fill(undefined));
  }
  await vi.waitFor(async () =>
    expect(await entriesOf(accountId)).toMatchObject([
      {
        action: 'sign-in.refuse',
        actorId: 'stranger',
        target: userId,
        after: { triesMax: TRIES_OF_PAIR_MAX },
      },
    ]),
  );
});

const entriesOf = async (accountId: string) => {
  const { entries } = auditStore(database.prisma);
  const { items } = await entries.list({ accountId, scope: 'own', limit: 100 });
  return items.toReversed();
};
const grant = (userId: string, accountId: string) =>
  inAccount(database.prisma, accountId, ({ roleGrant }) =>
    roleGrant.create({ data: { userId, accountId, role: 'viewer' } }),
  );
