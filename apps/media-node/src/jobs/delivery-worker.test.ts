import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { deliveryStore } from '@patchbay/adapters/hooks/delivery-store';
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { createHooksDatabase, type HooksDatabase } from '@patchbay/adapters/hooks/hooks.testing';
import { mailOutbox, newestMails } from '@patchbay/adapters/mail/outbox';
import { inAccount } from '@patchbay/adapters/prisma/scope';
import { triggerCallbacks } from '@patchbay/adapters/prisma/trigger-callbacks';
import { triggerStore } from '@patchbay/adapters/prisma/trigger-store';
import { mailWebhookTroubles } from '@patchbay/adapters/prisma/webhook-mails';
import { WEBHOOK_MAIL_EVERY_MS, webhookNotices } from '@patchbay/adapters/prisma/webhook-notices';
import { toEnvelope } from '@patchbay/domain/hooks/envelope';
import { createId } from '@patchbay/kit/ids';
import { parseWebhookSecret, refusalOfWebhook } from '@patchbay/protocol/webhook/signature';
import { until } from '@patchbay/testing/until';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { DeliveryWorker } from './delivery-worker.ts';
import { hostileKinds, type Received, Receivers } from './testing/receivers.ts';
import { type WorkerSettings, workerOn } from './testing/worker.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let hooks: HooksDatabase;
let accountId: string;
let receivers: Receivers;
const workers: DeliveryWorker[] = [];
beforeAll(async () => {
  hooks = await createHooksDatabase();
}, 120_000);
afterAll(() => hooks.close());
beforeEach(async () => {
  receivers = new Receivers();
  accountId = (await hooks.database.signUp('Acme')).accountId;
});
afterEach(async () => {
  receivers.close();
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

function start(settings: Partial<WorkerSettings> = {}): DeliveryWorker {
  const { applicationUrl: databaseUrl, masterKey } = hooks.database;
  const worker = workerOn({ pool: hooks.pool, databaseUrl, masterKey, ...settings });
  workers.push(worker);
  worker.start();
  return worker;
}

const idsOf = (received: readonly Received[]) => received.map(({ event }) => event.id);
const arrived = (received: readonly Received[], count: number, timeoutMs = 15_000) =>
  until(() => received.length >= count && received, { what: `${count} events to arrive`, timeoutMs });
const webhookAt = (url: string, change: object = {}) => hooks.createWebhook(accountId, { url, ...change });
const stateAt = async (webhookId: string) =>
  (await hooks.deliveriesOf(accountId, webhookId)).map(({ state }) => state);

test('C35: an event arrives with its id, its time and a signature that verifies (HKS-2)', async () => {
  const { url, received } = await receivers.healthy();
  const { secret } = await webhookAt(url);
  start();
  const event = await hooks.append(accountId, { data: { code: 'call.hangup' } });
  const [request] = await arrived(received, 1);
  expect(request?.event).toMatchObject({ id: event.id, type: event.type, data: { code: 'call.hangup' } });
  const key = parseWebhookSecret(secret) ?? new Uint8Array();
  const headers = (name: string) => [request?.headers[name] ?? []].flat();
  expect(refusalOfWebhook({ headers, body: request?.body ?? '' }, [key], Date.now())).toBeUndefined();
});

test('events of a session arrive in its order, each once, with three workers and a receiver that takes its time', async () => {
  const underWay = new Set<string>();
  const overlaps: string[] = [];
  const { url, received } = await receivers.healthy(async (index) => {
    const { sessionId = '' } = received[index]?.event ?? {};
    if (underWay.has(sessionId)) overlaps.push(sessionId);
    underWay.add(sessionId);
    await wait(20);
    underWay.delete(sessionId);
    return 200;
  });
  await webhookAt(url);
  const sessions = Array.from({ length: 4 }, () => createId('ses'));
  const added: string[] = [];
  for (const sessionId of sessions)
    for (let sessionSequence = 1; sessionSequence <= 8; sessionSequence++)
      added.push((await hooks.append(accountId, { sessionId, sessionSequence })).id);
  for (let count = 0; count < 3; count++) start();
  await arrived(received, added.length);
  expect(idsOf(received).toSorted()).toEqual(added.toSorted());
  expect(overlaps).toEqual([]);
  for (const sessionId of sessions) {
    const own = received.filter(({ body }) => body.includes(sessionId));
    expect(own.map(({ event }) => event.sessionSequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  }
});

test('C37: a tenant whose receivers all hang, in however many accounts, leaves room: a healthy one is served at once', async () => {
  const held: (() => void)[] = [];
  const hangs = await receivers.healthy(() => new Promise((resolve) => void held.push(() => resolve(200))));
  const tenantId = (await hooks.database.signUp('Hangs')).accountId;
  for (let count = 0; count < 5; count++) {
    const childId = await hooks.database.addChild(tenantId, `Hangs ${count}`);
    for (let each = 0; each < 2; each++) await hooks.createWebhook(childId, { url: hangs.url });
    await hooks.append(childId);
  }
  // One request for an account, and four for a tenant; it has 10 webhooks with something due.
  const worker = start({ requestCountMax: 16, totalMsMax: 60_000, elapsedMs: () => 0 });
  await arrived(hangs.received, 4);
  const { url, received } = await receivers.healthy();
  await webhookAt(url);
  for (let count = 1; count <= 8; count++) {
    await hooks.append(accountId);
    await arrived(received, count);
  }
  expect(hangs.received).toHaveLength(4);
  expect(new Set(hangs.received.map(({ event }) => event.accountId)).size).toBe(4);
  // What is let go makes room for what waits, and nothing is lost.
  await until(
    () => {
      for (const release of held.splice(0)) release();
      return hangs.received.length === 10;
    },
    { what: 'all that waited to arrive' },
  );
  await until(() => worker.requestCount === 0, { what: 'nothing to be under way' });
});

/** How often a worker took deliveries after each event had its place, until it took that one: events of these accounts alone. */
function claimCounts(accountIds: readonly string[]) {
  const counts: number[] = [];
  let count: number | undefined;
  const store = deliveryStore(hooks.pool, hooks.database.cipher);
  const settings: Partial<WorkerSettings> = {
    notices: { failing: async () => {}, disable: async () => {} },
    placeEvents: async () => {
      const placedCount = await placeEvents(hooks.pool);
      if (placedCount > 0) count = 0;
      return placedCount;
    },
    store: {
      ...store,
      claim: async (claim) => {
        const claimed = await store.claim(claim);
        if (claim.kind !== 'ok' || count === undefined) return claimed;
        count += 1;
        if (claimed.some(({ accountId: id }) => accountIds.includes(id))) {
          counts.push(count);
          count = undefined;
        }
        return claimed;
      },
    },
  };
  return { counts, settings };
}

test('C37: beside many tenants that are slow and right, and each hostile kind, a healthy one is taken as soon as alone', async () => {
  let elapsedMs = 0;
  const { accountId: lateId } = await hooks.database.signUp('Late');
  const { counts, settings } = claimCounts([accountId, lateId]);
  const { url, received } = await receivers.healthy();
  const { webhookId } = await webhookAt(url);
  const bounds = { requestCountMax: 16, totalMsMax: 60_000, elapsedMs: () => elapsedMs };
  const worker = start({ ...settings, ...bounds });
  const tellHealthy = async (times: number) => {
    for (let count = 0; count < times; count++) {
      await hooks.append(accountId);
      await arrived(received, received.length + 1);
      // While it is noted that one is over, nothing is taken for that webhook.
      const isOver = async () => (await stateAt(webhookId)).every((state) => state === 'delivered');
      await until(isOver, { what: 'the outcome' });
    }
    return counts.splice(0);
  };
  const alone = await tellHealthy(3);
  await worker.stop();

  const slow = await receivers.healthy(() => new Promise(() => {}));
  const tenants = [
    ...Array.from({ length: 16 }, (_, index) => ({ name: `Slow ${index}`, urls: [slow.url] })),
    ...(await Promise.all(
      hostileKinds.map(async (kind) => ({ name: kind, urls: [await receivers.hostile(kind)] })),
    )),
  ];
  for (const { name, urls } of tenants) {
    const { accountId: hostileId } = await hooks.database.signUp(name);
    for (const each of urls) await hooks.createWebhook(hostileId, { url: each });
    await hooks.append(hostileId);
  }
  await hooks.placeAll();
  const beset = start({ ...settings, ...bounds });
  // Nobody answers, so all is held that may be: what of 16 is not kept for webhooks that are known.
  await until(() => beset.requestCount >= 12, { what: 'them to hold on' });
  const slowest = Math.max(...alone);
  expect(Math.max(...(await tellHealthy(3)))).toBeLessThanOrEqual(2 * slowest);
  // Then they are known to be slow, and hold more than all that the others have, who have all of it.
  elapsedMs += 1_000;
  await until(() => beset.requestCount >= 17, { what: 'them to hold more' });
  elapsedMs += 1_000;
  expect(Math.max(...(await tellHealthy(3)))).toBeLessThanOrEqual(2 * slowest);
  const late = await receivers.healthy();
  await hooks.createWebhook(lateId, { url: late.url });
  await hooks.append(lateId);
  await arrived(late.received, 1);
  expect(Math.max(...counts)).toBeLessThanOrEqual(2 * slowest);
});

test('C37: beside a receiver of each hostile kind a healthy one gets everything while they hold on, and none of them stops the worker (F8)', async () => {
  const hostile: { kind: string; accountId: string; webhookId: string }[] = [];
  for (const kind of hostileKinds) {
    const { accountId: ofKind } = await hooks.database.signUp(kind);
    const made = await hooks.createWebhook(ofKind, { url: await receivers.hostile(kind) });
    hostile.push({ kind, accountId: ofKind, webhookId: made.webhookId });
    for (let count = 0; count < 2; count++) await hooks.append(ofKind);
  }
  const { url, received } = await receivers.healthy();
  await webhookAt(url);
  const worker = start({ requestCountMax: 64, totalMsMax: 3_000 });
  await until(() => worker.requestCount > 0, { what: 'the first request' });
  for (let count = 1; count <= 10; count++) {
    await hooks.append(accountId);
    await arrived(received, count);
  }
  const outcomes = await until(
    async () => {
      const found = await Promise.all(
        hostile.map(async ({ kind, accountId: of, webhookId }) => {
          const [first] = await hooks.deliveriesOf(of, webhookId);
          const log = await hooks.deliveries.attempts({
            accountId: of,
            webhookId,
            deliveryId: first?.id ?? '',
          });
          return [kind, log[0]?.error ?? log[0]?.status] as const;
        }),
      );
      return found.every(([, outcome]) => outcome !== undefined) && Object.fromEntries(found);
    },
    { what: 'how each of them ended' },
  );
  expect(outcomes).toEqual({
    hangs: 'timeout',
    drips: 'timeout',
    closesMidBody: 'response_cut',
    redirects: 'redirect',
    floods: 'response_too_large',
    floodsItsHead: 'connect_failed',
    dripsItsHead: 'timeout',
    // Taken as it came: nobody inflates it.
    bombs: 200,
    neverCloses: 200,
    resets: 'connect_failed',
    babbles: 'connect_failed',
    speaksNoTls: 'connect_failed',
    hangsInTls: 'timeout',
  });
});

test('a trigger calls its own address once over HTTP, signed with the secret that its maker was shown, and nobody else (TRG-2, HKS-2)', async () => {
  const [own, deaf] = [await receivers.healthy(), await receivers.healthy()];
  await webhookAt(deaf.url, { eventTypes: ['signaling.session.started'] });
  const { prisma, cipher } = hooks.database;
  const triggerId = createId('trg');
  const counts = triggerStore(prisma);
  const rule = {
    id: triggerId,
    accountId,
    name: 'Hang-ups',
    counter: { event: 'signaling.session.ended', where: { code: 'call.hangup' } },
    target: { accountId, scope: 'own' },
    condition: { kind: 'threshold', limit: 2 },
    isShown: false,
    timeZone: 'UTC',
  } as const;
  await counts.create({ ...rule, action: { kind: 'notify' } });
  const { webhookId, secret } = await triggerCallbacks(prisma, cipher).put({
    accountId,
    triggerId,
    url: own.url,
    fallbackUrl: undefined,
  });
  await counts.update({ accountId, triggerId }, { action: { kind: 'callback', webhookId } });
  start();
  const hangUp = () => hooks.append(accountId, { data: { code: 'call.hangup' } });
  await hangUp();
  await hooks.append(accountId, { data: { code: 'call.busy' } });
  await hangUp();
  await hangUp();
  const [request] = await arrived(own.received, 1);
  expect(request?.event).toMatchObject({
    type: 'triggers.trigger.fired',
    accountId,
    data: { triggerId, name: 'Hang-ups', value: '2', limit: 2, action: 'callback', webhookId },
  });
  const key = parseWebhookSecret(secret ?? '') ?? new Uint8Array();
  const headers = (name: string) => [request?.headers[name] ?? []].flat();
  expect(refusalOfWebhook({ headers, body: request?.body ?? '' }, [key], Date.now())).toBeUndefined();
  await until(async () => (await stateAt(webhookId)).every((state) => state === 'delivered'), {
    what: 'the call to be on record',
  });
  // One delivery, whatever was counted after it.
  expect(await stateAt(webhookId)).toHaveLength(1);
  expect([own.received.length, deaf.received.length]).toEqual([1, 0]);
});

test('what the main address does not take goes to the fallback in the same attempt, and both are on record', async () => {
  const main = await receivers.healthy(() => 500);
  const fallback = await receivers.healthy();
  const { webhookId } = await webhookAt(main.url, { fallbackUrl: fallback.url });
  const counted: string[] = [];
  start({
    count: (usedBy, { meter, quantity, dimensions }) =>
      counted.push(`${usedBy.accountId} ${meter} ${quantity} ${dimensions.outcome}`),
  });
  await hooks.append(accountId);
  await arrived(fallback.received, 1);
  await until(async () => (await stateAt(webhookId))[0] === 'delivered', { what: 'its outcome' });
  expect(fallback.received[0]?.body).toBe(main.received[0]?.body);
  expect(await hooks.webhooks.find({ accountId, webhookId })).toMatchObject({
    failedCount: 0,
    fallbackSince: expect.any(Date),
  });
  const [delivery] = await hooks.deliveriesOf(accountId, webhookId);
  const log = await hooks.deliveries.attempts({ accountId, webhookId, deliveryId: delivery?.id ?? '' });
  expect(log).toMatchObject([
    { number: 1, target: 'main', url: main.url, status: 500, error: 'status' },
    { number: 1, target: 'fallback', url: fallback.url, status: 200 },
  ]);
  const sent = fallback.received[0]?.headers ?? {};
  const { 'webhook-signature': kept = '', ...others } = log[1]?.requestHeaders ?? {};
  expect(sent).toMatchObject(others);
  expect(Object.keys(others)).toContain('webhook-timestamp');
  // Enough to tell it by, and not to send it.
  expect(kept).toMatch(/^v1,.{8}…$/);
  expect(String(sent['webhook-signature'])).toContain(kept.slice(0, -1));
  expect(log[1]?.responseHeaders).toHaveProperty('date');
  // Each request for itself, the callback once (MET-6).
  // What earlier tests left waiting is of other accounts.
  const ofAccount = () => counted.filter((of) => of.startsWith(accountId));
  await until(() => ofAccount().length === 3, { what: 'it is counted' });
  expect(ofAccount()).toEqual([
    `${accountId} api.attempts 1 failed`,
    `${accountId} api.attempts 1 succeeded`,
    `${accountId} api.callbacks 1 delivered`,
  ]);
});

test('an endpoint that fails is told of once, and one that says 410 is disabled, told of and on record', async () => {
  const watch = await receivers.healthy();
  await webhookAt(watch.url, { eventTypes: ['hooks.*'] });
  const failing = await receivers.healthy(() => 500);
  const gone = await receivers.healthy(() => 410);
  const first = await webhookAt(failing.url, { eventTypes: ['signaling.*'] });
  const second = await webhookAt(gone.url, { eventTypes: ['tenancy.*'] });
  start();
  for (let count = 0; count < 5; count++) await hooks.append(accountId);
  await hooks.append(accountId, { type: 'tenancy.key.created' });
  await arrived(failing.received, 5);
  await arrived(watch.received, 2);
  const told = watch.received.map(({ body }) => JSON.parse(body) as { type: string; data: object });
  expect(told.map(({ type, data }) => ({ type, data }))).toEqual(
    expect.arrayContaining([
      { type: 'hooks.webhook.failing', data: { webhookId: first.webhookId } },
      { type: 'hooks.webhook.disabled', data: { webhookId: second.webhookId, reason: 'gone' } },
    ]),
  );
  expect(told).toHaveLength(2);
  expect(await hooks.webhooks.find({ accountId, webhookId: second.webhookId })).toMatchObject({
    state: 'disabled',
    disabledReason: 'gone',
  });
  const { prisma } = hooks.database;
  const dueOf = (webhookId: string) =>
    inAccount(prisma, accountId, ({ webhook }) =>
      webhook.findFirst({ where: { id: webhookId }, select: { mailDue: true } }),
    );
  // With the change itself, and the last status: whoever writes mails finds it.
  expect(await dueOf(first.webhookId)).toMatchObject({ mailDue: { kind: 'failing', status: 500 } });
  expect(await dueOf(second.webhookId)).toMatchObject({ mailDue: { kind: 'gone', status: 410 } });
  // The first one is tried again, each by its own schedule.
  expect(new Set(await stateAt(first.webhookId))).toEqual(new Set(['waiting']));
});

test('those who may change a webhook get mail once of its failing and once of its end, however often it comes and goes', async () => {
  const { prisma, cipher, signUp } = hooks.database;
  const owner = await signUp('Mailed');
  const at = owner.accountId;
  const joins = async (role: string) => {
    const { userId, email } = await signUp(role);
    await inAccount(prisma, at, ({ roleGrant }) =>
      roleGrant.create({ data: { userId, accountId: at, role, acceptedAt: new Date() } }),
    );
    return email;
  };
  const [developer, viewer] = [await joins('developer'), await joins('viewer')];
  const mails = mailOutbox(prisma, { cipher, baseUrl: 'https://patchbay.test' });
  const write = () => mailWebhookTroubles(prisma, { mails, isProofAsked: true });
  const written = async () =>
    (await newestMails(prisma, { cipher, countMax: 50 })).filter(({ subject }) =>
      subject.includes('receiver.example'),
    );
  await write();
  const { webhookId } = await hooks.createWebhook(at, { url: 'https://receiver.example/hooks' });
  const notices = webhookNotices(prisma);
  const beginMs = Date.UTC(2026, 10, 2);
  const failed = { accountId: at, webhookId, status: 503, error: 'status' };
  const wroteAtHours = async (tell: (atMs: number) => Promise<void>) => {
    const wrote: number[] = [];
    for (const hour of [0, 1, 2]) {
      await tell(beginMs + hour * 3_600_000);
      wrote.push(await write());
    }
    return wrote;
  };
  expect(await wroteAtHours((atMs) => notices.failing({ ...failed, atMs }))).toEqual([1, 0, 0]);
  const first = await written();
  expect(first.map(({ recipient, subject }) => `${recipient} ${subject}`).toSorted()).toEqual(
    [owner.email, developer].map((to) => `${to} The webhook at receiver.example takes nothing`).toSorted(),
  );
  expect(first.map(({ recipient }) => recipient)).not.toContain(viewer);
  expect(first[0]?.text).toContain('status 503');
  expect(first[0]?.text).toContain(`https://patchbay.test/accounts/${at}/webhooks/${webhookId}`);
  await notices.failing({ ...failed, atMs: beginMs + WEBHOOK_MAIL_EVERY_MS });
  expect(await write()).toBe(1);
  const ended = { accountId: at, webhookId, status: 410, error: 'status', reason: 'gone' as const };
  const disable = async (atMs: number) => {
    await notices.disable({ ...ended, atMs });
    await hooks.webhooks.update({ accountId: at, webhookId, change: { state: 'active' } });
  };
  expect(await wroteAtHours(disable)).toEqual([1, 0, 0]);
  expect((await written()).filter(({ subject }) => subject.endsWith('was disabled'))).toHaveLength(2);
  expect((await written()).find(({ subject }) => subject.endsWith('was disabled'))?.text).toContain(
    'nobody is there any more',
  );
});

test('a worker that is killed in the middle of a delivery loses nothing, and repeats that attempt alone', async () => {
  let isHeld = true;
  const { url, received } = await receivers.healthy(() => (isHeld ? new Promise<number>(() => {}) : 200));
  const { webhookId } = await webhookAt(url);
  const { applicationUrl: databaseUrl, masterKey } = hooks.database;
  const program = path.join(import.meta.dirname, 'testing/worker-process.ts');
  const settings = { databaseUrl, masterKey: masterKey.toString('base64'), leaseMs: 3_000 };
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], { stdio: 'ignore' });
  const event = await hooks.append(accountId);
  await arrived(received, 1);
  child.kill('SIGKILL');
  isHeld = false;
  const later = await hooks.append(accountId);
  start();
  await arrived(received, 3);
  await until(async () => (await stateAt(webhookId)).every((state) => state === 'delivered'), {
    what: 'both',
  });
  expect(idsOf(received).filter((id) => id === event.id)).toHaveLength(2);
  expect(idsOf(received).filter((id) => id === later.id)).toHaveLength(1);
  const [delivery] = await hooks.deliveriesOf(accountId, webhookId);
  const log = await hooks.deliveries.attempts({ accountId, webhookId, deliveryId: delivery?.id ?? '' });
  // The first was counted before it was made, and its outcome is not known.
  expect(log.map(({ number, status }) => [number, status])).toEqual([
    [1, undefined],
    [2, 200],
  ]);
});

test('F16: a database that fails at any one call costs no event and doubles none but its attempt', async () => {
  const { url, received } = await receivers.healthy();
  const { webhookId } = await webhookAt(url);
  const store = deliveryStore(hooks.pool, hooks.database.cipher);
  for (let failingCall = 1; failingCall <= 7; failingCall++) {
    let count = 0;
    const once = async <Value>(work: () => Promise<Value>): Promise<Value> => {
      count += 1;
      if (count === failingCall) throw new Error('The database is away.');
      return await work();
    };
    const event = await hooks.append(accountId);
    const worker = start({
      placeEvents: () => once(() => placeEvents(hooks.pool)),
      store: {
        claim: (claim) => once(() => store.claim(claim)),
        finish: (requests) => once(() => store.finish(requests)),
        noteSlow: store.noteSlow,
      },
    });
    const isOver = async () => {
      const states = await stateAt(webhookId);
      return states.length === failingCall && states.every((state) => state === 'delivered');
    };
    await until(isOver, {
      what: `the outcome when call ${failingCall} fails`,
    });
    await worker.stop();
    expect(idsOf(received).filter((id) => id === event.id)).toHaveLength(1);
  }
});

test('a batch arrives as one request with one signature, each event as it would be alone (HKS-2)', async () => {
  const { url, received } = await receivers.healthy();
  const { secret } = await webhookAt(url, { batchEventsMax: 3, batchWaitMs: 10_000 });
  const events = await Promise.all([1, 2, 3].map((number) => hooks.append(accountId, { data: { number } })));
  await hooks.placeAll();
  start();
  const [request] = await arrived(received, 1);
  const { events: sent } = JSON.parse(request?.body ?? '') as { events: { id: string; cursor: string }[] };
  expect(sent.map(({ id }) => id).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  const { items } = await hooks.events
    .list({ accountId, scope: 'own', after: 0n, types: ['*'], limit: 10 })
    .then((list) => ({ items: list.map((event) => toEnvelope(event, hooks.cursors)) }));
  expect(sent).toEqual(items);
  const headers = (name: string) => [request?.headers[name] ?? []].flat();
  const key = parseWebhookSecret(secret) ?? new Uint8Array();
  expect(refusalOfWebhook({ headers, body: request?.body ?? '' }, [key], Date.now())).toBeUndefined();
  expect(received).toHaveLength(1);
});

test('a replay arrives with the ids that its events had, and its name in a header (HKS-2)', async () => {
  const { url, received } = await receivers.healthy();
  const { webhookId } = await webhookAt(url);
  const { id } = await hooks.append(accountId);
  start();
  await arrived(received, 1);
  const replayId = createId('rpl');
  await hooks.replays.start({ accountId, webhookId, replayId, after: 0n });
  const [first, again] = await arrived(received, 2);
  expect([first?.event.id, again?.event.id]).toEqual([id, id]);
  expect([first?.headers['patchbay-replay'], again?.headers['patchbay-replay']]).toEqual([
    undefined,
    replayId,
  ]);
});
