import { describe, expect, it } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { method } from '../stun/message.ts';
import { mutations } from '../stun/mutation.ts';
import { encodeChannelData } from './channel-data.ts';
import {
  addressOf,
  channelNumber,
  codeOf,
  lifetime,
  peerAddress,
  sendIndication,
  udpTransport,
} from './testing/client-session.ts';
import { at, createRelayWorld } from './testing/relay-world.ts';

describe('the relay under mutated datagrams (R14)', () => {
  it('40,000 seeded mutations of what a client sends: no throw, no peer that was not permitted, no new allocation', () => {
    const world = createRelayWorld({ core: { bounds: { challengesPerSecond: 1e9, challengeBurst: 1e9 } } });
    const client = world.client();
    const transactionId = new Uint8Array(12).fill(3);
    const relayed = addressOf(client.allocate(), attributeType.xorRelayedAddress);
    const peer = at('8.8.4.4', 5000);
    client.ask(method.channelBind, [channelNumber(0x4000), peerAddress(peer, transactionId)], {
      transactionId,
    });
    const { session } = client;
    const corpus = [
      session.build(method.binding),
      session.build(method.allocate, [udpTransport], { isSigned: false }),
      session.build(method.allocate, [udpTransport, lifetime(600)], { hasFingerprint: true }),
      session.build(method.refresh, [lifetime(600)]),
      session.build(method.createPermission, [peerAddress(peer, transactionId)], { transactionId }),
      session.build(
        method.channelBind,
        [channelNumber(0x4001), peerAddress(at('8.8.4.4', 6), transactionId)],
        { transactionId },
      ),
      sendIndication(peer, new Uint8Array(50)),
      encodeChannelData({ channel: 0x4000, data: new Uint8Array(50) }),
    ];
    const stranger = world.client(at('81.2.69.200', 7));
    for (const bytes of mutations(corpus, { seed: 8656, count: 40_000 })) {
      stranger.send(bytes);
      client.send(bytes);
      world.fromPeer(relayed, peer, bytes);
      client.received.length = 0;
      stranger.received.length = 0;
      world.actions.length = 0;
    }
    expect(world.toPeers.length).toBeGreaterThan(1_000);
    // A port may mutate in a Send, as a permission is for an address; an address may not.
    expect(new Set(world.toPeers.map(({ to }) => to.split(':')[0]))).toEqual(new Set(['8.8.4.4']));
    expect(world.core.allocationCount).toBeLessThanOrEqual(1);
    expect(codeOf(world.client(at('81.2.69.3', 3)).allocate())).toBe(0);
  });
});
