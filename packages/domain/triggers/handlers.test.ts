import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { expect, test } from 'vitest';
import { triggers } from './definition.ts';
import { handlers } from './handlers.ts';
import { measures } from './measures.ts';
import type { TriggersPorts } from './ports.ts';
import {
  accountId,
  callbackId,
  chain,
  childId,
  contextOf,
  endId,
  nodeId,
  nowMs,
  operations,
  ownId,
  removedNodeId,
  sessionId,
  webhookId,
  world,
} from './triggers.testing.ts';

test('triggers.create 200: for an account below, in its time zone, with what was set in the audit log', async () => {
  const { create } = world();
  const { answer, audited } = await create();
  expect(answer).toMatchObject({
    isFromAbove: false,
    target: { accountId: childId, scope: 'descendants' },
    windowStart: '2026-10-31T23:00:00.000Z',
    windowEnd: '2026-11-30T23:00:00.000Z',
    value: '0',
    isShown: false,
  });
  expect(audited).toMatchObject([
    { target: answer.id, after: { name: 'Too much', action: { kind: 'suspend' } } },
  ]);
  expect(JSON.stringify(audited)).not.toContain('value');
});

test('triggers.create 200: of the account itself where no other is named, with one window where nothing recurs', async () => {
  const { create } = world();
  const { answer } = await create({
    target: undefined,
    condition: { kind: 'threshold', limit: 1 },
    action: { kind: 'notify' },
  });
  expect(answer.target).toEqual({ accountId, scope: 'descendants' });
  expect(answer).not.toHaveProperty('windowStart');
});

test('triggers.create 422: what nothing counts is refused with what there is', async () => {
  const { create } = world();
  const refused = (counter: object, more: object = {}) =>
    expect(create({ counter, ...more })).rejects.toMatchObject({
      fields: { code: 'triggers.counter_unknown' },
    });
  await refused({ meter: 'relay.smells' });
  await refused({ meter: 'relay.bytes', where: { direction: 'sideways' } });
  await refused({ meter: 'relay.bytes', where: { colour: 'red' } });
  await refused({ event: 'signaling.session.dreamt' });
  const ofEndpoint = { target: { endpointId: 'user:bob' }, action: { kind: 'notify' } };
  await refused({ event: 'signaling.session.ended' }, ofEndpoint);
  await refused({ event: 'signaling.session.ended', where: { nonexistent: 'x' } });
  await refused({ event: 'signaling.session.ended', where: { mode: 'bent' } });
  await expect(
    create({ counter: { event: 'signaling.session.ended', where: { cod: 'x' } } }),
  ).rejects.toMatchObject({ fields: { publicDetail: expect.stringContaining('sessionId, code, mode') } });
});

test('triggers.create 200: an endpoint by its id is counted as usage names it, and a user whether or not there is an endpoint', async () => {
  const { create } = world();
  const counted = async (endpointId: string) =>
    (await create({ target: { accountId: childId, endpointId }, action: { kind: 'notify' } })).answer.target
      .endpointId;
  expect(await counted(endId)).toBe('tel:+4930123456');
  expect(await counted('tel:+4930123456')).toBe('tel:+4930123456');
  expect(await counted('user:bob')).toBe('user:bob');
});

test('triggers.create 404: a target that nothing will ever be counted of is refused, and never a trigger that is silent', async () => {
  const { create } = world();
  for (const target of [
    { endpointId: createId('end') },
    { endpointId: 'tel:+4930999999' },
    { endpointId: 'bob' },
    { credentialId: 'zzz' },
    { sessionId: createId('ses') },
  ])
    await expect(
      create({ target, action: { kind: 'notify' } }),
      JSON.stringify(target),
    ).rejects.toMatchObject({
      fields: { code: 'resource.unknown', publicDetail: expect.stringContaining('/target/') },
    });
});

test('triggers.create 422: an action that cannot be done to its target is refused when it is set', async () => {
  const refused = (world_: ReturnType<typeof world>, change: Record<string, unknown>) =>
    expect(world_.create(change)).rejects.toMatchObject({ fields: { code: 'triggers.action_unsupported' } });
  await refused(world(), { target: { sessionId } });
  await refused(world({ isPlatform: true }), { target: undefined });
  const throttle = { kind: 'throttle', bitsPerSecondMax: 64_000 };
  await refused(world(), { target: { sessionId }, action: throttle });
  // Two things together are no place that anything holds at.
  const two = { credentialId: createId('crd'), endpointId: 'user:bob' };
  await refused(world(), { target: two, action: throttle });
  await refused(world(), { action: { kind: 'disableService', service: 'telepathy' } });
  const off = { kind: 'disableService', service: 'signaling' };
  await refused(world(), { target: { sessionId }, action: off });
  await refused(world(), { action: { kind: 'disableFeature', feature: 'signaling' } });
  const relay = { kind: 'disableFeature', feature: 'network-discovery.relay' };
  await refused(world(), { target: { sessionId }, action: relay });
});

