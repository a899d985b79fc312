import type { TenancyPorts } from '@patchbay/domain/tenancy/ports';
import type { Viewing } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

export function viewStore(prisma: PrismaClient): TenancyPorts['views'] {
  return {
    start: ({ accountId, userId, reason, untilMs }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const id = createId('sin');
        const [row] = await transaction.$queryRaw<{ started: boolean }[]>`
          SELECT account_view_start(${id}, ${userId}, ${accountId}, ${reason}, ${new Date(untilMs)}) AS started`;
        if (row?.started !== true) throw new Error(`Account ${accountId} is not in its own scope.`);
        return id;
      }),

    end: async ({ viewId, userId }) => {
      const [row] = await prisma.$queryRaw<{ ended: boolean }[]>`
        SELECT account_view_end(${viewId}, ${userId}) AS ended`;
      return row?.ended === true;
    },
  };
}

/** What the holder of a session looks at; undefined where it is no view, or one that is over. */
export async function viewOf(prisma: PrismaClient, signInSessionId: string): Promise<Viewing | undefined> {
  const [row] = await prisma.$queryRaw<{ account_id: string; expires_at: Date }[]>`
    SELECT account_id, expires_at FROM account_view_of(${signInSessionId})`;
  return row && { viewId: signInSessionId, accountId: row.account_id, untilMs: row.expires_at.getTime() };
}
