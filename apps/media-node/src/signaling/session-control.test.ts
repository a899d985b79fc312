import { documentSchema } from '@patchbay/domain/logic/verbs';
import type { ControlOrder, SessionChange } from '@patchbay/domain/sessions/control';
import { type ClientMessage, decodeServerFrame } from '@patchbay/protocol/signaling/messages';
import { describe, expect, it } from 'vitest';
import { audioOnly, call, MachineBench } from './testing/machine-bench.ts';
import type { MemoryCredential } from './testing/memory-platform.ts';

let orderCount = 0;

/** Orders as the control plane gives them, and what came of each. */
function ordering(bench: MachineBench, sessionId: () => string) {
  return (change: SessionChange, asked: Partial<Omit<ControlOrder, 'change'>> = {}) => {
    const accountId = asked.accountId ?? 'acc_a';
    const order = {
      orderId: `order-${++orderCount}`,
      sessionId: sessionId(),
      by: { name: 'Alice', accountId },
      issuedAtMs: bench.nowMs,
      ...asked,
      accountId,
      change,
    };
    bench.tell({ type: 'order', order });
    return bench.platform.answers.get(order.orderId);
  };
}

/** acc_b is below acc_a, and acc_platform above. */
const paths: Readonly<Record<string, readonly string[]>> = {
  acc_platform: ['acc_platform'],
  acc_a: ['acc_a', 'acc_platform'],
  acc_b: ['acc_b', 'acc_a', 'acc_platform'],
};

/** Alice of acc_a calls Bob, of her own account or of one that is above or below. */
function pair({ bobAccountId = 'acc_a', isConnected = true, understands = ['control'] } = {}) {
  const bench = new MachineBench();
  const accountPath = paths[bobAccountId] ?? [];
  const alice = bench.connect({ identity: 'alice' }, understands);
  const bob = bench.connect({ identity: 'bob', accountId: bobAccountId, accountPath });
  const to = bobAccountId === 'acc_a' ? 'user:bob' : `user:bob@${bobAccountId}`;
  alice.send({ type: 'call', requestId: 'r1', to, media: audioOnly });
  const { sessionId, legId: bobLegId } = bob.last('incoming');
  if (isConnected) bob.send({ type: 'accept', sessionId, media: audioOnly });
  const aliceLegId = alice.last('ringing').legId;
  return { bench, alice, bob, sessionId, aliceLegId, bobLegId, order: ordering(bench, () => sessionId) };
}

const nothing = { audio: false, video: false, screen: false };

describe('pause and resume (LIV-1)', () => {
  it('all parties are told to hold and to go on, once each, and the log says who did it', () => {
    const { bench, alice, bob, order } = pair();
    expect(order({ type: 'pause' })).toMatchObject({
      kind: 'done',
      isChanged: true,
      before: { muted: [] },
      after: { pausedAtMs: bench.nowMs },
    });
    expect(order({ type: 'pause' })).toMatchObject({ kind: 'done', isChanged: false });
    expect([alice, bob].map((each) => each.all('control').map(({ held }) => held))).toEqual([[true], [true]]);
    order({ type: 'resume' });
    expect(order({ type: 'resume' })).toMatchObject({ kind: 'done', isChanged: false });
    expect(alice.all('control').map(({ held }) => held)).toEqual([true, false]);
    const lines = ['session.paused', 'session.resumed'] as const;
    expect(lines.map((type) => bench.platform.eventsOf(type).map(({ data }) => data))).toEqual([
      [{ by: 'Alice' }],
      [{ by: 'Alice' }],
    ]);
  });

  it('connected time goes on to be counted, and a limit of time to hold', () => {
    const { bench, order } = pair();
    order({ type: 'pause' });
    for (let count = 0; count < 3; count++) {
      for (const client of bench.clients) client.send({ type: 'ping', nonce: count, lastSequence: 0 });
      bench.pass(10_000);
    }
    expect(bench.platform.used('connectedMs')).toBeGreaterThanOrEqual(50_000);
  });

  it('what nobody has answered is not held, and neither is what no party would hold', () => {
    expect(pair({ isConnected: false }).order({ type: 'pause' })).toMatchObject({ refusal: 'not_live' });
    const { bench, alice, bob, order } = pair({ understands: [] });
    // One of two that holds is enough for both to hear nothing.
    expect(order({ type: 'pause' })).toMatchObject({ kind: 'done' });
    expect([alice.all('control'), bob.all('control')].map((frames) => frames.length)).toEqual([0, 1]);
    bob.understands = [];
    bob.lose();
    bob.comeBack();
    expect(order({ type: 'resume' })).toMatchObject({ refusal: 'party_unable' });
    expect(bench.platform.eventsOf('session.resumed')).toEqual([]);
  });

  it('it holds over the death of the process', () => {
    const { bench, alice, bob, order } = pair();
    order({ type: 'pause' });
    bench.die();
    for (const client of [alice, bob]) client.comeBack();
    expect(order({ type: 'pause' })).toMatchObject({ isChanged: false });
    expect(order({ type: 'resume' })).toMatchObject({ isChanged: true });
    expect(bob.last('control').held).toBe(false);
  });
});

