import { closeCodes, protocolVersion, resumeWindowMs } from '@patchbay/protocol/signaling/messages';
import { describe, expect, it } from 'vitest';
import { ringTimeoutMs } from './call-ringing.ts';
import { audioOnly, audioVideo, call, MachineBench } from './testing/machine-bench.ts';

function pair() {
  const bench = new MachineBench();
  return { bench, alice: bench.connect({ identity: 'alice' }), bob: bench.connect({ identity: 'bob' }) };
}

describe('who is there', () => {
  it('a client is the instance that it says, by whatever connection; who says nothing is new with each (decision 0003)', () => {
    const bench = new MachineBench();
    const token = bench.platform.token({ identity: 'alice' });
    const keyOf = (more: { readonly instanceId?: string } = {}) => {
      const frame = { type: 'authenticate', sequence: 0, token, protocolVersion, ...more } as const;
      const actions = bench.machine.handle({ type: 'frame', socketId: bench.open(), frame }, bench.nowMs);
      return actions.map((action) => action.type === 'authenticate' && action.context.clientKey)[0];
    };
    const instanceId = 'an-instance-of-16-characters';
    expect([keyOf({ instanceId }), keyOf({ instanceId })]).toEqual(Array(2).fill(`client:${instanceId}`));
    expect(keyOf()).toMatch(/^connection:/);
    expect(keyOf()).not.toBe(keyOf());
  });

  it('the first frame is authenticate, within 5 seconds, and a wrong credential is refused with its problem', () => {
    const bench = new MachineBench();
    const silent = bench.open();
    const wrong = bench.open();
    const early = bench.open();
    const token = 'bm9ib2R5.secret';
    bench.feed({
      type: 'frame',
      socketId: wrong,
      frame: { type: 'authenticate', sequence: 0, token, protocolVersion },
    });
    bench.feed({
      type: 'frame',
      socketId: early,
      frame: { type: 'ping', sequence: 0, nonce: 1, lastSequence: 0 },
    });
    bench.pass(4_750);
    expect(bench.closed.has(silent)).toBe(false);
    bench.pass(250);
    expect([silent, wrong, early].map((id) => bench.closed.get(id))).toEqual([
      closeCodes.timedOut,
      closeCodes.unauthenticated,
      closeCodes.unauthenticated,
    ]);
    expect(bench.framesOf(wrong)).toMatchObject([
      { type: 'error', problem: { code: 'auth.missing', status: 401 } },
    ]);
  });

  it('a call rings, is answered, and both parties learn who makes the offer', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    expect(bob.last('incoming')).toMatchObject({ from: 'alice', media: audioVideo });
    expect(alice.last('started')).toMatchObject({ sessionId, initiator: true, peer: 'bob', generation: 0 });
    expect(bob.last('started')).toMatchObject({ sessionId, initiator: false, peer: 'alice', generation: 0 });
    const data = { kind: 'description', type: 'offer', sdp: 'v=0' } as const;
    alice.send({ type: 'signal', sessionId, generation: 0, data });
    expect(bob.last('signal').data).toEqual(data);
    expect(bench.machine.snapshot()).toMatchObject([
      { sessionId, state: 'active', accountId: 'acc_a', modality: 'video' },
    ]);
    alice.send({ type: 'hangup', sessionId });
    expect(bob.last('ended').reason).toMatchObject({
      code: 'signaling.hung_up',
      helpUrl: expect.any(String),
    });
    expect(bench.machine.sessionCount).toBe(0);
  });

  it('each client has the pages of codes at the host that its account may know, and the log has them at none (PRD-2)', () => {
    const bench = new MachineBench();
    const at = (host: string) => ({ pagesUrl: `https://${host}/docs/errors/` });
    const alice = bench.connect({ identity: 'alice', limits: at('voice.northwind.example') });
    const bob = bench.connect({ identity: 'bob', limits: at('platform.example') });
    expect(alice.last('authenticated').helpUrl).toBe('https://voice.northwind.example/docs/errors/');
    alice.send({ type: 'hangup', sessionId: call(alice, bob) });
    const page = (host: string) => `https://${host}/docs/errors/signaling.hung_up`;
    expect(alice.last('ended').reason.helpUrl).toBe(page('voice.northwind.example'));
    expect(bob.last('ended').reason.helpUrl).toBe(page('platform.example'));
    alice.send({ type: 'call', requestId: 'r', to: 'user:nobody', media: audioOnly });
    expect(alice.last('refused').problem.type).toMatch(
      /^https:\/\/voice\.northwind\.example\/docs\/errors\//,
    );
    const logged = JSON.stringify(bench.platform.events);
    expect(logged).toContain('"/docs/errors/signaling.hung_up"');
    expect(logged).not.toMatch(/northwind|platform\.example/);
  });

  it('of several devices that ring the first to answer wins, and the others are told', () => {
    const { bench, alice, bob } = pair();
    const phone = bench.connect({ identity: 'bob' });
    alice.send({ type: 'call', requestId: 'r', to: 'user:bob', media: audioOnly });
    const { sessionId } = phone.last('incoming');
    phone.send({ type: 'accept', sessionId, media: audioOnly });
    expect(bob.last('ended').reason.code).toBe('signaling.answered_elsewhere');
    bob.send({ type: 'accept', sessionId, media: audioOnly });
    expect(bob.last('error').problem.code).toBe('signaling.session_unknown');
    expect(phone.all('started')).toHaveLength(1);
  });

  it('a call ends when all reject, when nobody answers, and when the caller gives up', () => {
    const { bench, alice, bob } = pair();
    const place = (requestId: string) => {
      alice.send({ type: 'call', requestId, to: 'user:bob', media: audioOnly });
      return bob.last('incoming').sessionId;
    };
    bob.send({ type: 'reject', sessionId: place('r1') });
    expect(alice.last('ended').reason.code).toBe('signaling.rejected');
    place('r2');
    alice.send({ type: 'ping', nonce: 1, lastSequence: 0 });
    for (let passed = 0; passed < ringTimeoutMs; passed += 5_000) {
      bench.pass(5_000);
      for (const client of [alice, bob]) client.send({ type: 'ping', nonce: 1, lastSequence: 0 });
    }
    expect(alice.last('ended').reason.code).toBe('signaling.no_answer');
    alice.send({ type: 'hangup', sessionId: place('r3') });
    expect(bob.last('ended').reason.code).toBe('signaling.cancelled');
  });
});

