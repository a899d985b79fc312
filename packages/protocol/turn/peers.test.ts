import { describe, expect, it } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { findAttribute, method } from '../stun/message.ts';
import { transportAddressToText } from '../stun/transport-address.ts';
import { encodeChannelData } from './channel-data.ts';
import {
  addressOf,
  channelNumber,
  codeOf,
  lifetime,
  peerAddress,
  read,
  sendIndication,
} from './testing/client-session.ts';
import {
  at,
  createRelayWorld,
  grantOf,
  listenerAddress,
  relayHost,
  type WorldOptions,
} from './testing/relay-world.ts';

const peer = at('8.8.4.4', 5000);
const payload = new TextEncoder().encode('payload');

function allocated(options?: WorldOptions) {
  const world = createRelayWorld(options);
  const client = world.client();
  const relayed = addressOf(client.allocate(), attributeType.xorRelayedAddress);
  let count = 0;
  const ask = (
    methodNumber: number,
    peers: readonly { ip: Uint8Array; port: number }[],
    channel?: number,
  ) => {
    const id = new Uint8Array(12).fill(++count);
    const attributes = peers.map((address) => peerAddress(address, id));
    if (channel !== undefined) attributes.unshift(channelNumber(channel));
    return codeOf(client.ask(methodNumber, attributes, { transactionId: id }));
  };
  return {
    world,
    client,
    relayed,
    permit: (...hosts: string[]) =>
      ask(
        method.createPermission,
        hosts.map((host) => at(host, 9)),
      ),
    bind: (channel: number, to = peer) => ask(method.channelBind, [to], channel),
    dropsOf: () => world.forwarder.find('a0')?.totals.drops,
  };
}

describe('CreatePermission', () => {
  it('T10: no peer gives 400, no allocation 437, another family 443', () => {
    const { client, permit } = allocated();
    expect(codeOf(client.ask(method.createPermission))).toBe(400);
    expect(permit('2a00::1')).toBe(443);
    client.ask(method.refresh, [lifetime(0)]);
    expect(permit('8.8.8.8')).toBe(437);
  });
  it('T10: several peers are all taken or none', () => {
    const { world, permit } = allocated();
    expect(permit('8.8.8.8', '10.0.0.1', '9.9.9.9')).toBe(403);
    expect(world.actionsOf('permit')).toHaveLength(0);
    expect(permit('8.8.8.8', '9.9.9.9')).toBe(0);
    expect(world.actionsOf('permit')).toHaveLength(2);
  });
  it('R1: a denied peer gives 403, in CreatePermission and in ChannelBind', () => {
    const { permit, bind } = allocated();
    for (const host of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '0.0.0.0', '224.0.0.1', '198.41.0.99']) {
      expect(permit(host), host).toBe(403);
      expect(bind(0x4000, at(host, 80)), host).toBe(403);
    }
  });
  it('R2: an IPv4 address hidden in an IPv6 one is denied', () => {
    const world = createRelayWorld();
    const client = world.client();
    client.allocate([
      { type: attributeType.requestedTransport, value: Uint8Array.of(17, 0, 0, 0) },
      { type: attributeType.requestedAddressFamily, value: Uint8Array.of(2, 0, 0, 0) },
    ]);
    const hosts = [
      '::ffff:127.0.0.1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '::1',
      'fe80::1',
      'ff02::1',
      'fc00::1',
    ];
    for (const [index, host] of [...hosts, '2a00::4444'].entries()) {
      const transactionId = new Uint8Array(12).fill(index + 1);
      const answer = client.ask(method.createPermission, [peerAddress(at(host, 1), transactionId)], {
        transactionId,
      });
      expect(codeOf(answer), host).toBe(host === '2a00::4444' ? 0 : 403);
    }
  });
  it('R4: the networks of a credential narrow what may be reached, and open nothing', () => {
    const world = createRelayWorld();
    world.resolutions.set('ann', {
      ok: true,
      password: 'secret',
      grant: grantOf({ peerCidrs: ['8.8.4.0/24', '10.0.0.0/8', 'nonsense'] }),
    });
    const client = world.client();
    client.allocate();
    const permit = (host: string) => codeOf(client.ask(method.createPermission, [peerAddress(at(host, 1))]));
    expect([permit('8.8.4.4'), permit('8.8.8.8'), permit('10.0.0.1')]).toEqual([0, 403, 403]);
  });
  it('R8: at most so many permissions at once (508), and new ones no faster than so many a second', () => {
    const bounds = { permissionsPerAllocationMax: 3, newPeersBurst: 3 };
    const { world, permit } = allocated({ core: { bounds } });
    expect([permit('8.0.0.1', '8.0.0.2', '8.0.0.3'), permit('8.0.0.4')]).toEqual([0, 508]);
    expect(permit('8.0.0.3')).toBe(0);
    world.pass(300_000);
    expect(permit('8.0.0.4')).toBe(0);
    const scan = allocated({ core: { bounds: { newPeersBurst: 2 } } });
    expect(scan.permit('8.0.0.1', '8.0.0.2')).toBe(0);
    expect(() => scan.permit('8.0.0.3')).toThrow('no answer');
    expect(scan.world.actions.at(-1)).toEqual({ type: 'drop', reason: 'peer-rate' });
    scan.world.pass(200);
    expect(scan.permit('8.0.0.3')).toBe(0);
  });
});

