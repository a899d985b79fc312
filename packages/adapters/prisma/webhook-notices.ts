import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { createId } from '@patchbay/kit/ids';
import { appendEntry } from './audit-store.ts';
import { appendEvents } from './event-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

interface Endpoint {
  readonly accountId: string;
  readonly webhookId: string;
  readonly atMs: number;
}

/** What the platform itself says and does about an endpoint that fails. */
export interface WebhookNotices {
  failing(endpoint: Endpoint): Promise<void>;
  /** Sends nothing more to it, tells its account, and has it on record. Nothing when it is disabled already. */
  disable(endpoint: Endpoint & { readonly reason: 'failing' | 'gone' }): Promise<void>;
}

const tell = (
  transaction: ScopedTransaction,
  { accountId, atMs }: Endpoint,
  { type, data }: { readonly type: string; readonly data: unknown },
) => appendEvents(transaction, [eventOfHandler({ accountId, type, data, atMs })]);

export function webhookNotices(prisma: PrismaClient): WebhookNotices {
  return {
    failing: (endpoint) =>
      inAccount(prisma, endpoint.accountId, (transaction) =>
        tell(transaction, endpoint, {
          type: 'hooks.webhook.failing',
          data: { webhookId: endpoint.webhookId },
        }),
      ),

    disable: ({ reason, ...endpoint }) =>
      inAccount(prisma, endpoint.accountId, async (transaction) => {
        const { accountId, webhookId } = endpoint;
        const { count } = await transaction.webhook.updateMany({
          where: { accountId, id: webhookId, state: 'active' },
          data: { state: 'disabled', disabledReason: reason },
        });
        if (count === 0) return;
        await tell(transaction, endpoint, { type: 'hooks.webhook.disabled', data: { webhookId, reason } });
        const chain = await transaction.$queryRaw<
          { id: string }[]
        >`SELECT id FROM account_chain(${accountId})`;
        await appendEntry(transaction, {
          accountId,
          accountPath: chain.map(({ id }) => id),
          actorId: 'platform',
          actorName: 'The platform',
          action: 'webhooks.disable',
          target: webhookId,
          requestId: createId('req'),
          before: { state: 'active' },
          after: { state: 'disabled', disabledReason: reason },
        });
      }),
  };
}
