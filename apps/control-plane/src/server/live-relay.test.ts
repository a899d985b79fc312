/** Nodes as processes of their own, with keys, policy and lists of a real control plane: what they promise together. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { ManagedProcess } from '@patchbay/adapters/processes/managed-process';
import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { method } from '@patchbay/protocol/stun/message';
import { encodeChannelData } from '@patchbay/protocol/turn/channel-data';
import { codeOf, lifetime, udpTransport } from '@patchbay/protocol/turn/testing/client-session';
import { inherited } from '@patchbay/testing/env';
import { freeUdpPort } from '@patchbay/testing/free-port';
import { openRawClient, openRawSocket, type RawClient } from '@patchbay/testing/raw-turn-client';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-live-relay-'));
const LISTED = '127.0.0.9';

let database: TestDatabase;
let served: Served;
let server: Server;
let relay: ManagedProcess;
let account: Tenant;
let port: number;

/** The routes of the control plane that nodes use, and no others. */
async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method: verb = 'GET', url = '/', headers } = incoming;
  const request = new Request(new URL(url, 'http://control.test'), {
    method: verb,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]),
    signal: gone.signal,
    ...(verb === 'GET' ? {} : { body: Buffer.concat(chunks) }),
  });
  const response = await served.internal(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]).pipe(outgoing);
}

async function startNode(role: 'relay' | 'signaling', more: Readonly<Record<string, string>> = {}) {
  const joinToken = await served.control.fleet.createJoinToken({
    roles: [role],
    region: 'local',
    lifetimeMs: 60_000,
  });
  return new ManagedProcess({
    name: role,
    args: [path.join(root, 'apps/media-node/src/main.ts'), '--role', role],
    cwd: root,
    env: {
      ...inherited,
      PATCHBAY_CONTROL_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      PATCHBAY_JOIN_TOKEN: joinToken,
      PATCHBAY_DATA: folder,
      PATCHBAY_ALLOW_LOOPBACK_PEERS: '1',
      PATCHBAY_DRAIN_SECONDS: '0',
      ...more,
    },
    onOutput: () => {},
    onCrash: () => {},
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl, { PATCHBAY_ALLOW_LOOPBACK_PEERS: '1' });
  served.control.credentialEndsWork.start();
  server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = await freeUdpPort();
  relay = await startNode('relay', { PATCHBAY_TURN_PORT: String(port) });
  account = await signUp(served, 'live-relay');
  await until(async () => (await served.control.fleet.live({ role: 'relay' })).length > 0, {
    what: 'the relay to serve',
    timeoutMs: 30_000,
  });
}, 120_000);

afterAll(async () => {
  await relay.stop(1_000);
  server.closeAllConnections();
  server.close();
  await served.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const address = { ip: ipFromText('127.0.0.1') ?? new Uint8Array(4) };
const at = (place: string) => `/v1/accounts/${account.accountId}${place}`;
const rest = (verb: string, place: string, body?: object) =>
  served.rest(verb, at(place), { key: account.key, ...(body === undefined ? {} : { body }) });

async function clientWith(limits: object): Promise<RawClient> {
  const { body } = await rest('POST', '/services/network-discovery/ice-servers', limits);
  const [{ username, credential: password }] = body.iceServers;
  return await openRawClient({ ...address, port }, { username, password });
}

test('an event that ends a credential ends its session at a live relay within 5 seconds, and no other (ACC-7)', async () => {
  const [ended, other] = [
    await clientWith({ endEvent: 'policy.changed', identity: 'ann' }),
    await clientWith({ identity: 'bob' }),
  ];
  try {
    for (const client of [ended, other]) expect(codeOf(await client.allocate())).toBe(0);
    await rest('PUT', '/policy', { sessionSecondsMax: 3_000 });
    const happenedMs = performance.now();
    const refreshed = async (client: RawClient) => codeOf(await client.ask(method.refresh, [lifetime(600)]));
    // RFC 8656 §7.3: what is not there any more cannot be refreshed.
    await until(async () => (await refreshed(ended)) !== 0, { what: 'the session to end', timeoutMs: 5_000 });
    expect(performance.now() - happenedMs).toBeLessThan(5_000);
    expect(codeOf(await ended.allocate())).not.toBe(0);
    expect(await refreshed(other)).toBe(0);
    await until(
      async () =>
        (await rest('GET', '/sessions?kind=relay&state=all')).body.items.some(
          ({ endCode }: { endCode?: string }) => endCode === 'credential.revoked',
        ),
      { what: 'its log to say why' },
    );
  } finally {
    for (const { socket } of [ended, other]) socket.close();
  }
});

test('a listed address counts as its account without a credential: what it relays is that account’s session and use (ACC-9)', async () => {
  const nobody = { username: '', password: '' };
  const trunk = await openRawClient({ ...address, port }, nobody, LISTED);
  const peer = await openRawSocket();
  const allocated = async () => codeOf(await trunk.ask(method.allocate, [udpTransport], { isSigned: false }));
  try {
    expect(await allocated()).toBe(401);
    const listed = [{ network: `${LISTED}/32`, authenticates: true }, { network: '127.0.0.1/32' }];
    expect(await rest('PUT', '/allow-list', { keys: [], credentials: listed })).toMatchObject({
      status: 200,
    });
    await until(async () => (await allocated()) === 0, {
      what: 'the relay to know the list',
      timeoutMs: 6_000,
    });
    expect(await trunk.bind(0x4000, peer.address)).toBe(0);
    trunk.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(100) }));
    const session = await until(
      async () => {
        const { items } = (await rest('GET', '/sessions?kind=relay&state=open')).body;
        return items.find(({ mode }: { mode: string }) => mode === 'relay') as { id: string } | undefined;
      },
      { what: 'its session in the account' },
    );
    await until(async () => (await rest('GET', `/sessions/${session.id}`)).body.relayBytes === '100', {
      what: 'its use',
    });
  } finally {
    trunk.socket.close();
    peer.close();
  }
});

