import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { createHooksDatabase, type HooksDatabase } from '@patchbay/adapters/hooks/hooks.testing';
import { endpointStore } from '@patchbay/adapters/prisma/endpoint-store';
import { flowStore } from '@patchbay/adapters/prisma/flow-store';
import { triggerCallbacks } from '@patchbay/adapters/prisma/trigger-callbacks';
import { triggerStore } from '@patchbay/adapters/prisma/trigger-store';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { hooks as definition } from './definition.ts';
import { batchBodyOf } from './envelope.ts';
import { handlers } from './handlers.ts';
import { type HooksPorts, WEBHOOK_COUNT_MAX } from './ports.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let hooks: HooksDatabase;
let ports: HooksPorts;
let accountId: string;
let strangerId: string;
beforeAll(async () => {
  hooks = await createHooksDatabase();
  ports = {
    cursors: hooks.cursors,
    webhooks: hooks.webhooks,
    callbacks: hooks.callbacks,
    flows: hooks.flows,
    deliveries: hooks.deliveries,
    events: hooks.events,
    replays: hooks.replays,
    applications: hooks.database.ports.applications,
    endpoints: { refusalOf: async (url) => (url.includes('10.0.0.1') ? 'it is not public' : undefined) },
    catalogue: { eventTypes: ['signaling.session.ended', 'hooks.webhook.tested'] },
  };
  strangerId = (await hooks.database.signUp('Stranger')).accountId;
}, 120_000);
afterAll(() => hooks.close());
beforeEach(async () => {
  accountId = (await hooks.database.signUp('Acme')).accountId;
});

type Resources = typeof definition.resources;
type Answer<
  R extends keyof Resources,
  K extends keyof Resources[R]['operations'],
