import { HOP_COUNT_MAX } from '@patchbay/domain/hooks/callback-loop';
import { createId } from '@patchbay/kit/ids';
import { CHILD_ACCOUNT, createApiHarness } from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';
import { runCallback } from './run-callback.ts';

const WEBHOOK = createId('whk', 1);
const OTHER_EVENT = createId('evt', 2);
const event = {
  id: createId('evt', 1),
  type: 'signaling.session.ended',
  timestamp: '2026-11-30T00:00:00.000Z',
  cursor: 'c',
  accountId: CHILD_ACCOUNT,
  data: { reason: 'call.hangup' },
};

function world(options: Parameters<typeof createApiHarness>[0] = {}) {
  const harness = createApiHarness(options);
  const run = (url: string, of: { id?: string; hopCount?: number; accountId?: string } = {}) =>
    runCallback(harness.router, {
      accountId: of.accountId ?? CHILD_ACCOUNT,
      webhookId: WEBHOOK,
      url,
      event: { ...event, id: of.id ?? event.id },
      hopCount: of.hopCount ?? 0,
      signal: new AbortController().signal,
    });
  const messages = async (channel: string) =>
    (
      await harness.call(
        'GET',
        `/v1/accounts/${CHILD_ACCOUNT}/services/notification/channels/${channel}/messages`,
        { as: CHILD_ACCOUNT },
      )
    ).body.items;
  return { ...harness, run, messages };
}

test('an event that a callback gives to a channel is published there once, however often it comes (HKS-4)', async () => {
  const { run, messages, usage, audited } = world();
  const first = await run('service:notification?channel=calls');
  expect(first).toMatchObject({ status: 200 });
  expect(await run('service:notification?channel=calls')).toEqual(first);
  expect(await messages('calls')).toMatchObject([{ data: event }]);
  // Another event is another message, and another callback's text another effect.
  await run('service:notification?channel=calls', { id: OTHER_EVENT });
  await run('service:notification?channel=calls&data={data.reason}');
  expect((await messages('calls')).map(({ data }: { data: unknown }) => data)).toEqual([
    'call.hangup',
    { ...event, id: OTHER_EVENT },
    event,
  ]);
  // Each is metered as the account's, and each request for it.
  expect(usage.filter(({ meter }) => meter === 'notification.messages')).toMatchObject(
    Array.from({ length: 3 }, () => ({ accountId: CHILD_ACCOUNT, quantity: 1 })),
  );
  const requests = usage.filter(({ dimensions }) => dimensions.caller === 'callback');
  expect(requests).toHaveLength(4);
  expect(audited).toEqual([]);
});

test('it is held to policies, limits and the state of its account as every request is, and says by which code', async () => {
  const refused = (options: Parameters<typeof createApiHarness>[0]) =>
    world(options).run('service:notification?channel=calls');
  expect(await refused({ states: { [CHILD_ACCOUNT]: 'suspended' } })).toMatchObject({
    status: 403,
    error: 'account.suspended',
  });
  expect(await refused({ requestsMax: 0 })).toMatchObject({
    status: 429,
    error: 'limit.exceeded',
    retryAfterMs: 1_500,
  });
  const values = { services: [] };
  const origin = { level: 'account', accountId: CHILD_ACCOUNT, by: 'self' } as const;
  expect(
    await refused({ policyChain: () => [{ origin, values, locked: [], overridable: {}, timeZone: 'UTC' }] }),
  ).toMatchObject({ status: 403, error: 'policy.refused' });
});

test('what cannot be run is refused by a code, and what can never be run is not tried again', async () => {
  const { run } = world();
  expect(await run('service:notification?channel=a{data.to}')).toMatchObject({
    status: 422,
    error: 'callback.field_absent',
  });
  expect(await run('service:signaling?channel=a')).toMatchObject({ error: 'callback.service_refused' });
  expect(await run('service:notification?channel={data.reason}&ttlSeconds={data.reason}')).toMatchObject({
    status: 400,
    error: 'request.invalid',
  });
  const hops = (hopCount: number) => run('service:notification?channel=a', { hopCount });
  expect(await hops(HOP_COUNT_MAX)).toMatchObject({ error: 'callback.too_many_hops', isFinal: true });
  expect(await hops(HOP_COUNT_MAX - 1)).toMatchObject({ status: 200 });
});

test('it reaches nothing but the account that set it', async () => {
  expect(await world().run('service:notification?channel=a', { accountId: 'acc_nobody' })).toMatchObject({
    status: 404,
    error: 'resource.unknown',
  });
});

test('a text with what an event says is spoken, and nobody waits for its end', async () => {
  const answer = await world().run('service:text-to-speech?text=The call ended: {data.reason}');
  expect(answer).toMatchObject({ status: 200 });
  expect(JSON.parse(answer.response)).toMatchObject({ delivery: 'async', words: 5 });
});