describe('permissions', () => {
  it('T11: a permission dies at 300 s despite traffic; only CreatePermission and ChannelBind keep it', () => {
    const { world, client, permit } = allocated();
    permit('8.8.4.4');
    for (let second = 0; second < 300; second += 10) {
      client.send(sendIndication(peer, payload));
      world.pass(10_000 - (second === 290 ? 1 : 0));
    }
    client.send(sendIndication(peer, payload));
    expect(world.toPeers).toHaveLength(31);
    world.pass(1);
    client.send(sendIndication(peer, payload));
    expect(world.toPeers).toHaveLength(31);
  });
  it('T11: a permission is for an address, whatever its port', () => {
    const { world, client, permit, relayed } = allocated();
    permit('8.8.4.4');
    client.send(sendIndication(at('8.8.4.4', 1), payload));
    client.send(sendIndication(at('8.8.4.4', 2), payload));
    client.send(sendIndication(at('8.8.4.5', 1), payload));
    expect(world.toPeers.map(({ to }) => to)).toEqual(['8.8.4.4:1', '8.8.4.4:2']);
    const before = client.received.length;
    world.fromPeer(relayed, at('8.8.4.4', 77), payload);
    world.fromPeer(relayed, at('8.8.4.5', 77), payload);
    expect(client.received.length - before).toBe(1);
  });
});

describe('ChannelBind', () => {
  it('T12: 0x4000 to 0x4FFF, else 400', () => {
    const { bind } = allocated();
    expect([0x3fff, 0x5000, 0x7fff, 0x8000, 0xffff].map((channel) => bind(channel))).toEqual(
      Array(5).fill(400),
    );
    expect(bind(0x4000)).toBe(0);
    expect(bind(0x4fff, at('8.8.4.4', 6))).toBe(0);
  });
  it('T12: the range of the first edition of TURN where the relay is told to accept it', () => {
    const { bind } = allocated({ core: { areLegacyChannelsAccepted: true } });
    expect([bind(0x3fff), bind(0x8000), bind(0x5000), bind(0x7fff, at('8.8.4.4', 6))]).toEqual([
      400, 400, 0, 0,
    ]);
  });
  it('T12: one number has one peer and one peer one number, until the binding dies at 600 s', () => {
    const { world, client, bind } = allocated();
    expect([bind(0x4000), bind(0x4000)]).toEqual([0, 0]);
    expect(bind(0x4000, at('8.8.4.4', 6))).toBe(400);
    expect(bind(0x4001)).toBe(400);
    world.pass(599_000);
    client.session.learn(client.ask(method.refresh, [], { isSigned: false }));
    client.ask(method.refresh, [lifetime(3600)]);
    expect(bind(0x4001)).toBe(400);
    world.pass(1_000);
    expect(bind(0x4001)).toBe(0);
    expect(bind(0x4000, at('8.8.4.4', 6))).toBe(0);
    client.send(encodeChannelData({ channel: 0x4001, data: payload }));
    expect(world.toPeers.at(-1)?.to).toBe('8.8.4.4:5000');
  });
  it('T12: its permission dies at 300 s unless it is refreshed', () => {
    const { world, client, bind, permit } = allocated();
    bind(0x4000);
    const sends = () => {
      const before = world.toPeers.length;
      client.send(encodeChannelData({ channel: 0x4000, data: payload }));
      return world.toPeers.length > before;
    };
    world.pass(299_999);
    expect(sends()).toBe(true);
    world.pass(1);
    expect(sends()).toBe(false);
    permit('8.8.4.4');
    expect(sends()).toBe(true);
  });
  it('a missing peer or number gives 400', () => {
    const { client } = allocated();
    expect(codeOf(client.ask(method.channelBind, [peerAddress(peer)]))).toBe(400);
    expect(codeOf(client.ask(method.channelBind, [channelNumber(0x4000)]))).toBe(400);
  });
  it('port 0 is no peer: ChannelBind gives 400, and nothing is ever sent there', () => {
    const { world, client, permit, bind, dropsOf } = allocated();
    expect(bind(0x4000, at('8.8.4.4', 0))).toBe(400);
    client.send(encodeChannelData({ channel: 0x4000, data: payload }));
    permit('8.8.4.4');
    client.send(sendIndication(at('8.8.4.4', 0), payload));
    expect(world.toPeers).toEqual([]);
    expect(dropsOf()).toMatchObject({ 'no-channel': 1, 'port-zero': 1 });
  });
  it('R8: at most so many channels (508), and dead ones make room', () => {
    const { world, client, bind } = allocated({ core: { bounds: { channelsPerAllocationMax: 1 } } });
    expect([bind(0x4000), bind(0x4001, at('8.8.4.4', 1))]).toEqual([0, 508]);
    client.ask(method.refresh, [lifetime(3600)]);
    world.pass(600_000);
    expect(bind(0x4001, at('8.8.4.4', 1))).toBe(0);
  });
});

