import { setImmediate as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Channel } from './channel.ts';
import { Messages } from './messages.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';

function line() {
  const published: [channel: string, word: unknown][] = [];
  const wanted: SubscriptionOptions[] = [];
  let subscription: Subscription | undefined;
  const channelOf = (name: string) =>
    ({
      subscribe(options: SubscriptionOptions) {
        wanted.push(options);
        subscription = new Subscription(name, options, {
          begin: () => undefined,
          end: () => undefined,
          history: async function* () {},
          members: async () => [],
        });
        return subscription;
      },
      publish: async (word: unknown) => {
        published.push([name, word]);
        return { epoch: 'e', offset: 1, messageId: 'msg_sent' };
      },
    }) as unknown as Channel;
  return {
    published,
    wanted,
    of: (from?: { epoch: string; offset: number }) =>
      new Messages(channelOf, { identity: 'bob', ...(from === undefined ? {} : { from }) }),
    async say(data: unknown, publisher?: string) {
      subscription?.hear({
        ...{ epoch: 'e', offset: 3, messageId: 'msg_3', publishedAtMs: 5 },
        ...{ encoding: 'json', data: JSON.stringify(data) },
        ...(publisher === undefined ? {} : { publisher }),
      });
      await pause();
    },
    gap: (offset: number) => subscription?.missed({ epoch: 'e', offset }),
  };
}

test('a message goes into the channel of whom it is for, and says where it stands', async () => {
  const { of, published } = line();
  expect(await of().send('ann', { text: 'Hello.' })).toMatchObject({ messageId: 'msg_sent' });
  expect(published).toEqual([['direct:ann', { kind: 'message', data: { text: 'Hello.' } }]]);
});

test('whoever gets one has said so before they read it, to whom the platform says sent it, and then that it was read', async () => {
  const { of, say, published } = line();
  const came: { from?: string; read(): Promise<void> }[] = [];
  of().on('message', (message) => came.push(message));
  await say({ kind: 'message', data: { text: 'Hi', from: 'eve' } }, 'ann');
  expect(came).toMatchObject([
    {
      messageId: 'msg_3',
      from: 'ann',
      data: { text: 'Hi' },
      sentAtMs: 5,
      position: { epoch: 'e', offset: 3 },
    },
  ]);
  await came[0]?.read();
  expect(published).toEqual([
    ['direct:ann', { kind: 'receipt', messageId: 'msg_3', receipt: 'delivered' }],
    ['direct:ann', { kind: 'receipt', messageId: 'msg_3', receipt: 'read' }],
  ]);
});

test('a receipt is by whom the platform says, and is answered by none', async () => {
  const { of, say, published } = line();
  const came: unknown[] = [];
  const messages = of();
  messages.on('receipt', (receipt) => came.push(receipt));
  messages.on('message', (message) => came.push(message));
  await say({ kind: 'receipt', messageId: 'msg_9', receipt: 'read', by: 'eve' }, 'ann');
  // No client says whose it is: nobody is believed.
  await say({ kind: 'receipt', messageId: 'msg_9', receipt: 'read' });
  expect(came).toEqual([
    { messageId: 'msg_9', by: 'ann', receipt: 'read', position: { epoch: 'e', offset: 3 } },
  ]);
  expect(published).toEqual([]);
});

test('what a server publishes there is a message that nobody is told of', async () => {
  const { of, say, published } = line();
  const came: { data: unknown; read(): Promise<void> }[] = [];
  of().on('message', (message) => came.push(message));
  await say({ invoice: 7 });
  await say({ kind: 'message', data: 'to myself' }, 'bob');
  await came[0]?.read();
  expect(came.map(({ data }) => data)).toEqual([{ invoice: 7 }, 'to myself']);
  expect(published).toEqual([]);
});

test('who was never there is told all that is held, and misses nothing; who was goes on from there', async () => {
  const { of, wanted, gap, say } = line();
  const gaps: unknown[] = [];
  of().on('gap', (position) => gaps.push(position));
  gap(40);
  expect(gaps).toEqual([]);
  await say({ kind: 'message', data: 1 }, 'ann');
  gap(60);
  expect(gaps).toEqual([{ epoch: 'e', offset: 60 }]);
  of({ epoch: 'e', offset: 4 });
  expect(wanted.map(({ from }) => from?.offset)).toEqual([0, 4]);
});

test('what came before anybody listened is told to all who listen in the same turn', async () => {
  const { of, say } = line();
  const messages = of();
  await say({ kind: 'receipt', messageId: 'msg_9', receipt: 'read' }, 'ann');
  await say({ kind: 'message', data: 1 }, 'ann');
  const came: string[] = [];
  messages.on('message', () => came.push('message'));
  messages.on('receipt', () => came.push('receipt'));
  await pause();
  expect(came).toEqual(['receipt', 'message']);
});
