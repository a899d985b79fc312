import { createId } from '@patchbay/kit/ids';
import { expect, test } from 'vitest';
import type { Condition } from './definition.ts';
import { handlers } from './handlers.ts';
import { beginsAnew, type Target } from './trigger.ts';
import { accountId, childId, contextOf, operations, sessionId, world } from './triggers.testing.ts';

test('update 200: with another window or target, in the time zone of whom it is about then; what the old target is held to is lifted', async () => {
  const { ports, create, changed, records } = world();
  const { answer } = await create({ action: { kind: 'throttle', bitsPerSecondMax: 64_000 } });
  const record = records.get(answer.id);
  if (record !== undefined) records.set(answer.id, { ...record, timeZone: 'Asia/Kathmandu' });
  const update = async (change: object) => {
    const request = operations.update.request.parse({ triggerId: answer.id, ...change });
    const { context, events } = contextOf('update');
    return { after: await handlers.triggers.update(context, request, ports), events };
  };
  const hourly = { kind: 'recurring', limit: 10, per: 'hour' };
  expect((await update({ condition: hourly })).after).toMatchObject({
    condition: hourly,
    timeZone: 'Asia/Kathmandu',
  });
  const { after, events } = await update({
    target: { scope: 'own', endpointId: 'user:bob' },
    action: { kind: 'notify' },
  });
  expect(after).toMatchObject({
    condition: hourly,
    target: { accountId, scope: 'own', endpointId: 'user:bob' },
    timeZone: 'Europe/Berlin',
  });
  expect(events).toEqual([{ event: 'trigger.changed', payload: { triggerId: answer.id } }]);
  expect(changed).toEqual([childId, childId]);
  expect((await update({ condition: hourly })).events).toEqual([]);
});

test('update 400: a limit stands in the condition, or alone; 404, 422: a target is as one that is set, and the action has to be possible there', async () => {
  const { ports, create } = world();
  const { answer } = await create({ action: { kind: 'suspend' } });
  const refused = (change: object, code: string) =>
    expect(
      handlers.triggers.update(
        contextOf('update').context,
        operations.update.request.parse({ triggerId: answer.id, ...change }),
        ports,
      ),
      code,
    ).rejects.toMatchObject({ fields: { code } });
  await refused({ limit: 5, condition: { kind: 'threshold', limit: 5 } }, 'request.invalid');
  await refused({ target: { accountId: createId('acc') } }, 'resource.unknown');
  await refused({ target: { accountId: childId, endpointId: 'bob' } }, 'resource.unknown');
  await refused({ target: { accountId: childId, endpointId: 'user:bob' } }, 'triggers.action_unsupported');
  const { answer: ofEvents } = await create({
    counter: { event: 'signaling.session.ended' },
    action: { kind: 'notify' },
  });
  await expect(
    handlers.triggers.update(
      contextOf('update').context,
      operations.update.request.parse({ triggerId: ofEvents.id, target: { endpointId: 'user:bob' } }),
      ports,
    ),
  ).rejects.toMatchObject({ fields: { code: 'triggers.counter_unknown' } });
});

test('what is counted says nothing of another window or target, and a limit is only held against it', () => {
  const target = { accountId, scope: 'own' } as const;
  const month = { kind: 'recurring', limit: 10, per: 'month' } as const;
  const other = (change: { condition?: Condition; target?: Target }) =>
    beginsAnew({ condition: month, target }, { condition: month, target, ...change });
  expect(other({})).toBe(false);
  expect(other({ condition: { ...month, limit: 20 } })).toBe(false);
  expect(other({ condition: { ...month, per: 'day' } })).toBe(true);
  expect(other({ condition: { kind: 'threshold', limit: 10 } })).toBe(true);
  expect(other({ condition: { kind: 'rate', limit: 10, seconds: 60 } })).toBe(true);
  expect(other({ target: { ...target, scope: 'descendants' } })).toBe(true);
  expect(other({ target: { ...target, sessionId } })).toBe(true);
});
