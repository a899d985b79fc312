/** An endpoint is told something, with all of the platform as a user starts it: connected, and away with an e-mail in its place. */
import { connect, type Notice, TokenSource } from '../../sdk-browser/src/index.ts';
import type { Patchbay } from '@patchbay/sdk-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
