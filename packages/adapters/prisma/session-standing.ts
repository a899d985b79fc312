import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

/**
 * Whether a call goes on that the account itself created or has a leg of. `foreign`: it is neither, or there is none. A
 * session at a relay is none either: no credential is for it.
 */
export function sessionStanding(
  prisma: PrismaClient,
  { accountId, sessionId }: { readonly accountId: string; readonly sessionId: string },
): Promise<'live' | 'ended' | 'foreign'> {
  return inAccount(prisma, accountId, async ({ session, sessionLeg }) => {
    const own = await session.findFirst({
      where: { id: sessionId, accountId },
      select: { state: true, kind: true },
    });
    if (own?.kind === 'relay') return 'foreign';
    if (own !== null) return own.state === 'ended' ? 'ended' : 'live';
    const legs = await sessionLeg.findMany({ where: { sessionId, accountId }, select: { state: true } });
    if (legs.length === 0) return 'foreign';
    return legs.every(({ state }) => state === 'left') ? 'ended' : 'live';
  });
}