describe('mute', () => {
  it('a leg is told what it may not send, and the other what it is not to play; kinds that are not named stay', () => {
    const { bench, alice, bob, order, bobLegId: legId } = pair();
    const video = { audio: false, video: true, screen: false };
    order({ type: 'mute', legId, muted: { video: true } });
    expect(bob.last('control')).toMatchObject({ muted: video, peerMuted: nothing });
    expect(alice.last('control')).toMatchObject({ muted: nothing, peerMuted: video });
    const answer = order({ type: 'mute', legId, muted: { audio: true } });
    expect(answer).toMatchObject({ after: { muted: [{ legId, muted: { ...video, audio: true } }] } });
    expect(order({ type: 'mute', legId, muted: { audio: true } })).toMatchObject({ isChanged: false });
    order({ type: 'mute', legId, muted: { audio: false, video: false } });
    expect(bob.last('control').muted).toEqual(nothing);
    expect(bench.platform.eventsOf('leg.muted').map((line) => line.legId)).toEqual([legId, legId, legId]);
  });

  it('without a leg it is all that the account controls, and a leg of another account is not among them (LIV-0)', () => {
    const { bench, order, aliceLegId } = pair({ bobAccountId: 'acc_platform' });
    expect(order({ type: 'mute', muted: { audio: true } })).toMatchObject({
      after: { muted: [{ legId: aliceLegId, muted: { ...nothing, audio: true } }] },
    });
    expect(bench.platform.eventsOf('leg.muted')).toHaveLength(1);
  });
});

