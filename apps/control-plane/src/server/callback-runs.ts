import { withHops } from '@patchbay/adapters/postgres/event-hops';
import { toEnvelope } from '@patchbay/domain/hooks/envelope';
import type { HooksPorts } from '@patchbay/domain/hooks/ports';
import { type CallbackAnswer, runCallback } from '@patchbay/faces/run-callback';
import type { AppRouter } from '@patchbay/faces/trpc';
import { platformError } from '@patchbay/kit/errors';

/** One of what the jobs role has in hand, by its names alone. */
export interface NamedDelivery {
  readonly accountId: string;
  readonly webhookId: string;
  readonly deliveryId: string;
  readonly target: 'main' | 'fallback';
}

/** Less than a worker waits for it: what lasts longer is tried again, and found done. */
const RUN_MS_MAX = 10_000;

interface Parts {
  readonly router: AppRouter;
  readonly hooks: Pick<HooksPorts, 'webhooks' | 'deliveries' | 'cursors'>;
}

/**
 * Runs what a callback names with the event of one of its deliveries (HKS-4). Whoever asks says which delivery it is, and no
 * more: what is run, for whom and with what, stands in what the account set and in the event as it is kept.
 */
export async function runDelivery(
  { router, hooks }: Parts,
  { accountId, webhookId, deliveryId, target }: NamedDelivery,
): Promise<CallbackAnswer> {
  const webhook = await hooks.webhooks.find({ accountId, webhookId });
  const delivery = webhook && (await hooks.deliveries.find({ accountId, webhookId, deliveryId }));
  const url = target === 'main' ? webhook?.url : webhook?.fallbackUrl;
  if (delivery === undefined || url === undefined)
    throw platformError('resource.unknown', `There is no delivery ${deliveryId} to run.`);
  const { hopCount = 0, ...event } = delivery.event;
  return await withHops(hopCount + 1, () =>
    runCallback(router, {
      ...{ accountId, webhookId, url, hopCount },
      event: toEnvelope(event, hooks.cursors),
      signal: AbortSignal.timeout(RUN_MS_MAX),
    }),
  );
}