test('triggers.create 422: a trigger writes to the team of its account, and to nobody else', async () => {
  const email = (address: string) => ({ action: { kind: 'email', address } });
  const { answer } = await world().create(email('ops@example.test'));
  expect(answer.action).toEqual({ kind: 'email', address: 'ops@example.test' });
  await expect(world().create(email('stranger@example.test'))).rejects.toMatchObject({
    fields: { code: 'triggers.recipient_unknown' },
  });
  await expect(world({ isMailAvailable: false }).create(email('ops@example.test'))).rejects.toMatchObject({
    fields: { code: 'triggers.email_unavailable' },
  });
});

test('triggers.create 409: an account has a bounded number of triggers', async () => {
  await expect(world({ countMax: 100 }).create()).rejects.toMatchObject({
    fields: { code: 'triggers.too_many' },
  });
});

test('triggers.create 404: what is not at or below the account does not exist', async () => {
  const { create } = world();
  for (const target of [{ accountId: createId('acc') }, { applicationId: createId('app') }])
    await expect(create({ target })).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
});

test('list 200: rules with their counters; what was set above says so', async () => {
  const { ports, create, records } = world();
  const { answer } = await create();
  const page = await handlers.triggers.list(contextOf('list').context, { limit: 20 }, ports);
  expect(page).toMatchObject({ items: [{ id: answer.id, isFromAbove: false }], nextCursor: 'more' });
  const record = records.get(answer.id);
  if (record !== undefined) records.set(answer.id, { ...record, accountId: chain[0] ?? '' });
  const again = await handlers.triggers.list(contextOf('list').context, { limit: 20 }, ports);
  expect(again.items).toMatchObject([{ isFromAbove: true }]);
});

test.each([
  { kind: 'email', address: 'ops@above.example' },
  { kind: 'callback', webhookId: createId('whk') },
] as const)(
  'whoever does not see who set a trigger is told what it does, and not whom it tells: $kind (PRD-2)',
  async (action) => {
    const { ports, create, records } = world();
    const { answer } = await create();
    const aboveId = chain[0] ?? '';
    const record = records.get(answer.id);
    if (record === undefined) throw new Error('It was made.');
    records.set(answer.id, { ...record, accountId: aboveId, action });
    const { context } = contextOf('list');
    const read = async (visibleIds: readonly string[]) =>
      (await handlers.triggers.list({ ...context, visibleIds }, { limit: 20 }, ports)).items[0]?.action;
    expect(await read([])).toEqual({ kind: action.kind });
    expect(await read([aboveId])).toEqual(action);
  },
);

test('get 200: one trigger; 404 for another account’s', async () => {
  const { ports, create } = world();
  const { answer } = await create();
  const get = (triggerId: string) => handlers.triggers.get(contextOf('get').context, { triggerId }, ports);
  expect(await get(answer.id)).toEqual(answer);
  await expect(get(createId('trg'))).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
});

test('update 200: with what it was before and after, and nodes hear that a hold may be gone (POL-5)', async () => {
  const { ports, create, changed } = world();
  const { answer } = await create({ action: { kind: 'throttle', bitsPerSecondMax: 64_000 } });
  const { context, audited } = contextOf('update');
  const after = await handlers.triggers.update(context, { triggerId: answer.id, limit: 20 }, ports);
  expect(after.condition.limit).toBe(20);
  expect(audited).toMatchObject([
    { target: answer.id, before: { condition: { limit: 10 } }, after: { condition: { limit: 20 } } },
  ]);
  expect(changed).toEqual([childId]);
});

test('update 422: to an action that cannot be done, or that this platform does not do', async () => {
  const { ports, create } = world();
  const { answer } = await create({
    target: { sessionId },
    action: { kind: 'endSessions' },
  });
  const update = (action: Parameters<typeof handlers.triggers.update>[1]['action']) =>
    handlers.triggers.update(contextOf('update').context, { triggerId: answer.id, action }, ports);
  await expect(update({ kind: 'suspend' })).rejects.toMatchObject({
    fields: { code: 'triggers.action_unsupported' },
  });
  await expect(update({ kind: 'email', address: 'stranger@example.test' })).rejects.toMatchObject({
    fields: { code: 'triggers.recipient_unknown' },
  });
});

