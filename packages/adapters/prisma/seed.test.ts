import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOwnerSetUpLink, DEMO_EMAIL, seedDemo } from './seed.ts';
import { readSetUpLink, useSetUpLink } from './set-up-links.ts';
import { signIns } from './sign-in.ts';

const fail = (error: unknown) => {
  throw error;
};

let database: TenancyDatabase;
beforeEach(async () => {
  database = await createTenancyDatabase();
}, 120_000);
afterEach(() => database.close());

test('the demo is one account, one user who owns it and the platform, and a key that works', async () => {
  const { prisma, keys, ports, factors } = database;
  const demo = await seedDemo(prisma, { keys });
  expect(demo).toMatchObject({ platformAccountId: database.platformId, email: DEMO_EMAIL });
  expect(await keys.authenticate(demo.secret)).toMatchObject({ accountId: demo.accountId, scopes: ['*'] });
  const signedIn = await signIns(prisma, { factors, mails: database.ports.mails, onFailure: fail }).signIn({
    ...demo,
    address: '127.0.0.1',
  });
  expect(await ports.people.grantsOf(signedIn instanceof Object ? signedIn.userId : '')).toMatchObject([
    { accountId: demo.platformAccountId, accountName: 'Patchbay', role: 'owner' },
    { accountId: demo.accountId, accountName: 'Demo', role: 'owner' },
  ]);
  expect(await seedDemo(prisma, { keys, known: demo })).toEqual(demo);
}, 120_000);

test('a start that lost its notes gets a new secret and password, and the old ones end', async () => {
  const { prisma, keys, factors } = database;
  const lost = await seedDemo(prisma, { keys });
  const found = await seedDemo(prisma, { keys });
  expect(found).toMatchObject({ accountId: lost.accountId, platformAccountId: lost.platformAccountId });
  expect(await keys.authenticate(lost.secret)).toBeUndefined();
  expect(await keys.authenticate(found.secret)).toBeDefined();
  const { signIn } = signIns(prisma, { factors, mails: database.ports.mails, onFailure: fail });
  expect(await signIn({ ...lost, address: '127.0.0.1' })).toBeUndefined();
  expect(await signIn({ ...found, address: '127.0.0.1' })).toBeDefined();
}, 120_000);

test('elsewhere nothing is seeded: the owner gives address and password through a link that works once', async () => {
  const { prisma, ports, factors } = database;
  await database.signUp('A customer who came first');
  const unused = await createOwnerSetUpLink(prisma);
  const token = await createOwnerSetUpLink(prisma);
  if (unused === undefined || token === undefined) throw new Error('There is no link.');
  expect(await readSetUpLink(prisma, token)).toMatchObject({ email: undefined, name: 'Owner' });
  const owner = { email: 'Owner@Test.Example', name: 'The owner', password: 'a password of mine' };
  expect(await useSetUpLink(prisma, { ...owner, token, email: 'person1@test.example' })).toBe('email_taken');
  const used = await useSetUpLink(prisma, { ...owner, token });
  if (used === undefined || used === 'email_taken') throw new Error('The link did not work.');
  expect(used.email).toBe('owner@test.example');
  expect(await ports.people.grantsOf(used.userId)).toMatchObject([
    { accountId: database.platformId, role: 'owner' },
  ]);
  expect(
    await signIns(prisma, { factors, mails: database.ports.mails, onFailure: fail }).signIn({
      ...owner,
      address: '127.0.0.1',
    }),
  ).toMatchObject({
    name: 'The owner',
  });
  expect(await useSetUpLink(prisma, { ...owner, token: unused })).toBeUndefined();
  expect(await createOwnerSetUpLink(prisma)).toBeUndefined();
}, 120_000);
