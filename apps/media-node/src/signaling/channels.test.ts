import { closeCodes } from '@patchbay/protocol/signaling/messages';
import { describe, expect, it } from 'vitest';
import type { ChannelAnswer } from './channel-platform.ts';
import { type BenchClient, MachineBench } from './testing/machine-bench.ts';

const message = (offset: number, epoch = 'e1') => ({
  ...{ epoch, offset, messageId: `m${offset}`, publishedAtMs: 0 },
  ...{ encoding: 'json', data: String(offset) },
});
const part = (offsets: readonly number[], headOffset = offsets.at(-1) ?? 0, epoch = 'e1') => ({
  ...{ epoch, headOffset, firstOffset: 1, throughOffset: headOffset },
  messages: offsets.map((offset) => message(offset, epoch)) as never[],
});
const subscribed = (offsets: readonly number[], headOffset?: number): ChannelAnswer => ({
  kind: 'subscribed',
  part: part(offsets, headOffset),
  showsPresence: true,
});
const away: ChannelAnswer = {
  kind: 'away',
  problem: { type: '', code: 'platform.unavailable', title: 'Away.', status: 503 },
};

/** A machine with one client, and short words for what a test does to them. */
function bench() {
  const world = new MachineBench();
  const bob = world.connect({ identity: 'bob' });
  const answer = (given: ChannelAnswer) => {
    const asked = world.asked.shift();
    if (asked === undefined) throw new Error('Nothing was asked.');
    world.feed({ type: 'channelAnswered', askId: asked.askId, answer: given });
    return asked.question;
  };
  const publish = (offset: number, epoch = 'e1') =>
    world.tell({
      ...{ type: 'channelMessage', accountId: 'acc_a', channel: 'news' },
      message: message(offset, epoch) as never,
    });
  const subscribe = (client: BenchClient, more: object = {}) =>
    client.send({ type: 'subscribe', subscriptionId: 's1', channel: 'news', isPresent: false, ...more });
  const heard = (client = bob) => client.all('channelMessage').map(({ offset }) => offset);
  return { world, bob, answer, publish, subscribe, heard };
}

