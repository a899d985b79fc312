import { describe, expect, it } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { encodeMessage, method } from '../stun/message.ts';
import { encodeChannelData } from './channel-data.ts';
import type { Grant, Limit } from './grant.ts';
import {
  addressOf,
  channelNumber,
  codeOf,
  lifetime,
  peerAddress,
  phraseOf,
  udpTransport,
} from './testing/client-session.ts';
import { at, createRelayWorld, grantOf, limitOf, type RelayWorld } from './testing/relay-world.ts';

const peer = at('8.8.4.4', 5000);
let transactions = 0;

/** A client with an allocation and a channel to the peer. */
function calling(world: RelayWorld, from = at('81.2.69.1', 40_000), username = 'ann') {
  const client = world.client(from, { username, password: 'secret' });
  const answer = client.allocate();
  if (codeOf(answer) !== 0) throw new Error(`${codeOf(answer)} ${phraseOf(answer)}`);
  const relayed = addressOf(answer, attributeType.xorRelayedAddress);
  const transactionId = new Uint8Array(12).fill(++transactions & 0xff);
  client.ask(method.channelBind, [channelNumber(0x4000), peerAddress(peer, transactionId)], {
    transactionId,
  });
  return {
    client,
    relayed,
    up: (sizeBytes: number) => {
      const before = world.toPeers.length;
      client.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(sizeBytes).fill(0x90) }));
      return world.toPeers.length > before;
    },
    down: (sizeBytes: number) => {
      const before = client.received.length;
      world.fromPeer(relayed, peer, new Uint8Array(sizeBytes).fill(0x90));
      return client.received.length > before;
    },
  };
}

function worldWith(limits: readonly Limit[], grant: Partial<Grant> = {}) {
  const world = createRelayWorld();
  for (const username of ['ann', 'bob']) {
    const credentialId = `crd_${username}`;
    world.resolutions.set(username, {
      ok: true,
      password: 'secret',
      grant: grantOf({ limits, credentialId, ...grant }),
    });
  }
  return world;
}
const bytesOf = (world: RelayWorld, id: string) => {
  const totals = world.totals.get(id) ?? world.forwarder.find(id)?.totals;
  return totals === undefined ? undefined : totals.bytesIn + totals.bytesOut;
};