describe('whose word counts (LIV-0)', () => {
  it('the owner of a session silences no leg of another account, and removes it all the same', () => {
    const { alice, bob, order, bobLegId: legId } = pair({ bobAccountId: 'acc_platform' });
    expect(order({ type: 'mute', legId, muted: { audio: true } })).toMatchObject({ refusal: 'foreign' });
    expect(order({ type: 'remove', legId })).toMatchObject({ kind: 'done', isEnded: true });
    expect(bob.last('ended').reason.code).toBe('signaling.removed');
    expect(alice.last('ended').reason.code).toBe('signaling.party_removed');
  });

  it('the account of a leg orders that leg, and nothing of the session that is another’s', () => {
    const { bench, order, aliceLegId, bobLegId } = pair({ bobAccountId: 'acc_b' });
    const own = { accountId: 'acc_b' };
    const refused = (['pause', 'resume'] as const).map((type) => order({ type }, own));
    const limited = order({ type: 'limit', endsAtMs: bench.nowMs + 1_000 }, own);
    const others = order({ type: 'mute', legId: aliceLegId, muted: { audio: true } }, own);
    const removed = order({ type: 'remove', legId: aliceLegId }, own);
    for (const answer of [...refused, limited, others, removed])
      expect(answer).toMatchObject({ refusal: 'foreign' });
    expect(order({ type: 'mute', legId: bobLegId, muted: { audio: true } }, own)).toMatchObject({
      kind: 'done',
    });
    // What one account has muted of its own is not told to another that has a part in the session.
    order({ type: 'mute', legId: aliceLegId, muted: { video: true } });
    expect(order({ type: 'mute', legId: bobLegId, muted: { audio: false } }, own)).toMatchObject({
      before: { muted: [{ legId: bobLegId }] },
      after: { muted: [] },
    });
    expect(order({ type: 'remove', legId: bobLegId }, own)).toMatchObject({ isEnded: true });
  });

  it('a stranger orders nothing, whatever it names', () => {
    const { bench, order, bobLegId: legId } = pair();
    const changes: readonly SessionChange[] = [
      { type: 'pause' },
      { type: 'resume' },
      { type: 'mute', legId, muted: { audio: true } },
      { type: 'mute', muted: { audio: true } },
      { type: 'remove', legId },
      { type: 'limit', bitsPerSecondMax: 1_000 },
      { type: 'redirect', url: 'https://stranger.test/' },
    ];
    for (const change of changes)
      expect(order(change, { accountId: 'acc_stranger' })).toMatchObject({ refusal: 'foreign' });
    expect(bench.machine.sessionCount).toBe(1);
  });

  it('to whoever owns the line, somebody of an account above has no name', () => {
    const { bench, order } = pair();
    order({ type: 'pause' }, { accountId: 'acc_platform', by: { name: 'Root', accountId: 'acc_platform' } });
    expect(bench.platform.eventsOf('session.paused')[0]?.data).toEqual({ by: 'an account above' });
  });

  it('of a session that is not here nothing is said, and what is old is no order any more', () => {
    const { bench, order } = pair();
    expect(order({ type: 'pause' }, { sessionId: 'ses_elsewhere' })).toBeUndefined();
    expect(order({ type: 'pause' }, { issuedAtMs: bench.nowMs - 60_001 })).toBeUndefined();
    expect(bench.platform.eventsOf('session.paused')).toEqual([]);
  });
});

describe('limits', () => {
  it('an end that is set comes, with its reason, and can be taken back before', () => {
    const { bench, alice, order } = pair();
    order({ type: 'limit', endsAtMs: bench.nowMs + 2_000 });
    expect(order({ type: 'limit', endsAtMs: null })).toMatchObject({ isChanged: true, after: { muted: [] } });
    bench.pass(3_000);
    expect(bench.machine.sessionCount).toBe(1);
    order({ type: 'limit', endsAtMs: bench.nowMs + 2_000 });
    bench.pass(2_000);
    expect(alice.last('ended').reason.code).toBe('limit.session_end');
    expect(alice.last('limitReached')).toMatchObject({ limit: 'limit.session_end', outcome: 'end' });
  });

  it('a bit rate is in the relay credentials of both parties at once, and a limit that is named alone leaves the other', () => {
    const bench = new MachineBench();
    bench.platform.relay = { nodeId: 'nod_r', boot: '1', urls: ['turn:192.0.2.9:3478'] };
    const [alice, bob] = [bench.connect({ identity: 'alice' }), bench.connect({ identity: 'bob' })];
    const sessionId = call(alice, bob, { mode: 'relay' });
    const order = ordering(bench, () => sessionId);
    order({ type: 'limit', endsAtMs: bench.nowMs + 60_000 });
    expect(alice.all('recover')).toEqual([]);
    expect(order({ type: 'limit', bitsPerSecondMax: 64_000 })).toMatchObject({
      after: { bitsPerSecondMax: 64_000, endsAtMs: bench.nowMs + 60_000 },
    });
    expect(alice.last('recover').reason).toBe('limits_changed');
    expect(bench.platform.narrowed.slice(-2).map((held) => held.bitsPerSecondMax)).toEqual([64_000, 64_000]);
  });
});

