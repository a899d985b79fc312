import { createId } from '@patchbay/kit/ids';
import { parseWebhookSecret } from '@patchbay/protocol/webhook/signature';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { planStore, policyStore } from '../prisma/policy-store.ts';
import { ingestSessionEvents } from '../prisma/session-ingest.ts';
import { asApplication, connectAs } from '../prisma/tenant-attack.ts';
import { toldHooks } from '../prisma/told-hooks.ts';
import { forgetRows } from '../privacy/retention-store.ts';
import type { Claim } from './delivery-store.ts';
import {
  createHooksDatabase,
  type DeliveryOutcome,
  type HooksDatabase,
  type TakenDelivery,
} from './hooks.testing.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let hooks: HooksDatabase;
let accountId: string;
let webhookId: string;
let secret: string;
beforeAll(async () => {
  hooks = await createHooksDatabase();
}, 120_000);
afterAll(() => hooks.close());
beforeEach(async () => {
  await hooks.placeAll();
  // What is left of other tests is nobody's work here.
  const owner = await connectAs(hooks.database.url);
  await owner.query('UPDATE webhook_lane SET due_at = NULL');
  await owner.end();
  accountId = (await hooks.database.signUp('Acme')).accountId;
  ({ webhookId, secret } = await hooks.createWebhook(accountId));
});

const claim = (change?: Partial<Claim>) => hooks.claim(change);
const delivered: DeliveryOutcome = {
  isDelivered: true,
  requests: [{ target: 'main', status: 200, latencyMs: 5 }],
};
const failed = (nextAttemptAtMs?: number): DeliveryOutcome => ({
  isDelivered: false,
  requests: [{ target: 'main', error: 'timeout', latencyMs: 500 }],
  nextAttemptAtMs,
});
const idsOf = (claimed: readonly TakenDelivery[]) => claimed.map(({ event }) => event.id);
function countsBy(
  claimed: readonly TakenDelivery[],
  nameOf: (delivery: TakenDelivery) => string,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(claimed, nameOf)).map(([name, group]) => [name, group?.length ?? 0]),
  );
}
const stateOf = async () => (await hooks.deliveriesOf(accountId, webhookId)).map(({ state }) => state);

async function fill(count: number, change: (index: number) => object = () => ({})): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push((await hooks.append(accountId, change(index))).id);
  await hooks.placeAll();
  return ids;
}

test('many workers take each delivery once, and of one endpoint no more at a time than its bound', async () => {
  await fill(12, () => ({ instanceType: 'paid' }));
  const rounds = await Promise.all(Array.from({ length: 6 }, () => claim()));
  expect(rounds.flat()).toHaveLength(4);
  expect(rounds.flat()[0]).toMatchObject({ event: { instanceType: 'paid' } });
  for (const each of rounds.flat()) await hooks.finish(each, delivered);
  const seen = new Set(idsOf(rounds.flat()));
  for (;;) {
    const next = (await Promise.all(Array.from({ length: 6 }, () => claim()))).flat();
    if (next.length === 0) break;
    expect(next.length).toBeLessThanOrEqual(4);
    for (const each of next) {
      expect(seen.has(each.event.id)).toBe(false);
      seen.add(each.event.id);
      await hooks.finish(each, delivered);
    }
  }
  expect(seen.size).toBe(12);
  expect(await stateOf()).toEqual(Array.from({ length: 12 }, () => 'delivered'));
});

test('an account has its share over all its webhooks, counted with what a worker holds, and others are served beside it (C37)', async () => {
  await hooks.createWebhook(accountId);
  await hooks.createWebhook(accountId);
  await fill(4);
  const otherId = (await hooks.database.signUp('Other')).accountId;
  await hooks.createWebhook(otherId);
  await hooks.append(otherId);
  await hooks.placeAll();
  const share = { accountMax: 5, held: { [accountId]: 2 } };
  const first = await claim(share);
  expect(countsBy(first, ({ accountId: id }) => id)).toEqual({ [accountId]: 3, [otherId]: 1 });
  // What was left out stays due, for when there is room.
  expect(await claim({ ...share, held: { [accountId]: 5 } })).toEqual([]);
  expect(await claim({ accountMax: 100 })).toHaveLength(9);
});

