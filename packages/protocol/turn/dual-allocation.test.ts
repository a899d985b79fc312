import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { type Attribute, findAttribute, method, type StunMessage } from '../stun/message.ts';
import { type TransportAddress, transportAddressToText } from '../stun/transport-address.ts';
import { type AddressFamily, familyOf } from './address-family.ts';
import { encodeChannelData } from './channel-data.ts';
import { decodeLifetime } from './lifetime.ts';
import {
  addressesOf,
  addressFamily,
  channelNumber,
  codeOf,
  lifetime,
  peerAddress,
  sendIndication,
  udpTransport,
} from './testing/client-session.ts';
import {
  at,
  createRelayWorld,
  grantOf,
  limitOf,
  relayHost,
  type WorldOptions,
} from './testing/relay-world.ts';

const both = addressFamily('additionalAddressFamily', 'ipv6');
const only = (family: AddressFamily) => addressFamily('requestedAddressFamily', family);
const peers = { ipv4: at('8.8.4.4', 5_000), ipv6: at('2a00:1::5', 6_000) } as const;
const channels = { ipv4: 0x4000, ipv6: 0x4001 } as const;
const families = ['ipv4', 'ipv6'] as const;
const notSupported = 'Address Family not Supported';
const noCapacity = 'Insufficient Capacity';
const hexOf = (attribute: Attribute | undefined) => Buffer.from(attribute?.value ?? []).toString('hex');

/** A client with a dual allocation, and what it does with it family by family. */
function dual(options?: WorldOptions, grant = grantOf()) {
  const world = createRelayWorld(options);
  world.resolutions.set('ann', { ok: true, password: 'secret', grant });
  const client = world.client();
  const answer = client.allocate([udpTransport, both]);
  const relayed = addressesOf(answer, attributeType.xorRelayedAddress);
  let count = 0;
  const aboutPeer = (methodNumber: number, peer: TransportAddress, channel?: number): number => {
    const transactionId = new Uint8Array(12);
    new DataView(transactionId.buffer).setUint32(0, ++count);
    const number = channel === undefined ? [] : [channelNumber(channel)];
    const attributes = [...number, peerAddress(peer, transactionId)];
    // A nonce that has gone stale would be another test.
    client.session.learn(client.ask(method.refresh, [], { isSigned: false }));
    return codeOf(client.ask(methodNumber, attributes, { transactionId }));
  };
  const refresh = (seconds: number, family?: AddressFamily): StunMessage => {
    client.session.learn(client.ask(method.refresh, [], { isSigned: false }));
    return client.ask(method.refresh, [lifetime(seconds), ...(family === undefined ? [] : [only(family)])]);
  };
  const isThrough = (table: readonly unknown[], act: () => void) => {
    const before = table.length;
    act();
    return table.length > before;
  };
  return {
    world,
    client,
    answer,
    relayed,
    refresh,
    permit: (family: AddressFamily) => aboutPeer(method.createPermission, peers[family]),
    bind: (family: AddressFamily, channel: number = channels[family]) =>
      aboutPeer(method.channelBind, peers[family], channel),
    bindTo: (peer: TransportAddress, channel: number) => aboutPeer(method.channelBind, peer, channel),
    up: (family: AddressFamily, sizeBytes = 10) =>
      isThrough(world.toPeers, () =>
        client.send(
          encodeChannelData({ channel: channels[family], data: new Uint8Array(sizeBytes).fill(0x90) }),
        ),
      ),
    indicate: (family: AddressFamily) =>
      isThrough(world.toPeers, () => client.send(sendIndication(peers[family], Uint8Array.of(0x90)))),
    down: (family: AddressFamily, sizeBytes = 10) =>
      isThrough(client.received, () => {
        const own = relayed[families.indexOf(family)];
        if (own !== undefined) world.fromPeer(own, peers[family], new Uint8Array(sizeBytes).fill(0x90));
      }),
    totals: () => world.totals.get('a0') ?? world.forwarder.find('a0')?.totals,
  };
}

