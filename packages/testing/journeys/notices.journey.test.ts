/** An endpoint is told something, with all of the platform as a user starts it: connected, and away with an e-mail in its place. */

import type { Patchbay } from '@patchbay/sdk-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  connect,
  type DirectMessage,
  type MessageReceipt,
  type Notice,
  TokenSource,
} from '../../sdk-browser/src/index.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { patchbayOf } from '../src/sdk-client.ts';
import { until } from '../src/until.ts';

let platform: RunningPlatform;
let pb: Patchbay;
beforeAll(async () => {
  platform = await startPlatform();
  pb = patchbayOf(platform.env);
}, 300_000);
afterAll(() => platform?.stop(), 60_000);

const stateOf = async (noticeId: string) => (await pb.notification.getNotice({ noticeId })).state;
const becomes = (noticeId: string, state: string) =>
  until(async () => (await stateOf(noticeId)) === state, {
    what: `the notice to be ${state}`,
    timeoutMs: 20_000,
  });

test('who is connected hears it, and its server knows that it came and was read; who is away is written to (NTF)', async () => {
  const identity = 'bob';
  await pb.notification.addSubscription({ identity, email: { address: 'bob@example.test' } });
  const services = ['signaling', 'network-discovery', 'notification'] as const;
  const client = connect({ token: TokenSource.custom(async () => pb.token({ identity, services })) });
  const heard: Notice[] = [];
  try {
    const notices = await client.notices();
    notices.on('notice', (notice) => heard.push(notice));
    const { id } = await pb.notification.send({ identity, title: 'Your turn', data: { room: 7 } });
    await until(() => heard.length === 1, { what: 'the notice', timeoutMs: 20_000 });
    expect(heard[0]).toMatchObject({ id, title: 'Your turn', data: { room: 7 } });
    await becomes(id, 'delivered');
    expect(await heard[0]?.read()).toBe(true);
    await becomes(id, 'read');
    const { deliveries } = await pb.notification.getNotice({ noticeId: id });
    expect(deliveries).toMatchObject([{ way: 'websocket', state: 'accepted' }]);
  } finally {
    client.close();
  }
  // Nobody else hears it.
  const eve = connect({ token: TokenSource.custom(async () => pb.token({ identity: 'eve', services })) });
  await expect(eve.channel('notices:bob').subscribe().ready()).rejects.toMatchObject({
    code: 'notification.subscribe_refused',
  });
  eve.close();
  await until(
    async () => (await pb.notification.listMembers({ channel: 'notices:bob' }).page()).items.length === 0,
    { what: 'bob to be gone', timeoutMs: 20_000 },
  );
  const { id: away } = await pb.notification.send({ identity, title: 'Where are you?' });
  await becomes(away, 'sent');
  const { deliveries } = await pb.notification.getNotice({ noticeId: away });
  expect(deliveries).toMatchObject([{ way: 'email', state: 'accepted' }]);
  expect(heard).toHaveLength(1);
}, 120_000);

test('one endpoint writes to another that is away: it is held, comes when they are back, and its receipts come back (NTF)', async () => {
  const clientOf = (identity: string) =>
    connect({ token: TokenSource.custom(async () => pb.token({ identity, services: ['notification'] })) });
  const ann = clientOf('ann');
  // Nobody writes to anybody before the account says so.
  const annsMessages = await ann.messages();
  await expect(annsMessages.send('ben', { text: 'Hello.' })).rejects.toMatchObject({
    code: 'notification.publish_refused',
  });
  const shape = { subscribers: 'named', publishers: 'anybody', historySeconds: 604_800 } as const;
  await pb.notification.putNamespace({ namespace: 'direct', ...shape });
  const receipts: MessageReceipt[] = [];
  annsMessages.on('receipt', (receipt) => receipts.push(receipt));
  const { messageId } = await annsMessages.send('ben', { text: 'Hello.' });
  const eve = clientOf('eve');
  await expect(eve.channel('direct:ben').subscribe().ready()).rejects.toMatchObject({
    code: 'notification.subscribe_refused',
  });
  const ben = clientOf('ben');
  const came: DirectMessage[] = [];
  const gaps: unknown[] = [];
  const bensMessages = await ben.messages();
  bensMessages.on('gap', (position) => gaps.push(position));
  bensMessages.on('message', (message) => came.push(message));
  await until(() => came.length === 1, { what: 'what was held', timeoutMs: 20_000 });
  expect(came[0]).toMatchObject({ messageId, from: 'ann', data: { text: 'Hello.' } });
  await until(() => receipts.length === 1, { what: 'the word that it came', timeoutMs: 20_000 });
  await came[0]?.read();
  await until(() => receipts.length === 2, { what: 'the word that it was read', timeoutMs: 20_000 });
  expect(receipts).toMatchObject([
    { messageId, by: 'ben', receipt: 'delivered' },
    { messageId, by: 'ben', receipt: 'read' },
  ]);
  // Whoever says where they were is told nothing twice.
  const position = came[0]?.position;
  ben.close();
  await annsMessages.send('ben', { text: 'And again.' });
  const back = clientOf('ben');
  const later: DirectMessage[] = [];
  (await back.messages(position === undefined ? {} : { from: position })).on('message', (one) =>
    later.push(one),
  );
  await until(() => later.length === 1, { what: 'the second alone', timeoutMs: 20_000 });
  expect(later.map(({ data }) => data)).toEqual([{ text: 'And again.' }]);
  expect(gaps).toEqual([]);
  for (const client of [ann, eve, back]) client.close();
}, 120_000);