test('a tenant has its share over all accounts below it, and its accounts take turns (C37)', async () => {
  const childIds = await Promise.all(
    ['One', 'Two', 'Three'].map((name) => hooks.database.addChild(accountId, name)),
  );
  for (const childId of childIds) {
    await hooks.createWebhook(childId);
    await hooks.createWebhook(childId);
    for (let count = 0; count < 2; count++) await hooks.append(childId);
  }
  await hooks.placeAll();
  const share = { endpointMax: 1, requestMax: 16, tenantShare: 1 / 3 };
  const claimed = await claim({ ...share, held: { [childIds[0] ?? '']: 1 } });
  // Each has one of its webhooks served before any has its second.
  expect(Object.keys(countsBy(claimed, ({ accountId: id }) => id)).toSorted()).toEqual(childIds.toSorted());
  expect(claimed).toHaveLength(3);
  expect(await claim({ ...share, held: { [accountId]: 4 } })).toEqual([]);
});

test('C37: however many tenants come with all they have, what is left shrinks and is never nothing, and who holds least is first', async () => {
  const tenantIds = await Promise.all(
    Array.from({ length: 6 }, async (_, index) => (await hooks.database.signUp(`Greedy ${index}`)).accountId),
  );
  for (const tenantId of tenantIds) for (let each = 0; each < 2; each++) await hooks.createWebhook(tenantId);
  for (const tenantId of tenantIds) for (let each = 0; each < 4; each++) await hooks.append(tenantId);
  await hooks.placeAll();
  const share = { requestMax: 16, tenantShare: 1 / 3, provenCount: 2 };
  const held: Record<string, number> = {};
  for (let taken = await claim(share); taken.length > 0; taken = await claim({ ...share, held }))
    for (const { accountId: id } of taken) held[id] = (held[id] ?? 0) + 1;
  const heldCount = Object.values(held).reduce((sum, count) => sum + count, 0);
  expect(Object.keys(held)).toHaveLength(6);
  // The last two are for webhooks that were asked before.
  expect(heldCount).toBeLessThanOrEqual(14);
  const [late, other] = [accountId, tenantIds[0] ?? ''];
  await hooks.store.noteSlow([webhookId], 20);
  for (const id of [other, late]) await hooks.append(id);
  await hooks.placeAll();
  expect((await claim({ ...share, held })).map(({ accountId: id }) => id)).toEqual([late]);
});

test('C37: a webhook whose requests last is slow before they end, and stays so until several were quick', async () => {
  await fill(12);
  const [one, ...others] = await claim();
  await hooks.store.noteSlow([webhookId], 1_000);
  for (const each of others) await hooks.finish(each, delivered);
  if (one)
    await hooks.finish(one, {
      isDelivered: true,
      requests: [{ target: 'main', status: 200, latencyMs: 1_400 }],
    });
  expect(await claim()).toEqual([]);
  const slow = await claim({ kind: 'slow' });
  expect(slow).toHaveLength(4);
  for (const each of slow) await hooks.finish(each, delivered);
  expect(await claim({ kind: 'slow' })).toEqual([]);
  expect(await claim()).toHaveLength(4);
});

test('of whoever has much due no more than one webhook comes before those of others (C37)', async () => {
  for (let count = 0; count < 6; count++) await hooks.createWebhook(accountId);
  await fill(1);
  const otherId = (await hooks.database.signUp('Late')).accountId;
  await hooks.createWebhook(otherId);
  await hooks.append(otherId);
  await hooks.placeAll();
  const claimed = await claim({ requestMax: 2 });
  expect(claimed.map(({ accountId: id }) => id)).toEqual([accountId, otherId]);
});