describe('RFC 8656 §7.2, step 9: an Allocate with ADDITIONAL-ADDRESS-FAMILY', () => {
  it('known answer: both relayed addresses, IPv4 first, and one lifetime', () => {
    const world = createRelayWorld();
    const client = world.client();
    client.session.learn(client.ask(method.allocate, [udpTransport], { isSigned: false }));
    const transactionId = new Uint8Array(12).fill(5);
    const attributes = [udpTransport, { type: 0x8000, value: Uint8Array.of(2, 0, 0, 0) }];
    const answer = client.ask(method.allocate, attributes, { transactionId });
    expect(
      answer.attributes.slice(0, 4).map(({ type, value }) => [type, hexOf({ type, value, offset: 0 })]),
    ).toEqual([
      // 198.41.0.4:50000 and [2a00::4]:50001, masked by the cookie and the transaction id (RFC 8489 §14.2).
      [0x0016, '0001e242e73ba446'],
      [0x0016, '0002e2430b12a442050505050505050505050501'],
      [0x000d, '00000258'],
      [0x0020, '0001bd527010e143'],
    ]);
    expect(findAttribute(answer, attributeType.addressErrorCode)).toBeUndefined();
  });
  it.each([
    ['IPv4 alone', { core: { families: ['ipv4'] } }, { had: 'ipv4', head: '02000428', phrase: notSupported }],
    ['IPv6 alone', { core: { families: ['ipv6'] } }, { had: 'ipv6', head: '01000428', phrase: notSupported }],
    ['no IPv6 port left', { fullFamilies: ['ipv6'] }, { had: 'ipv4', head: '02000508', phrase: noCapacity }],
    ['no IPv4 port left', { fullFamilies: ['ipv4'] }, { had: 'ipv6', head: '01000508', phrase: noCapacity }],
  ] as const)(
    'known answer: a relay with %s succeeds with the other, and says why (§18.12)',
    (_, options, { had, head, phrase }) => {
      const { answer, relayed, world, permit } = dual(options);
      expect([codeOf(answer), relayed.map(({ ip }) => familyOf(ip))]).toEqual([0, [had]]);
      expect(hexOf(findAttribute(answer, attributeType.addressErrorCode))).toBe(
        head + Buffer.from(phrase).toString('hex'),
      );
      expect(families.map(permit)).toEqual(families.map((family) => (family === had ? 0 : 443)));
      expect(world.actionsOf('allocated')).toMatchObject([{ family: had }]);
    },
  );
  it('no port of either family gives 508, and costs no quota', () => {
    const { answer, world } = dual({ fullFamilies: families });
    expect([codeOf(answer), world.core.allocationCount]).toEqual([508, 0]);
  });
  it('is one allocation of a quota, and of the relay', () => {
    const { answer, world } = dual({ core: { bounds: { allocationsPerCredentialMax: 1 } } });
    expect([codeOf(answer), world.core.allocationCount]).toEqual([0, 1]);
    expect(codeOf(world.client(at('81.2.69.1', 2)).allocate())).toBe(486);
  });
  it('with EVEN-PORT both ports are even', () => {
    const evenPort = { type: attributeType.evenPort, value: Uint8Array.of(0) };
    const answer = createRelayWorld().client().allocate([udpTransport, both, evenPort]);
    expect(addressesOf(answer, attributeType.xorRelayedAddress).map(({ port }) => port % 2)).toEqual([0, 0]);
  });
});

