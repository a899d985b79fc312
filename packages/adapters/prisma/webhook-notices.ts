import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { WebhookTrouble } from '@patchbay/domain/tenancy/mails';
import { createId } from '@patchbay/kit/ids';
import { appendEntry } from './audit-store.ts';
import { appendEvents } from './event-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

/** Of each kind, a webhook is written of once in this time: one that comes and goes fills no mailbox. */
export const WEBHOOK_MAIL_EVERY_MS = 24 * 3_600_000;

interface Endpoint {
  readonly accountId: string;
  readonly webhookId: string;
  readonly atMs: number;
  /** How its last request ended. */
  readonly status?: number | undefined;
  readonly error?: string | undefined;
}

/**
 * What the platform itself says and does about an endpoint that fails: by an event, and by mail, which is due with the change
 * and written by `mailWebhookTroubles`.
 */
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

/** Keeps what is to be written, unless the same was lately. */
async function leaveMail(
  { webhook }: ScopedTransaction,
  { accountId, webhookId: id, atMs, status, error }: Endpoint,
  kind: WebhookTrouble['kind'],
): Promise<void> {
  const at = new Date(atMs);
  const isOver = { lte: new Date(atMs - WEBHOOK_MAIL_EVERY_MS) };
  const trouble: WebhookTrouble = { kind, status, error };
  const mailDue = { ...trouble };
  await (kind === 'failing'
    ? webhook.updateMany({
        where: { accountId, id, OR: [{ failingMailAt: null }, { failingMailAt: isOver }] },
        data: { mailDue, failingMailAt: at },
      })
    : webhook.updateMany({
        where: { accountId, id, OR: [{ disabledMailAt: null }, { disabledMailAt: isOver }] },
        data: { mailDue, disabledMailAt: at },
      }));
}

export function webhookNotices(prisma: PrismaClient): WebhookNotices {
  return {
    failing: (endpoint) =>
      inAccount(prisma, endpoint.accountId, async (transaction) => {
        await tell(transaction, endpoint, {
          type: 'hooks.webhook.failing',
          data: { webhookId: endpoint.webhookId },
        });
        await leaveMail(transaction, endpoint, 'failing');
      }),

    disable: ({ reason, ...endpoint }) =>
      inAccount(prisma, endpoint.accountId, async (transaction) => {
        const { accountId, webhookId } = endpoint;
        const { count } = await transaction.webhook.updateMany({
          where: { accountId, id: webhookId, state: 'active' },
          data: { state: 'disabled', disabledReason: reason },
        });
        if (count === 0) return;
        await tell(transaction, endpoint, { type: 'hooks.webhook.disabled', data: { webhookId, reason } });
        await leaveMail(transaction, endpoint, reason === 'gone' ? 'gone' : 'given_up');
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
