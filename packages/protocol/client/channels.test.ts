import { beforeEach, expect, test } from 'vitest';
import type { ClientMessage, ServerMessage } from '../signaling/messages.ts';
import { Channels } from './channels.ts';
import { Emitter } from './emitter.ts';
import type { FailureFields } from './failure.ts';
import type { ConversationEvents, SignalConversation } from './signal-conversation.ts';
import { queuedMessagesMax } from './subscription.ts';

class Failed extends Error {
  readonly code: string;
  constructor({ code, message }: FailureFields) {
    super(message);
    this.code = code;
  }
}

/** A conversation that says what the test says, and keeps what it is told. */
class FakeConversation extends Emitter<ConversationEvents<Failed>> {
  state = 'connected';
  readonly sent: ClientMessage[] = [];
  send(message: ClientMessage): void {
    this.sent.push(message);
  }
  timeout = (message: string) => new Failed({ code: 'client.timeout', message });
  say(message: ServerMessage): void {
    this.emit('frame', { ...message, sequence: 0 });
  }
  lose(): void {
    this.state = 'reconnecting';
  }
  comeBack(): void {
    this.state = 'connected';
    this.emit('authenticated', {} as never);
  }
  refuse(code: string): void {
    this.emit('refused', new Failed({ code, message: code }));
  }
  last<Type extends ClientMessage['type']>(type: Type): Extract<ClientMessage, { type: Type }> {
    const found = this.sent.filter((message) => message.type === type).at(-1);
    if (found === undefined) throw new Error(`No ${type} was sent.`);
    return found as Extract<ClientMessage, { type: Type }>;
  }
}

let line: FakeConversation;
let channels: Channels<Failed>;
let later: (() => void)[];

beforeEach(() => {
  line = new FakeConversation();
  later = [];
  channels = new Channels(line as unknown as SignalConversation<Failed>, {
    toFailure: (fields) => new Failed(fields),
    after: (_ms, act) => {
      later.push(act);
      return () => undefined;
    },
  });
});

const idOf = () => line.last('subscribe').subscriptionId;
const begin = (offset = 0) =>
  line.say({ type: 'subscribed', subscriptionId: idOf(), epoch: 'e', offset, showsPresence: true });
const publish = (offset: number, subscriptionId = idOf()) =>
  line.say({
    ...{ type: 'channelMessage', subscriptionId, epoch: 'e', offset, messageId: `m${offset}` },
    ...{ publishedAtMs: 0, encoding: 'json', data: `{"n":${offset}}` },
  });

test('a loop has each message as it was published, and its end ends the subscription', async () => {
  const subscription = channels.of('news').subscribe();
  begin();
  const seen: unknown[] = [];
  const looping = (async () => {
    for await (const { data } of subscription) {
      seen.push(data);
      if (seen.length === 2) break;
    }
  })();
  await Promise.resolve();
  publish(1);
  publish(2);
  await looping;
  expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  expect(line.last('unsubscribe').subscriptionId).toBe(subscription.id);
});

test('what comes before a loop begins waits for it, as much as may wait; whoever listens has it at once', async () => {
  const subscription = channels.of('news').subscribe();
  const gaps: unknown[] = [];
  subscription.on('gap', ({ offset }) => gaps.push(offset));
  begin();
  for (let offset = 1; offset <= queuedMessagesMax + 2; offset += 1) publish(offset);
  const loop = subscription[Symbol.asyncIterator]();
  expect((await loop.next()).value?.offset).toBe(4);
  expect(gaps).toEqual([3]);
  const listened = channels.of('other').subscribe();
  const heard: number[] = [];
  listened.on('message', ({ offset }) => heard.push(offset));
  begin();
  publish(1);
  expect(heard).toEqual([1]);
});

test('after a lost connection it is asked for again from where it stands, and what comes late for the old one is nobody’s', () => {
  const subscription = channels.of('news').subscribe();
  const heard: number[] = [];
  subscription.on('message', ({ offset }) => heard.push(offset));
  begin(4);
  publish(5);
  const former = subscription.id;
  line.lose();
  line.comeBack();
  expect(line.last('subscribe')).toMatchObject({ position: { epoch: 'e', offset: 5 } });
  expect(subscription.id).not.toBe(former);
  publish(6, former);
  begin(5);
  publish(6);
  expect(heard).toEqual([5, 6]);
});

test('a subscription that was made while there is no connection is asked for once there is', () => {
  line.lose();
  channels.of('news').subscribe();
  expect(line.sent).toEqual([]);
  line.comeBack();
  expect(line.last('subscribe')).toMatchObject({ channel: 'news' });
});

test('what is lost is told, and counts as seen', () => {
  const subscription = channels.of('news').subscribe({ from: { epoch: 'e', offset: 1 } });
  const gaps: unknown[] = [];
  subscription.on('gap', (gap) => gaps.push(gap));
  begin(1);
  line.say({ type: 'gap', subscriptionId: idOf(), epoch: 'f', offset: 7 });
  line.lose();
  line.comeBack();
  expect(gaps).toEqual([{ epoch: 'f', offset: 7 }]);
  expect(line.last('subscribe').position).toEqual({ epoch: 'f', offset: 7 });
});

