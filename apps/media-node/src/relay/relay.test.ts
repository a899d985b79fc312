import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readCountryTable } from '@patchbay/kit/country-table';
import { attributeType } from '@patchbay/protocol/stun/attribute-type';
import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { method } from '@patchbay/protocol/stun/message';
import type { TransportAddress } from '@patchbay/protocol/stun/transport-address';
import { familyOf } from '@patchbay/protocol/turn/address-family';
import { encodeChannelData } from '@patchbay/protocol/turn/channel-data';
import type { Grant, Limit } from '@patchbay/protocol/turn/grant';
import {
  addressesOf,
  addressFamily,
  addressOf,
  codeOf,
  lifetime,
  peerAddress,
  phraseOf,
  sendIndication,
  udpTransport,
} from '@patchbay/protocol/turn/testing/client-session';
import { openRawClient, openRawSocket, type RawClient, until } from '@patchbay/testing/raw-turn-client';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryPlatform, type MemoryPlatform, silentLog } from './memory-platform.ts';
import { otherFamilyOf } from './other-family.ts';
import { startRelay } from './relay.ts';
import type { Relay, RelayOptions } from './relay-options.ts';

const host = '127.0.0.1';
const hasIpv6 = otherFamilyOf(host, undefined) !== undefined;
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const addressAt = (port: number, text = host): TransportAddress => ({
  ip: ipFromText(text) ?? new Uint8Array(4),
  port,
});

async function relayWith(
  options: Partial<RelayOptions> = {},
): Promise<{ relay: Relay; platform: MemoryPlatform; at: TransportAddress }> {
  const platform = createMemoryPlatform();
  platform.addCredential('ann', 'secret', {});
  const relay = await startRelay({
    listen: { host, port: 0 },
    relayHost: host,
    region: 'test-1',
    platform,
    log: silentLog,
    allowLoopbackPeers: true,
    ...options,
  });
  closers.push(() => relay.stop());
  return { relay, platform, at: addressAt(relay.port, options.listen?.host) };
}

async function clientOf(at: TransportAddress, username = 'ann'): Promise<RawClient> {
  const client = await openRawClient(at, { username, password: 'secret' });
  closers.push(() => client.socket.close());
  return client;
}

/** A client with a channel to an echoing peer. */
async function callThrough(at: TransportAddress, username = 'ann') {
  const client = await clientOf(at, username);
  const peer = await openRawSocket();
  closers.push(() => peer.close());
  const answer = await client.allocate();
  expect(phraseOf(answer)).toBe('');
  const relayed = addressOf(answer, attributeType.xorRelayedAddress);
  expect(await client.bind(0x4000, peer.address)).toBe(0);
  let sent = 0;
  return {
    client,
    peer,
    relayed,
    /** Sends one packet and waits until it is through, or until the allocation has ended. */
    async up(sizeBytes: number, isOver: () => boolean = () => false) {
      const before = peer.received.length;
      client.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(sizeBytes).fill(0xf1) }));
      sent++;
      await until(() => peer.received.length > before || isOver(), `packet ${sent} at the peer`);
      return peer.received.length > before;
    },
    async down(sizeBytes: number) {
      const before = client.socket.received.length;
      peer.send(new Uint8Array(sizeBytes).fill(0xf2), relayed);
      await until(() => client.socket.received.length > before, 'a packet at the client');
    },
  };
}

const limit = (changes: Partial<Limit> & Pick<Limit, 'kind' | 'max'>): Limit => ({
  counterId: 'cnt',
  used: 0,
  counts: 'total',
  outcome: 'end',
  ...changes,
});

it('a client is served where the operator’s table has it in a country that policies allow (POL-3)', async () => {
  const steps = (countries: readonly string[]) => [
    { steps: [{ countries, refusal: 'countries refuses it' }] },
  ];
  const codeWith = async (table: string | undefined, countries: readonly string[]) => {
    const known = table === undefined ? {} : { countries: readCountryTable(table) };
    const { platform, at } = await relayWith(known);
    platform.addCredential('placed', 'secret', { sourceRules: steps(countries) });
    return codeOf(await (await clientOf(at, 'placed')).allocate());
  };
  expect(await codeWith('127.0.0.0/8,DE', ['DE'])).toBe(0);
  expect(await codeWith('127.0.0.0/8,FR', ['DE'])).toBe(403);
  expect(await codeWith(undefined, ['DE'])).toBe(403);
});