describe('accounts are apart (LIV-0)', () => {
  it("A's user:bob and B's never meet, and B's sessions are nothing to A", () => {
    const { bench, alice, bob } = pair();
    const stranger = bench.connect({ identity: 'bob', accountId: 'acc_b' });
    const mallory = bench.connect({ identity: 'alice', accountId: 'acc_b' });
    const sessionId = call(alice, bob);
    expect(stranger.all('incoming')).toHaveLength(0);
    const seen = bob.frames.length;
    mallory.send({ type: 'signal', sessionId, generation: 0, data: { kind: 'renegotiate' } });
    mallory.send({ type: 'media', sessionId, ...audioOnly });
    mallory.send({ type: 'relayNeeded', sessionId, generation: 0 });
    mallory.send({ type: 'hangup', sessionId });
    mallory.send({ type: 'accept', sessionId, media: audioOnly });
    expect(bob.frames).toHaveLength(seen);
    expect(bench.machine.sessionCount).toBe(1);
    expect(new Set(mallory.all('error').map(({ problem }) => problem.code))).toEqual(
      new Set(['signaling.session_unknown']),
    );
  });

  it('an unrelated account is refused by name, the same whether the endpoint exists or not', () => {
    const { bench, alice } = pair();
    bench.connect({ identity: 'bob', accountId: 'acc_b' });
    for (const name of ['bob', 'nobody']) {
      alice.send({ type: 'call', requestId: name, to: `user:${name}@acc_b`, media: audioOnly });
    }
    const [exists, doesNot] = alice.all('refused').map(({ problem }) => problem);
    expect(exists).toMatchObject({ code: 'signaling.other_account', status: 403 });
    expect(doesNot).toEqual(exists);
  });

  it('a parent calls into its sub-account, each leg is metered to its own, and the name says where it is from', () => {
    const bench = new MachineBench();
    const alice = bench.connect({ identity: 'alice', accountId: 'acc_parent' });
    const bob = bench.connect({
      identity: 'bob',
      accountId: 'acc_child',
      accountPath: ['acc_child', 'acc_parent', 'acc_platform'],
    });
    alice.send({ type: 'call', requestId: 'r', to: 'user:bob@acc_child', media: audioOnly });
    expect(bob.last('incoming').from).toBe('alice@acc_parent');
    bob.send({ type: 'accept', sessionId: bob.last('incoming').sessionId, media: audioOnly });
    bench.pass(2_000);
    expect(bench.platform.used('connectedMs', 'acc_child')).toBe(2_000);
    expect(bench.platform.used('connectedMs', 'acc_parent')).toBe(2_000);
    expect(bench.platform.used('sessions', 'acc_parent')).toBe(1);
    expect(bench.platform.used('sessions', 'acc_child')).toBe(0);
  });

  it('an earlier connection is not taken up by another identity that learned its resume token', () => {
    const { bench, alice } = pair();
    alice.lose();
    const mallory = bench.connect({ identity: 'mallory' });
    mallory.lose();
    mallory.resumeToken = alice.resumeToken;
    mallory.comeBack();
    expect(mallory.last('authenticated')).toMatchObject({ resumed: false, identity: 'mallory' });
  });
});

