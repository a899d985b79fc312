import type { EndpointRecord } from '@patchbay/domain/endpoints/ports';
import type { DomainPorts } from '@patchbay/domain/handlers.generated';
import type { Callback, CallbackPlace, SetCallback } from '@patchbay/domain/hooks/callbacks';
import { createId } from '@patchbay/kit/ids';
import { CHILD_ACCOUNT, createApiHarness, PARENT_ACCOUNT } from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';

const ENDPOINT = createId('end', 1);
const APPLICATION = createId('app', 1);
const WEBHOOK = createId('whk', 1);
const bob: EndpointRecord = {
  id: ENDPOINT,
  accountId: CHILD_ACCOUNT,
  namespace: 'user',
  identifier: 'user:bob',
  label: '',
  applicationId: APPLICATION,
  allocatedAt: new Date(0),
  restsUntil: undefined,
};
const pathOf = (below = '') => `/v1/accounts/${CHILD_ACCOUNT}${below}/services/signaling/callbacks`;
const ofEndpoint = `/endpoints/${ENDPOINT}`;
const url = 'https://receiver.test/calls';
const ended = { callbacks: [{ url, events: ['session.ended'] }] };

/** The faces with callbacks in memory. */
function world({
  isFull = false,
  elsewhere = [] as readonly Callback[],
  scopes = ['*'] as readonly string[],
} = {}) {
  const places: CallbackPlace[] = [];
  let stored: readonly SetCallback[] = [];
  const hooks = {
    endpoints: {
      refusalOf: async (address: string) => (address.includes('10.0.0.1') ? 'it is not public' : undefined),
    },
    callbacks: {
      list: async (place: CallbackPlace) => {
        places.push(place);
        return stored;
      },
      ofServices: async () => [
        ...elsewhere,
        ...stored.map(({ events, ...one }) => ({
          ...one,
          events: events.map((event) => `${places.at(-1)?.service}.${event}`),
        })),
      ],
      replace: async (place: CallbackPlace, wanted: readonly Callback[]) => {
        places.push(place);
        if (isFull) return 'too_many';
        const before = stored;
        stored = wanted.map((one) => ({ ...one, webhookId: WEBHOOK, state: 'active' }));
        return { before, after: stored.map((one) => ({ ...one, secret: 'whsec_once' })) };
      },
    },
  };
  const harness = createApiHarness({
    scopes,
    endpoints: [bob],
    instanceTypes: { [APPLICATION]: ['paid'] },
    domainPorts: { hooks: hooks as unknown as DomainPorts['hooks'] },
  });
  return { ...harness, places };
}

test.each([
  { of: 'an account', below: '', place: {} },
  {
    of: 'an application',
    below: `/applications/${APPLICATION}`,
    place: { applicationId: APPLICATION },
  },
  {
    of: 'an instance type',
    below: `/applications/${APPLICATION}/instance-types/paid`,
    place: { applicationId: APPLICATION, instanceType: 'paid' },
  },
  // Whatever the application that it belongs to.
  { of: 'an endpoint', below: ofEndpoint, place: { endpointId: ENDPOINT } },
])(
  'callbacks of $of are set and read there, the secret of a new one once (HKS-1)',
  async ({ below, place }) => {
    const { call, audited, places } = world();
    const callback = { webhookId: WEBHOOK, ...ended.callbacks[0], state: 'active' };
    const put = await call('PUT', pathOf(below), { body: ended });
    expect(put).toMatchObject({ status: 200 });
    expect(put.body).toEqual({ callbacks: [{ ...callback, secret: 'whsec_once' }] });
    expect((await call('GET', pathOf(below))).body).toEqual({ callbacks: [callback] });
    const expected = { accountId: CHILD_ACCOUNT, service: 'signaling', ...place };
    expect(places).toEqual([expected, expected]);
    expect(audited).toMatchObject([{ before: [], after: [callback] }]);
    expect(JSON.stringify(audited)).not.toContain('whsec_');
  },
);

test('nobody is called back at an address that nothing is sent to, nor of an event that the service has not', async () => {
  const { call, places } = world();
  const put = (callback: object) => call('PUT', pathOf(ofEndpoint), { body: { callbacks: [callback] } });
  for (const [field, other] of [
    ['url', { url: 'https://10.0.0.1/' }],
    ['fallbackUrl', { fallbackUrl: 'https://10.0.0.1/' }],
  ] as const)
    expect(await put({ url, events: ['session.ended'], ...other }), field).toMatchObject({
      status: 422,
      body: { code: 'callback.address_forbidden' },
    });
  for (const callback of [
    { url, events: ['allocation.ended'] },
    { url, events: [] },
    { url: 'ftp://receiver.test/', events: ['session.ended'] },
  ])
    expect(await put(callback)).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  const [one] = ended.callbacks;
  expect(await call('PUT', pathOf(), { body: { callbacks: [one, one] } })).toMatchObject({ status: 400 });
  expect(places).toEqual([]);
});