describe('a relay over real sockets', () => {
  it('S1, T14: Binding, Allocate, ChannelBind and both directions, with counts that agree to the byte', async () => {
    const { relay, platform, at } = await relayWith();
    const call = await callThrough(at);
    expect(codeOf(await call.client.ask(method.binding))).toBe(0);
    for (let size = 1; size <= 50; size++) {
      await call.up(size);
      await call.down(size * 2);
    }
    expect(call.peer.received.map(({ length }) => length)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    await call.client.ask(method.refresh, [lifetime(0)]);
    await until(() => platform.eventsOf('allocation.ended').length === 1, 'the end');
    const [ended] = platform.eventsOf('allocation.ended');
    expect(ended?.totals).toMatchObject({ packetsIn: 50, bytesIn: 1275, packetsOut: 50, bytesOut: 2550 });
    expect(platform.sumOf('bytes', { direction: 'in', transport: 'udp', addressFamily: 'ipv4' })).toBe(1275);
    expect(platform.sumOf('bytes', { direction: 'out' })).toBe(2550);
    expect(platform.sumOf('allocations')).toBe(1);
    expect(platform.sumOf('attempts', { kind: 'relay', outcome: 'succeeded' })).toBe(1);
    expect(relay.stats()).toMatchObject({ allocationCount: 0, attempts: { discovery: { succeeded: 1 } } });
    expect(platform.events.map(({ type }) => type)).toEqual([
      'allocation.started',
      'media.started',
      'allocation.ended',
    ]);
  });

  it('what is declared as sound and carries pictures is noticed, and counted as pictures in a segment of its own (MET-4, NDS)', async () => {
    const { platform, at } = await relayWith();
    const grant = { bandwidthClass: 'audio', bitRateBitsPerSecond: 128_000, burstBytes: 8_000 } as const;
    platform.addCredential('eve', 'secret', grant);
    const { client } = await callThrough(at, 'eve');
    /** Sends packets of a stream in real time until something is so. */
    const stream = async (of: { clockHz: number; sizeBytes: number }, isSo: () => boolean) => {
      const fromMs = performance.now();
      await until(() => {
        const data = new Uint8Array(of.sizeBytes).fill(of.clockHz === 90_000 ? 2 : 1);
        data.set([0x80, 111]);
        const timestamp = Math.round(((performance.now() - fromMs) * of.clockHz) / 1_000);
        new DataView(data.buffer).setUint32(4, timestamp);
        client.send(encodeChannelData({ channel: 0x4000, data }));
        return isSo();
      }, 'what is sent to be seen');
    };
    const openRecord = () => [...platform.open.values()].at(-1);
    const isCounted = (meter: string) => openRecord()?.quantities.some((each) => each.meter === meter);
    await stream({ clockHz: 48_000, sizeBytes: 90 }, () => isCounted('bytes') === true);
    await stream(
      { clockHz: 90_000, sizeBytes: 900 },
      () => openRecord()?.segment === 1 && isCounted('bytes') === true,
    );
    await client.ask(method.refresh, [lifetime(0)]);
    await until(() => platform.eventsOf('allocation.ended').length === 1, 'the end');
    const byClass = (bandwidthClass: string) => platform.sumOf('bytes', { bandwidthClass });
    expect(platform.records.map(({ segment, modality }) => `${segment} ${modality}`)).toEqual([
      ...platform.records.filter(({ segment }) => segment === 0).map(() => '0 audio'),
      ...platform.records.filter(({ segment }) => segment === 1).map(() => '1 video'),
    ]);
    expect(Math.min(byClass('audio'), byClass('low-video'))).toBeGreaterThan(0);
    expect(platform.sumOf('bytes')).toBe(byClass('audio') + byClass('low-video'));
    expect(platform.eventsOf('media.undeclared')).toMatchObject([{ declared: 'audio', observed: 'video' }]);
    expect(platform.eventsOf('allocation.changed')).toMatchObject([
      { modality: 'video', previousModality: 'audio', segment: 1 },
    ]);
  });

  it('T13: Send and Data indications', async () => {
    const { at } = await relayWith();
    const client = await clientOf(at);
    const peer = await openRawSocket();
    closers.push(() => peer.close());
    const relayed = addressOf(await client.allocate(), attributeType.xorRelayedAddress);
    expect(codeOf(await client.ask(method.createPermission, [peerAddress(peer.address)]))).toBe(0);
    client.send(sendIndication(peer.address, Uint8Array.of(1, 2, 3)));
    await until(() => peer.received.length === 1, 'the packet at the peer');
    expect([...(peer.received[0] ?? [])]).toEqual([1, 2, 3]);
    const before = client.socket.received.length;
    peer.send(Uint8Array.of(4, 5), relayed);
    await until(() => client.socket.received.length > before, 'the packet at the client');
    expect(client.socket.received.at(-1)?.[1]).toBe(0x17);
  });

  it('T18: an IPv6 relay on ::1 carries both ways', async () => {
    const platform = createMemoryPlatform();
    platform.addCredential('ann', 'secret', {});
    const { at } = await relayWith({ listen: { host: '::1', port: 0 }, relayHost: '::1', platform });
    const client = await openRawClient(at, { username: 'ann', password: 'secret' }, '::1');
    const peer = await openRawSocket('::1');
    closers.push(
      () => client.socket.close(),
      () => peer.close(),
    );
    const relayed = addressOf(await client.allocate(), attributeType.xorRelayedAddress);
    expect(relayed.ip).toHaveLength(16);
    expect(await client.bind(0x4000, peer.address)).toBe(0);
    client.send(encodeChannelData({ channel: 0x4000, data: Uint8Array.of(7) }));
    await until(() => peer.received.length === 1, 'the packet at the peer');
    const before = client.socket.received.length;
    peer.send(Uint8Array.of(8, 9), relayed);
    await until(() => client.socket.received.length > before, 'the packet at the client');
    expect([...(client.socket.received.at(-1) ?? [])]).toEqual([0x40, 0, 0, 2, 8, 9]);
  });

  it.skipIf(!hasIpv6)(
    'T5: one allocation with both families carries both ways, counts each under its own, and gives one up alone',
    async () => {
      const { platform, at } = await relayWith({ relayHostOtherFamily: '::1' });
      const client = await clientOf(at);
      const answer = await client.allocate([udpTransport, addressFamily('additionalAddressFamily', 'ipv6')]);
      const relayed = addressesOf(answer, attributeType.xorRelayedAddress);
      expect(relayed.map(({ ip }) => familyOf(ip))).toEqual(['ipv4', 'ipv6']);
      const peers = [await openRawSocket(), await openRawSocket('::1')] as const;
      for (const [index, peer] of peers.entries()) {
        closers.push(() => peer.close());
        expect(await client.bind(0x4000 + index, peer.address)).toBe(0);
      }
      const up = (index: number, sizeBytes: number) =>
        client.send(
          encodeChannelData({ channel: 0x4000 + index, data: new Uint8Array(sizeBytes).fill(0xf1) }),
        );
      up(0, 100);
      up(1, 200);
      await until(() => peers.every(({ received }) => received.length === 1), 'a packet at each peer');
      expect(peers.map(({ received }) => received[0]?.length)).toEqual([100, 200]);
      const before = client.socket.received.length;
      for (const [index, peer] of peers.entries())
        peer.send(new Uint8Array(10 + index).fill(0xf2), relayed[index] ?? at);
      await until(() => client.socket.received.length === before + 2, 'a packet from each peer');
      const giveUp = [lifetime(0), addressFamily('requestedAddressFamily', 'ipv4')];
      expect(codeOf(await client.ask(method.refresh, giveUp))).toBe(0);
      const [v4Peer, v6Peer] = peers;
      expect(codeOf(await client.ask(method.createPermission, [peerAddress(v4Peer.address)]))).toBe(443);
      up(0, 7);
      up(1, 3);
      await until(() => v6Peer.received.length === 2, 'another packet over IPv6');
      expect(v4Peer.received).toHaveLength(1);
      // The port of the address that was given up is nobody's: whoever draws it may bind it.
      const reused = createSocket('udp4');
      reused.bind(relayed[0]?.port, host);
      await once(reused, 'listening');
      reused.close();
      await client.ask(method.refresh, [lifetime(0)]);
      await until(() => platform.eventsOf('allocation.ended').length === 1, 'the end');
      const sums = (['ipv4', 'ipv6'] as const).map((family) => [
        platform.sumOf('bytes', { addressFamily: family, direction: 'in' }),
        platform.sumOf('bytes', { addressFamily: family, direction: 'out' }),
        platform.sumOf('packets', { addressFamily: family }),
        platform.sumOf('allocations', { addressFamily: family }),
      ]);
      expect(sums).toEqual([
        [100, 10, 2, 1],
        [203, 11, 3, 0],
      ]);
      expect(platform.eventsOf('allocation.started')).toMatchObject([
        { addressFamily: 'ipv4', relayedAddressOtherFamily: expect.stringMatching(/^\[::1\]:/) },
      ]);
    },
  );

  it('T4: EVEN-PORT with R keeps the next port for the token', async () => {
    const { at } = await relayWith();
    const evenPort = { type: attributeType.evenPort, value: Uint8Array.of(0x80) };
    const first = await (await clientOf(at)).allocate([udpTransport, evenPort]);
    const value =
      first.attributes.find(({ type }) => type === attributeType.reservationToken)?.value ??
      new Uint8Array(0);
    const second = await (await clientOf(at)).allocate([
      udpTransport,
      { type: attributeType.reservationToken, value },
    ]);
    const [even, odd] = [first, second].map(
      (answer) => addressOf(answer, attributeType.xorRelayedAddress).port,
    );
    expect((even ?? 1) % 2).toBe(0);
    expect(odd).toBe((even ?? 0) + 1);
  });

  it('R1: loopback is no peer unless the relay was told so; its control port never is', async () => {
    const closed = await relayWith({ allowLoopbackPeers: false });
    const client = await clientOf(closed.at);
    await client.allocate();
    expect(codeOf(await client.ask(method.createPermission, [peerAddress(addressAt(9, '127.0.0.2'))]))).toBe(
      403,
    );
    const opened = await relayWith();
    const other = await clientOf(opened.at);
    await other.allocate();
    expect(codeOf(await other.ask(method.createPermission, [peerAddress(addressAt(9, '127.0.0.2'))]))).toBe(
      0,
    );
    expect(await other.bind(0x4000, opened.at)).toBe(403);
  });

  it('R5: under forced relay both sides use this relay, one behind the other', async () => {
    const { platform, at } = await relayWith();
    const [ann, bob] = [await clientOf(at), await clientOf(at)];
    const annAt = addressOf(await ann.allocate(), attributeType.xorRelayedAddress);
    const bobAt = addressOf(await bob.allocate(), attributeType.xorRelayedAddress);
    expect([await ann.bind(0x4000, bobAt), await bob.bind(0x4001, annAt)]).toEqual([0, 0]);
    const before = bob.socket.received.length;
    ann.send(encodeChannelData({ channel: 0x4000, data: Uint8Array.of(1, 2, 3, 4) }));
    await until(() => bob.socket.received.length > before, 'the packet at the other side');
    expect([...(bob.socket.received.at(-1) ?? [])]).toEqual([0x40, 0x01, 0, 4, 1, 2, 3, 4]);
    await Promise.all([ann, bob].map((client) => client.ask(method.refresh, [lifetime(0)])));
    await until(() => platform.eventsOf('allocation.ended').length === 2, 'both ends');
    expect([
      platform.sumOf('bytes', { direction: 'in' }),
      platform.sumOf('bytes', { direction: 'out' }),
    ]).toEqual([4, 4]);
  });

  it('T9: with one port the second allocation gets 508, and a closed port rests (R12)', async () => {
    const probe = await openRawSocket();
    const { port } = probe.address;
    probe.close();
    const { at } = await relayWith({ portRange: { min: port, max: port } });
    const [first, second] = [await clientOf(at), await clientOf(at)];
    expect(addressOf(await first.allocate(), attributeType.xorRelayedAddress).port).toBe(port);
    expect(codeOf(await second.allocate())).toBe(508);
    await first.ask(method.refresh, [lifetime(0)]);
    expect(codeOf(await second.ask(method.allocate, [udpTransport]))).toBe(508);
  });

  it('R12: relay ports follow no sequence', async () => {
    const { at } = await relayWith();
    const ports: number[] = [];
    for (let count = 0; count < 60; count++) {
      const client = await clientOf(at);
      ports.push(addressOf(await client.allocate(), attributeType.xorRelayedAddress).port);
    }
    const steps = ports.slice(1).map((port, index) => port - (ports[index] ?? 0));
    const longestRun = steps.reduce(
      ({ best, run }, step, index) => {
        const next = step === steps[index - 1] ? run + 1 : 1;
        return { best: Math.max(best, next), run: next };
      },
      { best: 1, run: 1 },
    ).best;
    expect(longestRun).toBeLessThanOrEqual(2);
    expect(new Set(ports).size).toBe(60);
  });
});

describe('the end of a credential (ACC-7)', () => {
  const withGrant = async (grant: Partial<Grant>) => {
    const world = await relayWith();
    world.platform.addCredential('limited', 'secret', grant);
    return world;
  };

  it('after N bytes: to the packet, with the reason', async () => {
    const { platform, at } = await withGrant({ limits: [limit({ kind: 'bytes', max: 10_000 })] });
    const call = await callThrough(at, 'limited');
    const isOver = () => platform.eventsOf('allocation.ended').length > 0;
    let count = 0;
    while (await call.up(999, isOver)) count++;
    expect(count).toBe(10);
    expect(platform.eventsOf('limit.reached')).toMatchObject([{ kind: 'bytes', outcome: 'end' }]);
    expect(platform.eventsOf('allocation.ended')).toMatchObject([
      { reason: 'limit-bytes', totals: { bytesIn: 9_990 } },
    ]);
    expect(platform.sumOf('bytes')).toBe(9_990);
    const answer = await call.client.ask(method.refresh);
    expect([codeOf(answer), phraseOf(answer)]).toEqual([437, 'The limit of 10000 bytes is reached.']);
    expect(codeOf(await (await clientOf(at, 'limited')).allocate())).toBe(486);
  });

  it('after N seconds: by itself, not at the next request', async () => {
    const { platform, at } = await withGrant({ limits: [limit({ kind: 'seconds', max: 1 })] });
    const call = await callThrough(at, 'limited');
    await call.up(1);
    await until(() => platform.eventsOf('allocation.ended').length > 0, 'the end');
    const [started] = platform.eventsOf('allocation.started');
    const [ended] = platform.eventsOf('allocation.ended');
    expect(ended?.reason).toBe('limit-seconds');
    const lastedMs = (ended?.atMs ?? 0) - (started?.atMs ?? 0);
    expect(lastedMs).toBeGreaterThanOrEqual(990);
    expect(lastedMs).toBeLessThan(1_250);
    const [media] = platform.eventsOf('media.started');
    const carriedMs = (ended?.atMs ?? 0) - (media?.atMs ?? 0);
    expect(Math.abs(platform.sumOf('allocationMs') - carriedMs)).toBeLessThanOrEqual(10);
  });

  it('at its own end, by the time of day', async () => {
    const { platform, at } = await withGrant({ endsAtMs: Date.now() + 700 });
    await callThrough(at, 'limited');
    await until(() => platform.eventsOf('allocation.ended').length > 0, 'the end');
    expect(platform.eventsOf('allocation.ended')).toMatchObject([{ reason: 'credential-ended' }]);
  });

  it('after one use: another client is refused by the words of the platform', async () => {
    const { platform, at } = await withGrant({ limits: [limit({ kind: 'uses', max: 1 })] });
    const other = { clientKey: '203.0.113.9', isFirstSeen: true };
    await platform.countUse({ counterId: 'cnt', usesMax: 1, ...other });
    const answer = await (await clientOf(at, 'limited')).allocate();
    expect([codeOf(answer), phraseOf(answer)]).toEqual([403, 'The credential has no use left.']);
  });

  it('one use covers all allocations of its client', async () => {
    const { at } = await withGrant({ limits: [limit({ kind: 'uses', max: 1 })] });
    expect(codeOf(await (await clientOf(at, 'limited')).allocate())).toBe(0);
    expect(codeOf(await (await clientOf(at, 'limited')).allocate())).toBe(0);
  });

  it('when it is revoked: before the call returns, well within 2 seconds', async () => {
    const { relay, platform, at } = await withGrant({ keyId: 'key_bad' });
    const bad = await callThrough(at, 'limited');
    const good = await callThrough(at);
    expect(await bad.up(10)).toBe(true);
    relay.revoke({ keyId: 'key_bad' }, 'The key was revoked.');
    await until(() => platform.eventsOf('allocation.ended').length === 1, 'the end');
    expect(platform.eventsOf('allocation.ended')).toMatchObject([
      { reason: 'revoked', detail: 'The key was revoked.' },
    ]);
    bad.client.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(10) }));
    expect(await good.up(10)).toBe(true);
    expect(bad.peer.received).toHaveLength(1);
  });

  it('what its configuration is narrowed to while it lives holds, and is asked for again when nobody can say (POL-5)', async () => {
    const { relay, platform, at } = await withGrant({});
    const call = await callThrough(at, 'limited');
    expect(await call.up(1_000)).toBe(true);
    const { reviewCredential } = platform;
    platform.reviewCredential = () => Promise.reject(new Error('away'));
    expect(await relay.review('acc_test')).toBe(false);
    platform.reviewCredential = reviewCredential;
    expect(await relay.review('acc_of_another')).toBe(true);
    platform.addCredential('limited', 'secret', { bitRateBitsPerSecond: 8_000, burstBytes: 20_000 });
    expect(await relay.review('acc_test')).toBe(true);
    for (let count = 0; count < 60; count++) {
      call.client.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(1_000).fill(0x90) }));
    }
    expect(codeOf(await call.client.ask(method.refresh, [lifetime(600)]))).toBe(0);
    expect(call.peer.received.length).toBeLessThanOrEqual(1 + 22);
    platform.removeCredential('limited');
    expect(await relay.review('acc_test')).toBe(true);
    await until(() => platform.eventsOf('allocation.ended').length === 1, 'the end');
    expect(platform.eventsOf('allocation.ended')).toMatchObject([{ reason: 'revoked' }]);
  });

  it('a bit rate with its burst is kept', async () => {
    const { platform, at } = await withGrant({ bitRateBitsPerSecond: 8_000, burstBytes: 20_000 });
    const call = await callThrough(at, 'limited');
    for (let count = 0; count < 60; count++) {
      call.client.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(1_000).fill(0x90) }));
    }
    await call.client.ask(method.refresh, [lifetime(0)]);
    await until(() => platform.eventsOf('allocation.ended').length > 0, 'the end');
    const bytes = platform.sumOf('bytes');
    expect(bytes).toBeGreaterThanOrEqual(20_000);
    expect(bytes).toBeLessThanOrEqual(22_000);
  });
});

