import {
  CALLBACK_COUNT_MAX,
  type Callback,
  type CallbackPlace,
  changeOf,
  type SetCallback,
} from '@patchbay/domain/hooks/callbacks';
import type { HooksPorts } from '@patchbay/domain/hooks/ports';
import type { PrismaClient } from './generated/client.ts';
import { isHeldPlace } from './held-place.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { newWebhookSecret } from './webhook-store.ts';

const columns = { id: true, url: true, fallbackUrl: true, eventTypes: true, state: true } as const;

/** One place is not another that says more: an application's are not those of its instance types. */
const placeOf = ({ applicationId, instanceType, endpointId }: CallbackPlace) => ({
  applicationId: applicationId ?? null,
  instanceType: instanceType ?? null,
  endpointId: endpointId ?? null,
});

const whereOf = (place: CallbackPlace) => ({
  accountId: place.accountId,
  service: place.service,
  ...placeOf(place),
  state: { not: 'removed' },
});

async function callbacksAt(
  { webhook }: ScopedTransaction,
  place: CallbackPlace,
): Promise<readonly SetCallback[]> {
  const rows = await webhook.findMany({ where: whereOf(place), orderBy: { id: 'asc' }, select: columns });
  return rows.map(({ id, url, fallbackUrl, eventTypes, state }) => ({
    webhookId: id,
    url,
    fallbackUrl: fallbackUrl ?? undefined,
    events: eventTypes.map((type) => type.slice(place.service.length + 1)),
    // A check on the column holds it to these; a removed one is not read.
    state: state as SetCallback['state'],
  }));
}

/** As webhooks have them: with the name of their service. */
const rowOf = (service: string, { url, fallbackUrl, events }: Callback) => ({
  url,
  fallbackUrl: fallbackUrl ?? null,
  eventTypes: events.map((event) => `${service}.${event}`),
});

export function callbackStore(prisma: PrismaClient, cipher: MintBranchCipher): HooksPorts['callbacks'] {
  return {
    list: (place) => inAccount(prisma, place.accountId, (transaction) => callbacksAt(transaction, place)),

    ofServices: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ webhook }) => {
        const isOfService = { startsWith: 'service:' };
        const rows = await webhook.findMany({
          where: {
            accountId,
            state: { not: 'removed' },
            OR: [{ url: isOfService }, { fallbackUrl: isOfService }],
          },
          select: columns,
        });
        return rows.map(({ url, fallbackUrl, eventTypes }) => ({
          url,
          fallbackUrl: fallbackUrl ?? undefined,
          events: eventTypes,
        }));
      }),

    replace: (place, wanted) =>
      inAccount(prisma, place.accountId, async (transaction) => {
        const { accountId, service } = place;
        if (!(await isHeldPlace(transaction, place))) return 'unknown';
        // Those of an account are counted one after the other, and so each change knows what stood before it (ACC-8).
        await transaction.$queryRaw`
          SELECT pg_advisory_xact_lock(hashtextextended('patchbay.callbacks ' || ${accountId}, 0))::text`;
        const before = await callbacksAt(transaction, place);
        const { added, changed, removed, kept } = changeOf(before, wanted);
        const others = { accountId, service: { not: null }, state: { not: 'removed' } };
        const count = added.length === 0 ? 0 : await transaction.webhook.count({ where: others });
        if (count - removed.length + added.length > CALLBACK_COUNT_MAX) return 'too_many';
        for (const { webhookId } of removed)
          await transaction.$queryRaw`SELECT webhook_remove(${webhookId}) AS ok`;
        for (const callback of changed)
          await transaction.webhook.updateMany({
            where: { accountId, id: callback.webhookId },
            data: rowOf(service, callback),
          });
        const made: SetCallback[] = [];
        for (const callback of added) {
          const { id, secret, sealed } = newWebhookSecret(cipher);
          const data = { id, accountId, service, ...placeOf(place), secretCiphertext: sealed };
          // createMany answers no row, so it does not ask for the columns that the role may not read.
          await transaction.webhook.createMany({ data: { ...data, ...rowOf(service, callback) } });
          made.push({ ...callback, webhookId: id, state: 'active', secret });
        }
        return { before, after: [...kept, ...changed, ...made] };
      }),
  };
}