const modesOf = ({ platform }: MachineBench) =>
  platform.events.flatMap((event) => (event.type === 'mode.changed' ? [event.data.mode] : []));

describe('a call whose media is moved (LIV-2)', () => {
  function talking(limits?: MemoryCredential['limits']) {
    const bench = new MachineBench();
    const alice = bench.connect({ identity: 'alice', ...(limits === undefined ? {} : { limits }) });
    const bob = bench.connect({ identity: 'bob' });
    bench.platform.relay = { nodeId: 'nod_r', boot: '1', urls: ['turn:192.0.2.9:3478'] };
    const sessionId = call(alice, bob);
    const connect = (path: 'direct' | 'relay') => {
      for (const client of [alice, bob]) {
        const generation = client.all('recover').at(-1)?.generation ?? 0;
        client.send({ type: 'connected', sessionId, generation, path, transport: 'udp' });
      }
    };
    return { bench, alice, bob, sessionId, connect, order: ordering(bench, () => sessionId) };
  }

  it('goes through a relay and back by new connections that replace what carries it, and once for each word', () => {
    const { bench, alice, bob, sessionId, connect, order } = talking();
    connect('direct');
    expect(order({ type: 'move', mode: 'p2p' })).toMatchObject({ kind: 'done', isChanged: false });
    expect(order({ type: 'move', mode: 'relay' })).toMatchObject({
      isChanged: true,
      after: { mode: 'relay' },
    });
    for (const client of [alice, bob])
      expect(client.last('recover')).toMatchObject({
        ...{ sessionId, generation: 1, mode: 'relay', reason: 'mode_changed', isPlanned: true },
        iceServers: [{ urls: ['turn:192.0.2.9:3478'] }],
      });
    expect(order({ type: 'move', mode: 'relay' })).toMatchObject({ isChanged: false });
    connect('relay');
    expect(order({ type: 'move', mode: 'relay' })).toMatchObject({ isChanged: false });
    order({ type: 'move', mode: 'p2p' });
    expect(alice.last('recover')).toMatchObject({ generation: 2, mode: 'auto', isPlanned: true });
    // Addresses to find itself, and no relay to pay for.
    expect(alice.last('recover').iceServers).toEqual([{ urls: ['stun:192.0.2.9:3478'] }]);
    connect('direct');
    expect(modesOf(bench)).toEqual(['p2p', 'relay', 'p2p']);
    expect(bench.platform.eventsOf('session.moving').map(({ data }) => data)).toEqual([
      { mode: 'relay', by: 'Alice' },
      { mode: 'p2p', by: 'Alice' },
    ]);
    expect(bench.platform.eventsOf('recovery.completed')).toHaveLength(2);
  });

  it('stays where it is when there is no way, and says why', () => {
    const { bench, alice, connect, order } = talking();
    expect(order({ type: 'move', mode: 'relay' }, { accountId: 'acc_b' })).toMatchObject({
      refusal: 'foreign',
    });
    connect('direct');
    bench.platform.relay = undefined;
    expect(order({ type: 'move', mode: 'relay' })).toMatchObject({
      refusal: 'mode_unavailable',
      detail: 'No relay of this region is free.',
    });
    expect([alice.all('recover'), bench.machine.sessionCount]).toEqual([[], 1]);
    const hidden = talking({ expiresAtMs: bench.nowMs + 600_000, seconds: [], isRelayOnly: true });
    hidden.connect('relay');
    expect(hidden.order({ type: 'move', mode: 'p2p' })).toMatchObject({ refusal: 'mode_unavailable' });
    const { order: early } = pair({ isConnected: false });
    expect(early({ type: 'move', mode: 'relay' })).toMatchObject({ refusal: 'not_live' });
  });

  it('falls back to a relay where the direct way fails, while the relay before still carries it', () => {
    const { bench, alice, sessionId, connect, order } = talking();
    order({ type: 'move', mode: 'relay' });
    connect('relay');
    order({ type: 'move', mode: 'p2p' });
    alice.send({ type: 'relayNeeded', sessionId, generation: 2, reason: 'timeout' });
    expect(alice.last('recover')).toMatchObject({ generation: 3, reason: 'relay_needed', isPlanned: true });
    expect(alice.last('recover').iceServers).toHaveLength(2);
    connect('relay');
    expect(modesOf(bench)).toEqual(['relay']);
    // Asked once more, it is tried once more.
    expect(order({ type: 'move', mode: 'p2p' })).toMatchObject({ isChanged: true });
  });
});