describe('relaying', () => {
  it('T13: Send without permission, without DATA or without a peer is dropped; empty DATA is legal', () => {
    const { world, client, permit, dropsOf } = allocated();
    client.send(sendIndication(peer, payload));
    permit('8.8.4.4');
    const whole = sendIndication(peer, payload);
    const header = whole.slice(0, 20);
    const onlyPeer = whole.slice(0, 32);
    onlyPeer[3] = 12;
    header[3] = 0;
    client.send(header);
    client.send(onlyPeer);
    expect(world.toPeers).toHaveLength(0);
    expect(dropsOf()).toMatchObject({ 'no-permission': 1, malformed: 2 });
    client.send(sendIndication(peer, new Uint8Array(0)));
    expect(world.toPeers).toMatchObject([{ to: '8.8.4.4:5000', data: new Uint8Array(0) }]);
  });
  it('S4, T16: a Send with something that must be understood and is not is dropped', () => {
    const { world, client, permit } = allocated();
    permit('8.8.4.4');
    client.send(
      sendIndication(peer, payload, [{ type: attributeType.dontFragment, value: new Uint8Array(0) }]),
    );
    client.send(sendIndication(peer, payload, [{ type: 0x7abc, value: new Uint8Array(0) }]));
    expect(world.toPeers).toHaveLength(0);
    client.send(sendIndication(peer, payload, [{ type: 0x8abc, value: new Uint8Array(0) }]));
    expect(world.toPeers).toHaveLength(1);
  });
  it('T14: a peer reaches the client by Data indication, or by ChannelData once bound', () => {
    const { world, client, permit, bind, relayed } = allocated();
    permit('8.8.4.4');
    world.fromPeer(relayed, peer, payload);
    const indication = read(client.received.at(-1));
    expect([indication.method, indication.messageClass]).toEqual([method.data, 'indication']);
    expect(transportAddressToText(addressOf(indication, attributeType.xorPeerAddress))).toBe('8.8.4.4:5000');
    expect(Buffer.from(findAttribute(indication, attributeType.data)?.value ?? []).toString()).toBe(
      'payload',
    );
    bind(0x4000);
    world.fromPeer(relayed, peer, payload);
    expect(Buffer.from(client.received.at(-1) ?? []).toString('latin1')).toBe('\x40\x00\x00\x07payload');
  });
  it('T14: without permission a peer is dropped and counted as dropped, not as bytes', () => {
    const { world, client, relayed, dropsOf } = allocated();
    const before = client.received.length;
    world.fromPeer(relayed, peer, payload);
    expect(client.received).toHaveLength(before);
    expect(dropsOf()).toMatchObject({ 'no-permission': 1 });
    expect(world.forwarder.find('a0')?.totals).toMatchObject({ bytesOut: 0, packetsOut: 0 });
  });
  it('what comes from port 0 cannot be answered: it is dropped, from a client and from a peer', () => {
    const { world, client, relayed, permit, dropsOf } = allocated();
    permit('8.8.4.4');
    const before = client.received.length;
    world.fromPeer(relayed, at('8.8.4.4', 0), payload);
    expect(client.received).toHaveLength(before);
    expect(dropsOf()).toMatchObject({ 'port-zero': 1 });
    const portless = world.client(at('81.2.69.9', 0));
    expect(portless.request(method.binding)).toBeUndefined();
    portless.send(encodeChannelData({ channel: 0x4000, data: payload }));
    expect(world.forwarder.strayDrops['port-zero']).toBe(2);
  });
  it('what no datagram can carry to the client is dropped before it is counted (EMSGSIZE)', () => {
    const { world, relayed, client, permit, bind, dropsOf } = allocated();
    permit('8.8.4.4');
    world.fromPeer(relayed, peer, new Uint8Array(65_468));
    expect(client.received.at(-1)).toHaveLength(65_504);
    world.fromPeer(relayed, peer, new Uint8Array(65_469));
    bind(0x4000);
    world.fromPeer(relayed, peer, new Uint8Array(65_503));
    expect(client.received.at(-1)).toHaveLength(65_507);
    world.fromPeer(relayed, peer, new Uint8Array(65_504));
    expect(dropsOf()).toMatchObject({ oversize: 2 });
    expect(world.forwarder.find('a0')?.totals).toMatchObject({ packetsOut: 2, bytesOut: 65_468 + 65_503 });
  });
  it('T15: ChannelData that overruns or names no channel is dropped; trailing bytes are ignored', () => {
    const { world, client, bind, dropsOf } = allocated();
    bind(0x4000);
    client.send(Uint8Array.of(0x40, 0x00, 0x00, 0x05, 1, 2, 3, 4));
    client.send(Uint8Array.of(0x40, 0x00, 0x00));
    client.send(Uint8Array.of(0x40, 0x01, 0x00, 0x01, 1));
    client.send(Uint8Array.of(0x80, 0x00, 0x00, 0x01, 1));
    expect(world.toPeers).toHaveLength(0);
    expect(dropsOf()).toMatchObject({ malformed: 3, 'no-channel': 1 });
    client.send(Uint8Array.of(0x40, 0x00, 0x00, 0x02, 1, 2, 9, 9));
    expect(world.toPeers).toMatchObject([{ data: Uint8Array.of(1, 2) }]);
  });
  it('a stranger without an allocation relays nothing', () => {
    const { world } = allocated();
    world.client(at('81.2.69.77', 1)).send(encodeChannelData({ channel: 0x4000, data: payload }));
    expect(world.toPeers).toHaveLength(0);
    expect(world.forwarder.strayDrops['no-flow']).toBe(1);
  });
  it('padding of a Data indication is zero (CVE-2020-4067)', () => {
    const { world, client, permit, relayed } = allocated();
    permit('8.8.4.4');
    for (let size = 0; size < 8; size++) {
      world.fromPeer(relayed, peer, new Uint8Array(size).fill(0xff));
      const bytes = client.received.at(-1) ?? new Uint8Array(0);
      expect([...bytes.subarray(36 + size)].every((byte) => byte === 0)).toBe(true);
      expect(bytes.length % 4).toBe(0);
    }
  });
});

