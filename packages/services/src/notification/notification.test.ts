import { MESSAGE_BYTES_MAX } from '@patchbay/domain/channels/namespace';
import { createId } from '@patchbay/kit/ids';
import { mint, parseBearerToken, verify } from '@patchbay/protocol/credential/credential';
import { memoryNotificationPorts } from '@patchbay/testing/notification-ports';
import { serviceContext } from '@patchbay/testing/service-context';
import { expect, test } from 'vitest';
import { notification } from './definition.ts';
import { handlers } from './handlers.ts';

const accountId = createId('acc');
const mintKey = new Uint8Array(32).fill(7);
const outside = {
  minting: {
    mint: async ({ caveats }: { caveats: Parameters<typeof mint>[0]['caveats'] }) =>
      mint({ keyId: createId('key'), mintKey, caveats, randomId: new Uint8Array(12) }),
  },
  placement: { signalUrl: async () => 'wss://signal.test' },
};
const ports = (bounds = {}) => memoryNotificationPorts(outside, bounds);
const context = <Name extends keyof (typeof notification)['operations']>(_name: Name, config = {}) =>
  serviceContext<typeof notification, Name>(notification, { accountId, config });
const page = { limit: 20 };
const member = { connectionId: 'con_1', identity: 'bob', sinceMs: 0 };

test('publish 200: the message has the next number and is metered once, however often it is sent with its key', async () => {
  const [own, { context: of, usage }] = [ports(), context('publish')];
  const first = await handlers.publish(of, { channel: 'news', data: { a: 1 }, messageKey: 'k' }, own);
  expect(first).toMatchObject({ epoch: 'epoch', offset: 1 });
  expect(await handlers.publish(of, { channel: 'news', data: { a: 1 }, messageKey: 'k' }, own)).toEqual(
    first,
  );
  expect(await handlers.publish(of, { channel: 'news', base64: 'AQI=' }, own)).toMatchObject({ offset: 2 });
  expect(usage).toEqual(
    Array(2).fill({ meter: 'messages', quantity: 1, dimensions: { direction: 'published' } }),
  );
});

test.each([[{}], [{ data: 1, base64: 'AQI=' }], [{ base64: 'A' }]])(
  'publish 400: a message is JSON or base64, not %j',
  async (body) => {
    const work = handlers.publish(context('publish').context, { channel: 'news', ...body }, ports());
    await expect(work).rejects.toMatchObject({ fields: { code: 'request.invalid' } });
  },
);

test('publish 413: what is larger than the configuration allows is refused, measured in bytes', async () => {
  const { context: of } = context('publish', { messageBytesMax: 10 });
  await handlers.publish(of, { channel: 'news', data: 'eight be' }, ports());
  const work = handlers.publish(of, { channel: 'news', data: 'ééééé' }, ports());
  await expect(work).rejects.toMatchObject({ fields: { code: 'notification.message_too_large' } });
  expect(notification.config.parse({}).messageBytesMax).toBe(MESSAGE_BYTES_MAX);
});

test('publish 429: no channel is begun past the bound', async () => {
  const work = handlers.publish(
    context('publish').context,
    { channel: 'b', data: 1 },
    ports({ channelCountMax: 0 }),
  );
  await expect(work).rejects.toMatchObject({ fields: { code: 'notification.too_many_channels' } });
});

test('listMessages 200: JSON comes back as JSON, bytes as base64, the newest first', async () => {
  const own = ports();
  const { context: of } = context('publish');
  await handlers.publish(of, { channel: 'news', data: [1, null, { b: '\u007f' }] }, own);
  await handlers.publish(of, { channel: 'news', base64: 'AQI=' }, own);
  const listed = await handlers.listMessages(
    context('listMessages').context,
    { channel: 'news', ...page },
    own,
  );
  expect(notification.operations.listMessages.response.parse(listed)).toMatchObject({
    items: [
      { offset: 2, base64: 'AQI=' },
      { offset: 1, data: [1, null, { b: '\u007f' }] },
    ],
    headOffset: 2,
    firstOffset: 1,
  });
});

test('listMembers 200: who is there, since when, and how many', async () => {
  const own = ports();
  own.membersIn.set('room', [member]);
  const listed = await handlers.listMembers(
    context('listMembers').context,
    { channel: 'room', ...page },
    own,
  );
  expect(listed).toEqual({
    items: [{ connectionId: 'con_1', identity: 'bob', since: '1970-01-01T00:00:00.000Z' }],
    memberCount: 1,
  });
});

test('listChannels 200: how each stands', async () => {
  const own = ports();
  await handlers.publish(context('publish').context, { channel: 'chat:a', data: 1 }, own);
  const listed = await handlers.listChannels(context('listChannels').context, page, own);
  expect(listed.items).toMatchObject([{ name: 'chat:a', namespace: 'chat', headOffset: 1, memberCount: 0 }]);
});

