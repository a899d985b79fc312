import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

/** The account whose people those of an account are: the people of a test account are those of the live one (PRD-1). */
export const liveAccountOf = (prisma: PrismaClient, accountId: string): Promise<string> =>
  inAccount(prisma, accountId, async (transaction) => {
    const [row] = await transaction.$queryRaw<
      { id: string | null }[]
    >`SELECT account_live(${accountId}) AS id`;
    return row?.id ?? accountId;
  });