describe('R5: peers on this relay', () => {
  it('two allocations of one relay reach each other, and no other port of its address', () => {
    const { world, client, permit, bind } = allocated();
    const other = world.client(at('81.2.69.2', 1));
    const otherRelayed = addressOf(other.allocate(), attributeType.xorRelayedAddress);
    expect(permit(relayHost)).toBe(0);
    expect(bind(0x4000, otherRelayed)).toBe(0);
    expect(bind(0x4001, at(relayHost, 22))).toBe(403);
    client.send(encodeChannelData({ channel: 0x4000, data: payload }));
    client.send(sendIndication(otherRelayed, payload));
    client.send(sendIndication(at(relayHost, 22), payload));
    expect(world.toPeers.map(({ to }) => to)).toEqual(Array(2).fill(transportAddressToText(otherRelayed)));
    other.ask(method.refresh, [lifetime(0)]);
    client.send(encodeChannelData({ channel: 0x4000, data: payload }));
    client.send(sendIndication(otherRelayed, payload));
    expect(world.toPeers).toHaveLength(2);
    expect(world.forwarder.find('a0')?.totals.drops['own-port-not-live']).toBe(3);
  });
  it('the control port is never a peer, not even where loopback is allowed', () => {
    const { world, client, bind, permit } = allocated({ allowLoopbackPeers: true });
    expect(permit(relayHost, '127.0.0.1')).toBe(0);
    expect(bind(0x4000, listenerAddress)).toBe(403);
    world.policy.addListener(at('127.0.0.1', 3478));
    expect(bind(0x4000, at('127.0.0.1', 3478))).toBe(403);
    client.send(sendIndication(at('127.0.0.1', 3478), payload));
    client.send(sendIndication(at('127.0.0.1', 3479), payload));
    expect(world.toPeers.map(({ to }) => to)).toEqual(['127.0.0.1:3479']);
  });
});