describe('a call that goes through a media node (LIV-2)', () => {
  function talking() {
    const bench = new MachineBench();
    const { platform } = bench;
    platform.mediaNodeId = 'nod_m';
    const [alice, bob] = [bench.connect({ identity: 'alice' }), bench.connect({ identity: 'bob' })];
    const sessionId = call(alice, bob);
    const connect = () => {
      for (const client of [alice, bob]) {
        const generation = client.all('recover').at(-1)?.generation ?? 0;
        client.send({ type: 'connected', sessionId, generation, path: 'direct', transport: 'udp' });
      }
    };
    connect();
    const order = ordering(bench, () => sessionId);
    const words = () => platform.toldMedia.splice(0);
    const legIds = platform.eventsOf('leg.joined').map(({ legId }) => legId ?? '');
    const fromMedia = (legId: string, message: ClientMessage) =>
      bench.tell({ type: 'mediaFrame', nodeId: 'nod_m', sessionId, legId, message });
    const modes = () => modesOf(bench);
    return { bench, alice, bob, sessionId, connect, order, words, legIds, fromMedia, modes };
  }
  const offer = { kind: 'description', type: 'offer', sdp: 'v=0\r\n' } as const;
  const answer = { kind: 'description', type: 'answer', sdp: 'v=0\r\n' } as const;

  it('each party offers to the node, which answers it; what was said before goes to the other party still', () => {
    const { alice, bob, sessionId, connect, order, words, legIds, fromMedia, modes } = talking();
    expect(order({ type: 'move', mode: 'media' })).toMatchObject({
      isChanged: true,
      after: { mode: 'media' },
    });
    for (const client of [alice, bob])
      expect(client.last('recover')).toMatchObject({ generation: 1, initiator: true, isPlanned: true });
    const [aliceLeg = '', bobLeg = ''] = legIds;
    const opened = words();
    expect(opened.flatMap((word) => (word.type === 'bridge' ? [[word.legId, word.otherLegId]] : []))).toEqual(
      [
        [aliceLeg, bobLeg],
        [bobLeg, aliceLeg],
      ],
    );
    alice.send({ type: 'signal', sessionId, generation: 1, data: offer });
    expect(words()).toMatchObject([{ type: 'frame', legId: aliceLeg, isLast: false }]);
    expect(bob.all('signal')).toEqual([]);
    fromMedia(aliceLeg, { type: 'signal', sessionId, generation: 1, data: answer });
    expect([alice.last('signal').data, bob.all('signal')]).toEqual([answer, []]);
    const late = { kind: 'candidate', candidate: 'candidate:late' } as const;
    alice.send({ type: 'signal', sessionId, generation: 0, data: late });
    expect([bob.last('signal'), words()]).toMatchObject([{ generation: 0, data: late }, []]);
    connect();
    expect(modes()).toEqual(['p2p', 'media']);
    order({ type: 'pause' });
    expect(words().flatMap((word) => ('source' in word ? [JSON.parse(word.source).held] : []))).toEqual([
      true,
      true,
    ]);
  });

  it('is counted apart for whose call it is and nobody else, from when the node carries it until it does not (LIV-0)', () => {
    const { bench, connect, order, words } = talking();
    const pass = (ms: number) => {
      for (const client of bench.clients) client.send({ type: 'ping', nonce: 1, lastSequence: 0 });
      bench.pass(ms);
    };
    pass(5_000);
    order({ type: 'move', mode: 'media' });
    connect();
    pass(5_000);
    order({ type: 'move', mode: 'p2p' });
    expect(words().some(({ type }) => type === 'unbridge')).toBe(false);
    connect();
    expect(words().some(({ type }) => type === 'unbridge')).toBe(false);
    pass(5_000);
    expect(words().filter(({ type }) => type === 'unbridge')).toHaveLength(2);
    order({ type: 'pause' });
    expect([bench.platform.used('mediaMs'), bench.platform.used('connectedMs')]).toEqual([5_000, 30_000]);
  });

  it('goes on by another node when its own dies, and without one where there is none; it is never told to a stranger', () => {
    const { bench, alice, bob, sessionId, connect, order, words, legIds, fromMedia, modes } = talking();
    order({ type: 'move', mode: 'media' });
    connect();
    const [aliceLeg = ''] = legIds;
    const foreign = { type: 'mediaFrame', nodeId: 'nod_other', sessionId, legId: aliceLeg } as const;
    bench.tell({ ...foreign, message: { type: 'signal', sessionId, generation: 1, data: answer } });
    expect(alice.all('signal')).toEqual([]);
    fromMedia('leg_of_somebody', { type: 'signal', sessionId, generation: 1, data: answer });
    expect([alice.all('signal'), bob.all('signal')]).toEqual([[], []]);
    bench.platform.mediaNodeId = 'nod_n';
    bench.tell({ type: 'mediaLegLost', nodeId: 'nod_m', sessionId, legId: aliceLeg, detail: 'It died.' });
    for (const client of [alice, bob]) {
      expect(client.last('recover')).toMatchObject({ generation: 2, initiator: true, reason: 'media_lost' });
      expect(client.last('recover').isPlanned).toBeUndefined();
    }
    expect(words().filter(({ type }) => type === 'bridge').length).toBeGreaterThanOrEqual(2);
    connect();
    bench.platform.mediaNodeId = undefined;
    bench.tell({ type: 'mediaDead', nodeId: 'nod_n' });
    expect([alice.last('recover'), bob.last('recover')].map(({ initiator }) => initiator)).toEqual([
      true,
      false,
    ]);
    connect();
    expect(modes()).toEqual(['p2p', 'media', 'p2p']);
    expect(order({ type: 'move', mode: 'media' })).toMatchObject({
      refusal: 'mode_unavailable',
      detail: 'No media node of this region is free.',
    });
    expect(bench.machine.sessionCount).toBe(1);
  });

  it('ends in the node when it ends', () => {
    const { alice, sessionId, connect, order, words } = talking();
    order({ type: 'move', mode: 'media' });
    connect();
    words();
    alice.send({ type: 'hangup', sessionId });
    expect(words().map(({ type }) => type)).toEqual(['unbridge', 'unbridge']);
  });
});

