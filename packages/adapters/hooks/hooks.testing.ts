/** A tree of accounts with events and webhooks on real stores. */
import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import type { PlatformEvent } from '@patchbay/domain/hooks/platform-event';
import type { NewWebhook } from '@patchbay/domain/hooks/ports';
import { createId } from '@patchbay/kit/ids';
import { createTenancyDatabase } from '@patchbay/testing/tenancy-database';
import { callbackStore } from '../prisma/callback-store.ts';
import { eventStore } from '../prisma/event-store.ts';
import { flowStore } from '../prisma/flow-store.ts';
import { deliveryLog, eventLog, replayStore, webhookStore } from '../prisma/webhook-store.ts';
import {
  type AttemptOutcome,
  type Claim,
  type ClaimedDelivery,
  type ClaimedRequest,
  deliveryStore,
} from './delivery-store.ts';
import { eventCursors } from './event-cursors.ts';
import { placeEvents } from './event-sequencer.ts';
import { takeReplayOn } from './replay-step.ts';

/** A delivery with all that its request says. */
export type TakenDelivery = ClaimedDelivery & Omit<ClaimedRequest, 'deliveries'>;
/** What became of one delivery, and when it is tried again. */
export type DeliveryOutcome = AttemptOutcome & { readonly nextAttemptAtMs?: number | undefined };

export async function createHooksDatabase() {
  const database = await createTenancyDatabase();
  const { prisma, cipher } = database;
  const pool = createApplicationPool(database.applicationUrl);
  const webhooks = webhookStore(prisma, cipher);
  const deliveries = deliveryLog(prisma);
  const store = deliveryStore(pool, cipher);
  /** As a worker that has nothing in hand, and bounds that none of a test's few deliveries reach. */
  const claimRequests = (change: Partial<Claim> = {}) =>
    store.claim({
      kind: 'ok',
      region: 'local',
      requestMax: 100,
      endpointMax: 4,
      accountMax: 100,
      tenantShare: 100,
      provenCount: 0,
      slowMs: 1_000,
      held: {},
      leaseMs: 60_000,
      ...change,
    });
  const event = (accountId: string, change: Partial<PlatformEvent> = {}): PlatformEvent => ({
    id: createId('evt'),
    type: 'signaling.session.ended',
    accountId,
    atMs: Date.now(),
    data: {},
    ...change,
  });
  return {
    database,
    pool,
    webhooks,
    callbacks: callbackStore(prisma, cipher),
    deliveries,
    flows: flowStore(prisma),
    cursors: eventCursors(database.masterKey),
    events: eventLog(prisma),
    replays: replayStore(prisma),
    store,
    claimRequests,
    /** The deliveries of all requests that are taken. */
    async claim(change?: Partial<Claim>): Promise<readonly TakenDelivery[]> {
      const requests = await claimRequests(change);
      return requests.flatMap(({ deliveries: taken, ...request }) =>
        taken.map((delivery) => ({ ...request, ...delivery })),
      );
    },
    async finish(
      { webhookId, deliveryId, attempt }: Pick<TakenDelivery, 'webhookId' | 'deliveryId' | 'attempt'>,
      { nextAttemptAtMs, ...outcome }: DeliveryOutcome,
    ) {
      const attempts = [{ deliveryId, attempt, nextAttemptAtMs }];
      const [endpoint] = await store.finish([{ webhookId, attempts, outcome }]);
      return endpoint;
    },
    async createWebhook(accountId: string, change: Partial<NewWebhook> = {}) {
      const made = await webhooks.create({
        accountId,
        url: 'https://receiver.test/hooks',
        description: '',
        eventTypes: ['*'],
        scope: 'own',
        ...change,
      });
      if (made === undefined) throw new Error('The webhook was not made.');
      return { ...made, webhookId: made.webhook.id };
    },
    /** Adds an event, as its cause would, and answers it. */
    async append(accountId: string, change: Partial<PlatformEvent> = {}) {
      const added = event(accountId, change);
      await eventStore(prisma).append(added);
      return added;
    },
    async placeAll() {
      while ((await placeEvents(pool)) > 0);
    },
    /** As often as there is a replay to take on; answers how often. */
    async takeReplaysOn() {
      let count = 0;
      while (await takeReplayOn(pool)) count += 1;
      return count;
    },
    /** What became of each event at a webhook, in the order of their positions. */
    async deliveriesOf(accountId: string, webhookId: string) {
      const { items } = await deliveries.list({ accountId, webhookId, state: 'all', limit: 100 });
      return items.toSorted((left, right) => Number(left.event.position - right.event.position));
    },
    async close() {
      await pool.end();
      await database.close();
    },
  };
}

export type HooksDatabase = Awaited<ReturnType<typeof createHooksDatabase>>;