describe('bytes (ACC-7)', () => {
  it('an allocation ends at the packet that would pass the limit, and never a byte above it', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000 })]);
    const call = calling(world);
    expect([call.up(300), call.down(300), call.up(399)]).toEqual([true, true, true]);
    expect(call.up(2)).toBe(false);
    expect(world.actionsOf('limitReached')).toMatchObject([
      { counterId: 'cnt_a', kind: 'bytes', outcome: 'end' },
    ]);
    expect(world.actionsOf('ended')).toMatchObject([{ allocationId: 'a0', reason: 'limit-bytes' }]);
    expect(bytesOf(world, 'a0')).toBe(999);
    expect(call.up(1)).toBe(false);
    const answer = call.client.ask(method.refresh);
    expect([codeOf(answer), phraseOf(answer)]).toEqual([437, 'The limit of 1000 bytes is reached.']);
  });
  it('exactly the limit passes', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000 })]);
    const call = calling(world);
    expect([call.up(500), call.down(500), call.down(1)]).toEqual([true, true, false]);
    expect(bytesOf(world, 'a0')).toBe(1000);
  });
  it('what was used before counts, and a spent credential gets 486', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000, used: 900 })]);
    const call = calling(world);
    expect([call.up(100), call.up(1)]).toEqual([true, false]);
    expect(codeOf(world.client(at('81.2.69.1', 2)).allocate())).toBe(486);
    expect(
      codeOf(
        worldWith([limitOf({ kind: 'bytes', max: 1000, used: 1000 })])
          .client()
          .allocate(),
      ),
    ).toBe(486);
  });
  it('siblings of one credential share a total, and all of them end when it is reached', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000 })]);
    const [ann, bob] = [calling(world), calling(world, at('81.2.69.2', 1), 'bob')];
    expect([ann.up(500), bob.up(400), ann.up(200)]).toEqual([true, true, false]);
    expect(world.actionsOf('ended').map(({ allocationId }) => allocationId)).toEqual(['a0', 'a1']);
    expect(bob.up(1)).toBe(false);
  });
  it('a limit per session does not begin anew for a holder who narrows: siblings of one client share it', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000, counts: 'session' })]);
    const [ann, bob] = [calling(world), calling(world, at('81.2.69.1', 1), 'bob')];
    expect([ann.up(900), bob.up(200)]).toEqual([true, false]);
    expect(codeOf(world.client(at('81.2.69.1', 2), { username: 'bob', password: 'secret' }).allocate())).toBe(
      486,
    );
  });
  it('a limit per session counts each session alone', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000, counts: 'session' })]);
    const [ann, bob] = [calling(world), calling(world, at('81.2.69.2', 1), 'bob')];
    expect([ann.up(900), bob.up(900), ann.up(200), bob.up(50)]).toEqual([true, true, false, true]);
  });
  it('a limit per session outlives a restart of the allocation', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000, counts: 'session' })], {
      sessionId: 'ses_1',
    });
    const call = calling(world);
    call.up(900);
    call.client.ask(method.refresh, [lifetime(0)]);
    world.pass(60_000);
    const again = calling(world, at('81.2.69.3', 9));
    expect([again.up(100), again.up(1)]).toEqual([true, false]);
  });
  it('connectivity checks are counted apart, and only as many as ICE needs', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000 })]);
    const { client } = calling(world);
    const check = encodeMessage({
      method: method.binding,
      messageClass: 'request',
      transactionId: new Uint8Array(12),
      attributes: [{ type: attributeType.username, value: new Uint8Array(76) }],
    });
    const send = () => client.send(encodeChannelData({ channel: 0x4000, data: check }));
    for (let count = 0; count < 655; count++) send();
    const totals = world.forwarder.find('a0')?.totals;
    expect(totals).toMatchObject({ checkBytesIn: 65_500, bytesIn: 0, packetsIn: 0 });
    expect(check).toHaveLength(100);
    send();
    expect(totals).toMatchObject({ checkBytesIn: 65_500, bytesIn: 100 });
  });
  it('the property: whatever the packets, the sum is at most the limit and the next would pass it', () => {
    let seed = 1;
    const next = () => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed;
    };
    for (let run = 0; run < 50; run++) {
      const max = 1 + (next() % 20_000);
      const world = worldWith([limitOf({ kind: 'bytes', max })]);
      const call = calling(world);
      let lastBytes = 0;
      while (world.core.allocationCount > 0) {
        lastBytes = 1 + (next() % 1500);
        if (next() % 2 === 0) call.up(lastBytes);
        else call.down(lastBytes);
      }
      const used = bytesOf(world, 'a0') ?? 0;
      expect(used).toBeLessThanOrEqual(max);
      expect(used + lastBytes).toBeGreaterThan(max);
    }
  });
});

describe('seconds (ACC-7)', () => {
  it('an allocation ends at the millisecond', () => {
    const world = worldWith([limitOf({ kind: 'seconds', max: 30 })]);
    const startMs = world.nowMs;
    const call = calling(world);
    world.pass(29_999);
    expect(call.up(1)).toBe(true);
    world.pass(1);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'limit-seconds', atMs: startMs + 30_000 }]);
    expect(call.up(1)).toBe(false);
  });
  it("one client's two allocations are one session: its time runs once", () => {
    const world = worldWith([limitOf({ kind: 'seconds', max: 30 })]);
    calling(world);
    calling(world, at('81.2.69.1', 40_001));
    world.pass(29_999);
    expect(world.core.allocationCount).toBe(2);
    world.pass(1);
    expect(world.core.allocationCount).toBe(0);
  });
  it('two sessions of one credential use a total twice as fast', () => {
    const world = worldWith([limitOf({ kind: 'seconds', max: 30 })]);
    calling(world);
    world.pass(10_000);
    calling(world, at('81.2.69.2', 1), 'bob');
    world.pass(9_999);
    expect(world.core.allocationCount).toBe(2);
    world.pass(1);
    expect(world.core.allocationCount).toBe(0);
  });
  it('time stands still without an allocation', () => {
    const world = worldWith([limitOf({ kind: 'seconds', max: 30 })]);
    const first = calling(world);
    world.pass(10_000);
    first.client.ask(method.refresh, [lifetime(0)]);
    world.pass(100_000);
    calling(world, at('81.2.69.1', 2));
    world.pass(19_999);
    expect(world.core.allocationCount).toBe(1);
    world.pass(1);
    expect(world.core.allocationCount).toBe(0);
  });
  it('what was used before counts', () => {
    const world = worldWith([limitOf({ kind: 'seconds', max: 30, used: 25 })]);
    calling(world);
    world.pass(5_000);
    expect(world.core.allocationCount).toBe(0);
  });
});

