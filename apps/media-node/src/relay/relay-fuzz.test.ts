import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { attributeType } from '@patchbay/protocol/stun/attribute-type';
import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { method } from '@patchbay/protocol/stun/message';
import { mutations, seededRandom } from '@patchbay/protocol/stun/mutation';
import { encodeXorAddress } from '@patchbay/protocol/stun/xor-address';
import { encodeChannelData } from '@patchbay/protocol/turn/channel-data';
import {
  type AttributeDraft,
  addressOf,
  channelNumber,
  codeOf,
  lifetime,
  peerAddress,
  sendIndication,
  udpTransport,
} from '@patchbay/protocol/turn/testing/client-session';
import {
  openRawClient,
  openRawSocket,
  type RawClient,
  type RawSocket,
  until,
} from '@patchbay/testing/raw-turn-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createFaults } from '../platform/faults.ts';
import { createDgramDataPath } from './dgram-data-path.ts';
import { createMemoryPlatform, silentLog } from './memory-platform.ts';
import { startRelay } from './relay.ts';
import { defaultPortRange } from './relay-ports.ts';

vi.setConfig({ testTimeout: 120_000 });

const host = '127.0.0.1';
const ip = ipFromText(host) ?? new Uint8Array(4);
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const storedFolder = path.join(import.meta.dirname, '../../../../packages/protocol/stun/corpus');
const stored = readdirSync(storedFolder)
  .filter((name) => name.endsWith('.hex'))
  .sort()
  .map((name) =>
    Uint8Array.from(
      Buffer.from(readFileSync(path.join(storedFolder, name), 'utf8').replace(/\s/g, ''), 'hex'),
    ),
  );

/** Datagrams between two questions that must be answered: fewer than a socket's buffer holds. */
const batchCount = 50;

async function fuzzedRelay() {
  const platform = createMemoryPlatform();
  // No mutation of a peer's address may leave this machine.
  platform.addCredential('mallory', 'secret', { peerCidrs: ['127.0.0.0/8'] });
  platform.addCredential('ann', 'secret', {});
  const relay = await startRelay({
    listen: { host, port: 0 },
    relayHost: host,
    region: 'test-1',
    platform,
    log: silentLog,
    allowLoopbackPeers: true,
    bounds: { challengesPerSecond: 1e9, challengeBurst: 1e9, discoveriesPerSecond: 1e9, discoveryBurst: 1e9 },
  });
  closers.push(() => relay.stop());
  const at = { ip, port: relay.port };
  const clientOf = async (username: string) => {
    const client = await openRawClient(at, { username, password: 'secret' });
    closers.push(() => client.socket.close());
    return client;
  };
  const socketOf = async () => {
    const socket = await openRawSocket();
    closers.push(() => socket.close());
    return socket;
  };
  return { relay, at, clientOf, socketOf };
}

/** A call beside the attack, which must not feel it. */
async function bystander(client: RawClient, peer: RawSocket) {
  const relayed = addressOf(await client.allocate(), attributeType.xorRelayedAddress);
  expect(await client.bind(0x4000, peer.address)).toBe(0);
  return async () => {
    const [atPeer, atClient] = [peer.received.length, client.socket.received.length];
    client.send(encodeChannelData({ channel: 0x4000, data: Uint8Array.of(0x90, 1) }));
    await until(() => peer.received.length > atPeer, 'the bystander’s packet at its peer');
    peer.send(Uint8Array.of(0x90, 2), relayed);
    await until(() => client.socket.received.length > atClient, 'the answer at the bystander');
  };
}

const keyOf = (bytes: Uint8Array) => Buffer.from(bytes.subarray(8, 20)).toString('latin1');

