import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { connectAs } from '../prisma/tenant-attack.ts';
import type { ClaimedRequest } from './delivery-store.ts';
import { createHooksDatabase, type HooksDatabase } from './hooks.testing.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let hooks: HooksDatabase;
let accountId: string;
let webhookId: string;
beforeAll(async () => {
  hooks = await createHooksDatabase();
}, 120_000);
afterAll(() => hooks.close());
beforeEach(async () => {
  await asOwner('UPDATE webhook_lane SET due_at = NULL');
  accountId = (await hooks.database.signUp('Acme')).accountId;
  ({ webhookId } = await hooks.createWebhook(accountId, { batchEventsMax: 5, batchWaitMs: 10_000 }));
});

async function asOwner(sql: string): Promise<void> {
  const owner = await connectAs(hooks.database.url);
  await owner.query(sql);
  await owner.end();
}

/** As if a time had gone by for whatever waits. */
const goBy = (ms: number) =>
  asOwner(`
    UPDATE webhook_delivery SET next_attempt_at = next_attempt_at - interval '${ms} milliseconds';
    UPDATE webhook_lane SET due_at = due_at - interval '${ms} milliseconds'`);
const idsOf = ({ deliveries }: ClaimedRequest) => deliveries.map(({ event }) => event.id as string);
const take = async () => {
  const [request, ...others] = await hooks.claimRequests();
  expect(others).toEqual([]);
  return request && { request, ids: idsOf(request) };
};
const finish = async (request: ClaimedRequest | undefined, isTaken: boolean) => {
  const again = isTaken ? {} : { nextAttemptAtMs: Date.now() };
  const attempts = (request?.deliveries ?? []).map((delivery) => ({ ...delivery, ...again }));
  const outcome = { isDelivered: isTaken, requests: [] };
  const [endpoint] = await hooks.store.finish([{ webhookId: request?.webhookId ?? '', attempts, outcome }]);
  return endpoint;
};
async function fill(count: number, change: (index: number) => object = () => ({})): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push((await hooks.append(accountId, change(index))).id);
  await hooks.placeAll();
  return ids;
}

test('a batch goes out when it is full, or when its oldest event has waited its time, and not before (HKS-2)', async () => {
  const first = await fill(3);
  expect(await take()).toBeUndefined();
  await goBy(9_000);
  expect(await take()).toBeUndefined();
  await goBy(1_000);
  expect((await take())?.ids).toEqual(first);
  const full = await fill(7);
  expect((await take())?.ids).toEqual(full.slice(0, 5));
  // What is left waits for others, or for its time.
  expect(await take()).toBeUndefined();
  await goBy(10_000);
  expect((await take())?.ids).toEqual(full.slice(5));
});

test('events of a session go together in its order, and what comes meanwhile waits for their end', async () => {
  const sessionId = createId('ses');
  const ids = await fill(3, (index) => ({ sessionId, sessionSequence: index + 1 }));
  await goBy(10_000);
  const taken = await take();
  expect(taken?.ids).toEqual(ids);
  const more = await fill(5, (index) => ({ sessionId, sessionSequence: index + 4 }));
  expect(await take()).toBeUndefined();
  await finish(taken?.request, true);
  expect((await take())?.ids).toEqual(more);
});

test('a batch that is not taken comes again whole, with the same name, and with what came meanwhile it has another', async () => {
  const sessionId = createId('ses');
  const ids = await fill(4, (index) => (index < 2 ? { sessionId, sessionSequence: index + 1 } : {}));
  await goBy(10_000);
  const first = await take();
  await finish(first?.request, false);
  await goBy(10_000);
  const second = await take();
  expect(second?.ids).toEqual(ids);
  expect(second?.request.batchId).toBe(first?.request.batchId);
  expect(second?.request.deliveries.map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2]);
  await finish(second?.request, false);
  const [late = ''] = await fill(1);
  await goBy(10_000);
  const third = await take();
  expect(third?.ids).toEqual([...ids, late]);
  expect(third?.request.batchId).not.toBe(first?.request.batchId);
  await finish(third?.request, true);
  const states = (await hooks.deliveriesOf(accountId, webhookId)).map(({ state }) => state);
  expect(states).toEqual(Array.from({ length: 5 }, () => 'delivered'));
});

