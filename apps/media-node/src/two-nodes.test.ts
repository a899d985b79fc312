import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Channels } from '@patchbay/protocol/client/channels';
import type { FailureFields } from '@patchbay/protocol/client/failure';
import { Presences } from '@patchbay/protocol/client/presences';
import { SignalConversation } from '@patchbay/protocol/client/signal-conversation';
import type { ChannelEntry } from '@patchbay/protocol/client/subscription';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { bearerToken } from '@patchbay/protocol/credential/credential';
import type { ClientMessageOf, ServerFrame } from '@patchbay/protocol/signaling/messages';
import { until } from '@patchbay/testing/until';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { readEnv } from './platform/env.ts';
import { MemoryControlPlane } from './platform/testing/memory-control-plane.ts';
import { runSignaling } from './signaling/role.ts';

const log = pino({ level: 'silent' });
let folder: string;
let control: MemoryControlPlane;
let nodes: { readonly url: string; readonly nodeId: string; stop(): Promise<void> }[];
const stops: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-channels-'));
  control = await MemoryControlPlane.start();
  stops.push(() => control.stop());
  nodes = [await startNode('one'), await startNode('two')];
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  rmSync(folder, { recursive: true });
});

async function startNode(name: string) {
  const env = readEnv({
    PATCHBAY_HOST: '127.0.0.1',
    PATCHBAY_CONTROL_URL: control.url,
    PATCHBAY_JOIN_TOKEN: 'a join token for a test',
    PATCHBAY_DATA: path.join(folder, name),
    PATCHBAY_NODE_NAME: name,
    PATCHBAY_DRAIN_SECONDS: '0',
  });
  const at = control.nodes.length;
  const running = await runSignaling(env, log);
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await running();
  };
  stops.push(stop);
  const url = await until(() => control.nodes[at]?.urls.signal?.[0], {
    what: `the node ${name} to be known`,
  });
  return { url, nodeId: control.nodes[at]?.nodeId ?? '', stop };
}

/** A node that is a process of its own, and can be killed as one. */
async function spawnNode(name: string) {
  const at = control.nodes.length;
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts'), '--role', 'signaling'], {
    env: {
      NODE_ENV: 'test',
      PATCHBAY_HOST: '127.0.0.1',
      PATCHBAY_CONTROL_URL: control.url,
      PATCHBAY_JOIN_TOKEN: 'a join token for a test',
      PATCHBAY_DATA: path.join(folder, name),
      PATCHBAY_NODE_NAME: name,
    },
    stdio: 'ignore',
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  stops.push(kill);
  const url = await until(() => control.nodes[at]?.urls.signal?.[0], {
    what: `the node ${name} to be known`,
  });
  return { url, nodeId: control.nodes[at]?.nodeId ?? '', kill };
}

class Failed extends Error {
  readonly code: string;
  readonly status: number;
  constructor({ code, message, status = 0 }: FailureFields) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** A client that is always told to go to the address that the test says. */
function connect(
  identity: string,
  at: { url: string },
  { caveats = [], deviceName }: { caveats?: readonly Restriction[]; deviceName?: string } = {},
) {
  const after = (ms: number, act: () => void) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  };
  const toFailure = (fields: FailureFields) => new Failed(fields);
  const conversation = new SignalConversation<Failed>({
    ...{ agent: 'test', device: 'server', instanceId: randomUUID(), toFailure, after },
    ...(deviceName === undefined ? {} : { deviceName }),
    fetchToken: async () => ({
      token: bearerToken(control.credential({ type: 'identity', identity }, ...caveats)),
      signalUrl: at.url,
    }),
    openSocket(url, { onOpen, onMessage, onClose }) {
      const socket = new WebSocket(url);
      socket.on('open', onOpen).on('message', (data) => onMessage(String(data)));
      socket.on('close', (code, reason) => onClose(code, String(reason))).on('error', () => undefined);
      const close = (code?: number) => (code === 1000 ? socket.close(code) : socket.terminate());
      return { send: (source) => socket.send(source), close };
    },
    asRefusal: () => undefined,
    pageOf: (code) => `/docs/errors/${code}`,
    nowMs: Date.now,
    random: Math.random,
  });
  const channels = new Channels(conversation, { toFailure, after });
  conversation.start();
  stops.push(() => conversation.close());
  return { conversation, channels };
}