test('a client that was too slow subscribes again by itself; one that may not any more is told and ends', async () => {
  const subscription = channels.of('news').subscribe();
  begin(3);
  const reason = (code: string) => ({ code, helpUrl: '/docs', detail: code });
  line.say({ type: 'unsubscribed', subscriptionId: idOf(), reason: reason('notification.too_slow') });
  later.shift()?.();
  expect(line.last('subscribe').position).toEqual({ epoch: 'e', offset: 3 });
  begin(3);
  line.say({
    ...{ type: 'unsubscribed', subscriptionId: idOf() },
    reason: reason('notification.subscribe_refused'),
  });
  await expect(subscription[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'notification.subscribe_refused',
  });
});

test('a loop that is slower than its messages has so many waiting, and the rest once it has taken them', async () => {
  const subscription = channels.of('news').subscribe();
  begin();
  const loop = subscription[Symbol.asyncIterator]();
  const first = loop.next();
  await Promise.resolve();
  const { subscriptionId } = line.last('subscribe');
  for (let offset = 1; offset <= queuedMessagesMax + 5; offset += 1) publish(offset, subscriptionId);
  await first;
  expect(line.sent.filter(({ type }) => type === 'unsubscribe')).toHaveLength(1);
  for (let offset = 2; offset <= queuedMessagesMax; offset += 1)
    expect((await loop.next()).value?.offset).toBe(offset);
  const next = loop.next();
  await Promise.resolve();
  const again = line.last('subscribe');
  expect(again.position).toEqual({ epoch: 'e', offset: queuedMessagesMax });
  publish(queuedMessagesMax + 1, again.subscriptionId);
  expect((await next).value?.offset).toBe(queuedMessagesMax + 1);
});

test('a message whose answer was lost with the connection is said again under its name, and published once', async () => {
  const receipt = channels.of('news').publish({ a: '\u007f' });
  const { requestId, data } = line.last('publish');
  expect(data).toBe('{"a":"\\u007f"}');
  line.lose();
  line.comeBack();
  expect(line.sent.filter((sent) => sent.type === 'publish' && sent.requestId === requestId)).toHaveLength(2);
  line.say({ type: 'published', requestId, epoch: 'e', offset: 1, messageId: 'm' });
  expect(await receipt).toEqual({ epoch: 'e', offset: 1, messageId: 'm' });
});

test('what is refused says why, to whoever publishes and to whoever subscribes', async () => {
  const problem = { type: '/docs/x', code: 'notification.publish_refused', title: 'No.', status: 403 };
  const published = channels.of('news').publish(1);
  line.say({ type: 'refused', requestId: line.last('publish').requestId, problem });
  await expect(published).rejects.toMatchObject({ code: 'notification.publish_refused' });
  const subscription = channels.of('news').subscribe();
  line.say({
    type: 'refused',
    requestId: idOf(),
    problem: { ...problem, code: 'notification.subscribe_refused' },
  });
  await expect(subscription.ready()).rejects.toMatchObject({ code: 'notification.subscribe_refused' });
});

test('a client that is closed for good ends everything with the reason, and takes nothing more', async () => {
  const subscription = channels.of('news').subscribe();
  const published = channels.of('news').publish(1);
  line.refuse('credential.revoked');
  await expect(subscription.ready()).rejects.toMatchObject({ code: 'credential.revoked' });
  await expect(published).rejects.toMatchObject({ code: 'credential.revoked' });
  await expect(channels.of('news').publish(2)).rejects.toMatchObject({ code: 'credential.revoked' });
});

test('history is read page after page, and members as well', async () => {
  const subscription = channels.of('news').subscribe({ presence: true });
  begin();
  const entry = (offset: number) => ({
    ...{ epoch: 'e', offset, messageId: `m${offset}`, publishedAtMs: 0 },
    ...({ encoding: 'base64', data: 'AQI=' } as const),
  });
  const page = { type: 'history', firstOffset: 1, headOffset: 2, epoch: 'e' } as const;
  const history = subscription.history();
  for (const offset of [1, 2]) {
    const next = history.next();
    await new Promise((resolve) => setTimeout(resolve));
    const { requestId, after } = line.last('history');
    expect(after).toBe(offset - 1);
    line.say({ ...page, requestId, messages: [entry(offset)], throughOffset: offset });
    expect((await next).value).toMatchObject({ offset, data: Uint8Array.of(1, 2) });
  }
  expect((await history.next()).done).toBe(true);
  const members = subscription.members();
  await new Promise((resolve) => setTimeout(resolve));
  const member = { connectionId: 'c', identity: 'bob', sinceMs: 0 };
  line.say({ type: 'members', requestId: line.last('members').requestId, items: [member], memberCount: 1 });
  expect(await members).toEqual([member]);
});