test('a batch of a worker that died is taken again in the order of its sessions, once its time in hand is over', async () => {
  const sessionId = createId('ses');
  const ids = await fill(5, (index) => ({ sessionId, sessionSequence: index + 1 }));
  const [held] = await hooks.claimRequests({ leaseMs: 1 });
  expect(held && idsOf(held)).toEqual(ids);
  await asOwner(`UPDATE webhook_delivery SET claimed_until = claimed_until - interval '1 second'`);
  const again = await take();
  expect(again?.ids).toEqual(ids);
  // The one that came back from the dead has nothing to say.
  expect(await finish(held, true)).toBeUndefined();
  expect(await finish(again?.request, true)).toMatchObject({ failedCount: 0 });
});

test('a batch counts as one request: one of its webhook, one of its account, and one failure', async () => {
  await fill(20);
  const requests = await hooks.claimRequests({ endpointMax: 1, accountMax: 1 });
  expect(requests.map(({ deliveries }) => deliveries.length)).toEqual([5]);
  expect(await hooks.claimRequests({ endpointMax: 1 })).toEqual([]);
  expect(await finish(requests[0], false)).toMatchObject({ failedCount: 1 });
});

test('a batch has 256 KiB at most, and an event that is larger goes alone', async () => {
  const text = (kilobytes: number) => ({ data: { text: 'x'.repeat(kilobytes * 1_024) } });
  const ids = await fill(4, (index) => text(index === 1 ? 300 : 100));
  const sent: string[][] = [];
  await goBy(10_000);
  for (let taken = await take(); taken !== undefined; taken = await take()) sent.push(taken.ids);
  expect(sent).toEqual([[ids[0]], [ids[1]], [ids[2], ids[3]]]);
});

test('the log says of each attempt which batch it was part of, and lists that batch', async () => {
  const ids = await fill(5);
  const taken = await take();
  await finish(taken?.request, true);
  const batchId = taken?.request.batchId;
  expect(batchId).toMatch(/^batch-[0-9a-f]{32}$/);
  const { items } = await hooks.deliveries.list({
    accountId,
    webhookId,
    state: 'all',
    batchId,
    limit: 100,
  });
  expect(items.map(({ event }) => event.id).toSorted()).toEqual(ids.toSorted());
  const { deliveryId = '' } = taken?.request.deliveries[0] ?? {};
  const log = await hooks.deliveries.attempts({ accountId, webhookId, deliveryId });
  expect(log).toMatchObject([{ batchId }]);
});

test('a webhook that is set back to single events sends what waits one by one', async () => {
  const ids = await fill(3);
  await hooks.webhooks.update({ accountId, webhookId, change: { batchEventsMax: 1 } });
  await goBy(10_000);
  const requests = await hooks.claimRequests();
  expect(requests.map((request) => [request.batchId, ...idsOf(request)])).toEqual(
    ids.map((id) => [undefined, id]),
  );
});

test('nothing of a session goes out while a batch with it is under way, what is sent again by hand included', async () => {
  const sessionId = createId('ses');
  await fill(1, () => ({ sessionId, sessionSequence: 1 }));
  await goBy(10_000);
  const first = await take();
  await finish(first?.request, true);
  const [second] = await fill(1, () => ({ sessionId, sessionSequence: 2 }));
  await goBy(10_000);
  const underWay = await take();
  expect(underWay?.ids).toEqual([second]);
  const { deliveryId = '' } = first?.request.deliveries[0] ?? {};
  await hooks.deliveries.resend({ accountId, webhookId, deliveryId });
  await goBy(10_000);
  expect(await take()).toBeUndefined();
  await finish(underWay?.request, true);
  expect((await take())?.ids).toEqual(first?.ids);
});

test('of a session in a batch that was not taken the first waits its time, and the others for it', async () => {
  const sessionId = createId('ses');
  const [first] = await fill(3, (index) => ({ sessionId, sessionSequence: index + 1 }));
  await goBy(10_000);
  await finish((await take())?.request, false);
  await hooks.webhooks.update({ accountId, webhookId, change: { batchEventsMax: 1 } });
  const requests = await hooks.claimRequests();
  expect(requests.flatMap(idsOf)).toEqual([first]);
});