test('an event of a session waits until the one before it is over, delivered or given up', async () => {
  const sessionId = createId('ses');
  const [first, second, third] = await fill(3, (index) => ({ sessionId, sessionSequence: index + 1 }));
  const [one] = await claim();
  expect(one?.event.id).toBe(first);
  expect(await claim()).toEqual([]);
  if (one) await hooks.finish(one, failed(Date.now() + 3_600_000));
  // It is tried again in an hour: the others wait as long.
  expect(await claim()).toEqual([]);
  const owner = await connectAs(hooks.database.url);
  await owner.query(
    'UPDATE webhook_delivery SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL AND webhook_id = $1',
    [webhookId],
  );
  await owner.query('UPDATE webhook_lane SET due_at = now() WHERE webhook_id = $1', [webhookId]);
  await owner.end();
  const [again] = await claim();
  expect(again).toMatchObject({ attempt: 2, event: { id: first } });
  if (again) await hooks.finish(again, failed());
  const [next] = await claim();
  expect(next?.event.id).toBe(second);
  if (next) await hooks.finish(next, delivered);
  expect(idsOf(await claim())).toEqual([third]);
  expect(await stateOf()).toEqual(['failed', 'delivered', 'waiting']);
});

test('F9: an attempt is counted before it is made; one whose worker died is made again, and its late outcome counts for nothing', async () => {
  const [id] = await fill(1);
  const [dead] = await claim({ leaseMs: 5 });
  // Until the lease is over, nobody else has it.
  const [again] = await vi.waitUntil(async () => {
    const claimed = await claim();
    return claimed.length > 0 && claimed;
  });
  expect([dead?.attempt, again?.attempt]).toEqual([1, 2]);
  expect(again?.event.id).toBe(id);
  if (dead) expect(await hooks.finish(dead, failed())).toBeUndefined();
  expect(await stateOf()).toEqual(['waiting']);
  if (again) expect(await hooks.finish(again, delivered)).toMatchObject({ failedCount: 0 });
  const [delivery] = await hooks.deliveriesOf(accountId, webhookId);
  const log = await hooks.deliveries.attempts({ accountId, webhookId, deliveryId: delivery?.id ?? '' });
  expect(log.map(({ number, status, error }) => [number, status ?? error])).toEqual([
    [1, 'timeout'],
    [2, 200],
  ]);
});

test('outcomes that are noted together are each of their own webhook, and each is answered in its place', async () => {
  const others = await Promise.all([1, 2].map(() => hooks.createWebhook(accountId)));
  await fill(1);
  const taken = await claim();
  expect(taken).toHaveLength(3);
  // One of those that fail: its attempt was noted already, and is not noted again.
  const gone = taken.find(({ webhookId: id }) => id !== webhookId);
  if (gone) await hooks.finish(gone, delivered);
  const isBad = (id: string) => others.some((other) => other.webhookId === id);
  const outcomes = taken.map(({ webhookId: id, deliveryId, attempt }) => ({
    webhookId: id,
    attempts: [{ deliveryId, attempt, ...(isBad(id) ? { nextAttemptAtMs: Date.now() + 3_600_000 } : {}) }],
    outcome: isBad(id) ? { isDelivered: false, requests: [] } : { isDelivered: true, requests: [] },
  }));
  // Lanes are taken in the order of their ids, and answers come in that of the request.
  const asked = outcomes.toSorted((one, other) => (one.webhookId < other.webhookId ? 1 : -1));
  const answers = await hooks.store.finish(asked);
  expect(answers.map((answer) => answer?.failedCount)).toEqual(
    asked.map(({ webhookId: id }) => (id === gone?.webhookId ? undefined : isBad(id) ? 1 : 0)),
  );
});

test('an endpoint that fails is taken apart from the others, and counts from the start again once it succeeds', async () => {
  await fill(5);
  const claimed = await claim();
  const seen = [];
  for (const each of claimed) seen.push(await hooks.finish(each, failed(Date.now() + 3_600_000)));
  expect(seen.map((endpoint) => endpoint?.failedCount)).toEqual([1, 2, 3, 4]);
  expect(await claim()).toEqual([]);
  const [slow] = await claim({ kind: 'failing', endpointMax: 1 });
  if (slow)
    expect(await hooks.finish(slow, delivered)).toEqual({ failedCount: 0, failingSinceMs: undefined });
  expect(await hooks.webhooks.find({ accountId, webhookId })).toMatchObject({
    failedCount: 0,
    failingSince: undefined,
  });
});

