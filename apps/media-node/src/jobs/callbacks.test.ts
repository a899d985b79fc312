import { createHooksDatabase, type HooksDatabase } from '@patchbay/adapters/hooks/hooks.testing';
import { endpointStore } from '@patchbay/adapters/prisma/endpoint-store';
import { ingestSessionEvents } from '@patchbay/adapters/prisma/session-ingest';
import { readIdentifier } from '@patchbay/domain/endpoints/identifier';
import type { SessionEvent } from '@patchbay/domain/sessions/session-log';
import { createId } from '@patchbay/kit/ids';
import { parseWebhookSecret, refusalOfWebhook } from '@patchbay/protocol/webhook/signature';
import { until } from '@patchbay/testing/until';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { DeliveryWorker } from './delivery-worker.ts';
import type { RunAnswer, RunDelivery } from './run-delivery.ts';
import { type Received, Receivers } from './testing/receivers.ts';
import { workerOn } from './testing/worker.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

const service = 'signaling';
let hooks: HooksDatabase;
let accountId: string;
let receivers: Receivers;
let worker: DeliveryWorker;
/** What the control plane is asked to run, and what it says. */
let runs: Parameters<RunDelivery>[0][];
let ranAs: RunAnswer;
beforeAll(async () => {
  hooks = await createHooksDatabase();
}, 120_000);
afterAll(() => hooks.close());
beforeEach(async () => {
  receivers = new Receivers();
  accountId = (await hooks.database.signUp('Acme')).accountId;
  const { applicationUrl: databaseUrl, masterKey } = hooks.database;
  runs = [];
  ranAs = { status: 200, response: '{}' };
  const run: RunDelivery = async (delivery) => {
    runs.push(delivery);
    return ranAs;
  };
  worker = workerOn({ pool: hooks.pool, databaseUrl, masterKey, run });
  worker.start();
});
afterEach(async () => {
  receivers.close();
  await worker.stop();
});

async function allocate(text: string): Promise<string> {
  const identifier = readIdentifier(text);
  if ('problem' in identifier) throw new Error(identifier.problem);
  const wanted = { accountId, identifier, label: '', applicationId: undefined };
  const made = await endpointStore(hooks.database.prisma).allocate(wanted);
  if (typeof made === 'string' || !('id' in made)) throw new Error(`${text} was not allocated.`);
  return made.id;
}

/** What signaling reports of a call between two, from its beginning to its end. */
async function call(
  from: string,
  to: string,
  of: Pick<SessionEvent, 'applicationId' | 'instanceType'> = {},
): Promise<string> {
  const sessionId = createId('ses');
  const lines: readonly Pick<SessionEvent, 'type' | 'legId' | 'data'>[] = [
    { type: 'session.created', legId: `leg_1${sessionId}`, data: { to: `user:${to}`, identity: from } },
    { type: 'leg.joined', legId: `leg_1${sessionId}`, data: { identity: from } },
    { type: 'leg.ringing', legId: `leg_2${sessionId}`, data: { identity: to } },
    { type: 'session.ended', data: { reason: 'call.hangup' } },
  ];
  const events = lines.map((line, index) => ({
    ...line,
    sessionId,
    sequence: index + 1,
    atMs: Date.now(),
    accountId,
    ...of,
  }));
  await ingestSessionEvents(hooks.database.prisma, { nodeId: 'nod_1', kind: 'call', events });
  return sessionId;
}

const replace = async (
  place: object,
  callbacks: readonly { url: string; fallbackUrl?: string; events: string[] }[],
) => {
  const replaced = await hooks.callbacks.replace({ accountId, service, ...place }, callbacks);
  if (typeof replaced === 'string') throw new Error(replaced);
  return replaced.after;
};
const arrived = (received: readonly Received[], count: number) =>
  until(() => received.length >= count && received, { what: `${count} events to arrive`, timeoutMs: 15_000 });

