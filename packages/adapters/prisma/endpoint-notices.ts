import type { EndpointsPorts } from '@patchbay/domain/endpoints/ports';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { appendEntry } from './audit-store.ts';
import { appendEvents } from './event-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

/** Tells an account what another did with an endpoint of the two, in the transaction of the change (ACC-8). */
export function endpointNotices(prisma: PrismaClient): EndpointsPorts['notices'] {
  return {
    tell: ({ accountId, actor, action, requestId, target, after, event: { type, data }, atMs }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await appendEvents(transaction, [eventOfHandler({ accountId, type, data, atMs })]);
        const chain = await transaction.$queryRaw<
          { id: string }[]
        >`SELECT id FROM account_chain(${accountId})`;
        await appendEntry(transaction, {
          accountId,
          accountPath: chain.map(({ id }) => id),
          actorId: actor.id,
          actorName: actor.name,
          action,
          target,
          requestId,
          after,
        });
      }),
  };
}