test('C35: an old secret signs beside the new one until its time is over, and neither is stored as it is', async () => {
  await fill(2);
  const bytesOf = (text: string) => Buffer.from(parseWebhookSecret(text) ?? []);
  const previousEndsAt = new Date(Date.now() + 60_000);
  const rotated = async (endsAt: Date) => {
    const made = await hooks.webhooks.rotate({ accountId, webhookId, previousEndsAt: endsAt });
    return made !== undefined && 'secret' in made ? made.secret : undefined;
  };
  const next = await rotated(previousEndsAt);
  const [one] = await claim({ requestMax: 1 });
  expect(one?.secrets.map((bytes) => Buffer.from(bytes))).toEqual([bytesOf(next ?? ''), bytesOf(secret)]);
  const last = await rotated(new Date(0));
  const [two] = await claim({ requestMax: 1 });
  expect(two?.secrets.map((bytes) => Buffer.from(bytes))).toEqual([bytesOf(last ?? '')]);
  const owner = await connectAs(hooks.database.url);
  const { rows } = await owner.query<{ all: string }>('SELECT w::text AS all FROM webhook w');
  for (const known of [secret, next ?? '', last ?? '']) {
    expect(rows.some(({ all }) => all.includes(bytesOf(known).toString('hex')))).toBe(false);
  }
  await owner.end();
  const application = await asApplication(hooks.database);
  await expect(application.query('SELECT secret_ciphertext FROM webhook')).rejects.toThrow(
    'permission denied',
  );
  await application.end();
});

test('what is sent again by hand has a round of its own, and is nobody else’s to send', async () => {
  await fill(1);
  const [one] = await claim();
  if (one) await hooks.finish(one, failed());
  const [delivery] = await hooks.deliveriesOf(accountId, webhookId);
  const deliveryId = delivery?.id ?? '';
  const stranger = await hooks.database.signUp('Stranger');
  expect(await hooks.deliveries.resend({ accountId: stranger.accountId, webhookId, deliveryId })).toBe(false);
  // The functions that look over the wall ask for themselves, whoever forgot to.
  const application = await asApplication(hooks.database);
  await application.query(`SELECT set_config('patchbay.account_id', $1, false)`, [stranger.accountId]);
  for (const [sql, values] of [
    ['SELECT delivery_resend($1, $2) AS ok', [webhookId, deliveryId]],
    [`SELECT webhook_rotate($1, 'x', now()) AS ok`, [webhookId]],
    ['SELECT webhook_remove($1) AS ok', [webhookId]],
  ] as const)
    expect((await application.query<{ ok: boolean }>(sql, [...values])).rows, sql).toEqual([{ ok: false }]);
  expect(
    (await application.query(`SELECT * FROM events_after($1, false, 0, '{%}', 10)`, [accountId])).rows,
  ).toEqual([]);
  await application.end();
  expect(await claim()).toEqual([]);
  expect(await hooks.deliveries.resend({ accountId, webhookId, deliveryId })).toBe(true);
  const [again] = await claim();
  expect(again).toMatchObject({ attempt: 2, roundAttempt: 1, event: { id: one?.event.id } });
});

test('what waits for a disabled webhook is sent when it is enabled again', async () => {
  const [id] = await fill(1);
  await hooks.webhooks.update({ accountId, webhookId, change: { state: 'disabled' } });
  expect(await claim()).toEqual([]);
  await hooks.webhooks.update({ accountId, webhookId, change: { state: 'active' } });
  expect(idsOf(await claim())).toEqual([id]);
});

test('events and what became of them are forgotten when they are old, but not while somebody waits for them', async () => {
  const before = Date.now() - 30 * 86_400_000;
  const [old, waiting] = await fill(2, () => ({ atMs: before - 1_000 }));
  const fresh = (await fill(1))[0];
  for (const each of await claim()) if (each.event.id === old) await hooks.finish(each, delivered);
  const owner = await connectAs(hooks.database.url);
  await owner.query(
    `UPDATE webhook_delivery SET ended_at = ended_at - interval '40 days' WHERE event_id = $1`,
    [old],
  );
  await owner.end();
  const those = { ids: [accountId], befores: [new Date(before)], rowsAtOnce: 100 };
  await forgetRows(hooks.pool, { name: 'events', ...those });
  const left = await hooks.events.list({ accountId, scope: 'own', after: 0n, types: ['*'], limit: 100 });
  expect(left.map(({ id }) => id)).toEqual([waiting, fresh]);
  expect(idsOf((await hooks.deliveriesOf(accountId, webhookId)) as never)).toEqual([waiting, fresh]);
});