test('getChannel 200: a channel in which somebody is and nothing was said is there', async () => {
  const own = ports();
  own.membersIn.set('room', [member]);
  expect(await handlers.getChannel(context('getChannel').context, { channel: 'room' }, own)).toEqual({
    ...{ name: 'room', namespace: 'default', headOffset: 0, memberCount: 1 },
  });
});

test('removeChannel 200: it is gone, the log of changes says how it stood, and an event tells of it', async () => {
  const own = ports();
  await handlers.publish(context('publish').context, { channel: 'news', data: 1 }, own);
  const { context: of, audited, events } = context('removeChannel');
  expect(await handlers.removeChannel(of, { channel: 'news' }, own)).toEqual({ name: 'news' });
  expect(audited).toEqual([{ target: 'news', before: { epoch: 'epoch', headOffset: 1 } }]);
  expect(events).toEqual([{ event: 'channel.removed', payload: { channel: 'news' } }]);
  const again = handlers.removeChannel(of, { channel: 'news' }, own);
  await expect(again).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
});

const chosen = notification.operations.putNamespace.request.parse({
  namespace: 'chat',
  publishers: 'anybody',
});

test('putNamespace 200: what is left out is as by default, and the log of changes has both words', async () => {
  const [own, { context: of, audited, events }] = [ports(), context('putNamespace')];
  const set = await handlers.putNamespace(of, chosen, own);
  expect(set).toMatchObject({
    namespace: 'chat',
    publishers: 'anybody',
    historyCount: 100,
    isDefault: false,
  });
  expect(audited).toMatchObject([{ before: { publishers: 'nobody' }, after: { publishers: 'anybody' } }]);
  expect(events).toMatchObject([{ event: 'namespace.set', payload: set }]);
});

test('putNamespace 409: no namespace past the bound', async () => {
  const work = handlers.putNamespace(
    context('putNamespace').context,
    chosen,
    ports({ namespaceCountMax: 0 }),
  );
  await expect(work).rejects.toMatchObject({ fields: { code: 'notification.too_many_namespaces' } });
});

test('getNamespace 200: what is set, and the defaults where nothing is', async () => {
  const own = ports();
  const { context: of } = context('getNamespace');
  expect(await handlers.getNamespace(of, { namespace: 'chat' }, own)).toMatchObject({ isDefault: true });
  await handlers.putNamespace(context('putNamespace').context, chosen, own);
  expect(await handlers.getNamespace(of, { namespace: 'chat' }, own)).toMatchObject({
    publishers: 'anybody',
  });
});

test('listNamespaces 200: those for which something is set', async () => {
  const own = ports();
  await handlers.putNamespace(context('putNamespace').context, chosen, own);
  const listed = await handlers.listNamespaces(context('listNamespaces').context, page, own);
  expect(listed.items).toMatchObject([{ namespace: 'chat', isDefault: false }]);
});

test('removeNamespace 200: its channels are as by default again', async () => {
  const own = ports();
  await handlers.putNamespace(context('putNamespace').context, chosen, own);
  const { context: of, audited } = context('removeNamespace');
  expect(await handlers.removeNamespace(of, { namespace: 'chat' }, own)).toEqual({ namespace: 'chat' });
  expect(audited).toMatchObject([{ target: 'chat', before: { publishers: 'anybody' } }]);
});

const token = (fields: object = {}) =>
  notification.operations.createToken.request.parse({ identity: 'bob', ...fields });

test('createToken 200: the token is for channels alone', async () => {
  const { context: of, audited } = context('createToken');
  const minted = await handlers.createToken(of, token(), ports());
  const credential = parseBearerToken(minted.token);
  if ('type' in credential) throw new Error(credential.detail);
  const verified = verify(mintKey, credential);
  expect(verified.type === 'credential' && verified.blocks[0]?.caveats).toContainEqual({
    type: 'services',
    services: ['notification'],
  });
  expect(JSON.stringify(audited)).not.toContain(credential.password);
});

test('createToken 422: a lifetime beyond what is configured', async () => {
  const { context: of } = context('createToken', { tokenTtlSecondsMax: 60 });
  const work = handlers.createToken(of, token({ ttlSeconds: 61 }), ports());
  await expect(work).rejects.toMatchObject({ fields: { code: 'notification.ttl_too_long' } });
});

test('createToken 422: no key that can mint', async () => {
  const without = { ...ports(), minting: { mint: async () => undefined } };
  const work = handlers.createToken(context('createToken').context, token(), without);
  await expect(work).rejects.toMatchObject({ fields: { code: 'notification.no_key' } });
});

test('createToken 400: what makes no credential is told by its name', async () => {
  const work = handlers.createToken(context('createToken').context, token({ endSubject: 'ses_1' }), ports());
  await expect(work).rejects.toMatchObject({ fields: { code: 'request.invalid' } });
});

test('createToken 503: no signaling node in service', async () => {
  const without = { ...ports(), placement: { signalUrl: async () => undefined } };
  const work = handlers.createToken(context('createToken').context, token(), without);
  await expect(work).rejects.toMatchObject({ fields: { code: 'notification.no_node' } });
});