const sound = { audio: true, video: false, screen: false };

interface HeardFrame {
  readonly type: string;
  readonly sessionId: string;
  readonly [field: string]: unknown;
}

/** The last frame of its kind, once it says this. */
const lastFits = (frame: HeardFrame | undefined, fields: object): HeardFrame | undefined =>
  frame !== undefined && Object.entries(fields).every(([name, value]) => frame[name] === value)
    ? frame
    : undefined;

/** A client of signaling that says what the test says. */
async function signalClient(identity: string) {
  const { body } = await rest('POST', '/services/signaling/tokens', { identity });
  const socket = new WebSocket(body.signalUrl);
  const frames: { readonly type: string; readonly sessionId: string; readonly [field: string]: unknown }[] =
    [];
  socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data))));
  await once(socket, 'open');
  let sequence = -1;
  const say = (frame: object) => socket.send(JSON.stringify({ ...frame, sequence: ++sequence }));
  const heard = (type: string, fields: object = {}) =>
    until(
      () =>
        lastFits(
          frames.findLast((frame) => frame.type === type),
          fields,
        ),
      { what: `${identity} to hear ${type}`, pollMs: 5 },
    );
  say({ type: 'authenticate', token: body.token, protocolVersion: 1, understands: ['control'] });
  await heard('authenticated');
  return { say, heard, socket };
}

test('an order about a live call is carried out within a second, once, for its own account alone; a node that is away is told as that (LIV-1)', async () => {
  const signaling = await startNode('signaling');
  const stranger = await signUp(served, 'live-stranger');
  try {
    await until(async () => (await served.control.fleet.live({ role: 'signaling' })).length > 0, {
      what: 'signaling to serve',
      timeoutMs: 30_000,
    });
    const [ann, bob] = [await signalClient('ann'), await signalClient('bob')];
    ann.say({ type: 'call', requestId: 'r1', to: 'user:bob', media: sound });
    const { sessionId, legId } = await bob.heard('incoming');
    bob.say({ type: 'accept', sessionId, media: sound });
    await ann.heard('started');
    const session = `/sessions/${sessionId}`;
    await until(async () => (await rest('GET', session)).body.state === 'live', { what: 'the session' });

    // The quickest of three: on a machine that does much else, one may wait for its turn.
    const tookMs: number[] = [];
    let asked = await rest('GET', session);
    for (const state of ['paused', 'live', 'paused']) {
      const askedMs = performance.now();
      const held = state === 'paused';
      [asked] = await Promise.all([
        rest('PATCH', session, { state }),
        ann.heard('control', { held }),
        bob.heard('control', { held }),
      ]);
      tookMs.push(performance.now() - askedMs);
      expect(asked).toMatchObject({ status: 200, body: { state } });
    }
    expect(Math.min(...tookMs)).toBeLessThan(1_000);
    expect(await rest('PATCH', session, { state: 'paused' })).toMatchObject({
      status: 200,
      body: { pausedAt: asked.body.pausedAt },
    });
    for (const place of [account, stranger])
      expect(
        await served.rest('PATCH', `/v1/accounts/${place.accountId}${session}`, {
          key: stranger.key,
          body: { state: 'live' },
        }),
      ).toMatchObject({ status: 404 });
    expect(await rest('PATCH', '/sessions', { muted: { audio: true } })).toMatchObject({
      body: { items: [{ sessionId, outcome: 'changed' }] },
    });
    await rest('PATCH', session, { state: 'live' });
    await bob.heard('control', { held: false });
    expect(await rest('DELETE', `${session}/legs/${legId}`)).toMatchObject({
      body: { id: legId, state: 'left' },
    });
    const codeIn = async (client: typeof ann) => (await client.heard('ended')).reason;
    expect(await codeIn(bob)).toMatchObject({ code: 'signaling.removed' });
    expect(await codeIn(ann)).toMatchObject({ code: 'signaling.party_removed' });
    // In the order in which they were given, and once each.
    const told = async () =>
      (await rest('GET', `${session}/log`)).body.items
        .filter(({ data }: { data: object }) => 'by' in data)
        .map(({ kind }: { kind: string }) => kind);
    await until(async () => (await rest('GET', session)).body.state === 'ended', { what: 'its end' });
    expect(await told()).toEqual([
      'session.paused',
      'session.resumed',
      'session.paused',
      'leg.muted',
      'leg.muted',
      'session.resumed',
      'leg.removed',
    ]);

    ann.say({ type: 'call', requestId: 'r2', to: 'user:bob', media: sound });
    const second = await until(
      async () =>
        (await rest('GET', '/sessions?state=open&kind=call')).body.items[0]?.id as string | undefined,
      { what: 'a second call' },
    );
    await signaling.stop(0);
    expect(await rest('PATCH', `/sessions/${second}`, { state: 'paused' })).toMatchObject({
      status: 503,
      body: { code: 'sessions.node_away' },
    });
    for (const { socket } of [ann, bob]) socket.close();
  } finally {
    await signaling.stop(0);
  }
}, 60_000);