test('an answer of any bytes is kept', async () => {
  await fill(1);
  const [one] = await claim();
  const requests = [
    { target: 'main' as const, status: 500, latencyMs: 1, error: 'status', response: 'a\0b\ud800' },
  ];
  if (one) await hooks.finish(one, { isDelivered: false, requests });
  const [delivery] = await hooks.deliveriesOf(accountId, webhookId);
  expect(delivery?.lastAttempt?.response).toBe('a\uFFFDb\uFFFD');
});

test('of an account that has its data kept elsewhere a worker takes nothing, nor of those below it (PRD-4)', async () => {
  const { database } = hooks;
  const childId = await database.addChild(accountId, 'Shop');
  const below = await hooks.createWebhook(childId);
  const says = async (dataRegions: string[] | undefined) => {
    const word = { values: { dataRegions }, locked: [], overridable: {} };
    await policyStore(database.prisma).set({ accountId, by: 'self', word });
  };
  const takenIn = async (region: string) => {
    await hooks.append(childId);
    await hooks.placeAll();
    return new Set((await claim({ region })).map((each) => each.webhookId));
  };
  await says(['eu', 'ch']);
  expect(await takenIn('us')).toEqual(new Set());
  expect(await takenIn('ch')).toContain(below.webhookId);
  await says(undefined);
  expect(await takenIn('us')).toContain(below.webhookId);
});

test('a plan that keeps data elsewhere holds for the account that has it', async () => {
  const { database } = hooks;
  const plans = planStore(database.prisma);
  const childId = await database.addChild(accountId, 'Shop');
  await hooks.createWebhook(childId);
  const word = { values: { dataRegions: ['eu'] }, locked: [], overridable: {} };
  const plan = await plans.create({ accountId, name: 'Kept', word });
  if (plan === 'name_taken') throw new Error('There is one.');
  await plans.assign({ accountId: childId, planId: plan.id, ownerIds: [accountId] });
  await hooks.append(childId);
  await hooks.placeAll();
  const taken = (region: string) => claim({ region });
  expect((await taken('us')).map((each) => each.accountId)).not.toContain(childId);
  expect((await taken('eu')).map((each) => each.accountId)).toContain(childId);
});

test('whom a line of a session’s log was told to is seen by who set it, and by nobody with a part in it or above (LIV-0, HKS-4)', async () => {
  const otherId = (await hooks.database.signUp('Other')).accountId;
  const { webhookId: otherHookId } = await hooks.createWebhook(otherId);
  const sessionId = createId('ses');
  const atMs = Date.now();
  const of = { sessionId, accountId, region: 'local', atMs };
  const { prisma } = hooks.database;
  await ingestSessionEvents(prisma, {
    ...{ nodeId: 'nod_1', kind: 'call' },
    events: [
      { ...of, sequence: 1, type: 'session.created', data: { to: 'user:bob', media: {} } },
      {
        ...{ ...of, sequence: 2, type: 'leg.joined', legId: createId('leg'), legAccountId: otherId },
        data: { identity: 'bob', media: { audio: true, video: false, screen: false } },
      },
      {
        ...of,
        sequence: 3,
        type: 'session.ended',
        data: { reason: { code: 'call.hangup' }, connectedMs: 5 },
      },
    ],
  });
  await hooks.placeAll();
  // The second of a session goes out when the first is taken.
  for (const _ of [1, 2]) for (const each of await claim()) await hooks.finish(each, delivered);
  const told = (account: string) => toldHooks(prisma).told({ accountId: account, sessionId, from: 1, to: 3 });
  expect(
    (await told(accountId)).map(({ sequence, ...hook }) => [sequence, hook.webhookId, hook.state]),
  ).toEqual([
    [1, webhookId, 'delivered'],
    [3, webhookId, 'delivered'],
  ]);
  expect((await told(accountId))[0]).toMatchObject({ via: 'main', status: 200, latencyMs: 5, hopCount: 0 });
  expect((await told(otherId)).map(({ sequence, ...hook }) => [sequence, hook.webhookId])).toEqual([
    [2, otherHookId],
  ]);
  expect(await told(hooks.database.platformId)).toEqual([]);
});