describe('a dual allocation relays', () => {
  it('to each peer from the relayed address of its family, both ways, by indications and channels', () => {
    const { world, permit, bind, up, down, indicate } = dual();
    for (const family of families) {
      expect([indicate(family), down(family)]).toEqual([false, false]);
      expect(permit(family)).toBe(0);
      expect([indicate(family), down(family)]).toEqual([true, true]);
      expect(bind(family)).toBe(0);
      expect([up(family), down(family)]).toEqual([true, true]);
    }
    expect(world.toPeers.map(({ family, to }) => [family, to])).toEqual(
      families.flatMap((family) => Array(2).fill([family, textOf(family)])),
    );
  });
  it('by one table of channels: a number bound in one family is taken in the other (RFC 8656 §12)', () => {
    const { bind } = dual();
    expect([bind('ipv4', 0x4000), bind('ipv6', 0x4000), bind('ipv6', 0x4001)]).toEqual([0, 400, 0]);
  });
  it('and is reached by other clients of this relay at both addresses, until each is given up', () => {
    const { world, relayed, refresh } = dual();
    const other = world.client(at('81.2.69.2', 1));
    other.allocate([udpTransport, both]);
    const bindTo = (index: number) => {
      const transactionId = new Uint8Array(12).fill(
        90 + index + 2 * world.core.allocationCount + world.toPeers.length,
      );
      const peer = relayed[index] ?? at(relayHost, 1);
      const attributes = [channelNumber(0x4000 + index), peerAddress(peer, transactionId)];
      return codeOf(other.ask(method.channelBind, attributes, { transactionId }));
    };
    expect([bindTo(0), bindTo(1)]).toEqual([0, 0]);
    refresh(0, 'ipv6');
    const send = (index: number) => {
      const before = world.toPeers.length;
      other.send(encodeChannelData({ channel: 0x4000 + index, data: Uint8Array.of(0x90) }));
      return world.toPeers.length > before;
    };
    expect([send(0), send(1)]).toEqual([true, false]);
    expect(bindTo(1)).toBe(403);
  });
});

const textOf = (family: AddressFamily) =>
  family === 'ipv4' ? transportAddressToText(peers.ipv4) : '2a00:1::5:6000';

describe('limits, revocation and end of a dual allocation (ACC-7)', () => {
  it('bytes of both families count for one limit, which ends both', () => {
    const { world, bind, up, refresh } = dual(
      {},
      grantOf({ limits: [limitOf({ kind: 'bytes', max: 1_000 })] }),
    );
    for (const family of families) bind(family);
    expect([up('ipv4', 500), up('ipv6', 500), up('ipv4', 1)]).toEqual([true, true, false]);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'limit-bytes' }]);
    expect([up('ipv6', 1), world.core.allocationCount, codeOf(refresh(600))]).toEqual([false, 0, 437]);
    expect(world.totals.get('a0')).toMatchObject({
      bytesIn: 1_000,
      overIpv6: { bytesIn: 500, packetsIn: 1 },
    });
  });
  it('one bit rate holds for both together', () => {
    const { bind, up } = dual({}, grantOf({ bitRateBitsPerSecond: 8_000, burstBytes: 2_000 }));
    for (const family of families) bind(family);
    expect([up('ipv4', 1_500), up('ipv6', 1_000), up('ipv6', 400)]).toEqual([true, false, true]);
  });
  it('a revocation ends both at once', () => {
    const { world, bind, up, down } = dual();
    for (const family of families) bind(family);
    world.perform(world.core.revoke({ keyId: 'key_a' }, 'The key was revoked.', world.nowMs));
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'revoked' }]);
    expect(families.flatMap((family) => [up(family), down(family)])).toEqual(Array(4).fill(false));
  });
});

