import { expect, test } from 'vitest';
import { handlers } from './handlers.ts';
import { accountId, childId, contextOf, webhookId, world } from './triggers.testing.ts';

type Action = Parameters<typeof handlers.triggers.create>[1]['action'];

const url = 'https://example.test/fired';
const needed: readonly (readonly [Action, string])[] = [
  [{ kind: 'suspend' }, 'accounts:update'],
  [{ kind: 'endSessions' }, 'sessions:updateAll'],
  [{ kind: 'disableService', service: 'signaling' }, 'services:disable'],
  [{ kind: 'disableFeature', feature: 'network-discovery.relay' }, 'policy:set'],
  [{ kind: 'throttle', bitsPerSecondMax: 64_000 }, 'policy:set'],
  [{ kind: 'callback', url }, 'webhooks:create'],
];

const lacking = (scope: string) => ({
  fields: { code: 'auth.scope', publicDetail: expect.stringContaining(scope) },
});

test.each(needed)(
  'create 403: $kind by a key that may not do it by hand names the scope that it lacks (ACC-4, TRG-2)',
  async (action, scope) => {
    const weak = world({ scopes: ['triggers:*'] });
    await expect(weak.create({ action })).rejects.toMatchObject(lacking(scope));
    expect(weak.records.size).toBe(0);
    // What it calls is made at the account that sets it; all else is done to the target.
    expect(weak.asked).toEqual([action.kind === 'callback' ? accountId : childId]);
    const { answer } = await world({ scopes: ['triggers:*', scope] }).create({ action });
    expect(answer.action.kind).toBe(action.kind);
  },
);

test.each<Action>([
  { kind: 'notify' },
  { kind: 'email', address: 'ops@example.test' },
  { kind: 'callback', webhookId },
])(
  'create 200: $kind tells whom the account has already, and needs no more than to set triggers',
  async (action) => {
    const { answer } = await world({ scopes: ['triggers:*'] }).create({ action });
    expect(answer.action).toEqual(action);
  },
);

test('update 403: no other action, target or limit, nor turning it on again, has a trigger do what the key may not (ACC-4)', async () => {
  const strong = world();
  const { answer } = await strong.create();
  const weak = world({ scopes: ['triggers:*'] });
  for (const [id, record] of strong.records) weak.records.set(id, record);
  const update = (change: object) =>
    handlers.triggers.update(contextOf('update').context, { triggerId: answer.id, ...change }, weak.ports);
  for (const change of [
    { limit: 1 },
    { condition: { kind: 'threshold', limit: 10 } },
    { target: { accountId, scope: 'descendants' } },
    { action: { kind: 'endSessions' } },
  ])
    await expect(update(change), JSON.stringify(change)).rejects.toMatchObject({
      fields: { code: 'auth.scope' },
    });
  // The name, and what stands already, is nothing that is done.
  await update({ name: 'Other', limit: 10, action: { kind: 'suspend' }, isEnabled: true });
  await update({ isEnabled: false });
  await expect(update({ isEnabled: true })).rejects.toMatchObject(lacking('accounts:update'));
  expect((await update({ action: { kind: 'notify' } })).action).toEqual({ kind: 'notify' });
  expect((await update({ isEnabled: true })).isEnabled).toBe(true);
});

test('create 422, update 422: an account that would suspend itself says that it means to; from above nobody is asked (ACC-2)', async () => {
  const refused = { fields: { code: 'triggers.stops_itself' } };
  const itself = { target: { accountId }, action: { kind: 'suspend' } } as const;
  const { create, records, ports } = world();
  await expect(create(itself)).rejects.toMatchObject(refused);
  expect(records.size).toBe(0);
  const { answer } = await create({ ...itself, force: true });
  const update = (change: object) =>
    handlers.triggers.update(contextOf('update').context, { triggerId: answer.id, ...change }, ports);
  // What was meant once is not asked for again.
  expect(await update({ name: 'Other', action: itself.action, limit: 12 })).not.toHaveProperty('force');
  await update({ action: { kind: 'notify' } });
  await expect(update({ action: itself.action })).rejects.toMatchObject(refused);
  expect((await update({ action: itself.action, force: true })).action).toEqual(itself.action);
  await update({ target: { accountId: childId, scope: 'descendants' } });
  await expect(update({ target: { accountId, scope: 'descendants' } })).rejects.toMatchObject(refused);
  expect((await world({ isFromAbove: true }).create(itself)).answer.target.accountId).toBe(accountId);
});

test('reset 403, remove 403, update 403: what a trigger holds is lifted by nobody who may not hold it; what holds nothing, by whoever may set triggers (ACC-4, TRG-2)', async () => {
  const strong = world();
  const { answer } = await strong.create({ action: { kind: 'throttle', bitsPerSecondMax: 64_000 } });
  const triggerId = answer.id;
  const asked = (scopes: readonly string[], wasHolding: boolean) => {
    const { records, ports } = world({ scopes });
    for (const [id, record] of strong.records) records.set(id, record);
    const left = [wasHolding];
    const triggers = { ...ports.triggers, isHolding: async () => left.shift() ?? false };
    return { ...ports, triggers };
  };
  const calls = [
    (ports: ReturnType<typeof asked>) =>
      handlers.triggers.reset(contextOf('reset').context, { triggerId }, ports),
    (ports: ReturnType<typeof asked>) =>
      handlers.triggers.remove(contextOf('remove').context, { triggerId }, ports),
    (ports: ReturnType<typeof asked>) =>
      handlers.triggers.update(contextOf('update').context, { triggerId, isEnabled: false }, ports),
  ];
  for (const call of calls) {
    await expect(call(asked(['triggers:*'], true))).rejects.toMatchObject(lacking('policy:set'));
    await call(asked(['triggers:*'], false));
    await call(asked(['triggers:*', 'policy:set'], true));
  }
});