test('a callback of an endpoint hears of the calls that it has a part in, and of no other, signed as a webhook is (HKS-1)', async () => {
  const { url, received } = await receivers.healthy();
  const endpointId = await allocate('user:bob');
  const [callback] = await replace({ endpointId }, [{ url, events: ['session.started', 'session.ended'] }]);
  await call('alice', 'eve');
  const [called, calling] = [await call('alice', 'bob'), await call('bob', 'eve')];
  await arrived(received, 4);
  expect(received.map(({ event }) => [event.sessionId, event.sessionSequence]).toSorted()).toEqual(
    [called, calling]
      .flatMap((sessionId) => [
        [sessionId, 1],
        [sessionId, 4],
      ])
      .toSorted(),
  );
  const [first] = received;
  const secret = parseWebhookSecret(callback?.secret ?? '') ?? new Uint8Array();
  const headers = (name: string) => [first?.headers[name] ?? []].flat();
  expect(refusalOfWebhook({ headers, body: first?.body ?? '' }, [secret], Date.now())).toBeUndefined();
  const log = await hooks.deliveriesOf(accountId, callback?.webhookId ?? '');
  expect(log.map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
});

test('its fallback is asked in the same attempt when the first address fails, and the log shows both (HKS-1)', async () => {
  const broken = await receivers.healthy(() => 500);
  const standby = await receivers.healthy();
  const endpointId = await allocate('user:bob');
  const [callback] = await replace({ endpointId }, [
    { url: broken.url, fallbackUrl: standby.url, events: ['session.ended'] },
  ]);
  await call('alice', 'bob');
  await arrived(standby.received, 1);
  const [delivery] = await until(
    async () => {
      const log = await hooks.deliveriesOf(accountId, callback?.webhookId ?? '');
      return log[0]?.state === 'delivered' && log;
    },
    { what: 'the delivery to be over' },
  );
  const asked = { accountId, webhookId: delivery?.webhookId ?? '', deliveryId: delivery?.id ?? '' };
  expect(await hooks.deliveries.attempts(asked)).toMatchObject([
    { number: 1, target: 'main', status: 500 },
    { number: 1, target: 'fallback', status: 200 },
  ]);
});

test('an application’s hears of its own calls, and nobody is called any more once it is removed or the endpoint released', async () => {
  const { url, received } = await receivers.healthy();
  const other = await receivers.healthy();
  const application = await hooks.database.ports.applications.create({
    accountId,
    name: 'Shop',
    instanceTypes: [],
  });
  const endpointId = await allocate('user:bob');
  await replace({ applicationId: application.id }, [{ url, events: ['session.ended'] }]);
  await replace({ endpointId }, [{ url: other.url, events: ['session.ended'] }]);
  await call('alice', 'eve');
  const sessionId = await call('alice', 'eve', { applicationId: application.id });
  await arrived(received, 1);
  expect(received.map(({ event }) => event.sessionId)).toEqual([sessionId]);

  await hooks.database.ports.applications.remove({ accountId, applicationId: application.id });
  await endpointStore(hooks.database.prisma).release({ accountId, endpointId, restsUntil: undefined });
  const { webhookId } = await hooks.createWebhook(accountId, { url: other.url });
  const last = await call('alice', 'bob', { applicationId: application.id });
  // What else there is to tell of it is told: so whoever was to hear of it would have.
  await until(async () => (await hooks.deliveriesOf(accountId, webhookId)).length === 3, {
    what: 'the events to be placed',
  });
  await arrived(other.received, 3);
  expect(other.received.map(({ event }) => event.sessionId)).toEqual([last, last, last]);
  expect(received).toHaveLength(1);
});

test('a session of an instance type calls the address of that type, or its fallback, beside those of its application, and that of no other type (ACC-6, HKS-1)', async () => {
  const [ofApplication, ofFree, broken, standby] = [
    await receivers.healthy(),
    await receivers.healthy(),
    await receivers.healthy(() => 500),
    await receivers.healthy(),
  ];
  const { applications } = hooks.database.ports;
  const instanceTypes = ['free', 'paid'];
  const { id: applicationId } = await applications.create({ accountId, name: 'Shop', instanceTypes });
  const events = ['session.ended'];
  await replace({ applicationId }, [{ url: ofApplication.url, events }]);
  await replace({ applicationId, instanceType: 'free' }, [{ url: ofFree.url, events }]);
  const paid = { applicationId, instanceType: 'paid' };
  await replace(paid, [{ url: broken.url, fallbackUrl: standby.url, events }]);
  const first = await call('alice', 'bob', paid);
  const untyped = await call('alice', 'bob', { applicationId });
  const sessionsAt = ({ received }: { readonly received: readonly Received[] }) =>
    [...new Set(received.map(({ event }) => event.sessionId))].toSorted();
  await arrived(standby.received, 1);
  await arrived(ofApplication.received, 2);
  expect(sessionsAt(standby)).toEqual([first]);
  expect(sessionsAt(ofApplication)).toEqual([first, untyped].toSorted());
  expect(ofFree.received).toEqual([]);

  // What was set for a type goes with it: one of the same name begins anew.
  await applications.update({ accountId, applicationId, instanceTypes: ['free'] });
  await applications.update({ accountId, applicationId, instanceTypes });
  expect(await hooks.callbacks.list({ accountId, service, ...paid })).toEqual([]);
  expect(await hooks.callbacks.list({ accountId, service, applicationId })).toHaveLength(1);
  const last = await call('alice', 'bob', paid);
  await arrived(ofApplication.received, 3);
  expect(sessionsAt(ofApplication)).toEqual([first, untyped, last].toSorted());
  expect(sessionsAt(standby)).toEqual([first]);
});

test('an operation of a service is run in place of a request, and the log says what became of it as of any other (HKS-4)', async () => {
  const url = 'service:notification?channel=calls';
  const [callback] = await replace({}, [{ url, events: ['session.ended'] }]);
  const webhookId = callback?.webhookId ?? '';
  const ended = (count: number) =>
    until(
      async () => {
        const log = await hooks.deliveriesOf(accountId, webhookId);
        return log.length === count && log.every(({ state }) => state !== 'waiting') && log;
      },
      { what: `${count} deliveries to be over` },
    );
  await call('alice', 'bob');
  const [taken] = await ended(1);
  expect(taken).toMatchObject({ state: 'delivered', lastAttempt: { status: 200, url } });
  expect(runs).toEqual([{ accountId, webhookId, deliveryId: taken?.id, target: 'main' }]);

  // What would be refused each time is given up at once.
  ranAs = { status: 409, error: 'callback.too_many_hops', isFinal: true };
  await call('alice', 'bob');
  const [, refused] = await ended(2);
  const lastAttempt = { status: 409, error: 'callback.too_many_hops' };
  expect(refused).toMatchObject({ state: 'failed', attemptCount: 1, lastAttempt });

  // It is a fallback as well, and has one.
  const standby = await receivers.healthy();
  ranAs = { status: 429, error: 'limit.exceeded' };
  await replace({}, [{ url, fallbackUrl: standby.url, events: ['session.ended'] }]);
  await call('alice', 'bob');
  const [, , third] = await ended(3);
  const asked = { accountId, webhookId, deliveryId: third?.id ?? '' };
  expect(await hooks.deliveries.attempts(asked)).toMatchObject([
    { target: 'main', status: 429, error: 'limit.exceeded' },
    { target: 'fallback', status: 200 },
  ]);
});
