import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { connectAs } from '../prisma/tenant-attack.ts';
import { placeEvents } from './event-sequencer.ts';
import { createHooksDatabase, type HooksDatabase } from './hooks.testing.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let hooks: HooksDatabase;
let accountId: string;
beforeAll(async () => {
  hooks = await createHooksDatabase();
}, 120_000);
afterAll(() => hooks.close());
beforeEach(async () => {
  accountId = (await hooks.database.signUp('Acme')).accountId;
  await hooks.placeAll();
});

const list = (scope: 'own' | 'descendants' = 'own', after = 0n) =>
  hooks.events.list({ accountId, scope, after, types: ['*'], limit: 100 });

test('each event gets one place and each of its webhooks one delivery, with eight workers at it (HKS-2, I5)', async () => {
  const { webhookId } = await hooks.createWebhook(accountId);
  const added = await Promise.all(Array.from({ length: 60 }, () => hooks.append(accountId)));
  const counts = await Promise.all(
    Array.from({ length: 8 }, async () => {
      let count = 0;
      for (let round = 0; round < 12; round++) count += await placeEvents(hooks.pool, 7);
      return count;
    }),
  );
  await hooks.placeAll();
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(60);
  const events = await list();
  expect(events.map(({ id }) => id).toSorted()).toEqual(added.map(({ id }) => id).toSorted());
  expect(new Set(events.map(({ position }) => position)).size).toBe(60);
  const made = await hooks.deliveriesOf(accountId, webhookId);
  expect(made.map(({ event }) => event.id)).toEqual(events.map(({ id }) => id));
});

test('a long transaction holds nobody up, and a reader that went on misses nothing of it', async () => {
  const owner = await connectAs(hooks.database.url);
  await owner.query('BEGIN');
  const late = createId('evt');
  await owner.query(
    `INSERT INTO platform_event (id, account_id, type, at, data) VALUES ($1, $2, 'tenancy.key.created', now(), '{}')`,
    [late, accountId],
  );
  const early = await hooks.append(accountId);
  await hooks.placeAll();
  const read = await list();
  expect(read.map(({ id }) => id)).toEqual([early.id]);
  await owner.query('COMMIT');
  await owner.end();
  await hooks.placeAll();
  expect((await list('own', read.at(-1)?.position)).map(({ id }) => id)).toEqual([late]);
});

test('events of a session are placed in the order of its log, whatever the order of their arrival', async () => {
  const sessionId = createId('ses');
  for (const sessionSequence of [3, 1, 4, 2]) await hooks.append(accountId, { sessionId, sessionSequence });
  // Fewer than there are: those of the session come along all the same.
  expect(await placeEvents(hooks.pool, 1)).toBe(4);
  expect((await list()).map((event) => event.sessionSequence)).toEqual([1, 2, 3, 4]);
});

test('an account above hears of those below if it asked for them, and nobody hears of those beside', async () => {
  const childId = await hooks.database.addChild(accountId, 'Child');
  const siblingId = await hooks.database.addChild(accountId, 'Sibling');
  const stranger = await hooks.database.signUp('Stranger');
  const all = await hooks.createWebhook(accountId, { scope: 'descendants' });
  const own = await hooks.createWebhook(accountId);
  const ofChild = await hooks.createWebhook(childId, { scope: 'descendants' });
  const others = [
    [siblingId, await hooks.createWebhook(siblingId, { scope: 'descendants' })],
    [stranger.accountId, await hooks.createWebhook(stranger.accountId, { scope: 'descendants' })],
  ] as const;
  const event = await hooks.append(childId);
  await hooks.placeAll();
  const toldOf = async (id: string, { webhookId }: { webhookId: string }) =>
    (await hooks.deliveriesOf(id, webhookId)).map((delivery) => delivery.event.id);
  expect(await toldOf(accountId, all)).toEqual([event.id]);
  expect(await toldOf(childId, ofChild)).toEqual([event.id]);
  expect(await toldOf(accountId, own)).toEqual([]);
  for (const [id, webhook] of others) expect(await toldOf(id, webhook)).toEqual([]);
  expect((await list('descendants')).map(({ id }) => id)).toContain(event.id);
  expect((await list()).map(({ id }) => id)).not.toContain(event.id);
  expect(
    await hooks.events.list({
      accountId: siblingId,
      scope: 'descendants',
      after: 0n,
      types: ['*'],
      limit: 9,
    }),
  ).toEqual([]);
});

test('a webhook hears of the events, and of the application, that it asked for; a disabled or removed one of none', async () => {
  const application = await hooks.database.ports.applications.create({
    accountId,
    name: 'A',
    instanceTypes: [],
  });
  const signaling = await hooks.createWebhook(accountId, { eventTypes: ['signaling.*'] });
  const ofApplication = await hooks.createWebhook(accountId, { applicationId: application.id });
  const disabled = await hooks.createWebhook(accountId);
  const removed = await hooks.createWebhook(accountId);
  await hooks.webhooks.update({ accountId, webhookId: disabled.webhookId, change: { state: 'disabled' } });
  await hooks.webhooks.remove({ accountId, webhookId: removed.webhookId });
  await hooks.append(accountId, { type: 'tenancy.key.created' });
  await hooks.append(accountId, {
    type: 'signaling.session.started',
    applicationId: application.id,
    instanceType: 'paid',
  });
  await hooks.append(accountId, { type: 'hooks.webhook.tested', data: { webhookId: signaling.webhookId } });
  await hooks.placeAll();
  const typesAt = async ({ webhookId }: { webhookId: string }) =>
    (await hooks.deliveriesOf(accountId, webhookId)).map(({ event }) => event.type);
  expect(await typesAt(signaling)).toEqual(['signaling.session.started', 'hooks.webhook.tested']);
  expect(await typesAt(ofApplication)).toEqual(['signaling.session.started']);
  expect(await typesAt(disabled)).toEqual([]);
  expect(await typesAt(removed)).toEqual([]);
  const only = await hooks.events.list({
    accountId,
    scope: 'own',
    after: 0n,
    types: ['tenancy.*'],
    limit: 9,
  });
  expect(only.map(({ type }) => type)).toEqual(['tenancy.key.created']);
  const known = { applicationId: application.id, instanceType: 'paid' };
  const listed = await hooks.events.list({
    accountId,
    scope: 'own',
    after: 0n,
    types: ['signaling.*'],
    limit: 9,
  });
  expect(listed).toMatchObject([known]);
  expect(await hooks.deliveriesOf(accountId, ofApplication.webhookId)).toMatchObject([{ event: known }]);
});
