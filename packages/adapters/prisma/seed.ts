import { randomBytes } from 'node:crypto';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import { createId } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';
import type { KeyStore } from './key-store.ts';
import { hashPassword, isPassword } from './password.ts';
import { peopleStore } from './people-store.ts';
import { inAccount } from './scope.ts';
import { makeSetUpLink, useSetUpLink } from './set-up-links.ts';

export const DEMO_EMAIL = 'demo@patchbay.example';
const DEMO_NAME = 'Demo';
/** Reserved for what never exists (RFC 2606 §2): the address is the owner's own as soon as the link is used. */
const OWNER_EMAIL = 'owner@patchbay.invalid';
const PASSWORD_BYTES = 12;

/** The platform's own account, made once. Its currency is only the default for a platform without customers. */
export async function ensurePlatform(prisma: PrismaClient, currency = 'EUR'): Promise<string> {
  const [row] = await prisma.$queryRaw<{ id: string }[]>`
    SELECT platform_account(${createId('acc')}, ${PLATFORM_NAME}, ${currency}) AS id`;
  if (row === undefined) throw new Error('The platform account was neither found nor made.');
  return row.id;
}

/** The platform's own account, where it was made. */
export async function findPlatform(prisma: PrismaClient): Promise<string | undefined> {
  const [row] = await prisma.$queryRaw<{ id: string | null }[]>`
    SELECT platform_account(NULL, ${PLATFORM_NAME}, 'EUR') AS id`;
  return row?.id ?? undefined;
}

/** The tops of all trees of accounts: the platform's, and that of tests once there is one. */
export async function topAccounts(prisma: PrismaClient): Promise<readonly string[]> {
  const rows = await prisma.$queryRaw<{ id: string }[]>`SELECT id FROM account_tops() AS id`;
  return rows.map(({ id }) => id);
}

/** What `dev.env` holds of the demo. */
export interface Demo {
  readonly platformAccountId: string;
  readonly accountId: string;
  readonly secret: string;
  readonly email: string;
  readonly password: string;
}

/**
 * Makes the demo of a machine that only its owner reaches: a user who owns the platform and the account Demo, and a key
 * of that account. What an earlier start noted in `known` is kept as long as it still works; a secret or a password
 * that got lost is replaced, and the lost key revoked.
 */
export async function seedDemo(
  prisma: PrismaClient,
  { keys, known = {} }: { readonly keys: KeyStore; readonly known?: Partial<Demo> },
): Promise<Demo> {
  const platformAccountId = await ensurePlatform(prisma);
  const { userId, accountId } = await demoAccount(prisma);
  await makeOwner(prisma, { userId, accountId: platformAccountId });
  return {
    platformAccountId,
    accountId,
    secret: await workingSecret(keys, accountId, known.secret),
    email: DEMO_EMAIL,
    password: await workingPassword(prisma, userId, known.password),
  };
}

async function demoAccount(prisma: PrismaClient): Promise<{ userId: string; accountId: string }> {
  const people = peopleStore(prisma);
  const signedUp = await people.signUp({
    email: DEMO_EMAIL,
    passwordHash: await hashPassword(newPassword()),
    name: DEMO_NAME,
    organisationName: DEMO_NAME,
    currency: 'EUR',
    timeZone: 'UTC',
  });
  if (signedUp.outcome === 'signed_up') return signedUp;
  const [user] = await prisma.$queryRaw<{ id: string }[]>`SELECT id FROM user_for_sign_in(${DEMO_EMAIL})`;
  const held = user === undefined ? [] : await people.grantsOf(user.id);
  const grants = held.filter(({ isTest }) => !isTest);
  const own = grants.find(({ accountName }) => accountName === DEMO_NAME) ?? grants.at(-1);
  if (user === undefined || own === undefined)
    throw new Error('The demo user is there without the demo account.');
  return { userId: user.id, accountId: own.accountId };
}

async function makeOwner(
  prisma: PrismaClient,
  { userId, accountId }: { readonly userId: string; readonly accountId: string },
): Promise<void> {
  await inAccount(prisma, accountId, ({ roleGrant }) =>
    roleGrant.createMany({ data: { userId, accountId, role: 'owner' }, skipDuplicates: true }),
  );
}

async function workingSecret(store: KeyStore, accountId: string, known?: string): Promise<string> {
  const key = known === undefined ? undefined : await store.authenticate(known);
  if (known !== undefined && key?.accountId === accountId) return known;
  const { items } = await store.keys.list({ accountId, limit: 100 });
  const lost = items.filter(({ name, revokedAt }) => name === DEMO_NAME && revokedAt === undefined);
  for (const { id: keyId } of lost) await store.keys.revoke({ accountId, keyId });
  const made = await store.keys.create({
    accountId,
    name: DEMO_NAME,
    mode: 'live',
    scopes: ['*'],
    createdBy: 'platform',
  });
  return made.secret;
}

async function workingPassword(prisma: PrismaClient, userId: string, known?: string): Promise<string> {
  if (known !== undefined) {
    const [user] = await prisma.$queryRaw<{ password_hash: string | null }[]>`
      SELECT password_hash FROM user_for_sign_in(${DEMO_EMAIL})`;
    if (await isPassword(known, user?.password_hash)) return known;
  }
  const password = newPassword();
  await useSetUpLink(prisma, { token: await makeSetUpLink(prisma, userId), password });
  return password;
}

const newPassword = () => randomBytes(PASSWORD_BYTES).toString('base64url');

/**
 * On a host that others reach nothing is seeded: the platform's owner sets up with a link that works once. Returns its
 * token, or undefined when an owner has a password already.
 */
export async function createOwnerSetUpLink(prisma: PrismaClient): Promise<string | undefined> {
  const accountId = await ensurePlatform(prisma);
  const owners = await inAccount(prisma, accountId, ({ roleGrant }) =>
    roleGrant.findMany({
      where: { accountId, role: 'owner' },
      select: { userId: true, user: { select: { email: true } } },
    }),
  );
  if (owners.some(({ user }) => user.email !== OWNER_EMAIL)) return undefined;
  const [user] = await prisma.$queryRaw<{ id: string }[]>`
    SELECT id FROM user_invite(${createId('usr')}, ${OWNER_EMAIL}, 'Owner')`;
  if (user === undefined) throw new Error('The owner was neither found nor made.');
  await makeOwner(prisma, { userId: user.id, accountId });
  return await makeSetUpLink(prisma, user.id);
}