describe('a call that a document answered', () => {
  const [first, next] = ['https://logic.test/first', 'https://logic.test/next'];
  function answered(accountId = 'acc_a') {
    const bench = new MachineBench();
    const { platform } = bench;
    platform.mediaNodeId = 'nod_media';
    const accountPath = paths[accountId] ?? [];
    platform.logicOf.set(`${accountId} user:hotline`, { standing: 'found', url: first, accountPath });
    for (const [url, tone] of [
      [first, 'tone:beep'],
      [next, 'tone:busy'],
    ] as const)
      platform.documents.set(url, {
        ok: true,
        url,
        document: documentSchema.parse({ version: 1, verbs: [{ verb: 'play', url: tone }] }),
        attempts: [],
      });
    const alice = bench.connect({ identity: 'alice', limits: { hasLogicNear: true } });
    const call = () => {
      const to = accountId === 'acc_a' ? 'user:hotline' : `user:hotline@${accountId}`;
      alice.send({ type: 'call', requestId: 'r1', to, media: audioOnly });
      return alice.last('ringing').sessionId;
    };
    const sounds = () => platform.toldMedia.flatMap((word) => (word.type === 'sound' ? [word.order] : []));
    return { bench, platform, alice, call, sounds };
  }

  it('goes on with another document, of the account whose logic it is and of no other', () => {
    const { bench, platform, call, sounds } = answered('acc_platform');
    const sessionId = call();
    const order = ordering(bench, () => sessionId);
    expect(order({ type: 'redirect', url: next })).toMatchObject({ refusal: 'foreign' });
    expect(order({ type: 'redirect', url: next }, { accountId: 'acc_platform' })).toMatchObject({
      isChanged: true,
    });
    expect(platform.asked.map(({ url }) => url)).toEqual([first, next]);
    expect(sounds()).toHaveLength(2);
    expect(platform.eventsOf('session.redirected')[0]).toMatchObject({ legAccountId: 'acc_platform' });
  });

  it('a document that was asked for before comes too late', () => {
    const { bench, platform, call, sounds } = answered();
    const [late, current] = [first, next].map((url) => platform.documents.get(url));
    platform.documents.clear();
    const sessionId = call();
    ordering(bench, () => sessionId)({ type: 'redirect', url: next });
    if (late !== undefined) bench.feed({ type: 'logicFetched', sessionId, documentNumber: 1, answer: late });
    expect(sounds()).toEqual([]);
    if (current !== undefined)
      bench.feed({ type: 'logicFetched', sessionId, documentNumber: 2, answer: current });
    expect(sounds()).toHaveLength(1);
    expect(platform.asked.map(({ url }) => url)).toEqual([first, next]);
  });

  it('its leg is told to hold as any party is', () => {
    const { bench, platform, call } = answered();
    const sessionId = call();
    ordering(bench, () => sessionId)({ type: 'pause' });
    const word = platform.toldMedia.at(-1);
    const decoded = decodeServerFrame(word?.type === 'frame' ? word.source : '');
    expect(decoded).toMatchObject({ ok: true, frame: { type: 'control', held: true } });
  });

  it('is handed to a person, and its document has no say any more', () => {
    const { bench, platform, alice, call } = answered();
    const carol = bench.connect({ identity: 'carol' });
    const sessionId = call();
    const order = ordering(bench, () => sessionId);
    expect(order({ type: 'transfer', to: 'user:carol' })).toMatchObject({ isChanged: true });
    expect(platform.toldMedia.at(-1)).toMatchObject({ isLast: true });
    carol.send({ type: 'accept', sessionId, media: audioOnly });
    expect(alice.last('recover')).toMatchObject({ peer: 'carol' });
    bench.pass(1_000);
    expect(bench.machine.sessionCount).toBe(1);
    expect(order({ type: 'redirect', url: next })).toMatchObject({ refusal: 'no_logic' });
  });

  it('where no document decides, there is none to be replaced', () => {
    expect(pair().order({ type: 'redirect', url: next })).toMatchObject({ refusal: 'no_logic' });
  });
});