test('create 422: the sessions of a node are ended by operators alone, for all accounts (TRG-2)', async () => {
  const action = { kind: 'endSessions', nodeId } as const;
  const refused = { fields: { code: 'triggers.action_unsupported' } };
  await expect(world().create({ action })).rejects.toMatchObject(refused);
  const asOperator = world({ isPlatform: true });
  await expect(asOperator.create({ action, target: { sessionId } })).rejects.toMatchObject(refused);
  await expect(asOperator.create({ action, target: { scope: 'own' } })).rejects.toMatchObject(refused);
  expect((await asOperator.create({ action })).answer.action).toEqual(action);
});

test('create 422, update 422: a node that there is not, or no longer, is refused when it is named and not when it is too late (TRG-2)', async () => {
  const operator = world({ isPlatform: true });
  const { answer } = await operator.create({ action: { kind: 'endSessions', nodeId } });
  for (const gone of [createId('nod'), removedNodeId]) {
    const refused = {
      fields: { code: 'triggers.node_unknown', publicDetail: expect.stringContaining(gone) },
    };
    const action = { kind: 'endSessions', nodeId: gone } as const;
    await expect(operator.create({ action })).rejects.toMatchObject(refused);
    await expect(
      handlers.triggers.update(contextOf('update').context, { triggerId: answer.id, action }, operator.ports),
    ).rejects.toMatchObject(refused);
    // Whoever may not end a node's sessions is not told which nodes there are.
    await expect(world().create({ action })).rejects.toMatchObject({
      fields: { code: 'triggers.action_unsupported' },
    });
  }
});

test('create 200: a callback to an address has a secret of its own, shown this once, and its address is in the audit log (TRG-2)', async () => {
  const { create, own } = world();
  const url = 'https://example.test/fired';
  const { answer, audited } = await create({ action: { kind: 'callback', url } });
  expect(answer).toMatchObject({ action: { kind: 'callback', webhookId: ownId }, secret: 'whsec_new' });
  expect([...own]).toEqual([[answer.id, url]]);
  expect(audited).toMatchObject([{ after: { callback: { url } } }]);
  expect(JSON.stringify(audited)).not.toContain('whsec_new');
});

test('update 200: the same address keeps its secret, another one has another, and any other action takes the callback away', async () => {
  const { ports, create, own } = world();
  const [first, second] = ['https://example.test/first', 'https://example.test/second'];
  const { answer } = await create({ action: { kind: 'callback', url: first } });
  const update = (action: Parameters<typeof handlers.triggers.update>[1]['action']) =>
    handlers.triggers.update(contextOf('update').context, { triggerId: answer.id, action }, ports);
  expect(await update({ kind: 'callback', url: first })).not.toHaveProperty('secret');
  expect(await update({ kind: 'callback', url: second })).toMatchObject({ secret: 'whsec_new' });
  // As its answer has it.
  expect(await update({ kind: 'callback', webhookId: ownId })).not.toHaveProperty('secret');
  expect(own.get(answer.id)).toBe(second);
  await update({ kind: 'callback', webhookId });
  expect(own.size).toBe(0);
  await update({ kind: 'callback', url: first });
  await update({ kind: 'notify' });
  expect(own.size).toBe(0);
  await update({ kind: 'callback', url: first });
  await handlers.triggers.remove(contextOf('remove').context, { triggerId: answer.id }, ports);
  expect(own.size).toBe(0);
});

const called = 'https://example.test/fired';
const neither = [{}, { webhookId, url: called }, { webhookId, fallbackUrl: called }];

test('create 400: a callback is to a webhook or to an address, and never to both', async () => {
  for (const more of neither)
    await expect(world().create({ action: { kind: 'callback', ...more } })).rejects.toMatchObject({
      fields: { code: 'request.invalid' },
    });
});

test('update 400: a callback is to a webhook or to an address, and never to both', async () => {
  const { ports, create } = world();
  const { answer } = await create();
  for (const more of neither) {
    const change = { triggerId: answer.id, action: { kind: 'callback', ...more } } as const;
    await expect(handlers.triggers.update(contextOf('update').context, change, ports)).rejects.toMatchObject({
      fields: { code: 'request.invalid' },
    });
  }
});