describe('source networks (ACC-7)', () => {
  it('a credential bound to addresses serves clients from there, and tells others why it does not', () => {
    const world = worldWith([], { sourceCidrs: ['198.51.100.0/24', '81.2.69.0/28'] });
    expect(codeOf(world.client(at('81.2.69.15', 1)).allocate())).toBe(0);
    const answer = world.client(at('81.2.69.16', 1)).allocate();
    expect([codeOf(answer), phraseOf(answer)]).toEqual([403, 'credential.source_not_allowed']);
    expect(codeOf(world.client(at('2a00::1', 1)).allocate())).toBe(403);
  });
  it('a network that cannot be read holds nobody', () => {
    const world = worldWith([], { sourceCidrs: ['81.2.69'] });
    expect(codeOf(world.client().allocate())).toBe(403);
  });
});

describe('uses (ACC-7)', () => {
  it('the platform is asked with the client, and its refusal is the answer', () => {
    const world = worldWith([limitOf({ kind: 'uses', max: 1 })]);
    calling(world);
    expect(world.uses).toEqual([{ counterId: 'cnt_a', clientKey: '81.2.69.1' }]);
    world.useAnswer = { ok: false, code: 403, reason: 'The credential was used.' };
    const answer = world.client(at('81.2.69.2', 2)).allocate();
    expect([codeOf(answer), phraseOf(answer)]).toEqual([403, 'The credential was used.']);
    expect(world.core.allocationCount).toBe(1);
  });
  it.each(['notify', 'throttle', 'downgrade'] as const)(
    'a use beyond the limit with the outcome %s goes on, and is told of once',
    (outcome) => {
      const world = worldWith([limitOf({ kind: 'uses', max: 1, outcome })]);
      world.useAnswer = { ok: true, reachedCounterId: 'cnt_a' };
      const call = calling(world);
      expect(call.up(100)).toBe(true);
      expect(world.actionsOf('limitReached')).toMatchObject([{ kind: 'uses', counterId: 'cnt_a', outcome }]);
      const bitRate = world.actionsOf('limit').at(-1)?.limits.bitRate?.bitsPerSecond;
      expect(bitRate).toBe({ notify: undefined, throttle: 64_000, downgrade: 128_000 }[outcome]);
    },
  );
  it('a client that left has given its address up: the next one from there asks for a use of its own', () => {
    const world = worldWith([limitOf({ kind: 'uses', max: 1 })]);
    const first = calling(world);
    first.client.ask(method.refresh, [lifetime(0)]);
    world.pass(2_000);
    world.useAnswer = { ok: false, code: 403, reason: 'credential.used_up', isSpent: true };
    expect(codeOf(world.client(at('81.2.69.1', 2)).allocate())).toBe(403);
    expect(world.uses.map(({ clientKey }) => clientKey)).toEqual(['81.2.69.1', '81.2.69.1/a1']);
    expect(world.actionsOf('attempted').at(-1)).toMatchObject({ code: 403, spent: { kind: 'uses', max: 1 } });
  });
  it('all uses of a chain are counted before a port is opened', () => {
    const limits = [
      limitOf({ kind: 'uses', max: 5, counterId: 'p1' }),
      limitOf({ kind: 'uses', max: 1, counterId: 'p2' }),
    ];
    const world = createRelayWorld({ isPlatformSlow: true });
    const client = world.client();
    client.session.learn(client.ask(method.allocate, [udpTransport], { isSigned: false }));
    client.request(method.allocate, [udpTransport]);
    world.perform(
      world.core.resolved('ann', { ok: true, password: 'secret', grant: grantOf({ limits }) }, world.nowMs),
    );
    world.perform(world.core.useCounted('a0', { ok: true }, world.nowMs));
    expect(world.actionsOf('openRelay')).toHaveLength(0);
    world.perform(world.core.useCounted('a0', { ok: true }, world.nowMs));
    expect(world.actionsOf('allocated')).toHaveLength(1);
  });
});

