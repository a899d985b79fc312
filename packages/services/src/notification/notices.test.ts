import { createId } from '@patchbay/kit/ids';
import { memoryNoticePorts } from '@patchbay/testing/notice-ports';
import { memoryNotificationPorts } from '@patchbay/testing/notification-ports';
import { serviceContext } from '@patchbay/testing/service-context';
import { expect, test } from 'vitest';
import { notification } from './definition.ts';
import { handlers } from './handlers.ts';

const accountId = createId('acc');
const ports = (options: Parameters<typeof memoryNoticePorts>[0] = {}) => ({
  ...memoryNotificationPorts({
    minting: { mint: async () => undefined },
    placement: { signalUrl: async () => undefined },
  }),
  ...memoryNoticePorts(options),
});
const context = <Name extends keyof (typeof notification)['operations']>(_name: Name, config = {}) =>
  serviceContext<typeof notification, Name>(notification, { accountId, config });
const page = { limit: 20 };
const asked = (fields: object = {}) =>
  notification.operations.send.request.parse({ identity: 'bob', title: 'Your turn', ...fields });
const sent = (own = ports(), fields: object = {}) =>
  handlers.send(context('send').context, asked(fields), own);
const browser = { endpoint: 'https://push.test/abc', p256dh: 'BA', auth: 'aa' };
const refusal = (code: string) => ({ fields: { code } });

test('send 200: it goes by the ways of the configuration, or by its own, and is metered where it goes out (NTF)', async () => {
  const { context: of, usage } = context('send', { ways: ['push', 'email+60'] });
  const notice = await handlers.send(of, asked({ data: { a: [1, null] } }), ports());
  expect(notification.operations.send.response.parse(notice)).toMatchObject({
    ...{ endpoint: 'user:bob', state: 'waiting', title: 'Your turn', data: { a: [1, null] } },
    ...{ urgency: 'normal', ways: ['push', 'email+60'], deliveries: [] },
  });
  expect(usage).toEqual([]);
  expect(await sent(ports(), { ways: ['sms'] })).toMatchObject({ ways: ['sms'] });
  expect(notification.config.parse({}).ways).toEqual(['websocket', 'push', 'email']);
  expect(() => asked({ ways: ['pigeon'] })).toThrow();
});

test('send 413: title, body and data fit into what every push service takes, measured in bytes', async () => {
  await sent(ports(), { data: 'x'.repeat(2_900) });
  const large = sent(ports(), { data: 'é'.repeat(1_600) });
  await expect(large).rejects.toMatchObject(refusal('notification.notice_too_large'));
});

test('send 429: no more than may wait, with the time to come again', async () => {
  await expect(sent(ports({ waitingMax: 0 }))).rejects.toMatchObject({
    fields: { code: 'notification.too_many_waiting', retryAfterMs: 10_000 },
  });
});

test('listNotices 200: of one endpoint, the newest first', async () => {
  const own = ports();
  await sent(own);
  await sent(own, { identity: 'ann' });
  const { id } = await sent(own);
  const listed = await handlers.listNotices(
    context('listNotices').context,
    { ...page, identity: 'bob' },
    own,
  );
  expect(listed.items.map((one) => one.endpoint)).toEqual(['user:bob', 'user:bob']);
  expect(listed.items[0]?.id).toBe(id);
});

test('getNotice 200: as it stands; another account has none of that id', async () => {
  const own = ports();
  const { id: noticeId } = await sent(own);
  expect(await handlers.getNotice(context('getNotice').context, { noticeId }, own)).toMatchObject({
    id: noticeId,
  });
  const other = serviceContext<typeof notification, 'getNotice'>(notification, {
    accountId: createId('acc'),
  });
  const work = handlers.getNotice(other.context, { noticeId }, own);
  await expect(work).rejects.toMatchObject(refusal('resource.unknown'));
});

test('cancelNotice 200: nothing more is tried, the log of changes and an event tell of it', async () => {
  const own = ports();
  const { id: noticeId } = await sent(own);
  const { context: of, audited, events } = context('cancelNotice');
  expect(await handlers.cancelNotice(of, { noticeId }, own)).toMatchObject({ state: 'cancelled' });
  expect(audited).toMatchObject([
    { target: noticeId, before: { state: 'waiting' }, after: { state: 'cancelled' } },
  ]);
  expect(events).toEqual([{ event: 'notice.cancelled', payload: { noticeId, endpoint: 'user:bob' } }]);
});

test('cancelNotice 409: nothing is left to be done', async () => {
  const own = ports();
  const { id: noticeId } = await sent(own);
  await handlers.noteReceipt(context('noteReceipt').context, { noticeId, receipt: 'read' }, own);
  const work = handlers.cancelNotice(context('cancelNotice').context, { noticeId }, own);
  await expect(work).rejects.toMatchObject(refusal('notification.notice_over'));
});

test('noteReceipt 200: it came, says a server', async () => {
  const own = ports();
  const { id: noticeId } = await sent(own);
  const { context: of } = context('noteReceipt');
  expect(await handlers.noteReceipt(of, { noticeId, receipt: 'delivered' }, own)).toMatchObject({
    state: 'delivered',
    deliveredAt: expect.any(String),
  });
});

test('addSubscription 200: what it is reached by is shown to nobody, and the same place is the same subscription', async () => {
  const own = ports();
  const { context: of, audited, events } = context('addSubscription');
  const added = await handlers.addSubscription(
    of,
    { identity: 'bob', device: 'Phone', webPush: browser },
    own,
  );
  expect(added).toMatchObject({ endpoint: 'user:bob', way: 'web-push', device: 'Phone', label: 'push.test' });
  expect(JSON.stringify([added, audited, events])).not.toContain('/abc');
  const again = context('addSubscription');
  expect(
    await handlers.addSubscription(again.context, { identity: 'bob', webPush: browser }, own),
  ).toMatchObject({
    id: added.id,
  });
  expect(again.events).toEqual([]);
});

