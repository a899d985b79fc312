import type { TriggersPorts } from '@patchbay/domain/triggers/ports';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { newWebhookSecret, webhookStore } from './webhook-store.ts';

interface Owner {
  readonly accountId: string;
  readonly triggerId: string;
}

/** The webhooks that triggers have for themselves: sent to, logged, sent again and given new secrets like all others (TRG-2). */
export function triggerCallbacks(
  prisma: PrismaClient,
  cipher: MintBranchCipher,
): Pick<TriggersPorts['callbacks'], 'find' | 'put' | 'remove'> {
  const { find } = webhookStore(prisma, cipher);
  return {
    find: async (webhook) => {
      const { accountId, webhookId } = webhook;
      await inAccount(
        prisma,
        accountId,
        (transaction) => transaction.$queryRaw`
          SELECT id FROM webhook WHERE id = ${webhookId} AND account_id = ${accountId} FOR SHARE`,
      );
      return await find(webhook);
    },

    put: ({ accountId, triggerId, url, fallbackUrl }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const before = await ownOf(transaction, { accountId, triggerId });
        if (before?.url === url) {
          await transaction.webhook.updateMany({
            where: { accountId, id: before.id },
            data: { fallbackUrl: fallbackUrl ?? null },
          });
          return { webhookId: before.id };
        }
        if (before !== undefined) await transaction.$queryRaw`SELECT webhook_remove(${before.id}) AS ok`;
        const { id, secret, sealed } = newWebhookSecret(cipher);
        const address = { url, fallbackUrl: fallbackUrl ?? null };
        // createMany answers no row, so it does not ask for the columns that the role may not read.
        await transaction.webhook.createMany({
          data: { id, accountId, triggerId, eventTypes: [], secretCiphertext: sealed, ...address },
        });
        return { webhookId: id, secret };
      }),

    remove: ({ accountId, triggerId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const before = await ownOf(transaction, { accountId, triggerId });
        if (before !== undefined) await transaction.$queryRaw`SELECT webhook_remove(${before.id}) AS ok`;
      }),
  };
}

/** Two changes of one trigger are made one after the other, so that it has one webhook at a time. */
async function ownOf(transaction: ScopedTransaction, { accountId, triggerId }: Owner) {
  await transaction.$queryRaw`
    SELECT pg_advisory_xact_lock(hashtextextended('patchbay.trigger.callback ' || ${triggerId}, 0))::text`;
  const row = await transaction.webhook.findFirst({
    where: { accountId, triggerId, state: { not: 'removed' } },
    select: { id: true, url: true },
  });
  return row ?? undefined;
}
