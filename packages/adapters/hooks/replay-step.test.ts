import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { asApplication, connectAs } from '../prisma/tenant-attack.ts';
import { createHooksDatabase, type HooksDatabase, type TakenDelivery } from './hooks.testing.ts';
import { takeReplayOn } from './replay-step.ts';

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
  const owner = await connectAs(hooks.database.url);
  await owner.query(`UPDATE webhook_lane SET due_at = NULL, replay_state = NULL, replay_id = NULL, replay_from = NULL,
    replay_next = NULL, replay_until = NULL, replay_started_at = NULL`);
  await owner.end();
  accountId = (await hooks.database.signUp('Acme')).accountId;
  ({ webhookId } = await hooks.createWebhook(accountId));
});

const delivered = { isDelivered: true, requests: [] };
async function fill(count: number, change: (index: number) => object = () => ({})): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push((await hooks.append(accountId, change(index))).id);
  await hooks.placeAll();
  return ids;
}
const start = (after = 0n) => hooks.replays.start({ accountId, webhookId, replayId: createId('rpl'), after });
const progress = () => hooks.replays.find({ accountId, webhookId });
const idsOf = (deliveries: readonly TakenDelivery[]) => deliveries.map(({ event }) => event.id as string);

/** Takes what is due, as often as something is. */
async function deliverAll(): Promise<readonly TakenDelivery[]> {
  const all: TakenDelivery[] = [];
  for (;;) {
    const steps = await hooks.takeReplaysOn();
    const taken = await hooks.claim();
    if (taken.length === 0 && steps === 0) return all;
    for (const each of taken) await hooks.finish(each, delivered);
    all.push(...taken);
  }
}

test('what was sent is sent again, each event once, with its own id and the name of the replay (HKS-2)', async () => {
  const ids = await fill(40);
  expect((await deliverAll()).every(({ replayId }) => replayId === undefined)).toBe(true);
  expect(await start()).toBe(true);
  const again = await deliverAll();
  expect(idsOf(again).toSorted()).toEqual(ids.toSorted());
  const { id, state, counts, next, until } = (await progress()) ?? {};
  expect(new Set(again.map(({ replayId }) => replayId))).toEqual(new Set([id]));
  expect({ state, counts }).toMatchObject({ state: 'done', counts: { waiting: 0, delivered: 40 } });
  expect(next).toBe(until);
});

test('it begins behind its cursor, and ends with what was the last event when it began', async () => {
  const ids = await fill(5);
  const first = await deliverAll();
  const cursor = first.find(({ event }) => event.id === ids[1])?.event.position ?? 0n;
  await start(cursor);
  const [late] = await fill(1);
  const again = await deliverAll();
  const replayed = again.filter(({ replayId }) => replayId !== undefined);
  expect(idsOf(replayed).toSorted()).toEqual(ids.slice(2).toSorted());
  expect(idsOf(again.filter(({ replayId }) => replayId === undefined))).toEqual([late]);
});

test('what happens meanwhile waits behind 32 of a replay at most, however much is sent again', async () => {
  await fill(40);
  await deliverAll();
  await start();
  await hooks.takeReplaysOn();
  expect((await progress())?.counts.waiting).toBe(32);
  expect(await takeReplayOn(hooks.pool)).toBe(false);
  const [live] = await fill(1);
  let before = 0;
  for (;;) {
    const taken = await hooks.claim();
    for (const each of taken) await hooks.finish(each, delivered);
    if (idsOf(taken).includes(live ?? '')) break;
    before += taken.length;
    await hooks.takeReplaysOn();
  }
  expect(before).toBeLessThanOrEqual(32);
});

test('events of a session come again in its order, and beside it nothing of that session', async () => {
  const sessionId = createId('ses');
  const ids = await fill(4, (index) => ({ sessionId, sessionSequence: index + 1 }));
  await deliverAll();
  await start();
  await hooks.takeReplaysOn();
  const seen: string[] = [];
  for (let taken = await hooks.claim(); taken.length > 0; taken = await hooks.claim()) {
    expect(taken).toHaveLength(1);
    seen.push(...idsOf(taken));
    for (const each of taken) await hooks.finish(each, delivered);
  }
  expect(seen).toEqual(ids);
});

test('only what the webhook hears of now is sent, its tries never, and nothing of other accounts', async () => {
  const stranger = (await hooks.database.signUp('Stranger')).accountId;
  await hooks.append(stranger);
  const [heard] = await fill(1, () => ({ type: 'signaling.session.started' }));
  await fill(2);
  await fill(1, () => ({ type: 'hooks.webhook.tested', data: { webhookId } }));
  await deliverAll();
  await hooks.webhooks.update({
    accountId,
    webhookId,
    change: { eventTypes: ['signaling.session.started', 'hooks.*'], scope: 'descendants' },
  });
  await start();
  expect(idsOf(await deliverAll())).toEqual([heard]);
});

