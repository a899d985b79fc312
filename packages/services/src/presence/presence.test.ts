import { createId } from '@patchbay/kit/ids';
import { memoryPresencePorts } from '@patchbay/testing/presence-ports';
import { serviceContext } from '@patchbay/testing/service-context';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { presence } from './definition.ts';
import { handlers } from './handlers.ts';

const accountId = createId('acc', 1);
const device = { id: 'device-1', name: 'Desk phone', kind: 'desktop' as const, sinceMs: 1_000 };

type Name = keyof typeof presence.operations;
type Answer<K extends Name> = z.output<(typeof presence.operations)[K]['response']>;

/** One account in which bob is there and talks, and carol is not. */
function bench(config: object = {}) {
  const ports = memoryPresencePorts(
    new Map([
      ['bob', { identity: 'bob', devices: [device], isInCall: true }],
      ['carol', { identity: 'carol', devices: [], isInCall: false, lastSeenAtMs: 2_000 }],
    ]),
  );
  return async <K extends Name>(name: K, request: object) => {
    const made = serviceContext<typeof presence, K>(presence, { accountId, config });
    const operation = presence.operations[name];
    const handler = handlers[name] as unknown as (...all: unknown[]) => Promise<unknown>;
    const answered = operation.response.parse(
      await handler(made.context, operation.request.parse(request), ports),
    );
    return { answered: answered as Answer<K>, ...made };
  };
}

test('list 200: who is there and who was, by standing and page after page', async () => {
  const call = bench();
  const { answered } = await call('list', {});
  expect(answered.items.map(({ identity, state }) => [identity, state])).toEqual([
    ['bob', 'busy'],
    ['carol', 'offline'],
  ]);
  const online = (await call('list', { standing: 'online' })).answered;
  expect(online.items).toMatchObject([{ identity: 'bob', devices: [{ name: 'Desk phone' }] }]);
  const first = (await call('list', { limit: 1 })).answered;
  expect(first).toMatchObject({ items: [{ identity: 'bob' }], nextCursor: 'bob' });
  const { items } = (await call('list', { limit: 1, cursor: 'bob' })).answered;
  expect(items).toMatchObject([{ identity: 'carol', lastSeenAt: '1970-01-01T00:00:02.000Z' }]);
});

test('get 200: somebody who was never seen is offline, and nothing else is known of them', async () => {
  const { answered } = await bench()('get', { identity: 'dora' });
  expect(answered).toEqual({ identity: 'dora', state: 'offline', isInCall: false, devices: [] });
});

test('set 200: a word holds until it is taken back, and is told and audited with what was there before', async () => {
  const call = bench();
  const first = await call('set', { identity: 'bob', state: 'dnd', note: 'On stage', lastsSeconds: 60 });
  expect(first.answered).toMatchObject({ state: 'dnd', note: 'On stage', isInCall: true });
  expect(first.events).toEqual([
    { event: 'identity.said', payload: { identity: 'bob', state: 'dnd', note: 'On stage' } },
  ]);
  const second = await call('set', { identity: 'bob', state: 'away' });
  expect(second.audited).toMatchObject([
    { target: 'bob', before: { state: 'dnd', note: 'On stage' }, after: { state: 'away' } },
  ]);
});

test('set 422: a note that is longer than the configuration allows is refused, and nothing is said', async () => {
  const call = bench({ noteLengthMax: 3 });
  await expect(call('set', { identity: 'bob', state: 'away', note: 'Lunch' })).rejects.toMatchObject({
    fields: expect.objectContaining({ status: 422, code: 'presence.note_too_long' }),
  });
  expect((await call('get', { identity: 'bob' })).answered.state).toBe('busy');
});

test('clear 200: others see what the platform sees again', async () => {
  const call = bench();
  await call('set', { identity: 'bob', state: 'away' });
  const { answered, audited, events } = await call('clear', { identity: 'bob' });
  expect(answered.state).toBe('busy');
  expect(audited).toMatchObject([{ target: 'bob', before: { state: 'away' } }]);
  expect(events).toEqual([{ event: 'identity.said', payload: { identity: 'bob' } }]);
});

test('clear 404: whoever said nothing has nothing to take back', async () => {
  await expect(bench()('clear', { identity: 'bob' })).rejects.toMatchObject({
    fields: expect.objectContaining({ status: 404, code: 'resource.unknown' }),
  });
});
