import { once } from 'node:events';
import { connect } from 'node:net';
import { authenticationTimeoutMs, closeCodes } from '@patchbay/protocol/signaling/messages';
import { afterEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { type SignalingOptions, type SignalingServer, startSignaling } from './signaling-server.ts';
import { MemoryPlatform } from './testing/memory-platform.ts';
import { TestSocket } from './testing/test-socket.ts';

const log = { info() {}, warn() {}, error() {} };
const running: { stop(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
});

async function start(options: Partial<SignalingOptions> = {}) {
  const platform = new MemoryPlatform();
  const listen = { host: '127.0.0.1', port: 0 };
  const server = await startSignaling({ listen, platform, region: 'eu', log, ...options });
  running.push(server);
  return { platform, server };
}

function open(
  server: SignalingServer,
  headers: Record<string, string> = {},
  localAddress?: string,
): TestSocket {
  const socket = new TestSocket(server.port, headers, localAddress);
  running.push({ stop: () => socket.socket.terminate() });
  return socket;
}

describe('signaling over real sockets', () => {
  it('two clients call, and a revocation reaches them at once', async () => {
    const { platform, server } = await start();
    const alice = await open(server).authenticate(platform.token({ identity: 'alice' }));
    const bob = await open(server).authenticate(platform.token({ identity: 'bob' }));
    const media = { audio: true, video: false, screen: false };
    alice.socket.send(JSON.stringify({ type: 'call', sequence: 1, requestId: 'r', to: 'user:bob', media }));
    const { sessionId } = await bob.frame('incoming');
    bob.socket.send(JSON.stringify({ type: 'accept', sequence: 1, sessionId, media }));
    await alice.frame('started');
    expect(server.snapshot()).toMatchObject([{ sessionId, state: 'active' }]);
    platform.tell({ type: 'revokeKey', keyId: 'key_1' });
    expect((await alice.frame('ended')).reason.code).toBe('credential.revoked');
    expect(await bob.until(() => bob.closeCode)).toBe(closeCodes.credentialEnded);
    expect(server.snapshot()).toEqual([]);
  });

  it('what is not a frame is refused: broken JSON, a binary message, one byte over 64 KiB', async () => {
    const { platform, server } = await start();
    const broken = await open(server).authenticate(platform.token({ identity: 'a' }));
    broken.socket.send('{');
    expect((await broken.frame('error')).problem.code).toBe('signaling.frame_malformed');
    expect(await broken.until(() => broken.closeCode)).toBe(closeCodes.malformed);
    const binary = await open(server).authenticate(platform.token({ identity: 'b' }));
    binary.socket.send(Buffer.from('{}'));
    expect(await binary.until(() => binary.closeCode)).toBe(closeCodes.malformed);
    const large = await open(server).authenticate(platform.token({ identity: 'c' }));
    large.socket.send('a'.repeat(64 * 1024 + 1));
    expect(await large.until(() => large.closeCode)).toBe(1009);
  });

  it('a frame of a newer version is passed over and counted', async () => {
    const { platform, server } = await start();
    const client = await open(server).authenticate(platform.token({ identity: 'a' }));
    client.socket.send('{"type":"telepathy","sequence":1}');
    client.socket.send(JSON.stringify({ type: 'ping', sequence: 0, nonce: 7, lastSequence: 0 }));
    expect((await client.frame('pong')).nonce).toBe(7);
    expect(server.drops().get('frame_unknown')).toBe(1);
  });

  it('where a client is from is what the socket says, and what the operator’s own proxy added last (ACC-9)', async () => {
    const forwarded = { 'x-forwarded-for': '203.0.113.66, 198.51.100.7' };
    const seenBy = async (
      options: Partial<SignalingOptions>,
      headers: Record<string, string> = forwarded,
    ) => {
      const { platform, server } = await start(options);
      const authenticate = vi.spyOn(platform, 'authenticate');
      await open(server, headers).authenticate(platform.token({ identity: 'a' }));
      const asked = authenticate.mock.lastCall?.[1] as { readonly sourceIp?: string } | undefined;
      return asked?.sourceIp;
    };
    expect(await seenBy({})).toBe('127.0.0.1');
    expect(await seenBy({ isBehindProxy: true })).toBe('198.51.100.7');
    expect(await seenBy({ isBehindProxy: true }, {})).toBe('127.0.0.1');
  });

  it('what a client runs on is what its browser shows, and what it says itself where that shows nothing (POL-3)', async () => {
    const { platform, server } = await start();
    const authenticate = vi.spyOn(platform, 'authenticate');
    const seenOf = async (headers: Record<string, string>, more: object = {}) => {
      const client = open(server, headers);
      await client.until(() => client.socket.readyState === WebSocket.OPEN);
      const token = platform.token({ identity: 'a' });
      client.socket.send(
        JSON.stringify({ type: 'authenticate', sequence: 0, token, protocolVersion: 1, ...more }),
      );
      await client.frame('authenticated');
      const asked = authenticate.mock.lastCall?.[1] as { readonly deviceKind?: string } | undefined;
      return asked?.deviceKind;
    };
    const phone = 'Mozilla/5.0 (Linux; Android 10; K) Chrome/140.0.0.0 Mobile Safari/537.36';
    expect(await seenOf({ 'user-agent': phone })).toBe('mobile');
    expect(await seenOf({ 'user-agent': phone }, { device: 'server' })).toBe('mobile');
    expect(await seenOf({}, { device: 'server' })).toBe('server');
    expect(await seenOf({})).toBe('other');
  });

  it('C46: a page that is not allowed does not connect, and a token in the address opens nothing', async () => {
    const { server } = await start({ allowsOrigin: (origin) => origin === 'https://shop.example' });
    const stranger = open(server, { origin: 'https://evil.example' });
    expect(await stranger.until(() => stranger.closeCode)).toBeDefined();
    const customer = open(server, { origin: 'https://shop.example' });
    await customer.until(() => customer.socket.readyState === WebSocket.OPEN);
  });

  it('a platform that fails to verify closes that client alone', async () => {
    const { platform, server } = await start();
    const good = await open(server).authenticate(platform.token({ identity: 'a' }));
    platform.authenticate = () => Promise.reject(new Error('the control plane is away'));
    const bad = open(server);
    await bad.until(() => bad.socket.readyState === WebSocket.OPEN);
    bad.socket.send(JSON.stringify({ type: 'authenticate', sequence: 0, token: 'a.b', protocolVersion: 1 }));
    expect(await bad.until(() => bad.closeCode)).toBe(1011);
    expect(good.closeCode).toBeUndefined();
  });

  it('a node that drains resolves when its last call ended, and one that stops records what is live', async () => {
    const { platform, server } = await start();
    await server.drain();
    const { platform: other, server: second } = await start();
    const alice = await open(second).authenticate(other.token({ identity: 'alice' }));
    const bob = await open(second).authenticate(other.token({ identity: 'bob' }));
    const media = { audio: true, video: false, screen: false };
    alice.socket.send(JSON.stringify({ type: 'call', sequence: 1, requestId: 'r', to: 'user:bob', media }));
    const { sessionId } = await bob.frame('incoming');
    bob.socket.send(JSON.stringify({ type: 'accept', sequence: 1, sessionId, media }));
    await alice.frame('started');
    let isDrained = false;
    const drained = second.drain().then(() => {
      isDrained = true;
    });
    alice.socket.send(JSON.stringify({ type: 'ping', sequence: 1, nonce: 1, lastSequence: 0 }));
    await alice.frame('pong');
    expect(isDrained).toBe(false);
    await second.stop();
    await drained;
    expect((await bob.frame('ended')).reason.code).toBe('signaling.node_stopped');
    expect(other.eventsOf('session.ended')).toHaveLength(1);
    expect(platform.events).toHaveLength(0);
  });
});

describe('strangers at the door of signaling (R7, R8)', () => {
  const isOpen = ({ socket }: TestSocket) => socket.readyState === WebSocket.OPEN;
  const settled = (sockets: readonly TestSocket[]) =>
    Promise.all(sockets.map((each) => each.until(() => isOpen(each) || each.closeCode !== undefined)));

  it('an address that opens 300 connections and says nothing holds 64, and keeps nobody out: not even who shares it', async () => {
    const { platform, server } = await start({ door: { strangersPerSourceMax: 64 } });
    const silent = Array.from({ length: 300 }, () => open(server));
    await settled(silent);
    // Long before they are cut for having said nothing in time.
    const openMax = { timeout: authenticationTimeoutMs / 2, interval: 10 };
    await vi.waitFor(() => expect(silent.filter(isOpen).length).toBeLessThanOrEqual(64), openMax);
    const elsewhere = open(server, {}, '127.0.0.2');
    await elsewhere.authenticate(platform.token({ identity: 'elsewhere' }));
    const behindTheSame = open(server);
    await behindTheSame.authenticate(platform.token({ identity: 'same' }));
    expect([elsewhere.closeCode, behindTheSame.closeCode]).toEqual([undefined, undefined]);
  });

  it('200 clients behind one address that come at the same moment all get in', async () => {
    const { platform, server } = await start();
    const clients = Array.from({ length: 200 }, () => open(server));
    await Promise.all(
      clients.map((client, index) => client.authenticate(platform.token({ identity: `user${index}` }))),
    );
    expect(clients.every(isOpen)).toBe(true);
    expect(server.drops().get('door')).toBeUndefined();
  });

  it('an address that knocks too fast is turned away, and its connections before and other addresses are not', async () => {
    const { platform, server } = await start({ door: { acceptsPerSecond: 0.001, acceptBurst: 3 } });
    const known = await open(server).authenticate(platform.token({ identity: 'known' }));
    const knocks = Array.from({ length: 20 }, () => open(server));
    await settled(knocks);
    expect(knocks.filter(isOpen)).toHaveLength(2);
    expect(server.drops().get('door')).toBe(18);
    await open(server, {}, '127.0.0.2').authenticate(platform.token({ identity: 'elsewhere' }));
    expect(known.closeCode).toBeUndefined();
  });

  it('a connection that never sends the head of a request is cut', async () => {
    const { server } = await start({ door: { requestHeadMs: 50 } });
    const silent = connect(server.port, '127.0.0.1');
    running.push({ stop: () => void silent.destroy() });
    silent.resume();
    await once(silent, 'connect');
    silent.write('GET / HTTP/1.1\r\n');
    await once(silent, 'close');
  });
});
