import { openClient, type PrismaClient } from '@patchbay/adapters/prisma/client';
import { fleetStore } from '@patchbay/adapters/prisma/fleet-store';
import { keyStore } from '@patchbay/adapters/prisma/key-store';
import { mintBranchCipher, readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { createOwnerSetUpLink, type Demo, seedDemo } from '@patchbay/adapters/prisma/seed';
import { seedDemoPrices } from './demo-prices.ts';
import { type NodeRole, nodeRoles } from './parts.ts';

const joinTokenMs = 10 * 60_000;

/** What this machine's first start puts into the database; each later one finds it there. */
export interface FirstStart {
  /** Absent where others reach the host: nothing is seeded there. */
  readonly demo: Demo | undefined;
  /** Opens the page, once, on which the owner sets a password. Absent on loopback, and when there is an owner. */
  readonly ownerToken: string | undefined;
  /** One for each role, with which it enrols the first time. */
  readonly joinTokens: Readonly<Record<NodeRole, string>>;
}

export interface FirstStartOptions {
  readonly databaseUrl: string;
  readonly masterKey: string;
  readonly region: string;
  readonly isLocal: boolean;
  /** What an earlier start wrote into `dev.env`. */
  readonly known: Partial<Demo>;
}

async function joinTokensOf(prisma: PrismaClient, region: string): Promise<FirstStart['joinTokens']> {
  const store = fleetStore(prisma);
  const create = (role: NodeRole) =>
    store.createJoinToken({ roles: [role], region, lifetimeMs: joinTokenMs });
  const tokens = await Promise.all(nodeRoles.map(async (role) => [role, await create(role)] as const));
  return Object.fromEntries(tokens) as Record<NodeRole, string>;
}

/** Prepares a migrated database for what is about to start. */
export async function prepareDatabase(options: FirstStartOptions): Promise<FirstStart> {
  const { databaseUrl, masterKey, region, isLocal, known } = options;
  const prisma = openClient(databaseUrl, { connectionsMax: 2 });
  try {
    const keys = keyStore(prisma, mintBranchCipher(readMasterKey(masterKey)));
    const demo = isLocal ? await seedDemo(prisma, { keys, known }) : undefined;
    if (demo !== undefined) await seedDemoPrices(databaseUrl, demo.platformAccountId);
    const ownerToken = isLocal ? undefined : await createOwnerSetUpLink(prisma);
    return { demo, ownerToken, joinTokens: await joinTokensOf(prisma, region) };
  } finally {
    await prisma.$disconnect();
  }
}
