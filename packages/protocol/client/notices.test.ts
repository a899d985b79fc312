import { setImmediate as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Channel } from './channel.ts';
import { Notices, noticesChannelOf } from './notices.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';

function heard(options: { isThrough?: boolean } = {}) {
  const sent: string[] = [];
  const asked: SubscriptionOptions[] = [];
  let subscription: Subscription | undefined;
  let ended = 0;
  const channel = {
    subscribe(wanted: SubscriptionOptions) {
      asked.push(wanted);
      subscription = new Subscription('notices:bob', wanted, {
        begin: () => undefined,
        end: () => {
          ended += 1;
        },
        history: async function* () {},
        members: async () => [],
      });
      return subscription;
    },
  } as unknown as Channel;
  const send = async (url: string) => {
    sent.push(url);
    return options.isThrough ?? true;
  };
  return {
    sent,
    asked,
    of: (from?: { epoch: string; offset: number }) =>
      new Notices(channel, { send, ...(from === undefined ? {} : { from }) }),
    async say(data: unknown, offset = 1) {
      subscription?.hear({
        ...{ epoch: 'e', offset, messageId: 'msg_1', publishedAtMs: 0 },
        ...{ encoding: 'json', data: JSON.stringify(data) ?? 'null' },
      });
      await pause();
    },
    endedCount: () => ended,
  };
}
const told = { noticeId: 'ntc_1', receiptUrl: 'https://a.test/api/receipts/ntc_1?s=1', title: 'Your turn' };

test('whoever hears a notice has said so before it is read, and says that as well', async () => {
  const line = heard();
  const notices = line.of();
  const came: unknown[] = [];
  notices.on('notice', (notice) => came.push(notice));
  await line.say({ ...told, body: 'Room 7.', data: { room: 7 } });
  expect(came).toMatchObject([
    {
      id: 'ntc_1',
      title: 'Your turn',
      body: 'Room 7.',
      data: { room: 7 },
      position: { epoch: 'e', offset: 1 },
    },
  ]);
  expect(line.sent).toEqual([`${told.receiptUrl}&receipt=delivered`]);
  const [notice] = came as [{ read(): Promise<boolean> }];
  expect(await notice.read()).toBe(true);
  expect(line.sent.at(-1)).toBe(`${told.receiptUrl}&receipt=read`);
});

test('what anybody else publishes there is no notice, and nothing is said of it', async () => {
  const line = heard();
  const came: unknown[] = [];
  line.of().on('notice', (notice) => came.push(notice));
  for (const other of ['hello', null, [told], { ...told, noticeId: 7 }, { ...told, receiptUrl: undefined }])
    await line.say(other);
  expect([came, line.sent]).toEqual([[], []]);
});

test('it is shown to be there, goes on from where it was, and ends', async () => {
  const line = heard();
  const notices = line.of({ epoch: 'e', offset: 4 });
  expect(line.asked).toEqual([{ presence: true, from: { epoch: 'e', offset: 4 } }]);
  notices.close();
  expect(line.endedCount()).toBe(1);
  expect(noticesChannelOf('bob')).toBe('notices:bob');
});