describe('the platform away, drained, stopped', () => {
  it('a platform that throws gives 500, and live allocations go on', async () => {
    const { platform, at } = await relayWith();
    const call = await callThrough(at);
    platform.resolveCredential = () => Promise.reject(new Error('away'));
    expect(codeOf(await (await clientOf(at, 'bob')).allocate())).toBe(500);
    expect(await call.up(10)).toBe(true);
    expect(codeOf(await call.client.ask(method.refresh, [lifetime(600)]))).toBe(0);
  });

  it('a drained relay takes nobody new and settles when the last has left', async () => {
    const { relay, at } = await relayWith();
    const client = await clientOf(at);
    await client.allocate();
    let isDrained = false;
    const drained = relay.drain().then(() => {
      isDrained = true;
    });
    expect(codeOf(await (await clientOf(at)).allocate())).toBe(508);
    expect(isDrained).toBe(false);
    await client.ask(method.refresh, [lifetime(0)]);
    await drained;
    expect(relay.stats()).toMatchObject({ allocationCount: 0, isDraining: true });
  });

  it('a stopped relay has written every record', async () => {
    const { relay, platform, at } = await relayWith();
    const call = await callThrough(at);
    await call.up(123);
    await relay.stop();
    closers.shift();
    expect(platform.sumOf('bytes')).toBe(123);
    expect(platform.eventsOf('allocation.ended')).toMatchObject([{ reason: 'relay-stopped' }]);
  });

  it('what is not yet recorded is checkpointed within a tick (MET-2)', async () => {
    const { platform, at } = await relayWith();
    const call = await callThrough(at);
    await call.up(321);
    const bytesIn = () =>
      [...platform.open.values()]
        .flatMap(({ quantities }) => quantities)
        .find(({ meter }) => meter === 'bytes')?.quantity;
    await until(() => bytesIn() === 321, 'the checkpoint');
    expect(platform.records).toHaveLength(0);
  });
});