test('create 422: a callback names a webhook of the account that nothing else is called by, or an address that may be asked', async () => {
  const { create } = world();
  const refused = (action: object, code: string) =>
    expect(create({ action: { kind: 'callback', ...action } }), JSON.stringify(action)).rejects.toMatchObject(
      { fields: { code } },
    );
  const url = 'https://example.test/fired';
  expect((await create({ action: { kind: 'callback', webhookId } })).answer).not.toHaveProperty('secret');
  await refused({ url: 'http://10.0.0.1/fired' }, 'callback.address_forbidden');
  await refused({ url, fallbackUrl: 'http://10.0.0.1/fired' }, 'callback.address_forbidden');
  await refused({ webhookId: createId('whk') }, 'triggers.webhook_unknown');
  await refused({ webhookId: callbackId }, 'triggers.webhook_unknown');
  await create({ action: { kind: 'callback', url } });
  await refused({ webhookId: ownId }, 'triggers.webhook_unknown');
});

test('create 422: what the platform knows of itself is counted for its own account alone, and nobody else is told what that is (TRG-1)', async () => {
  const of = (measure: string) =>
    ({ counter: { measure }, target: undefined, action: { kind: 'notify' } }) as const;
  const customers = world().create(of('deliveries.waiting'));
  await expect(customers).rejects.toMatchObject({ fields: { code: 'triggers.counter_unknown' } });
  await expect(world().create(of('no.such'))).rejects.not.toThrow(/deliveries/);
  const operator = world({ isPlatform: true });
  await expect(operator.create(of('no.such'))).rejects.toThrow(/deliveries\.waiting/);
  const { answer } = await operator.create(of('deliveries.waiting'));
  expect(answer.counter).toEqual({ measure: 'deliveries.waiting' });
});

test('update 403: what was set above is changed there; reset 403: and begun anew there; remove 403: and removed there', async () => {
  const { ports, create, records } = world();
  const { answer } = await create();
  const record = records.get(answer.id);
  if (record !== undefined) records.set(answer.id, { ...record, accountId: chain[0] ?? '' });
  const triggerId = answer.id;
  const refused = { fields: { code: 'triggers.set_above' } };
  await expect(
    handlers.triggers.update(contextOf('update').context, { triggerId, name: 'Mine' }, ports),
  ).rejects.toMatchObject(refused);
  await expect(
    handlers.triggers.reset(contextOf('reset').context, { triggerId }, ports),
  ).rejects.toMatchObject(refused);
  await expect(
    handlers.triggers.remove(contextOf('remove').context, { triggerId }, ports),
  ).rejects.toMatchObject(refused);
  expect(records.has(triggerId)).toBe(true);
});

test('reset 403: only who set a trigger begins it anew', async () => {
  const { ports, create, records } = world();
  const { answer } = await create();
  const record = records.get(answer.id);
  if (record !== undefined) records.set(answer.id, { ...record, accountId: childId });
  await expect(
    handlers.triggers.reset(contextOf('reset').context, { triggerId: answer.id }, ports),
  ).rejects.toMatchObject({ fields: { status: 403 } });
});

test('remove 403: only who set a trigger removes it', async () => {
  const { ports, create, records } = world();
  const { answer } = await create();
  const record = records.get(answer.id);
  if (record !== undefined) records.set(answer.id, { ...record, accountId: childId });
  await expect(
    handlers.triggers.remove(contextOf('remove').context, { triggerId: answer.id }, ports),
  ).rejects.toMatchObject({ fields: { status: 403 } });
});

test('reset 200: with the count that was thrown away in the audit log', async () => {
  const { ports, create } = world();
  const { answer } = await create();
  const { context, audited } = contextOf('reset');
  expect((await handlers.triggers.reset(context, { triggerId: answer.id }, ports)).id).toBe(answer.id);
  expect(audited).toMatchObject([{ target: answer.id, before: { value: '0' } }]);
});

