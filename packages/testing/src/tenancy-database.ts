import { randomBytes } from 'node:crypto';
import { mailOutbox } from '@patchbay/adapters/mail/outbox';
import { accountChain } from '@patchbay/adapters/prisma/account-store';
import { openClient } from '@patchbay/adapters/prisma/client';
import { keyStore } from '@patchbay/adapters/prisma/key-store';
import { MASTER_KEY_BYTES, mintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { secondFactors } from '@patchbay/adapters/prisma/second-factor';
import { ensurePlatform } from '@patchbay/adapters/prisma/seed';
import { tenancyPorts } from '@patchbay/adapters/prisma/tenancy-ports';
import type { CataloguedOperation } from '@patchbay/domain/tenancy/access';
import { createId } from '@patchbay/kit/ids';
import { createTestDatabase } from './test-database.ts';

/** What a preview of a move tells, and who may read it. */
const reads = [
  ['prices', 'list'],
  ['policy', 'get'],
  ['plans', 'list'],
  ['team', 'list'],
  ['triggers', 'list'],
  ['webhooks', 'list'],
  ['spending-limits', 'get'],
].map(([owner = '', operation = '']) => ({ owner, operation, access: 'read', isRead: true }) as const);

/** One operation for each access, and one service. Tests of scopes need no more. */
const catalogue: readonly CataloguedOperation[] = [
  ...reads,
  { owner: 'accounts', operation: 'get', access: 'read', isRead: true },
  { owner: 'accounts', operation: 'create', access: 'administer', isRead: false },
  { owner: 'accounts', operation: 'move', access: 'administer', isRead: false },
  { owner: 'accounts', operation: 'update', access: 'administer', isRead: false },
  { owner: 'keys', operation: 'create', access: 'develop', isRead: false },
  { owner: 'prices', operation: 'set', access: 'bill', isRead: false },
  { owner: 'network-discovery', operation: 'createIceServers', access: 'develop', isRead: false },
];

/** A database of its own with the platform account, and what it takes to grow a tree of accounts in it. */
export async function createTenancyDatabase({
  connectionsMax = 5,
}: {
  readonly connectionsMax?: number;
} = {}) {
  const database = await createTestDatabase();
  const prisma = openClient(database.applicationUrl, { connectionsMax });
  const masterKey = randomBytes(MASTER_KEY_BYTES);
  const cipher = mintBranchCipher(masterKey);
  const mails = mailOutbox(prisma, { cipher, baseUrl: 'https://patchbay.test' });
  // What a move changes of prices and policies is tested with the stores that know it.
  const brand = { before: 'Patchbay', after: 'Patchbay' };
  const movedRules = async () => ({ prices: [], policy: [], configuration: [], brand });
  const ports = tenancyPorts(prisma, { cipher, catalogue, mails, movedRules });
  const platformId = await ensurePlatform(prisma);
  let people = 0;
  /** As somebody who followed the link of their mail. */
  const verify = async (user: { readonly userId: string; readonly email: string }) => {
    const token = await ports.people.makeVerification(user);
    await prisma.$queryRaw`SELECT email_verify(sha256(convert_to(${token}, 'UTF8')))::text`;
  };
  return {
    url: database.url,
    applicationUrl: database.applicationUrl,
    prisma,
    masterKey,
    cipher,
    ports,
    keys: keyStore(prisma, cipher),
    factors: secondFactors(prisma, { cipher, isProofAsked: false }),
    platformId,
    proveAddress: verify,
    /** From the platform down to the account. */
    chainOf: async (accountId: string) => (await accountChain(prisma, accountId)).map(({ id }) => id),
    /** Somebody who signed up, and the top account that they own. The password takes a while to hash: only if asked for. */
    signUp: async (organisationName: string, password?: string) => {
      people += 1;
      const email = `person${people}@test.example`;
      const person = { email, name: `Person ${people}`, organisationName, currency: 'EUR', timeZone: 'UTC' };
      if (password !== undefined) {
        const passwordHash = await ports.people.hashPassword(password);
        const signedUp = await ports.people.signUp({ ...person, passwordHash });
        if (signedUp.outcome !== 'signed_up') throw new Error(`Signing up ended with ${signedUp.outcome}.`);
        await verify({ ...signedUp, email });
        return { ...signedUp, email };
      }
      const [userId, accountId] = [createId('usr'), createId('acc')];
      await prisma.$queryRaw`SELECT sign_up(${userId}, ${email}, ${person.name}, 'no hash', ${createId('org')},
        ${organisationName}, ${accountId}, 'EUR', 'UTC')`;
      await verify({ userId, email });
      return { userId, accountId, email };
    },
    addChild: async (accountId: string, name: string) => {
      const child = await ports.accounts.create({ accountId, name, timeZone: 'UTC' });
      if (child === undefined) throw new Error(`${name} was not created.`);
      return child.id;
    },
    /** As the platform, which stands above all. */
    suspend: async (accountId: string) => {
      const suspensions = [{ byId: platformId, reason: 'said' }] as const;
      await ports.accounts.update({ accountId, change: { suspensions } });
    },
    /** Opens every connection of the pool. Until then, calls made at once run one after the other. */
    warmUp: async () => {
      await Promise.all(
        Array.from({ length: connectionsMax }, () => prisma.$queryRaw`SELECT pg_sleep(0.2)::text`),
      );
    },
    close: async () => {
      await prisma.$disconnect();
      await database.drop();
    },
  };
}

export type TenancyDatabase = Awaited<ReturnType<typeof createTenancyDatabase>>;