describe('other outcomes (ACC-7)', () => {
  it('notify tells once and goes on', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 1000, outcome: 'notify' })]);
    const call = calling(world);
    expect([call.up(900), call.up(900), call.up(900)]).toEqual([true, true, true]);
    expect(world.actionsOf('limitReached')).toMatchObject([{ outcome: 'notify' }]);
    expect(world.core.allocationCount).toBe(1);
  });
  it('throttle cuts the bit rate, for later allocations of the session too', () => {
    const world = worldWith([limitOf({ kind: 'seconds', max: 10, outcome: 'throttle' })]);
    const call = calling(world);
    const passedInASecond = (from: typeof call) => {
      let bytes = 0;
      for (let step = 0; step < 100; step++) {
        for (let count = 0; count < 10; count++) if (from.up(1000)) bytes += 1000;
        world.pass(10);
      }
      return bytes;
    };
    expect(passedInASecond(call)).toBe(1_000_000);
    world.pass(9_000);
    const limited = passedInASecond(call);
    // 64 kbit/s and the burst of a quarter of a second.
    expect(limited).toBeGreaterThanOrEqual(8_000);
    expect(limited).toBeLessThanOrEqual(8_000 + 2_000);
    const later = calling(world, at('81.2.69.1', 2));
    expect(passedInASecond(later)).toBeLessThanOrEqual(8_000 + 2_000);
  });
  it('downgrade leaves enough for sound and begins a segment of class audio (MET-4)', () => {
    const world = worldWith([limitOf({ kind: 'bytes', max: 5000, outcome: 'downgrade' })], {
      bandwidthClass: 'high-video',
    });
    const call = calling(world);
    for (let count = 0; count < 10; count++) call.up(1000);
    expect(world.actionsOf('limitReached')).toHaveLength(1);
    expect(world.actionsOf('classChanged')).toMatchObject([{ allocationId: 'a0', bandwidthClass: 'audio' }]);
    expect(world.actionsOf('limit').at(-1)?.limits.bitRate).toEqual({
      bitsPerSecond: 128_000,
      burstBytes: 4_000,
    });
    world.pass(1_000);
    expect(call.up(1000)).toBe(true);
  });
});