test('reset 200, remove 200, update 200: the log of the account that was held says that it no longer is, and names no trigger (ACC-8)', async () => {
  const { ports, create } = world();
  const target = { accountId: childId, endpointId: 'user:bob' };
  const { answer } = await create({ action: { kind: 'throttle', bitsPerSecondMax: 64_000 }, target });
  const triggerId = answer.id;
  const ended = {
    accountId: childId,
    target: childId,
    before: { endpointId: 'user:bob', bitsPerSecondMax: 64_000 },
    after: {},
  };
  const held = (answers: readonly boolean[]) => {
    const left = [...answers];
    return { ...ports, triggers: { ...ports.triggers, isHolding: async () => left.shift() ?? false } };
  };
  const said = async (answers: readonly boolean[], isUpdate: boolean) => {
    const { context, audited } = contextOf('reset');
    const given = held(answers);
    if (isUpdate)
      await handlers.triggers.update(
        { ...contextOf('update').context, audit: context.audit },
        { triggerId, limit: 20 },
        given,
      );
    else await handlers.triggers.reset(context, { triggerId }, given);
    return audited.filter(({ accountId: id }) => id === childId);
  };
  expect(await said([true, false], false)).toEqual([ended]);
  expect(await said([true, false], true)).toEqual([ended]);
  expect(await said([true, true], false)).toEqual([]);
  expect(await said([false], false)).toEqual([]);
  const { context, audited } = contextOf('remove');
  await handlers.triggers.remove(context, { triggerId }, held([true, false]));
  expect(audited).toContainEqual(ended);
});

test('remove 200: with what it was in the audit log', async () => {
  const { ports, create, records } = world();
  const { answer } = await create();
  const { context, audited } = contextOf('remove');
  expect(await handlers.triggers.remove(context, { triggerId: answer.id }, ports)).toEqual({ id: answer.id });
  expect(audited).toMatchObject([{ target: answer.id, before: { name: 'Too much' } }]);
  expect(records.size).toBe(0);
});

const preview = (ports: TriggersPorts, query: object) =>
  handlers.triggers.preview(
    contextOf('preview').context,
    operations.preview.request.parse({ targetAccountId: childId, ...query }),
    ports,
  );

test('preview 200: what a counter stands at in the window of the target’s time zone', async () => {
  const { ports, queries } = world();
  expect(
    await preview(ports, { meter: 'relay.bytes', where: 'direction:in,region:eu', scope: 'own' }),
  ).toEqual({
    value: '11',
    windowStart: '2026-11-23T23:00:00.000Z',
    windowEnd: '2026-11-24T23:00:00.000Z',
  });
  expect(queries).toMatchObject([
    { accountId: childId, meter: 'relay.bytes', where: { direction: 'in', region: 'eu' }, scope: 'own' },
  ]);
  expect(await preview(ports, { event: 'signaling.session.ended' })).toMatchObject({ value: '7' });
});

test('preview 422: nothing counts this, 400 for a filter that is none; 404 for whom it would be about', async () => {
  const { ports } = world();
  await expect(preview(ports, { meter: 'relay.smells' })).rejects.toMatchObject({
    fields: { code: 'triggers.counter_unknown' },
  });
  for (const query of [{}, { meter: 'relay.bytes', event: 'x' }, { meter: 'relay.bytes', where: 'in' }])
    await expect(preview(ports, query)).rejects.toMatchObject({ fields: { code: 'request.invalid' } });
  await expect(
    preview(ports, { meter: 'relay.bytes', targetAccountId: createId('acc') }),
  ).rejects.toMatchObject({
    fields: { code: 'resource.unknown' },
  });
});

test('listFirings 200: when, at what count, and what came of it', async () => {
  const { ports } = world();
  const page = await handlers.triggers.listFirings(contextOf('listFirings').context, { limit: 20 }, ports);
  expect(operations.listFirings.response.safeParse(page).success).toBe(true);
  expect(page.items).toMatchObject([{ value: '12', state: 'done', outcome: 'The account was suspended.' }]);
  expect(page.items[0]).not.toHaveProperty('windowStart');
});

const readMeasures = (ports: TriggersPorts) =>
  handlers.measures.list(
    domainContext<typeof triggers, 'measures', 'list'>(triggers, { chain, nowMs }).context,
    {},
    ports,
  );

test('measures.list 200: what the platform knows of itself, for whoever runs it', async () => {
  const { items } = await readMeasures(world({ isPlatform: true }).ports);
  expect(items.map(({ name }) => name)).toEqual(Object.keys(measures));
  expect(items).toContainEqual({
    name: 'usage.lagP99Ms',
    title: expect.stringContaining('99 of 100'),
    value: 1_200,
  });
});

test('measures.list 404: no customer is told a reading, or that there is one (TRG-1)', async () => {
  await expect(readMeasures(world().ports)).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
});