/** A client that makes and takes calls, and keeps what it is told. */
function phone(identity: string, at: { url: string }, deviceName?: string) {
  const { conversation } = connect(identity, at, deviceName === undefined ? {} : { deviceName });
  const heard: ServerFrame[] = [];
  conversation.on('frame', (frame) => heard.push(frame));
  const all = <Type extends ServerFrame['type']>(type: Type) =>
    heard.filter((frame): frame is Extract<ServerFrame, { type: Type }> => frame.type === type);
  const hear = <Type extends ServerFrame['type']>(type: Type) =>
    until(() => all(type)[0], { what: `${identity} to hear ${type}` });
  let count = 0;
  /** Calls until it rings: a node hears of another one within seconds. */
  const call = async (to: string, more: Partial<ClientMessageOf<'call'>> = {}) => {
    for (;;) {
      count += 1;
      const requestId = `${identity}-${count}`;
      conversation.send({ type: 'call', requestId, to, media: sound, ...more });
      const answer = await until(
        () =>
          heard.find(
            (frame) =>
              (frame.type === 'ringing' || frame.type === 'refused') && frame.requestId === requestId,
          ),
        { what: 'the call to ring' },
      );
      if (answer.type === 'ringing') return answer.sessionId;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  return { conversation, heard, all, hear, call };
}

const sound = { audio: true, video: false, screen: false };
const offerOf = (sdp: string) => ({ kind: 'description', type: 'offer', sdp }) as const;

const dataOf = (entries: readonly ChannelEntry[]) => entries.map(({ data }) => data);

test('what one client publishes, those of another node receive, in order and each once', async () => {
  const [one, two] = nodes;
  if (one === undefined || two === undefined) throw new Error('There are no two nodes.');
  const alice = connect('alice', one).channels.of('chat:a');
  const heard: ChannelEntry[] = [];
  const subscription = connect('bob', two).channels.of('chat:a').subscribe();
  subscription.on('message', (entry) => heard.push(entry));
  await subscription.ready();
  await Promise.all([1, 2, 3].map((data) => alice.publish({ data })));
  await until(() => heard.length === 3, { what: 'three messages' });
  expect(heard.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  expect(heard[0]?.publisher).toBe('alice');
  await alice.publish(Uint8Array.of(1, 2, 255));
  await until(() => heard.length === 4, { what: 'bytes' });
  expect(heard[3]?.data).toEqual(Uint8Array.of(1, 2, 255));
}, 120_000);

test('a node dies: its clients are in the channel no more, go on at the other node, and miss nothing', async () => {
  const [one, two] = nodes;
  if (one === undefined || two === undefined) throw new Error('There are no two nodes.');
  const at = { url: one.url };
  const watcher = connect('watcher', two).channels.of('chat:a').subscribe({ presence: true });
  const seen: string[] = [];
  watcher.on('joined', ({ identity }) => seen.push(`joined ${identity}`));
  watcher.on('left', ({ identity }) => seen.push(`left ${identity}`));
  await watcher.ready();
  const heard: ChannelEntry[] = [];
  const gaps: unknown[] = [];
  const { channels, conversation } = connect('bob', at);
  const subscription = channels.of('chat:a').subscribe({ presence: true });
  subscription.on('message', (entry) => heard.push(entry));
  subscription.on('gap', (gap) => gaps.push(gap));
  await subscription.ready();
  await until(() => seen.includes('joined bob'), { what: 'bob to be seen' });
  control.channels.publish(control.accountId, 'chat:a', { data: '1' });
  await until(() => heard.length === 1, { what: 'the first message' });
  at.url = two.url;
  control.lose(one.nodeId);
  conversation.dropSocket();
  for (const data of ['2', '3']) control.channels.publish(control.accountId, 'chat:a', { data });
  await until(() => heard.length === 3, { what: 'what was published meanwhile' });
  control.channels.publish(control.accountId, 'chat:a', { data: '4' });
  await until(() => heard.length === 4, { what: 'what is published afterwards' });
  expect(dataOf(heard)).toEqual([1, 2, 3, 4]);
  expect(gaps).toEqual([]);
  await until(() => seen.filter((each) => each === 'joined bob').length === 2, { what: 'bob to be back' });
  expect(seen).toContain('left bob');
  expect((await watcher.members()).map(({ identity }) => identity).sort()).toEqual(['bob', 'watcher']);
}, 120_000);

test('what the bus did not bring is read from the log before what follows', async () => {
  const [one] = nodes;
  if (one === undefined) throw new Error('There is no node.');
  control.channels.unheard.add(2);
  const subscription = connect('bob', one).channels.of('news').subscribe();
  await subscription.ready();
  const loop = subscription[Symbol.asyncIterator]();
  for (const data of ['1', '2', '3']) control.channels.publish(control.accountId, 'news', { data });
  const got = [await loop.next(), await loop.next(), await loop.next()].map(({ value }) => value?.data);
  expect(got).toEqual([1, 2, 3]);
  await loop.return?.(undefined);
}, 120_000);

test('a credential for calls alone has no part in channels, and one for channels alone none in calls', async () => {
  const [one] = nodes;
  if (one === undefined) throw new Error('There is no node.');
  const forCalls: Restriction = { type: 'services', services: ['signaling', 'network-discovery'] };
  const refused = connect('alice', one, { caveats: [forCalls] }).channels.of('news');
  await expect(refused.subscribe().ready()).rejects.toMatchObject({ code: 'credential.service_not_allowed' });
  await expect(refused.publish(1)).rejects.toMatchObject({ code: 'credential.service_not_allowed' });
  const { channels, conversation } = connect('bob', one, {
    caveats: [{ type: 'services', services: ['notification'] }],
  });
  await channels.of('news').subscribe().ready();
  await channels.of('news').publish(1);
  const answers: string[] = [];
  conversation.on('frame', (frame) => {
    if (frame.type === 'refused') answers.push(frame.problem.code);
  });
  const media = { audio: true, video: false, screen: false };
  conversation.send({ type: 'call', requestId: 'r1', to: 'user:alice', media });
  await until(() => answers.length > 0, { what: 'the call to be refused' });
  expect(answers).toEqual(['policy.refused']);
  const without: Restriction = { type: 'features', features: ['notification.subscribe'] };
  const reader = connect('carol', one, { caveats: [without] }).channels.of('news');
  await reader.subscribe().ready();
  await expect(reader.publish(1)).rejects.toMatchObject({ status: 403 });
  await expect(reader.subscribe({ presence: true }).ready()).rejects.toMatchObject({ status: 403 });
  // What limits calls alone would limit nothing here.
  const timed: Restriction = { type: 'seconds', max: 60, counts: 'total' };
  await expect(
    connect('dave', one, { caveats: [timed] })
      .channels.of('news')
      .publish(1),
  ).rejects.toMatchObject({
    code: 'credential.caveat_unenforced',
  });
}, 120_000);

test('whom a namespace lets in no longer is unsubscribed, and told why', async () => {
  const [one] = nodes;
  if (one === undefined) throw new Error('There is no node.');
  const subscription = connect('bob', one).channels.of('news').subscribe();
  await subscription.ready();
  const closed = new Promise<Error>((resolve) => subscription.once('closed', resolve));
  control.channels.settings = { ...control.channels.settings, subscribers: 'nobody' };
  control.publish({ type: 'channels.changed', accountId: control.accountId });
  expect(await closed).toMatchObject({ code: 'notification.subscribe_refused' });
}, 120_000);

test('messages are metered as published and delivered, and the time for which a client was subscribed', async () => {
  const [one] = nodes;
  if (one === undefined) throw new Error('There is no node.');
  const { channels, conversation } = connect('bob', one);
  const channel = channels.of('news');
  const subscription = channel.subscribe();
  await subscription.ready();
  await channel.publish(1);
  await channel.publish(2);
  await until(() => subscription.position?.offset === 2, { what: 'both messages' });
  conversation.close();
  await one.stop();
  const used = control.records
    .filter(({ service }) => service === 'notification')
    .flatMap(({ endpointId, quantities }) => quantities.map((quantity) => ({ endpointId, ...quantity })));
  const sumOf = (direction: string) =>
    used
      .filter(({ dimensions }) => dimensions.direction === direction)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  expect([sumOf('published'), sumOf('delivered')]).toEqual([2, 2]);
  expect(used.some(({ meter, quantity }) => meter === 'subscribedMs' && quantity > 0)).toBe(true);
  expect(new Set(used.map(({ endpointId }) => endpointId))).toEqual(new Set(['user:bob']));
}, 120_000);

test('a call reaches an endpoint that is connected at another node: both talk, are metered, and hang up', async () => {
  const [one, two] = nodes;
  if (one === undefined || two === undefined) throw new Error('There are no two nodes.');
  const [alice, bob] = [phone('alice', one), phone('bob', two)];
  const sessionId = await alice.call('user:bob');
  const incoming = await bob.hear('incoming');
  expect(incoming).toMatchObject({ sessionId, from: 'alice' });
  bob.conversation.send({ type: 'accept', sessionId, media: sound });
  expect(await alice.hear('started')).toMatchObject({ peer: 'bob', initiator: true, generation: 0 });
  expect(await bob.hear('started')).toMatchObject({ peer: 'alice', initiator: false });
  alice.conversation.send({ type: 'signal', sessionId, generation: 0, data: offerOf('v=0 of alice') });
  expect(await bob.hear('signal')).toMatchObject({ data: { sdp: 'v=0 of alice' } });
  // A connection that is lost for a moment loses no word, and the call goes on.
  bob.conversation.dropSocket();
  for (const sdp of ['v=0 again', 'v=0 and again'])
    alice.conversation.send({ type: 'signal', sessionId, generation: 0, data: offerOf(sdp) });
  await until(() => bob.all('signal').length === 3, { what: 'what was said meanwhile' });
  bob.conversation.send({ type: 'signal', sessionId, generation: 0, data: offerOf('v=0 of bob') });
  expect(await alice.hear('signal')).toMatchObject({ data: { sdp: 'v=0 of bob' } });
  bob.conversation.send({ type: 'hangup', sessionId });
  expect(await alice.hear('ended')).toMatchObject({ reason: { code: 'signaling.hung_up' } });
  expect(await bob.hear('ended')).toMatchObject({ reason: { code: 'signaling.hung_up' } });
  await until(() => control.events.some(({ type }) => type === 'session.ended'), { what: 'the log' });
  const joined = control.events.filter(({ type }) => type === 'leg.joined').map(({ data }) => data.identity);
  expect(joined).toEqual(['alice', 'bob']);
  const used = () =>
    control.records
      .filter(({ quantities }) => quantities.some(({ meter }) => meter === 'connectedMs'))
      .map(({ endpointId }) => endpointId);
  await until(() => new Set(used()).size === 2, { what: 'the time of both' });
  expect(new Set(used())).toEqual(new Set(['user:alice', 'user:bob']));
}, 120_000);

test('the node of the called party dies: the caller is told within five seconds, and whoever comes back elsewhere is called there', async () => {
  const [one, three] = nodes;
  if (one === undefined || three === undefined) throw new Error('There are no two nodes.');
  const two = await spawnNode('killed');
  const at = { url: two.url };
  const [alice, bob] = [phone('alice', one), phone('bob', at)];
  const sessionId = await alice.call('user:bob');
  await bob.hear('incoming');
  bob.conversation.send({ type: 'accept', sessionId, media: sound });
  await alice.hear('started');
  at.url = three.url;
  const diedMs = Date.now();
  control.lose(two.nodeId);
  await two.kill();
  expect(await alice.hear('ended')).toMatchObject({ sessionId, reason: { code: 'signaling.node_lost' } });
  expect(Date.now() - diedMs).toBeLessThan(5_500);
  bob.conversation.dropSocket();
  const again = await alice.call('user:bob');
  await until(() => bob.all('incoming').some((frame) => frame.sessionId === again), { what: 'the new call' });
}, 120_000);

test('the node that holds the call dies: the called party is told within five seconds', async () => {
  const [two] = nodes;
  if (two === undefined) throw new Error('There are no two nodes.');
  const one = await spawnNode('killed');
  const [alice, bob] = [phone('alice', one), phone('bob', two)];
  const sessionId = await alice.call('user:bob');
  await bob.hear('incoming');
  bob.conversation.send({ type: 'accept', sessionId, media: sound });
  await bob.hear('started');
  const diedMs = Date.now();
  await one.kill();
  expect(await bob.hear('ended')).toMatchObject({ sessionId, reason: { code: 'signaling.node_lost' } });
  expect(Date.now() - diedMs).toBeLessThan(5_500);
}, 120_000);

test('who is watched is seen from another node: coming, saying something, and going, with no word of a moment without a connection', async () => {
  const [one, two] = nodes;
  if (one === undefined || two === undefined) throw new Error('There are no two nodes.');
  const seen: string[] = [];
  const presences = new Presences(connect('alice', one).conversation);
  presences
    .watch('bob')
    .on('changed', ({ state, note }) => seen.push(note === undefined ? state : `${state}: ${note}`));
  await until(() => seen.length === 1, { what: 'bob to be offline' });
  const bob = connect('bob', two).conversation;
  await until(() => seen.length === 2, { what: 'bob to be there' });
  new Presences(bob).set({ state: 'dnd', note: 'On stage' });
  await until(() => seen.length === 3, { what: 'what bob said' });
  bob.dropSocket();
  await until(() => bob.state === 'connected', { what: 'bob to be back' });
  bob.close();
  await until(() => seen.length === 4, { what: 'bob to be gone' });
  expect(seen).toEqual(['offline', 'available', 'dnd: On stage', 'offline: On stage']);
  // Whoever asks later is told at once.
  const later = presences.watch('bob');
  await until(() => later.current?.state === 'offline', { what: 'what is known' });
}, 120_000);