describe('channels of a node (NTF)', () => {
  it('what is published while it is not yet known where the log stands is not lost', () => {
    const { bob, answer, publish, subscribe, heard } = bench();
    subscribe(bob);
    publish(8);
    answer(subscribed([], 7));
    expect(answer({ kind: 'read', part: part([8]) })).toMatchObject({ kind: 'read', after: { offset: 7 } });
    expect(heard()).toEqual([8]);
  });

  it('a client that takes messages too slowly is cut off by name, and goes on behind what it has', () => {
    const { world, bob, answer, publish, subscribe, heard } = bench();
    subscribe(bob);
    answer(subscribed([], 0));
    publish(1);
    world.slowSocketIds.add(bob.socketId);
    publish(2);
    expect(bob.last('unsubscribed').reason.code).toBe('notification.too_slow');
    world.slowSocketIds.clear();
    publish(3);
    subscribe(bob, { subscriptionId: 's2', position: { epoch: 'e1', offset: 1 } });
    expect(answer(subscribed([2, 3]))).toMatchObject({ after: { epoch: 'e1', offset: 1 } });
    expect(heard()).toEqual([1, 2, 3]);
  });

  it('a message of another account’s channel of the same name reaches nobody here', () => {
    const { world, bob, answer, subscribe, heard } = bench();
    subscribe(bob);
    answer(subscribed([], 0));
    world.tell({
      ...{ type: 'channelMessage', accountId: 'acc_b', channel: 'news' },
      message: message(1) as never,
    });
    expect(heard()).toEqual([]);
    expect(world.asked).toEqual([]);
  });

  it('a subscription goes on while the control plane is away, and is brought up to date when it is back', () => {
    const { world, bob, answer, publish, subscribe, heard } = bench();
    subscribe(bob);
    answer(subscribed([], 0));
    world.tell({ type: 'busGap' });
    answer(away);
    publish(1);
    answer(away);
    expect(bob.all('unsubscribed')).toEqual([]);
    world.pass(1_250);
    answer(subscribed([1, 2]));
    expect(heard()).toEqual([1, 2]);
  });

  it('who cannot be answered when they come is told so, and has no subscription', () => {
    const { world, bob, answer, publish, subscribe, heard } = bench();
    subscribe(bob);
    answer(away);
    expect(bob.last('refused')).toMatchObject({ requestId: 's1', problem: { status: 503 } });
    publish(1);
    expect([heard(), world.asked]).toEqual([[], []]);
  });

  it('a connection that is lost is in no channel, and one that the platform took for gone says that it is there', () => {
    const { world, bob, answer, subscribe } = bench();
    subscribe(bob, { isPresent: true });
    answer(subscribed([], 0));
    const { connectionId } = bob.last('authenticated');
    const left = { type: 'channelPresence', accountId: 'acc_a', channel: 'news', change: 'left' } as const;
    world.tell({ ...left, member: { connectionId, identity: 'bob', sinceMs: 0 } });
    expect(answer(subscribed([], 0))).toMatchObject({ kind: 'subscribe', isPresent: true, isRunning: true });
    bob.lose();
    expect(world.platform.left).toEqual([{ accountId: 'acc_a', channel: 'news', connectionId }]);
  });

  it('who is there is shown to whom is shown, and to nobody else', () => {
    const { world, bob, answer, subscribe } = bench();
    const carol = world.connect({ identity: 'carol' });
    subscribe(bob, { isPresent: true });
    answer(subscribed([], 0));
    subscribe(carol);
    answer(subscribed([], 0));
    const member = { connectionId: 'con_x', identity: 'dave', sinceMs: 0 };
    const joined = {
      type: 'channelPresence',
      accountId: 'acc_a',
      channel: 'news',
      change: 'joined',
    } as const;
    world.tell({ ...joined, member });
    expect(bob.all('joined')).toMatchObject([{ member }]);
    expect(carol.all('joined')).toEqual([]);
    carol.send({ type: 'members', requestId: 'r', subscriptionId: 's1' });
    expect(carol.last('refused').problem.code).toBe('notification.presence_refused');
  });

  it('an answer that is older than the log that begins anew takes nobody back to the old one', () => {
    const { world, bob, answer, publish, subscribe, heard } = bench();
    subscribe(bob);
    answer(subscribed([], 0));
    publish(2);
    world.tell({ type: 'channelsChanged', accountId: 'acc_a' });
    // One question at a time: whether it may go on is asked behind the read that is open.
    expect(world.asked).toHaveLength(1);
    answer({ kind: 'read', part: part([1, 2]) });
    answer({ kind: 'subscribed', part: part([1], 1, 'e2'), showsPresence: true });
    publish(2, 'e2');
    expect(bob.all('gap')).toMatchObject([{ epoch: 'e2', offset: 0 }]);
    expect(heard()).toEqual([1, 2, 1, 2]);
  });

  it('a client has so many subscriptions, and what it says of channels is no message of signaling', () => {
    const { world, bob } = bench();
    for (let index = 0; index <= 100; index += 1)
      bob.send({ type: 'subscribe', subscriptionId: `s${index}`, channel: 'news', isPresent: false });
    expect(bob.all('refused')).toMatchObject([{ requestId: 's100', problem: { status: 409 } }]);
    world.pass(6_000);
    expect(world.platform.used('messages')).toBe(0);
  });

  it('who sends more than the rate of frames is cut off, whatever they send', () => {
    const { world, bob } = bench();
    for (let index = 0; index < 300 && !world.closed.has(bob.socketId); index += 1)
      bob.send({ type: 'publish', requestId: `r${index}`, channel: 'news', encoding: 'json', data: '1' });
    expect(world.closed.get(bob.socketId)).toBe(closeCodes.tooFast);
  });
});