describe('RFC 8656 §8: Refresh of a dual allocation', () => {
  const secondsOf = (message: StunMessage) =>
    decodeLifetime(findAttribute(message, attributeType.lifetime)?.value ?? new Uint8Array(0));

  it('lifetime 0 for one family gives up that address, its permissions and channels, and nothing of the other', () => {
    for (const [given, other] of [families, families.toReversed()] as [AddressFamily, AddressFamily][]) {
      const { world, bind, bindTo, permit, up, down, indicate, refresh } = dual();
      for (const family of families) bind(family);
      expect(secondsOf(refresh(0, given))).toBe(0);
      expect([up(given), indicate(given), down(given)]).toEqual([false, false, false]);
      expect([up(other), indicate(other), down(other)]).toEqual([true, true, true]);
      expect([permit(given), bind(given), codeOf(refresh(600, given)), codeOf(refresh(0, given))]).toEqual(
        Array(4).fill(443),
      );
      expect([permit(other), codeOf(refresh(600, other)), codeOf(refresh(600))]).toEqual([0, 0, 0]);
      // The number of the channel that went is free for the other family.
      expect(bindTo({ ...peers[other], port: 7 }, channels[given])).toBe(0);
      expect(world.actionsOf('ended')).toHaveLength(0);
      expect(secondsOf(refresh(0, other))).toBe(0);
      expect(world.actionsOf('ended')).toMatchObject([{ reason: 'released' }]);
      expect(world.core.allocationCount).toBe(0);
    }
  });
  it('without a family it is about both', () => {
    const { world, bind, up, refresh } = dual();
    for (const family of families) bind(family);
    expect(secondsOf(refresh(1_200))).toBe(1_200);
    world.pass(1_199_999);
    expect(world.core.allocationCount).toBe(1);
    expect(secondsOf(refresh(0))).toBe(0);
    expect([world.core.allocationCount, up('ipv4'), up('ipv6')]).toEqual([0, false, false]);
  });
  it('each address has a time to expiry of its own (§6): one that was not refreshed goes alone', () => {
    const { world, permit, refresh } = dual();
    expect(secondsOf(refresh(3_600, 'ipv6'))).toBe(3_600);
    world.pass(599_999);
    expect([permit('ipv4'), permit('ipv6')]).toEqual([0, 0]);
    world.pass(1);
    expect([permit('ipv4'), permit('ipv6')]).toEqual([443, 0]);
    expect(world.actionsOf('closeFamily')).toMatchObject([{ family: 'ipv4' }]);
    world.pass(3_000_000);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'expired', atMs: world.nowMs }]);
  });
  it('a family of no allocation gives 443, and a value of the wrong length 400', () => {
    const { client } = dual();
    const ask = (...value: number[]) =>
      codeOf(
        client.ask(method.refresh, [
          { type: attributeType.requestedAddressFamily, value: Uint8Array.from(value) },
        ]),
      );
    expect([ask(3, 0, 0, 0), ask(2), ask(2, 0, 0, 0)]).toEqual([443, 400, 0]);
  });
});

it('in no order of requests does a packet pass by an address that was given up, and every byte is counted under its family', () => {
  const step = fc.record({
    act: fc.constantFrom('permit', 'bind', 'up', 'down', 'indicate', 'giveUp', 'refresh', 'wait'),
    family: fc.constantFrom(...families),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const own = dual();
      const { world } = own;
      const held = new Map<AddressFamily, number>(families.map((family) => [family, world.nowMs + 600_000]));
      const bytes = { ipv4: 0, ipv6: 0 };
      for (const { act, family } of steps) {
        const isHeld = (held.get(family) ?? 0) > world.nowMs;
        const isAlive = families.some((each) => (held.get(each) ?? 0) > world.nowMs);
        const refusal = isAlive ? 443 : 437;
        if (act === 'wait') world.pass(140_000);
        else if (act === 'permit' && !isHeld) expect(own.permit(family)).toBe(refusal);
        else if (act === 'permit' || act === 'bind') own[act](family);
        else if (act === 'giveUp' || act === 'refresh') {
          const seconds = act === 'giveUp' ? 0 : 600;
          expect(codeOf(own.refresh(seconds, family))).toBe(isHeld ? 0 : refusal);
          if (isHeld) held.set(family, world.nowMs + seconds * 1_000);
        } else if (own[act](family)) {
          expect(isHeld).toBe(true);
          bytes[family] += act === 'indicate' ? 1 : 10;
        }
        expect(world.core.allocationCount).toBe(
          families.some((each) => (held.get(each) ?? 0) > world.nowMs) ? 1 : 0,
        );
      }
      const totals = own.totals();
      const sum = (of?: { bytesIn: number; bytesOut: number }) => (of?.bytesIn ?? 0) + (of?.bytesOut ?? 0);
      expect([sum(totals), sum(totals?.overIpv6)]).toEqual([bytes.ipv4 + bytes.ipv6, bytes.ipv6]);
      expect(world.toPeers.every(({ family, to }) => to === textOf(family))).toBe(true);
    }),
    { numRuns: 200 },
  );
});