describe('what a credential may do changes while its allocations live (POL-5)', () => {
  const passedInASecond = (world: ReturnType<typeof worldWith>, call: ReturnType<typeof calling>) => {
    let bytes = 0;
    for (let step = 0; step < 100; step++) {
      for (let count = 0; count < 10; count++) if (call.up(1000)) bytes += 1000;
      world.pass(10);
    }
    return bytes;
  };
  it('a narrower rate holds for the next packet, and a wider one gives back', () => {
    const world = worldWith([]);
    const call = calling(world);
    expect(passedInASecond(world, call)).toBe(1_000_000);
    const rate = { bitRateBitsPerSecond: 80_000, burstBytes: 2_000 };
    world.perform(world.core.review('ann', { ok: true, rate }, world.nowMs));
    const limited = passedInASecond(world, call);
    expect(limited).toBeGreaterThanOrEqual(10_000);
    expect(limited).toBeLessThanOrEqual(10_000 + 2_000);
    world.perform(world.core.review('ann', { ok: true, rate: {} }, world.nowMs));
    expect(passedInASecond(world, call)).toBe(1_000_000);
  });
  it('a limit that was reached holds besides', () => {
    const world = worldWith([limitOf({ kind: 'seconds', max: 1, outcome: 'throttle' })]);
    const call = calling(world);
    world.pass(2_000);
    const rate = { bitRateBitsPerSecond: 1_000_000, burstBytes: 2_000 };
    world.perform(world.core.review('ann', { ok: true, rate }, world.nowMs));
    expect(call.up(100)).toBe(true);
    expect(world.actionsOf('limit').at(-1)?.limits.bitRate?.bitsPerSecond).toBe(64_000);
  });
  it('what may not go on ends, with the reason', () => {
    const world = worldWith([]);
    calling(world);
    const detail = 'The account has no application app_1.';
    world.perform(world.core.review('bob', { ok: false, detail }, world.nowMs));
    expect(world.core.allocationCount).toBe(1);
    world.perform(world.core.review('ann', { ok: false, detail }, world.nowMs));
    expect(world.core.allocationCount).toBe(0);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'revoked', detail }]);
  });
  it('the next client asks the platform anew, for that account alone', () => {
    const world = worldWith([]);
    calling(world);
    const asked = () => world.actionsOf('resolveCredential').length;
    const before = asked();
    expect(world.core.reconsider('acc_b')).toEqual([]);
    world.client(at('81.2.69.2', 2)).allocate();
    expect(asked()).toBe(before);
    expect(world.core.reconsider('acc_a')).toEqual(['ann']);
    world.client(at('81.2.69.3', 3)).allocate();
    expect(asked()).toBe(before + 1);
  });
});

describe('bit rate', () => {
  it('both ways together pass the rate and the burst, and no more', () => {
    const world = worldWith([], { bitRateBitsPerSecond: 80_000, burstBytes: 5_000 });
    const call = calling(world);
    let bytes = 0;
    for (let step = 0; step < 400; step++) {
      if (call.up(1000)) bytes += 1000;
      if (call.down(1000)) bytes += 1000;
      world.pass(10);
    }
    expect(bytes).toBeGreaterThanOrEqual(40_000);
    expect(bytes).toBeLessThanOrEqual(45_000);
    expect(world.forwarder.find('a0')?.totals.drops['bit-rate']).toBeGreaterThan(600);
  });
});

describe('revocation', () => {
  const grant = grantOf({ sessionId: 'ses_1', credentialPrefixIds: ['crd_root'] });
  it.each([
    [{ credentialId: 'crd_a' }, 'revoked'],
    [{ credentialId: 'crd_root' }, 'revoked'],
    [{ keyId: 'key_a' }, 'revoked'],
    [{ accountId: 'acc_a' }, 'account-suspended'],
    [{ accountId: 'acc_a', isClosed: true }, 'account-closed'],
    [{ sessionId: 'ses_1' }, 'session-ended'],
    [{ sessionId: 'ses_2' }, undefined],
    [{ credentialId: 'crd_b' }, undefined],
  ])('%j ends an allocation as %s, or does not touch it', (scope, reason) => {
    const world = createRelayWorld();
    world.resolutions.set('ann', { ok: true, password: 'secret', grant });
    const call = calling(world);
    world.perform(world.core.revoke(scope, 'The key was revoked.', world.nowMs));
    const isLeft = reason === undefined;
    expect(world.core.allocationCount).toBe(isLeft ? 1 : 0);
    expect(call.up(1)).toBe(isLeft);
    expect(world.actionsOf('ended').map((action) => action.reason)).toEqual(isLeft ? [] : [reason]);
  });
  it('R13: a revoked credential is asked about again, and its client is told why', () => {
    const world = createRelayWorld();
    const call = calling(world);
    world.resolutions.set('ann', { ok: false, code: 403, reason: 'The account is suspended.' });
    world.perform(world.core.revoke({ accountId: 'acc_a' }, 'The account is suspended.', world.nowMs));
    expect(codeOf(call.client.ask(method.refresh))).toBe(403);
    expect(world.actionsOf('resolveCredential')).toHaveLength(2);
  });
});