describe('a call that is sent on to somebody else', () => {
  function sentOn() {
    const parties = pair();
    const { bench, order } = parties;
    const carol = bench.connect({ identity: 'carol' });
    const answer = order({ type: 'transfer', to: 'user:carol' });
    return { ...parties, carol, answer };
  }

  it('whoever was called leaves, the other rings, and the caller waits and goes on in the same session', () => {
    const { bench, alice, bob, carol, sessionId, order, answer, bobLegId } = sentOn();
    expect(answer).toMatchObject({ kind: 'done', isChanged: true });
    expect(order({ type: 'transfer', to: 'user:carol' })).toMatchObject({ isChanged: false });
    expect(bob.last('ended').reason.code).toBe('signaling.transferred');
    expect(alice.last('control').held).toBe(true);
    const { legId, from } = carol.last('incoming');
    expect([from, legId === bobLegId, carol.all('incoming').length]).toEqual(['alice', false, 1]);
    // The connection to whoever left is lost meanwhile, which no relay has to mend.
    bench.platform.relay = { nodeId: 'nod_r', boot: '1', urls: ['turn:192.0.2.9:3478'] };
    alice.send({ type: 'relayNeeded', sessionId, generation: 0 });
    expect(alice.all('recover')).toEqual([]);
    carol.send({ type: 'accept', sessionId, media: audioOnly });
    expect(alice.last('recover')).toMatchObject({
      ...{ generation: 1, initiator: true, peer: 'carol', media: audioOnly },
    });
    expect(carol.last('started')).toMatchObject({ generation: 1, initiator: false, peer: 'alice', legId });
    expect(alice.last('control').held).toBe(false);
    for (const client of [alice, carol])
      client.send({ type: 'connected', sessionId, generation: 1, path: 'direct', transport: 'udp' });
    expect(bench.machine.snapshot()).toMatchObject([
      { sessionId, state: 'active', mode: 'p2p', generation: 1 },
    ]);
    const { platform } = bench;
    expect(platform.eventsOf('session.transferred')[0]?.data).toEqual({ to: 'user:carol', by: 'Alice' });
    alice.send({ type: 'hangup', sessionId });
    expect(carol.last('ended').reason.code).toBe('signaling.hung_up');
    expect(bob.all('ended')).toHaveLength(1);
    expect(platform.events.map(({ sequence }) => sequence)).toEqual(platform.events.map((_, at) => at + 1));
  });

  it('each is counted for as long as they were in it, and the caller for all of it', () => {
    const { bench, alice, bob, order } = pair();
    const carol = bench.connect({ identity: 'carol' });
    const talk = (nonce: number) => {
      for (const client of [alice, bob, carol]) client.send({ type: 'ping', nonce, lastSequence: 0 });
      bench.pass(10_000);
    };
    talk(1);
    order({ type: 'transfer', to: 'user:carol' });
    talk(2);
    const { sessionId } = carol.last('incoming');
    carol.send({ type: 'accept', sessionId, media: audioOnly });
    talk(3);
    alice.send({ type: 'hangup', sessionId });
    // Alice 30 seconds, Bob 10, and Carol 10.
    expect(bench.platform.used('connectedMs')).toBe(50_000);
  });

  it('where nobody answers in time, or all turn it away, the call ends', () => {
    const late = sentOn();
    for (let count = 0; count < 5; count++) {
      for (const client of late.bench.clients) client.send({ type: 'ping', nonce: count, lastSequence: 0 });
      late.bench.pass(9_000);
    }
    expect(late.alice.last('ended').reason.code).toBe('signaling.no_answer');
    const turned = sentOn();
    turned.carol.send({ type: 'reject', sessionId: turned.sessionId });
    expect(turned.alice.last('ended').reason.code).toBe('signaling.rejected');
  });

  it('it goes on over the death of the process', () => {
    const { bench, alice, carol, sessionId } = sentOn();
    bench.die();
    for (const client of [alice, carol]) client.comeBack();
    carol.send({ type: 'accept', sessionId, media: audioOnly });
    expect(alice.last('recover')).toMatchObject({ generation: 1, peer: 'carol' });
  });

  it('nobody is rung whom the caller could not call, and nobody leaves for it', () => {
    const { bench, bob, order } = pair();
    bench.connect({ identity: 'eve', accountId: 'acc_x', accountPath: ['acc_x', 'acc_platform'] });
    for (const to of ['user:nobody', 'user:eve@acc_x', 'user:bob', 'tel:+4930'])
      expect(order({ type: 'transfer', to })).toMatchObject({ refusal: 'unreachable' });
    expect(bob.all('ended')).toEqual([]);
    const ringing = pair({ isConnected: false });
    expect(ringing.order({ type: 'transfer', to: 'user:bob' })).toMatchObject({ refusal: 'not_live' });
    const { order: asked } = pair({ bobAccountId: 'acc_b' });
    expect(asked({ type: 'transfer', to: 'user:alice' }, { accountId: 'acc_b' })).toMatchObject({
      refusal: 'foreign',
    });
  });
});