> = Resources[R]['operations'][K] extends { readonly response: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : never;
interface Declared {
  readonly request: { parse(value: unknown): unknown };
  readonly response: { parse(value: unknown): unknown };
}

async function call<R extends keyof Resources, K extends keyof Resources[R]['operations'] & string>(
  resource: R,
  operation: K,
  { at = accountId, ...request }: Readonly<Record<string, unknown>> & { readonly at?: string } = {},
) {
  const { context, audited, events } = domainContext(definition, { chain: [at], nowMs: Date.now() });
  const { operations } = definition.resources[resource];
  const declared = (operations as Readonly<Record<string, Declared>>)[operation];
  const handler = handlers[resource][operation] as unknown as (...given: unknown[]) => Promise<unknown>;
  const answer = await handler(context, declared?.request.parse(request), ports);
  return { answer: declared?.response.parse(answer) as Answer<R, K>, audited, events };
}

const refusal = (status: number, code: string) => ({ fields: expect.objectContaining({ status, code }) });
const url = 'https://receiver.test/hooks';
const create = async (change: object = {}) => (await call('webhooks', 'create', { url, ...change })).answer;

test('webhooks.create 200: its secret is told once, and is in no log', async () => {
  const { answer, audited } = await call('webhooks', 'create', { url, fallbackUrl: 'https://other.test/' });
  expect(answer).toMatchObject({ url, eventTypes: ['*'], scope: 'own', state: 'active', health: 'ok' });
  expect(answer.secret).toMatch(/^whsec_/);
  expect(JSON.stringify(audited)).not.toContain(answer.secret);
  const { secret: _, ...rest } = answer;
  expect((await call('webhooks', 'get', { webhookId: answer.id })).answer).toEqual(rest);
});

test('webhooks.create 422: an address that is not public, or an event that nobody tells of, is refused by name', async () => {
  const forbidden = refusal(422, 'hooks.address_forbidden');
  await expect(create({ url: 'http://10.0.0.1/' })).rejects.toMatchObject(forbidden);
  await expect(create({ fallbackUrl: 'http://10.0.0.1/' })).rejects.toMatchObject(forbidden);
  await expect(create({ eventTypes: ['presence.*'] })).rejects.toMatchObject(
    refusal(422, 'hooks.event_type_unknown'),
  );
});

test('webhooks.create 404: an application of another account does not exist', async () => {
  const theirs = await hooks.database.ports.applications.create({
    accountId: strangerId,
    name: 'T',
    instanceTypes: [],
  });
  await expect(create({ applicationId: theirs.id })).rejects.toMatchObject(refusal(404, 'resource.unknown'));
});

test('webhooks.create 409: an account has so many and no more, also when they are made at once', async () => {
  const made = await Promise.allSettled(Array.from({ length: WEBHOOK_COUNT_MAX + 3 }, () => create()));
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(WEBHOOK_COUNT_MAX);
  await expect(create()).rejects.toMatchObject(refusal(409, 'hooks.webhook_count'));
});

test('webhooks.create 200: with batches, and webhooks.update 200: without them again (HKS-2)', async () => {
  const webhook = await create({ batchEventsMax: 50, batchWaitMs: 2_000 });
  expect(webhook).toMatchObject({ batchEventsMax: 50, batchWaitMs: 2_000 });
  expect(await create()).toMatchObject({ batchEventsMax: 1 });
  const { answer } = await call('webhooks', 'update', { webhookId: webhook.id, batchEventsMax: 1 });
  expect(answer).toMatchObject({ batchEventsMax: 1, batchWaitMs: 2_000 });
});

test('webhooks.list 200: those of this account alone, without their secrets', async () => {
  const mine = await create();
  const { answer } = await call('webhooks', 'list');
  expect(answer.items.map(({ id }) => id)).toEqual([mine.id]);
  expect(JSON.stringify(answer)).not.toContain('whsec_');
  expect((await call('webhooks', 'list', { at: strangerId })).answer.items).toEqual([]);
});

test('webhooks.get 200: a webhook that failed lately says so', async () => {
  const { id: webhookId } = await create();
  const failed = { isDelivered: false, requests: [] };
  for (let count = 0; count < 3; count++) await hooks.append(accountId);
  await hooks.placeAll();
  const claimed = await hooks.claim();
  for (const each of claimed) await hooks.finish(each, failed);
  const { answer } = await call('webhooks', 'get', { webhookId });
  expect(answer).toMatchObject({ health: 'failing', failingSince: expect.any(String), state: 'active' });
});

test('webhooks.get 200: one whose fallback takes what its address does not says so, and since when, until it is back', async () => {
  const { id: webhookId } = await create({ fallbackUrl: 'https://other.test/' });
  const requests = (isMainWell: boolean) => [
    { target: 'main' as const, latencyMs: 1, ...(isMainWell ? { status: 200 } : { error: 'timeout' }) },
    ...(isMainWell ? [] : [{ target: 'fallback' as const, latencyMs: 1, status: 200 }]),
  ];
  const healthAfter = async (isMainWell: boolean) => {
    await hooks.append(accountId);
    await hooks.placeAll();
    for (const each of await hooks.claim())
      await hooks.finish(each, { isDelivered: true, requests: requests(isMainWell) });
    const { health, fallbackSince } = (await call('webhooks', 'get', { webhookId })).answer;
    return { health, fallbackSince };
  };
  const first = await healthAfter(false);
  expect(first).toEqual({ health: 'fallback', fallbackSince: expect.any(String) });
  expect(await healthAfter(false)).toEqual(first);
  await call('webhooks', 'update', { webhookId, fallbackUrl: null });
  expect((await call('webhooks', 'get', { webhookId })).answer.health).toBe('ok');
  await call('webhooks', 'update', { webhookId, fallbackUrl: 'https://other.test/' });
  expect(await healthAfter(true)).toEqual({ health: 'ok' });
});

test('webhooks.get 200: a webhook that the platform disabled says why, and that it is not well', async () => {
  const { id: webhookId } = await create();
  const { pool } = hooks;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT set_config('patchbay.account_id', $1, true)`, [accountId]);
    await client.query(`UPDATE webhook SET state = 'disabled', disabled_reason = 'gone' WHERE id = $1`, [
      webhookId,
    ]);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  const { answer } = await call('webhooks', 'get', { webhookId });
  expect(answer).toMatchObject({ state: 'disabled', disabledReason: 'gone', health: 'failing' });
  const { answer: enabled } = await call('webhooks', 'update', { webhookId, state: 'active' });
  expect(enabled).toMatchObject({ state: 'active', health: 'ok' });
});

test('webhooks.get 200: since when it was disabled stays when it is enabled, for a replay of what it missed, and is of the last time', async () => {
  const { id: webhookId, disabledAt: never } = await create();
  const change = async (state: string) => {
    const { answer } = await call('webhooks', 'update', { webhookId, state });
    return (answer as { readonly disabledAt?: string }).disabledAt;
  };
  const before = Date.now();
  const first = await change('disabled');
  expect(never).toBeUndefined();
  expect(Date.parse(first ?? '')).toBeGreaterThanOrEqual(before - 1);
  expect(await change('disabled')).toBe(first);
  expect(await change('active')).toBe(first);
  const second = await change('disabled');
  expect(Date.parse(second ?? '')).toBeGreaterThan(Date.parse(first ?? ''));
});

test('webhooks.update 200: what is not named stays, and null takes the fallback away', async () => {
  const { secret: _, ...before } = await create({ fallbackUrl: 'https://other.test/', description: 'Ours' });
  const change = { webhookId: before.id, fallbackUrl: null, state: 'disabled' };
  const { answer, audited } = await call('webhooks', 'update', change);
  const { fallbackUrl: __, ...rest } = before;
  expect(answer).toEqual({ ...rest, state: 'disabled', disabledAt: expect.any(String) });
  expect(audited).toEqual([{ target: before.id, before, after: answer }]);
});

test('webhooks.update 422: it is led to no address and told of no event that creating refuses', async () => {
  const { id: webhookId } = await create();
  const change = (fields: object) => call('webhooks', 'update', { webhookId, ...fields });
  await expect(change({ url: 'http://10.0.0.1/' })).rejects.toMatchObject(
    refusal(422, 'hooks.address_forbidden'),
  );
  await expect(change({ eventTypes: ['x.y'] })).rejects.toMatchObject(
    refusal(422, 'hooks.event_type_unknown'),
  );
});

test('webhooks.update 422: what an operation of a service is told of is set with the callbacks alone, which look for circles (HKS-4)', async () => {
  const target = 'service:notification?channel=calls';
  for (const named of [{ url: target }, { url, fallbackUrl: target }]) {
    const set = await hooks.callbacks.replace({ accountId, service: 'signaling' }, [
      { ...named, events: ['session.ended'] },
    ]);
    const webhookId = typeof set === 'string' ? '' : (set.after[0]?.webhookId ?? '');
    const change = (fields: object) => call('webhooks', 'update', { webhookId, ...fields });
    await expect(change({ eventTypes: ['signaling.session.ended'] })).rejects.toMatchObject(
      refusal(422, 'hooks.callback_bound'),
    );
    expect((await change({ state: 'disabled' })).answer).toMatchObject({ ...named, state: 'disabled' });
    expect(await hooks.callbacks.ofServices({ accountId })).toMatchObject([
      { ...named, events: ['signaling.session.ended'] },
    ]);
  }
});

test('webhooks.update 422: a callback is told of no event but of its service, and of no other account (HKS-1)', async () => {
  const events = ['session.ended'];
  const set = await hooks.callbacks.replace({ accountId, service: 'signaling' }, [{ url, events }]);
  const webhookId = typeof set === 'string' ? '' : (set.after[0]?.webhookId ?? '');
  const change = (fields: object) => call('webhooks', 'update', { webhookId, ...fields });
  const bound = refusal(422, 'hooks.callback_bound');
  for (const eventTypes of [['*'], ['hooks.webhook.tested'], ['signaling.session.ended', 'signaling.*']])
    await expect(change({ eventTypes })).rejects.toMatchObject(bound);
  await expect(change({ scope: 'descendants' })).rejects.toMatchObject(bound);
  const { answer } = await change({
    description: 'Ours',
    eventTypes: ['signaling.session.ended'],
    scope: 'own',
  });
  expect(answer).toMatchObject({ description: 'Ours', eventTypes: ['signaling.session.ended'] });
});

test('webhooks.remove 200: it is gone, and is on record', async () => {
  const { id: webhookId } = await create();
  const { audited } = await call('webhooks', 'remove', { webhookId });
  expect(audited).toMatchObject([{ target: webhookId, before: { url } }]);
  expect((await call('webhooks', 'list')).answer.items).toEqual([]);
});

test('webhooks.remove 409: what a trigger calls stays and says which calls it; set and removed at once, one of both is refused (TRG-2)', async () => {
  const { prisma } = hooks.database;
  const callbacks = triggerCallbacks(prisma, hooks.database.cipher);
  const store = triggerStore(prisma);
  const rule = (id: string, webhookId: string) => ({
    id,
    accountId,
    name: 'Spent',
    counter: { event: 'hooks.webhook.tested' },
    target: { accountId, scope: 'own' as const },
    condition: { kind: 'threshold' as const, limit: 1 },
    action: { kind: 'callback' as const, webhookId },
    isShown: false,
    timeZone: 'UTC',
  });
  const [{ id: webhookId }, triggerId] = [await create(), createId('trg')];
  const refused = {
    fields: expect.objectContaining({
      code: 'hooks.webhook_called',
      publicDetail: expect.stringContaining(`Spent (${triggerId})`),
    }),
  };
  const remove = () => call('webhooks', 'remove', { webhookId });
  /** As another request: no part of the unit in which it is called. */
  const outside = AsyncLocalStorage.snapshot();
  let removing: Promise<unknown> | undefined;
  await atomically(prisma, async () => {
    expect(await callbacks.find({ accountId, webhookId })).toBeDefined();
    removing = outside(remove).catch((error: unknown) => error);
    await pause(200);
    await store.create(rule(triggerId, webhookId));
  });
  expect(await removing).toMatchObject(refused);
  await expect(remove()).rejects.toMatchObject(refused);
  await store.remove({ accountId, triggerId });
  let finding: Promise<unknown> | undefined;
  await atomically(prisma, async () => {
    expect(await hooks.webhooks.remove({ accountId, webhookId })).toBe('removed');
    finding = outside(() => callbacks.find({ accountId, webhookId }));
    await pause(200);
  });
  expect(await finding).toBeUndefined();
});

test('webhooks.rotateSecret 200: another secret, and until when the old one signs as well', async () => {
  const made = await create();
  const { answer } = await call('webhooks', 'rotateSecret', { webhookId: made.id, overlapSeconds: 60 });
  expect(answer.secret).toMatch(/^whsec_/);
  expect(answer.secret).not.toBe(made.secret);
  expect(Date.parse(answer.previousSecretEndsAt ?? '')).toBeLessThanOrEqual(Date.now() + 60_000);
  const { answer: atOnce } = await call('webhooks', 'rotateSecret', {
    webhookId: made.id,
    overlapSeconds: 0,
    force: true,
  });
  expect(atOnce.previousSecretEndsAt).toBeUndefined();
  // Nothing signs beside the present one, so nobody needs force.
  expect((await call('webhooks', 'rotateSecret', { webhookId: made.id })).answer.secret).toMatch(/^whsec_/);
});

test('webhooks.rotateSecret 409: a secret that was promised to sign on is not dropped, but by force', async () => {
  const { id: webhookId } = await create();
  const rotate = (request: object = {}) => call('webhooks', 'rotateSecret', { webhookId, ...request });
  // Two connections, so that the two are at it at once.
  await hooks.database.warmUp();
  const both = await Promise.allSettled([rotate(), rotate()]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const { answer } = await call('webhooks', 'get', { webhookId });
  await expect(rotate({ overlapSeconds: 0 })).rejects.toMatchObject({
    ...refusal(409, 'hooks.secret_overlap'),
    fields: { publicDetail: expect.stringContaining(answer.previousSecretEndsAt ?? 'none') },
  });
  const { audited } = await rotate({ force: true });
  expect(audited).toMatchObject([{ target: webhookId, after: { force: true } }]);
});

test('webhooks.sendTest 200: an event that names the webhook', async () => {
  const { id: webhookId } = await create();
  const { events } = await call('webhooks', 'sendTest', { webhookId });
  expect(events).toEqual([{ event: 'webhook.tested', payload: { webhookId } }]);
});

test('webhooks.sendTest 409: nothing is sent to a disabled webhook', async () => {
  const { id: webhookId } = await create();
  await call('webhooks', 'update', { webhookId, state: 'disabled' });
  await expect(call('webhooks', 'sendTest', { webhookId })).rejects.toMatchObject(
    refusal(409, 'hooks.webhook_disabled'),
  );
});

test.each(['get', 'update', 'remove', 'rotateSecret', 'sendTest'] as const)(
  'webhooks.%s 404: a webhook of another account does not exist',
  async (operation) => {
    const { id: webhookId } = await create();
    await expect(call('webhooks', operation, { at: strangerId, webhookId })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
    expect((await call('webhooks', 'get', { webhookId })).answer).toMatchObject({ state: 'active' });
  },
);

async function delivered() {
  const { id: webhookId } = await create();
  const event = await hooks.append(accountId, { data: { code: 'call.hangup' } });
  await hooks.placeAll();
  const claimed = await hooks.claim();
  const requests = [
    {
      target: 'main' as const,
      url,
      requestHeaders: { 'webhook-id': event.id },
      status: 204,
      responseHeaders: { server: 'theirs' },
      latencyMs: 12,
    },
  ];
  for (const each of claimed) await hooks.finish(each, { isDelivered: true, requests });
  const [delivery] = (await call('deliveries', 'list', { webhookId })).answer.items;
  return { webhookId, event, deliveryId: delivery?.id ?? '', delivery };
}

test('what was told of an account that moved away is left out of the log, and the log goes on (HKS-2)', async () => {
  const { database } = hooks;
  const topId = accountId;
  accountId = await database.addChild(topId, 'Was above');
  const movedId = await database.addChild(accountId, 'Moves away');
  const { id: webhookId } = await create({ scope: 'descendants', batchEventsMax: 2 });
  const ids = new Map<string, string>();
  for (const id of [movedId, accountId]) ids.set(id, (await hooks.append(id)).id);
  await hooks.placeAll();
  const requests = [{ target: 'main' as const, url, status: 204, latencyMs: 12 }];
  for (const each of await hooks.claim()) await hooks.finish(each, { isDelivered: true, requests });
  const listed = async () => (await call('deliveries', 'list', { webhookId })).answer.items;
  const told = await listed();
  const [ofOwn, ofMoved] = [accountId, movedId].map((id) =>
    told.find(({ eventId }) => eventId === ids.get(id)),
  );
  const moved = { accountId: topId, movedId, parentId: topId, moverId: topId };
  expect(await database.ports.moves.move(moved)).toMatchObject({ oldParentId: accountId });
  expect(await listed()).toEqual([ofOwn]);
  const seen = await call('deliveries', 'get', { webhookId, deliveryId: ofOwn?.id });
  expect(seen.answer.body).not.toContain(movedId);
  for (const operation of ['get', 'resend'] as const)
    await expect(call('deliveries', operation, { webhookId, deliveryId: ofMoved?.id })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
});

test('flows.list 200: what goes where, and how many of each event did within the hour and the day (HKS-5)', async () => {
  const { id: webhookId } = await create({ eventTypes: ['signaling.*'] });
  await ports.callbacks.replace({ accountId, service: 'signaling' }, [
    { url: 'service:notification?channel=calls', events: ['session.ended'] },
  ]);
  await hooks.append(accountId);
  await hooks.placeAll();
  const [callback] = await ports.callbacks.list({ accountId, service: 'signaling' });
  for (const each of await hooks.claim())
    await hooks.finish(each, { isDelivered: each.webhookId === webhookId, requests: [] });
  await hooks.append(accountId);
  await hooks.placeAll();
  const { items } = (await call('flows', 'list')).answer;
  const [one, none] = [1, 0];
  const ended = (figures: object) => [
    { eventType: 'signaling.session.ended', lastHour: figures, lastDay: figures },
  ];
  expect(items).toMatchObject([
    { webhookId, eventTypes: ['signaling.*'], counts: ended({ delivered: one, failed: none, waiting: one }) },
    {
      webhookId: callback?.webhookId,
      service: 'signaling',
      eventTypes: ['signaling.session.ended'],
      counts: ended({ delivered: none, failed: one, waiting: one }),
    },
  ]);
  expect(items[0]).not.toHaveProperty('countedSince');
  expect(
    (await call('flows', 'list', { at: strangerId })).answer.items.map((each) => each.webhookId),
  ).not.toContain(webhookId);
});

test('flows.list 200: of an instance type, what is set for it and above it, and not what is set beside it', async () => {
  const { id: applicationId } = await hooks.database.ports.applications.create({
    accountId,
    name: 'Support',
    instanceTypes: ['phone', 'web'],
  });
  const events = ['session.ended'];
  const set = (url: string, place: object) =>
    ports.callbacks.replace({ accountId, service: 'signaling', ...place }, [{ url, events }]);
  await set('https://account.test/', {});
  await set('https://application.test/', { applicationId });
  await set('https://phone.test/', { applicationId, instanceType: 'phone' });
  await set('https://web.test/', { applicationId, instanceType: 'web' });
  const urls = async (request: Readonly<Record<string, string>>) =>
    (await call('flows', 'list', request)).answer.items.map((each) => each.url);
  const ofPhone = ['https://account.test/', 'https://application.test/', 'https://phone.test/'];
  expect(await urls({ applicationId, instanceType: 'phone' })).toEqual(ofPhone);
  expect(await urls({ applicationId })).toEqual([...ofPhone, 'https://web.test/']);
});

describe('callbacks of an endpoint that goes away (HKS-1)', () => {
  const identifier = { namespace: 'user', text: 'user:bob' } as const;
  const callbacks = [{ url: 'https://bob.test/', events: ['session.ended'] }];
  const replace = (place: object) =>
    ports.callbacks.replace({ accountId, service: 'signaling', ...place }, callbacks);
  const endpoint = async (text = 'user:bob') => {
    const namespace = text.startsWith('tel:') ? 'tel' : 'user';
    const made = await endpointStore(hooks.database.prisma).allocate({
      accountId,
      identifier: { ...identifier, namespace, text },
      label: '',
      applicationId: undefined,
    });
    if (typeof made === 'string' || !('id' in made)) throw new Error(`It was not allocated: ${made}`);
    return made.id;
  };
  const listed = async () => (await call('webhooks', 'list')).answer.items;

  test.each<[string, string, (endpointId: string) => Promise<unknown>]>([
    [
      'is released',
      'user:bob',
      (endpointId) =>
        endpointStore(hooks.database.prisma).release({ accountId, endpointId, restsUntil: undefined }),
    ],
    [
      'is released and rests',
      'tel:+4930555',
      (endpointId) =>
        endpointStore(hooks.database.prisma).release({
          accountId,
          endpointId,
          restsUntil: new Date(Date.now() + 60_000),
        }),
    ],
    [
      'goes to another account',
      'user:eve',
      (endpointId) =>
        endpointStore(hooks.database.prisma).move({
          accountId: hooks.database.platformId,
          endpointId,
          fromId: accountId,
          toId: strangerId,
        }),
    ],
  ])('end when the endpoint %s, and do not come back with it', async (_, text, leave) => {
    const endpointId = await endpoint(text);
    expect(await replace({ endpointId })).toHaveProperty('after');
    expect(await listed()).toHaveLength(1);
    await leave(endpointId);
    expect(await listed()).toEqual([]);
    expect(await replace({ endpointId })).toBe('unknown');
    if (text.startsWith('tel:')) expect(await endpoint(text)).toBe(endpointId);
    expect(await listed()).toEqual([]);
  });
});

test('of a busy webhook the newest are counted, and since when is said', async () => {
  const { id: webhookId } = await create();
  for (let count = 0; count < 3; count++) await hooks.append(accountId);
  await hooks.placeAll();
  const bounded = flowStore(hooks.database.prisma, { countedMax: 2 });
  const { items } = await bounded.list({ accountId, limit: 20, now: new Date() });
  const [newest] = items;
  expect(newest).toMatchObject({ webhook: { id: webhookId }, counts: [{ dayCount: 2 }] });
  expect(newest?.countedSince).toBeInstanceOf(Date);
});

test('flows.list 400: an instance type is one of an application', async () => {
  await expect(call('flows', 'list', { instanceType: 'phone' })).rejects.toMatchObject(
    refusal(400, 'request.invalid'),
  );
});

test('deliveries.list 200: what became of each event, by state', async () => {
  const { webhookId, event, delivery } = await delivered();
  expect(delivery).toMatchObject({
    eventId: event.id,
    state: 'delivered',
    attempts: 1,
    status: 204,
    latencyMs: 12,
  });
  expect((await call('deliveries', 'list', { webhookId, state: 'failed' })).answer.items).toEqual([]);
});

test('deliveries.get 200: the body byte by byte, and each attempt with what went where and its answer', async () => {
  const { webhookId, deliveryId, event } = await delivered();
  const { answer } = await call('deliveries', 'get', { webhookId, deliveryId });
  expect(JSON.parse(answer.body)).toMatchObject({
    id: event.id,
    type: event.type,
    data: { code: 'call.hangup' },
  });
  await call('webhooks', 'update', { webhookId, url: 'https://elsewhere.test/' });
  const sent = { url, requestHeaders: { 'webhook-id': event.id } };
  const answered = { status: 204, responseHeaders: { server: 'theirs' }, latencyMs: 12 };
  expect((await call('deliveries', 'get', { webhookId, deliveryId })).answer.log).toMatchObject([
    { number: 1, target: 'main', ...sent, ...answered },
  ]);
});

test('deliveries.get 200: of a batch the body is what was sent, all its events in their order', async () => {
  const { id: webhookId } = await create({ batchEventsMax: 3, batchWaitMs: 10_000 });
  for (let count = 0; count < 3; count++) await hooks.append(accountId, { data: { count } });
  await hooks.placeAll();
  const taken = (await hooks.claimRequests()).find((request) => request.webhookId === webhookId);
  const { items } = (await call('deliveries', 'list', { webhookId })).answer;
  const bodies = await Promise.all(
    items.map(async ({ id }) => (await call('deliveries', 'get', { webhookId, deliveryId: id })).answer.body),
  );
  expect(new Set(bodies).size).toBe(1);
  expect(bodies[0]).toBe(
    batchBodyOf(
      (taken?.deliveries ?? []).map(({ event }) => event),
      ports.cursors,
    ),
  );
  expect(JSON.parse(bodies[0] ?? '').events).toHaveLength(3);
});

test('deliveries.resend 200: it waits again, and is on record', async () => {
  const { webhookId, deliveryId } = await delivered();
  const { answer, audited } = await call('deliveries', 'resend', { webhookId, deliveryId });
  expect(answer).toMatchObject({ id: deliveryId, state: 'waiting' });
  expect(audited).toEqual([{ target: deliveryId }]);
});

test('deliveries.resend 409: nothing is sent to a disabled webhook', async () => {
  const { webhookId, deliveryId } = await delivered();
  await call('webhooks', 'update', { webhookId, state: 'disabled' });
  await expect(call('deliveries', 'resend', { webhookId, deliveryId })).rejects.toMatchObject(
    refusal(409, 'hooks.webhook_disabled'),
  );
});

test.each(['list', 'get', 'resend'] as const)(
  'deliveries.%s 404: of a webhook of another account there is nothing',
  async (operation) => {
    const { webhookId, deliveryId } = await delivered();
    const request = { at: strangerId, webhookId, ...(operation === 'list' ? {} : { deliveryId }) };
    await expect(call('deliveries', operation, request)).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  },
);

const startReplay = (webhookId: string, change: object = {}) =>
  call('replays', 'start', { webhookId, ...change });

test('replays.start 200: from a cursor, a time, or the oldest on, up to the last event of now, and on record (HKS-2)', async () => {
  const { id: webhookId } = await create();
  const { event } = await delivered();
  const { cursor: last } = (await call('events', 'latest')).answer;
  const { answer, audited } = await startReplay(webhookId);
  expect(answer).toMatchObject({ webhookId, state: 'running', fromCursor: '0', untilCursor: last });
  expect(audited).toEqual([{ target: webhookId, after: answer }]);
  await call('replays', 'cancel', { webhookId });
  const since = new Date(event.atMs - 1).toISOString();
  expect((await startReplay(webhookId, { since })).answer.fromCursor).not.toBe('0');
  await call('replays', 'cancel', { webhookId });
  // As it is told now, and as it was before cursors were sealed: the same place.
  const sealed = hooks.cursors.seal(1n);
  for (const cursor of [sealed, '1']) {
    expect((await startReplay(webhookId, { cursor })).answer.fromCursor).toBe(sealed);
    await call('replays', 'cancel', { webhookId });
  }
});

test('replays.start 400: a replay begins at one place, and at none that we did not tell', async () => {
  const { id: webhookId } = await create();
  const madeUp = startReplay(webhookId, { cursor: 'x'.repeat(22) });
  await expect(madeUp).rejects.toMatchObject(refusal(400, 'request.invalid'));
  const both = { cursor: '1', since: new Date().toISOString() };
  await expect(startReplay(webhookId, both)).rejects.toMatchObject(refusal(400, 'request.invalid'));
});

test('replays.start 409: a webhook has one replay at a time, and a disabled one has none', async () => {
  const { id: webhookId } = await create();
  await startReplay(webhookId);
  await expect(startReplay(webhookId)).rejects.toMatchObject(refusal(409, 'hooks.replay_running'));
  await call('webhooks', 'update', { webhookId, state: 'disabled' });
  await expect(startReplay(webhookId)).rejects.toMatchObject(refusal(409, 'hooks.webhook_disabled'));
});

test('replays.get 200: how far it came', async () => {
  const { webhookId } = await delivered();
  const read = async () => (await call('replays', 'get', { webhookId })).answer;
  expect(await read()).toEqual({});
  await startReplay(webhookId);
  await hooks.takeReplaysOn();
  const { replay } = await read();
  expect(replay).toMatchObject({ state: 'done', waitingCount: 1, deliveredCount: 0, failedCount: 0 });
  expect(replay?.cursor).toBe(replay?.untilCursor);
  expect(replay?.percentDone).toBe(100);
});

test('replays.cancel 200: what of it waits is not sent any more, and it is on record', async () => {
  const { webhookId } = await delivered();
  const { answer: before } = await startReplay(webhookId);
  const { answer, audited } = await call('replays', 'cancel', { webhookId });
  expect(answer).toMatchObject({ state: 'cancelled', waitingCount: 0 });
  expect(audited).toEqual([{ target: webhookId, before, after: answer }]);
});

test('replays.cancel 409: what does not run is not cancelled', async () => {
  const { id: webhookId } = await create();
  await expect(call('replays', 'cancel', { webhookId })).rejects.toMatchObject(
    refusal(409, 'hooks.replay_none'),
  );
});

test.each(['start', 'get', 'cancel'] as const)(
  'replays.%s 404: of a webhook of another account there is nothing',
  async (operation) => {
    const { webhookId } = await delivered();
    await startReplay(webhookId);
    await expect(call('replays', operation, { at: strangerId, webhookId })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  },
);

test('events.list 200: each once and in order, page by page, from any cursor on (HKS-2)', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) ids.push((await hooks.append(accountId)).id);
  await hooks.placeAll();
  const first = (await call('events', 'list', { limit: 3 })).answer;
  const second = (await call('events', 'list', { limit: 3, cursor: first.nextCursor })).answer;
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
  expect(second.nextCursor).toBeUndefined();
  // The same again: reading takes nothing away.
  expect((await call('events', 'list', { limit: 3 })).answer).toEqual(first);
  expect((await call('events', 'list', { at: strangerId })).answer.items).toEqual([]);
  expect((await call('events', 'list', { types: 'hooks.*' })).answer.items).toEqual([]);
});

test('events.list 422: an event that nobody tells of is refused by name', async () => {
  await expect(call('events', 'list', { types: 'signaling.*,presence.*' })).rejects.toMatchObject(
    refusal(422, 'hooks.event_type_unknown'),
  );
});

test('events.latest 200: behind it is only what comes later', async () => {
  await hooks.append(accountId);
  await hooks.placeAll();
  const { cursor } = (await call('events', 'latest')).answer;
  expect((await call('events', 'list', { cursor })).answer.items).toEqual([]);
  const next = await hooks.append(accountId, { id: createId('evt') });
  await hooks.placeAll();
  expect((await call('events', 'list', { cursor })).answer.items.map(({ id }) => id)).toEqual([next.id]);
});