test.each([[{}], [{ webPush: browser, email: { address: 'bob@example.com' } }]])(
  'addSubscription 400: a subscription is one place, not %j',
  async (places) => {
    const work = handlers.addSubscription(
      context('addSubscription').context,
      { identity: 'bob', ...places },
      ports(),
    );
    await expect(work).rejects.toMatchObject(refusal('request.invalid'));
  },
);

test('addSubscription 409: an endpoint is reached at so many places and no more', async () => {
  const work = handlers.addSubscription(
    context('addSubscription').context,
    { identity: 'bob', sms: { number: '+49301234567' } },
    ports({ targetsMax: 0 }),
  );
  await expect(work).rejects.toMatchObject(refusal('notification.too_many_targets'));
});

test('addSubscription 422: an address within this network is no push service', async () => {
  const work = handlers.addSubscription(
    context('addSubscription').context,
    { identity: 'bob', webPush: { ...browser, endpoint: 'https://10.0.0.1/' } },
    ports({ refusal: 'it is private' }),
  );
  await expect(work).rejects.toMatchObject(refusal('notification.target_refused'));
});

async function withOne() {
  const own = ports();
  const { context: of } = context('addSubscription');
  const email = { address: 'bob@example.com' };
  const { id } = await handlers.addSubscription(of, { identity: 'bob', email }, own);
  const list = async () =>
    (await handlers.listSubscriptions(context('listSubscriptions').context, page, own)).items;
  return { own, list, subscriptionId: id };
}

test('listSubscriptions 200: where endpoints are reached, and not by what', async () => {
  const { list, subscriptionId } = await withOne();
  expect(await list()).toMatchObject([{ id: subscriptionId, label: 'b…@example.com' }]);
});

test('removeSubscription 200: it is there no more, and the log of changes and an event tell of it', async () => {
  const { own, list, subscriptionId } = await withOne();
  const { context: of, events, audited } = context('removeSubscription');
  expect(await handlers.removeSubscription(of, { subscriptionId }, own)).toEqual({ id: subscriptionId });
  expect(events).toMatchObject([
    { event: 'subscription.removed', payload: { cause: 'removed', way: 'email' } },
  ]);
  expect(audited).toMatchObject([{ target: subscriptionId }]);
  expect(await list()).toEqual([]);
});

const sms = {
  baseUrl: 'https://api.twilio.com',
  accountSid: 'AC1',
  authToken: 'correct-horse',
  from: '+4930123456',
};

test('putWay 200: a token goes in and comes out nowhere: not in the answer, the log of changes or an event', async () => {
  const own = ports();
  const { context: of, audited, events } = context('putWay');
  const set = await handlers.putWay(of, { way: 'sms', sms }, own);
  expect(set).toMatchObject({
    way: 'sms',
    isSet: true,
    settings: { accountSid: 'AC1', from: '+4930123456' },
  });
  expect(events).toMatchObject([{ event: 'way.set' }]);
  expect(JSON.stringify([set, audited, events])).not.toContain('correct-horse');
});

test('putWay 400: each way has what it needs, and nothing of another', async () => {
  const put = (request: Parameters<typeof handlers.putWay>[1]) =>
    handlers.putWay(context('putWay').context, request, ports());
  await expect(put({ way: 'fcm', sms })).rejects.toMatchObject(refusal('request.invalid'));
  const two = put({ way: 'sms', sms, webPush: { contact: 'mailto:a@b.test' } });
  await expect(two).rejects.toMatchObject(refusal('request.invalid'));
});

test('putWay 422: no provider of SMS is within this network', async () => {
  const work = handlers.putWay(
    context('putWay').context,
    { way: 'sms', sms },
    ports({ refusal: 'it is private' }),
  );
  await expect(work).rejects.toMatchObject(refusal('notification.target_refused'));
});

const webPush = { contact: 'mailto:ops@example.com' };
const withKeys = async () => {
  const own = ports();
  await handlers.putWay(context('putWay').context, { way: 'web-push', webPush }, own);
  return own;
};

test('getWay 200: what is set, and that nothing is', async () => {
  const get = (own: ReturnType<typeof ports>) =>
    handlers.getWay(context('getWay').context, { way: 'web-push' }, own);
  expect(await get(ports())).toEqual({ way: 'web-push', isSet: false });
  expect(await get(await withKeys())).toMatchObject({
    isSet: true,
    publicKey: 'a-public-key',
    settings: webPush,
  });
});

test('listWays 200: all that need somebody by whom they go out', async () => {
  const { items } = await handlers.listWays(context('listWays').context, {}, await withKeys());
  expect(items.map(({ way }) => way)).toEqual(['web-push', 'fcm', 'apns', 'sms']);
  expect(items.map(({ isSet }) => isSet)).toEqual([true, false, false, false]);
});

test('removeWay 200: nothing is set any more, and what was is in the log of changes', async () => {
  const own = await withKeys();
  const { context: of, audited } = context('removeWay');
  expect(await handlers.removeWay(of, { way: 'web-push' }, own)).toEqual({ way: 'web-push' });
  expect(audited).toMatchObject([{ target: 'web-push', before: { isSet: true } }]);
  const again = handlers.removeWay(of, { way: 'web-push' }, own);
  await expect(again).rejects.toMatchObject(refusal('resource.unknown'));
});