test('what somebody above sets is the account’s own, as its log says: the account reads it and takes it off (HKS-1, ACC-8)', async () => {
  const { call, audited } = world();
  const own = (callbacks: readonly object[]) => ({ body: { callbacks } });
  expect(await call('PUT', pathOf(), { as: PARENT_ACCOUNT, body: ended })).toMatchObject({ status: 200 });
  expect(audited.at(-1)).toMatchObject({
    accountId: CHILD_ACCOUNT,
    target: `${CHILD_ACCOUNT}/services/signaling/callbacks`,
    actor: { accountId: PARENT_ACCOUNT },
    after: [{ url }],
  });
  expect(await call('GET', pathOf())).toMatchObject({ body: { callbacks: [{ url }] } });
  expect(await call('PUT', pathOf(), own([]))).toMatchObject({ status: 200, body: { callbacks: [] } });
  // There is no word of above beside it, and whoever asks for one is not left to think so.
  const from = { as: PARENT_ACCOUNT, body: { ...ended, from: PARENT_ACCOUNT } };
  expect(await call('PUT', pathOf(), from)).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
});

test('an account that has as many callbacks as it may is told so', async () => {
  const { call, audited } = world({ isFull: true });
  expect(await call('PUT', pathOf(), { body: ended })).toMatchObject({
    status: 409,
    body: { code: 'callback.too_many' },
  });
  expect(audited).toEqual([]);
});

test('callbacks that were changed since they were read are not set over (If-Match)', async () => {
  const { call } = world();
  const tag = (await call('GET', pathOf())).headers.get('etag') ?? '';
  const put = () => call('PUT', pathOf(), { body: ended, ifMatch: tag });
  expect(await put()).toMatchObject({ status: 200 });
  expect(await put()).toMatchObject({ status: 412, body: { code: 'request.precondition_failed' } });
});

test('an operation that takes events is named in place of an address, and what would fail at each event is refused before the first (HKS-4)', async () => {
  const { call, places } = world();
  const put = (callback: object) =>
    call('PUT', pathOf(), { body: { callbacks: [{ url, events: ['session.ended'], ...callback }] } });
  const target = 'service:notification?channel=calls';
  const spoken = 'service:text-to-speech?text=Call {sessionId} ended: {data.code}';
  for (const named of [{ url: target }, { fallbackUrl: target }, { url: spoken }])
    expect(await put(named)).toMatchObject({ status: 200, body: { callbacks: [named] } });
  places.length = 0;
  for (const [wrong, says] of [
    [
      'service:signaling',
      'these do: service:notification/publish, service:notification/send, service:speech-detection/createJob, service:text-to-speech/synthesize',
    ],
    ['service:text-to-speech?text=a&delivery=sync', 'delivery is async here'],
    ['service:notification', 'channel is missing'],
    ['service:notification?channel=calls&colour=red', 'no field colour'],
    ['service:notification?channel=calls.{data.colour}', 'signaling.session.ended has no field data.colour'],
  ])
    for (const named of [{ url: wrong }, { fallbackUrl: wrong }])
      expect(await put(named)).toMatchObject({
        status: 422,
        body: { code: 'callback.service_refused', detail: expect.stringContaining(says ?? '') },
      });
  expect(places).toEqual([]);
});

test('a circle of callbacks is refused and shown, wherever in the account its other parts are set (HKS-4)', async () => {
  const { call } = world();
  const published = { events: ['message.published'], url: 'service:notification?channel=calls' };
  const path = pathOf().replace('signaling', 'notification');
  const put = (callback: object) => call('PUT', path, { body: { callbacks: [callback] } });
  const event = 'notification.message.published';
  const refused = {
    status: 409,
    body: {
      code: 'callback.loop',
      detail: expect.stringContaining(`${event} → service:notification/publish → ${event}`),
    },
  };
  expect(await put(published)).toMatchObject(refused);
  expect(await put({ ...published, url, fallbackUrl: published.url })).toMatchObject(refused);
  expect(await put({ ...published, events: ['channel.joined'] })).toMatchObject({ status: 200 });
  // From one service to another and on to a third is none.
  const heard = { url: 'service:notification?channel=spoken&data={data.path}', events: ['completed'] };
  const ofSpeech = pathOf().replace('signaling', 'text-to-speech');
  expect(await call('PUT', ofSpeech, { body: { callbacks: [heard] } })).toMatchObject({ status: 200 });
  const again = { url: 'service:text-to-speech?text=Done', events: ['completed', 'failed'] };
  expect(await call('PUT', ofSpeech, { body: { callbacks: [again] } })).toMatchObject({
    status: 409,
    body: {
      detail: expect.stringContaining(
        'text-to-speech.completed → service:text-to-speech/synthesize → text-to-speech.completed',
      ),
    },
  });
  const loop = { ...published, events: [event] };
  const other = world({ elsewhere: [loop] });
  const wanted = { url: published.url, events: ['session.ended'] };
  expect(await other.call('PUT', pathOf(), { body: { callbacks: [wanted] } })).toMatchObject(refused);
});

test('a key names in a callback no operation that it may not call itself (ACC-4, HKS-4)', async () => {
  const wanted = { url: 'service:notification?channel=calls', events: ['session.ended'] };
  const put = (scopes: readonly string[]) =>
    world({ scopes }).call('PUT', pathOf(), { body: { callbacks: [wanted] } });
  expect(await put(['signaling:*'])).toMatchObject({ status: 403, body: { code: 'auth.scope' } });
  expect(await put(['signaling:*', 'notification:publish'])).toMatchObject({ status: 200 });
});