test('one runs at a time; cancelled, what waits is not sent any more, and sessions go on behind it', async () => {
  const sessionId = createId('ses');
  await fill(40, (index) => (index === 0 ? { sessionId, sessionSequence: 1 } : {}));
  await deliverAll();
  expect(await start()).toBe(true);
  expect(await start()).toBe(false);
  await hooks.takeReplaysOn();
  const [live] = await fill(1, () => ({ sessionId, sessionSequence: 2 }));
  expect(await hooks.replays.cancel({ accountId, webhookId })).toBe(true);
  expect(await hooks.replays.cancel({ accountId, webhookId })).toBe(false);
  expect(idsOf(await deliverAll())).toEqual([live]);
  expect(await progress()).toMatchObject({ state: 'cancelled', counts: { waiting: 0, cancelled: 32 } });
  expect(await start()).toBe(true);
});

test('several workers take one replay on beside each other without a gap, and nothing twice', async () => {
  const ids = await fill(40);
  await deliverAll();
  await start();
  const seen: string[] = [];
  while ((await progress())?.state === 'running' || (await progress())?.counts.waiting !== 0) {
    await Promise.all(Array.from({ length: 3 }, () => takeReplayOn(hooks.pool)));
    const taken = await hooks.claim();
    for (const each of taken) await hooks.finish(each, delivered);
    seen.push(...idsOf(taken));
  }
  expect(seen.toSorted()).toEqual(ids.toSorted());
});

test('a time is the place before the first event that happened then or later', async () => {
  const hour = 3_600_000;
  const ids = await fill(3, (index) => ({ atMs: Date.now() - (3 - index) * hour }));
  const positionOf = (since: Date) => hooks.replays.positionOf({ accountId, scope: 'own', since });
  await deliverAll();
  await start(await positionOf(new Date(Date.now() - 2.5 * hour)));
  expect(idsOf(await deliverAll()).toSorted()).toEqual(ids.slice(1).toSorted());
  expect(await positionOf(new Date(Date.now() + hour))).toBe((await progress())?.until);
});

test('a stranger starts and cancels nothing, with every id known', async () => {
  await fill(1);
  const stranger = (await hooks.database.signUp('Stranger')).accountId;
  const key = { accountId: stranger, webhookId };
  expect(await hooks.replays.start({ ...key, replayId: createId('rpl'), after: 0n })).toBe(false);
  await start();
  expect(await hooks.replays.cancel(key)).toBe(false);
  expect(await hooks.replays.find(key)).toBeUndefined();
  expect(await progress()).toMatchObject({ state: 'running' });
});

test('a batch is of a replay or of what happens, and never of both', async () => {
  await fill(3);
  await deliverAll();
  await hooks.webhooks.update({ accountId, webhookId, change: { batchEventsMax: 10, batchWaitMs: 0 } });
  await start();
  await hooks.takeReplaysOn();
  const [live] = await fill(1);
  const requests = await hooks.claimRequests();
  const more = await hooks.claimRequests();
  const sent = [...requests, ...more].map(({ replayId, deliveries }) => [
    replayId !== undefined,
    deliveries.length,
  ]);
  expect(sent).toEqual([
    [true, 3],
    [false, 1],
  ]);
  expect([...requests, ...more].at(-1)?.deliveries[0].event.id).toBe(live);
});

test('the functions of the database answer a stranger as if there were no webhook', async () => {
  await fill(1);
  await start();
  const stranger = (await hooks.database.signUp('Stranger')).accountId;
  const application = await asApplication(hooks.database);
  await application.query(`SELECT set_config('patchbay.account_id', $1, false)`, [stranger]);
  const asked = async (sql: string, values: readonly unknown[]) =>
    (await application.query<{ answer: unknown }>(sql, [...values])).rows[0]?.answer;
  expect(await asked('SELECT replay_cancel($1) AS answer', [webhookId])).toBe(false);
  const again = [webhookId, createId('rpl')];
  await hooks.replays.cancel({ accountId, webhookId });
  expect(await asked('SELECT replay_start($1, $2, 0) AS answer', again)).toBe(false);
  const placeOf = 'SELECT replay_place_of($1, true, $2)::int AS answer';
  const [nowhere, theirs] = [
    await asked(placeOf, ['acc_0', new Date(0)]),
    await asked(placeOf, [accountId, new Date(0)]),
  ];
  expect(theirs).toBe(nowhere);
  await application.end();
});
