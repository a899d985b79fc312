import type { Letter } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import type { PrismaClient } from './generated/client.ts';
import { liveAccountOf } from './live-account.ts';
import { inAccount } from './scope.ts';

const OWNER_COUNT_MAX = 20;

/** Writes to those who own an account by a role at it, under their own names. */
export async function mailToOwners(
  prisma: PrismaClient,
  mails: Mails,
  { accountId, letterTo }: { readonly accountId: string; readonly letterTo: (name: string) => Letter },
): Promise<void> {
  const heldAt = await liveAccountOf(prisma, accountId);
  const owners = await inAccount(prisma, heldAt, ({ roleGrant }) =>
    roleGrant.findMany({
      where: { accountId: heldAt, role: 'owner', acceptedAt: { not: null } },
      select: { userId: true },
      orderBy: { userId: 'asc' },
      take: OWNER_COUNT_MAX,
    }),
  );
  for (const { userId } of owners) {
    const [user] = await prisma.$queryRaw<{ name: string; email: string }[]>`
      SELECT name, email FROM user_profile(${userId})`;
    if (user === undefined) continue;
    await mails.send({ accountId, to: user.email, reader: { userId }, ...letterTo(user.name) });
  }
}
