/** A tree of accounts with events and webhooks on real stores. */
import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import type { PlatformEvent } from '@patchbay/domain/hooks/platform-event';
import type { NewWebhook } from '@patchbay/domain/hooks/ports';
import { createId } from '@patchbay/kit/ids';
import { createTenancyDatabase } from '@patchbay/testing/tenancy-database';
import { callbackStore } from '../prisma/callback-store.ts';
import { eventStore } from '../prisma/event-store.ts';
import { deliveryLog, eventLog, webhookStore } from '../prisma/webhook-store.ts';
import { type Claim, deliveryStore } from './delivery-store.ts';
import { placeEvents } from './event-sequencer.ts';

export async function createHooksDatabase() {
  const database = await createTenancyDatabase();
  const { prisma, cipher } = database;
  const pool = createApplicationPool(database.applicationUrl);
  const webhooks = webhookStore(prisma, cipher);
  const deliveries = deliveryLog(prisma);
  const store = deliveryStore(pool, cipher);
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
    events: eventLog(prisma),
    store,
    /** As a worker that has nothing in hand, and bounds that none of a test's few deliveries reach. */
    claim: (change: Partial<Claim> = {}) =>
      store.claim({
        deliveryMax: 100,
        endpointMax: 4,
        accountMax: 100,
        tenantMax: 100,
        held: {},
        leaseMs: 60_000,
        ofFailing: false,
        ...change,
      }),
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