describe('a lost WebSocket', () => {
  it('is resumed within 30 seconds: what was said meanwhile arrives once and in order (SIG)', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    const say = (candidate: string) =>
      alice.send({ type: 'signal', sessionId, generation: 0, data: { kind: 'candidate', candidate } });
    say('before');
    bob.lose();
    say('one');
    say('two');
    bench.pass(resumeWindowMs - 1_000);
    bob.comeBack();
    say('three');
    const [first, ...rest] = bob.frames;
    expect(first).toMatchObject({
      type: 'authenticated',
      resumed: true,
      sessions: [{ sessionId, state: 'active' }],
    });
    expect(rest.map((frame) => frame.type === 'signal' && frame.data)).toMatchObject(
      ['one', 'two', 'three'].map((candidate) => ({ candidate })),
    );
    expect(bench.platform.continued.at(-1)).toBe('crd_1');
  });

  it('a frame that the client sends again is acted on once', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    const frame = {
      type: 'signal',
      sequence: 2,
      sessionId,
      generation: 0,
      data: { kind: 'renegotiate' },
    } as const;
    bench.feed({ type: 'frame', socketId: alice.socketId, frame });
    bench.feed({ type: 'frame', socketId: alice.socketId, frame });
    expect(bob.all('signal')).toHaveLength(1);
    expect(bench.drops).toContain('frame_repeated');
  });

  it('ends its calls when it does not come back, and at once when the client said goodbye', () => {
    const { bench, alice, bob } = pair();
    call(alice, bob);
    bob.lose();
    bench.pass(resumeWindowMs);
    expect(alice.last('ended').reason.code).toBe('signaling.connection_lost');
    const again = bench.connect({ identity: 'bob' });
    call(alice, again);
    again.lose(true);
    expect(alice.last('ended').reason.code).toBe('signaling.hung_up');
  });

  it('a half-open connection is noticed by its silence', () => {
    const { bench, alice } = pair();
    bench.pass(34_750);
    expect(bench.closed.has(alice.socketId)).toBe(false);
    bench.pass(250);
    expect(bench.closed.get(alice.socketId)).toBe(closeCodes.timedOut);
  });
});

describe('bounds', () => {
  it('a client that floods is closed, and its sessions wait for it to resume', () => {
    const { bench, alice, bob } = pair();
    call(alice, bob);
    for (let count = 0; count < 200; count++) alice.send({ type: 'ping', nonce: count, lastSequence: 0 });
    expect(bench.closed.get(alice.socketId)).toBe(closeCodes.tooFast);
    expect(bench.machine.sessionCount).toBe(1);
  });

  it('a draining node lets calls finish and takes no new one', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    bench.feed({ type: 'drain' });
    alice.send({ type: 'call', requestId: 'late', to: 'user:bob', media: audioOnly });
    expect(alice.last('refused').problem.code).toBe('signaling.draining');
    alice.send({ type: 'signal', sessionId, generation: 0, data: { kind: 'renegotiate' } });
    expect(bob.all('signal')).toHaveLength(1);
  });

  it('media that the credential does not carry is refused, in a call and while it runs', () => {
    const bench = new MachineBench();
    const alice = bench.connect({ identity: 'alice', limits: { mediaKinds: ['audio'] } });
    const bob = bench.connect({ identity: 'bob' });
    alice.send({ type: 'call', requestId: 'r', to: 'user:bob', media: audioVideo });
    expect(alice.last('refused').problem.code).toBe('credential.media_not_allowed');
    const sessionId = call(alice, bob, { media: audioOnly });
    alice.send({ type: 'media', sessionId, ...audioVideo });
    expect(alice.last('error').problem.code).toBe('credential.media_not_allowed');
    expect(bob.all('media')).toHaveLength(0);
  });
});