describe('a relay on real sockets, under attack', () => {
  it('R6, R14: the stored corpus and 2,500 mutations of it from a stranger: nothing ends, and no answer is three times its question', async () => {
    const { relay, at, clientOf, socketOf } = await fuzzedRelay();
    const talk = await bystander(await clientOf('ann'), await socketOf());
    const { session } = await clientOf('mallory');
    const corpus = [
      ...stored,
      session.build(method.binding),
      session.build(method.allocate, [udpTransport], { isSigned: false }),
      session.build(method.allocate, [udpTransport, lifetime(600)], { hasFingerprint: true }),
      new Uint8Array(0),
      new Uint8Array(65_507),
    ];
    const stranger = await socketOf();
    const questionLength = new Map<string, number>();
    let count = 0;
    for (const bytes of [...corpus, ...mutations(corpus, { seed: 8489, count: 2_500 })]) {
      questionLength.set(keyOf(bytes), Math.max(bytes.length, questionLength.get(keyOf(bytes)) ?? 0));
      stranger.send(bytes, at);
      if (++count % batchCount === 0) await talk();
    }
    await talk();
    expect(stranger.received.length).toBeGreaterThan(50);
    for (const answer of stranger.received)
      expect(answer.length).toBeLessThanOrEqual(3 * (questionLength.get(keyOf(answer)) ?? 0));
    expect(relay.stats()).toMatchObject({ faultCount: 0, allocationCount: 1 });
  });

  it('R14: 1,500 requests that an authenticated client mutates before it signs them: nothing ends but what it asked to end', async () => {
    const { relay, at, clientOf, socketOf } = await fuzzedRelay();
    const talk = await bystander(await clientOf('ann'), await socketOf());
    const client = await clientOf('mallory');
    const peer = await socketOf();
    const random = seededRandom(8656);
    const below = (max: number) => random() % Math.max(1, max);
    const edges = [0, 0xff, 0x7f, 0x80, 0x40];
    const broken = ({ type, value }: AttributeDraft): AttributeDraft => {
      const bytes = value.slice(0, below(8) === 0 ? below(value.length) : value.length);
      if (below(2) === 0) bytes[below(bytes.length)] = edges[below(edges.length)] ?? 0;
      return { type: below(20) === 0 ? type ^ (1 << below(5)) : type, value: bytes };
    };
    const transactionId = new Uint8Array(12);
    const peerPort = (port: number): AttributeDraft => ({
      type: attributeType.xorPeerAddress,
      value: encodeXorAddress({ ip, port }, transactionId),
    });
    const peers = [peerAddress(peer.address), peerPort(0), peerPort(65_535)];
    const anyPeer = () => peers[below(peers.length)] ?? peerPort(0);
    const requests: (() => readonly [number, readonly AttributeDraft[]])[] = [
      () => [method.allocate, [udpTransport, lifetime(600)]],
      () => [method.refresh, [lifetime(below(3) * 600)]],
      () => [method.createPermission, [anyPeer(), anyPeer()]],
      () => [method.channelBind, [channelNumber(0x4000 + below(4)), anyPeer()]],
      () => [method.binding, []],
    ];
    expect(codeOf(await client.allocate())).toBe(0);
    for (let count = 0; count < 1_500; count++) {
      const [methodNumber, attributes] = requests[below(requests.length)]?.() ?? [method.binding, []];
      // Some whole, so that there are permissions and channels to misuse.
      const drafts = below(3) === 0 ? attributes : attributes.map(broken);
      random();
      transactionId[0] = count;
      client.send(client.session.build(methodNumber, drafts, { transactionId: transactionId.slice() }));
      const size = below(50) === 0 ? 65_503 : below(40);
      client.send(encodeChannelData({ channel: 0x4000 + below(4), data: new Uint8Array(size) }));
      client.send(sendIndication({ ip, port: edges[below(2)] ?? 0 }, new Uint8Array(below(9))));
      if (count % (batchCount / 5) === 0) await talk();
    }
    await talk();
    expect(relay.stats().faultCount).toBe(0);
    // A Refresh of 0 is its right; after any of it the relay serves it as before.
    const again = await openRawClient(at, { username: 'mallory', password: 'secret' });
    closers.push(() => again.socket.close());
    expect(codeOf(await again.allocate())).toBe(0);
  });

  it('a programmer’s error in a step fails the datagram that met it: it is counted, and the next one is served', async () => {
    const faults = createFaults(silentLog);
    let requestCount = 0;
    const dataPath = createDgramDataPath({
      policy: { judge: () => 'allowed', isListener: () => false, addListener: () => undefined },
      handlers: {
        onRequest() {
          if (++requestCount === 1) throw new TypeError('a programmer was wrong');
        },
        onEvent: () => undefined,
      },
      relayHosts: { ipv4: host },
      portRange: defaultPortRange,
      nowMs: () => performance.now(),
      onSocketError: () => undefined,
      faults,
    });
    closers.push(() => dataPath.close());
    const { listenerId, address } = await dataPath.listen({ ip, port: 0 });
    const client = await openRawSocket();
    closers.push(() => client.close());
    client.send(Uint8Array.of(0, 1), address);
    client.send(Uint8Array.of(0, 1), address);
    await until(() => requestCount === 2, 'both datagrams');
    expect(faults.count).toBe(1);
    // What Node itself throws at: nobody has port 0.
    const portless = { ip, port: 0 };
    dataPath.reply({ transport: 'udp', listenerId, address: portless }, Uint8Array.of(1));
    expect(dataPath.strayDrops['send-failed']).toBe(1);
    const spec = { id: 'a', families: ['ipv4'], port: { rule: 'any' } } as const;
    const opened = await dataPath.open({
      ...spec,
      client: { transport: 'udp', listenerId, address: portless },
    });
    if (opened === undefined) throw new Error('There was no port.');
    dataPath.permit('a', { ip, isOwnRelay: false }, Number.POSITIVE_INFINITY);
    client.send(Uint8Array.of(9), opened.relayed[0]);
    await until(() => dataPath.sample('a')?.drops['send-failed'] === 1, 'the answer that could not be sent');
    expect(faults.count).toBe(1);
  });
});
