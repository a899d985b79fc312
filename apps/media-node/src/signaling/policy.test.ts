import { describe, expect, it } from 'vitest';
import { agreementMsMax } from './codec-agreement.ts';
import type { SignalingLimits } from './principal.ts';
import { audioOnly, audioVideo, call, MachineBench } from './testing/machine-bench.ts';

const relayOne = { nodeId: 'nod_1', boot: 'b1', urls: ['turn:127.0.0.1:3478?transport=udp'] };
const detail = 'concurrentSessionsMax is reached, as set at account.';
const full = { ok: false, code: 'limit.exceeded', detail } as const;

function pair(ofAlice: Partial<SignalingLimits> = {}, ofBob: Partial<SignalingLimits> = {}) {
  const bench = new MachineBench();
  bench.platform.relay = relayOne;
  return {
    bench,
    alice: bench.connect({ identity: 'alice', limits: ofAlice }),
    bob: bench.connect({ identity: 'bob', limits: ofBob }),
  };
}

const ring = { type: 'call', requestId: 'r1', to: 'user:bob', media: audioVideo } as const;

describe('sessions that are counted over all nodes (POL-4)', () => {
  it('a call begins when it was counted, under the id that it was counted with', () => {
    const { bench, alice, bob } = pair({ isCounted: true });
    const sessionId = call(alice, bob);
    expect(bench.platform.claims).toMatchObject([
      { sessionId, isRunning: false, principal: { identity: 'alice' } },
    ]);
    expect(bench.platform.released).toEqual([]);
  });

  it('one too many is refused by name, rings nobody, and stands in the log as a session that ended at once', () => {
    const { bench, alice, bob } = pair({ isCounted: true });
    bench.platform.claimAnswer = full;
    alice.send(ring);
    expect(alice.last('refused').problem).toMatchObject({ code: 'limit.exceeded', status: 429, detail });
    expect(bob.all('incoming')).toEqual([]);
    expect(bench.platform.eventsOf('session.ended')).toMatchObject([
      { data: { reason: { code: 'limit.exceeded' } } },
    ]);
  });

  it('nobody begins while nobody can count', () => {
    const { bench, alice } = pair({ isCounted: true });
    bench.platform.claimAnswer = { ok: false, code: 'platform.unavailable', detail: 'Away.' };
    alice.send(ring);
    expect(alice.last('refused').problem).toMatchObject({ code: 'platform.unavailable', status: 503 });
  });

  it('each party is counted for its own account, and one that may not join ends the ringing (LIV-0)', () => {
    const { bench, alice, bob } = pair({}, { isCounted: true });
    alice.send(ring);
    const { sessionId } = bob.last('incoming');
    bench.platform.claimAnswer = full;
    bob.send({ type: 'accept', sessionId, media: audioVideo });
    expect(bench.platform.claims).toMatchObject([{ sessionId, principal: { identity: 'bob' } }]);
    expect(bob.last('error').problem).toMatchObject({ code: 'limit.exceeded' });
    expect(alice.last('ended').reason).toMatchObject({ code: 'limit.exceeded', detail });
  });

  it('a session that was counted and does not begin is given back', () => {
    const bench = new MachineBench();
    const alice = bench.connect({ identity: 'alice', limits: { isCounted: true } });
    bench.connect({ identity: 'bob' });
    bench.isAnsweringClaims = false;
    alice.send(ring);
    alice.lose(true);
    const [claim] = bench.platform.claims;
    bench.feed({ type: 'claimed', claimId: claim?.sessionId ?? '', answer: { ok: true } });
    expect(bench.platform.released).toEqual([claim?.sessionId]);
    expect(bench.machine.sessionCount).toBe(0);
  });

  it('calls that run when they begin to be counted are counted, and not refused', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    bench.platform.claimAnswer = full;
    const limits = { expiresAtMs: Number.MAX_SAFE_INTEGER, seconds: [], isCounted: true };
    bench.tell({ type: 'limitsChanged', credentialId: 'crd_0', limits });
    expect(bench.platform.claims).toMatchObject([{ sessionId, isRunning: true }]);
    expect(bench.machine.sessionCount).toBe(1);
  });
});

describe('what policies do not allow', () => {
  const media = { kinds: ['audio'], detail: 'mediaKinds does not allow it, as set at account.' };

  it('a call with it is not placed, not answered and not changed to', () => {
    const { alice, bob } = pair({ media });
    alice.send(ring);
    expect(alice.last('refused').problem).toMatchObject({ code: 'policy.refused', detail: media.detail });
    const sessionId = call(alice, bob, { media: audioOnly });
    alice.send({ type: 'media', sessionId, ...audioVideo });
    expect(alice.last('error').problem).toMatchObject({ code: 'policy.refused' });
  });

  it('a call that carries it ends when the policy changes, and says which setting (POL-5)', () => {
    const { bench, alice, bob } = pair();
    call(alice, bob);
    const limits = { expiresAtMs: Number.MAX_SAFE_INTEGER, seconds: [], media };
    bench.tell({ type: 'limitsChanged', credentialId: 'crd_0', limits });
    expect(bob.last('ended').reason).toMatchObject({ code: 'policy.refused', detail: media.detail });
  });

  it('whoever is refused as a whole is told the rule, and their calls end with it', () => {
    const { bench, alice, bob } = pair();
    call(alice, bob);
    const said = 'regions does not allow it, as set at account.';
    bench.tell({ type: 'policyRefused', credentialId: 'crd_0', code: 'policy.refused', detail: said });
    expect(alice.last('error').problem).toMatchObject({ code: 'policy.refused', detail: said });
    expect(bob.last('ended').reason).toMatchObject({ code: 'policy.refused', detail: said });
  });

  it.each([
    [
      'limit.exceeded',
      'relayBytesPerDayMax is reached, as set at acc_1. It begins anew at 2026-12-01T00:00:00.000Z.',
    ],
    ['balance.used_up', 'The balance of acc_1 is used up, or held by sessions: add money.'],
  ] as const)(
    'whose %s is told so, as one who begins is, and the log says once which limit it was (POL-3, PRD-8)',
    (code, detail) => {
      const { bench, alice, bob } = pair();
      call(alice, bob);
      bench.tell({ type: 'policyRefused', credentialId: 'crd_0', code, detail });
      expect(alice.last('error').problem).toMatchObject({ code, detail });
      expect(bob.last('ended').reason).toMatchObject({ code, detail });
      const rule = code === 'limit.exceeded' ? 'relayBytesPerDayMax' : 'prepaidBalance';
      expect(bench.platform.eventsOf('limit.reached')).toMatchObject([
        { data: { limit: code, outcome: 'end', rule } },
      ]);
    },
  );

  it('calls end when the times end', () => {
    const { bench, alice, bob } = pair({ closesAtMs: 1_010_000 });
    call(alice, bob);
    bench.pass(9_750);
    expect(bob.all('ended')).toEqual([]);
    bench.pass(500);
    expect(bob.last('ended').reason).toMatchObject({ code: 'policy.refused' });
  });
});

describe('features that policies leave out', () => {
  const features = (...allowed: readonly string[]) => ({
    features: { allowed, detail: 'features does not allow it, as set at account.' },
  });

  it('who may not call is refused by name', () => {
    const { alice, bob } = pair(features('signaling.answer-calls'));
    alice.send(ring);
    expect(alice.last('refused').problem).toMatchObject({
      code: 'policy.refused',
      detail: 'features does not allow it, as set at account.',
    });
    expect(bob.all('incoming')).toEqual([]);
  });

  it('the device of who may not be called does not ring, and another of theirs does', () => {
    const { bench, alice, bob } = pair({}, features('signaling.place-calls'));
    alice.send(ring);
    expect(alice.last('refused').problem.code).toBe('signaling.endpoint_unavailable');
    const other = bench.connect({ identity: 'bob' });
    alice.send({ ...ring, requestId: 'r2' });
    expect([bob.all('incoming').length, other.all('incoming').length]).toEqual([0, 1]);
  });

  it('who may not change what a call carries goes on with what it carries', () => {
    const { bench, alice, bob } = pair(features('signaling.place-calls'));
    const sessionId = call(alice, bob, { media: audioOnly });
    alice.send({ type: 'media', sessionId, ...audioVideo });
    expect(alice.last('error').problem.code).toBe('policy.refused');
    expect(bench.machine.snapshot()).toMatchObject([{ modality: 'audio' }]);
  });

  it('a call that its caller could not place any more ends, and one that was answered does not (POL-5)', () => {
    const { bench, alice, bob } = pair();
    call(alice, bob);
    const limits = {
      expiresAtMs: Number.MAX_SAFE_INTEGER,
      seconds: [],
      ...features('signaling.answer-calls'),
    };
    bench.tell({ type: 'limitsChanged', credentialId: 'crd_1', limits });
    expect(bench.machine.sessionCount).toBe(1);
    bench.tell({ type: 'limitsChanged', credentialId: 'crd_0', limits });
    expect(bob.last('ended').reason).toMatchObject({
      code: 'policy.refused',
      detail: limits.features.detail,
    });
  });
});

describe('how many may be in a call', () => {
  const participants = { max: 1, detail: 'participantsMax does not allow it, as set at account.' };

  it('one too many is refused, whether they call or answer', () => {
    const { alice, bob } = pair({ participants });
    alice.send(ring);
    expect(alice.last('refused').problem).toMatchObject({
      code: 'policy.refused',
      detail: participants.detail,
    });
    const other = pair({}, { participants });
    other.alice.send(ring);
    other.bob.send({ type: 'accept', sessionId: other.bob.last('incoming').sessionId, media: audioVideo });
    expect(other.bob.last('error').problem).toMatchObject({ detail: participants.detail });
    expect(bob.all('incoming')).toEqual([]);
  });

  it('two are two, and a call ends when they are too many (POL-5)', () => {
    const { bench, alice, bob } = pair({ participants: { ...participants, max: 2 } });
    call(alice, bob);
    const limits = { expiresAtMs: Number.MAX_SAFE_INTEGER, seconds: [], participants };
    bench.tell({ type: 'limitsChanged', credentialId: 'crd_0', limits });
    expect(bob.last('ended').reason).toMatchObject({ code: 'policy.refused', detail: participants.detail });
  });
});

describe('codecs that policies leave out', () => {
  const only = (...allowed: readonly string[]) => ({
    codecs: { allowed, detail: 'codecs does not allow it, as set at account.' },
  });
  const sdp = (...codecs: readonly string[]) => {
    const numbers = codecs.map((_, index) => 96 + index);
    const mapped = codecs.map((codec, index) => `a=rtpmap:${96 + index} ${codec}/48000`);
    return ['v=0', `m=audio 9 UDP/TLS/RTP/SAVPF ${numbers.join(' ')}`, ...mapped, ''].join('\r\n');
  };
  const describing = (sessionId: string, type: 'offer' | 'answer', ...codecs: readonly string[]) =>
    ({
      type: 'signal',
      sessionId,
      generation: 0,
      data: { kind: 'description', type, sdp: sdp(...codecs) },
    }) as const;

  it('the offer and the answer carry what both parties may use, each by its own account (LIV-0)', () => {
    const { bench, alice, bob } = pair(only('opus', 'pcmu'), only('opus', 'g722'));
    const sessionId = call(alice, bob, { media: audioOnly });
    alice.send(describing(sessionId, 'offer', 'opus', 'PCMU', 'G722'));
    expect(bob.last('signal').data).toEqual({ kind: 'description', type: 'offer', sdp: sdp('opus') });
    bob.send(describing(sessionId, 'answer', 'opus'));
    expect(alice.last('signal').data).toEqual({ kind: 'description', type: 'answer', sdp: sdp('opus') });
    expect(bench.platform.eventsOf('codecs.negotiated')).toMatchObject([{ data: { codecs: [['opus']] } }]);
  });

  it('a call of which a stream has none left ends by name, and the offer does not arrive', () => {
    const { alice, bob } = pair(only('opus'), {});
    const sessionId = call(alice, bob, { media: audioOnly });
    alice.send(describing(sessionId, 'offer', 'PCMU', 'G722'));
    expect(bob.all('signal')).toEqual([]);
    for (const client of [alice, bob])
      expect(client.last('ended').reason).toMatchObject({
        code: 'policy.refused',
        detail: 'codecs does not allow it, as set at account.',
      });
  });

  const narrowed = (...allowed: readonly string[]) => ({
    type: 'limitsChanged' as const,
    credentialId: 'crd_0',
    limits: { expiresAtMs: Number.MAX_SAFE_INTEGER, seconds: [], ...only(...allowed) },
  });
  const running = () => {
    const parties = pair();
    const sessionId = call(parties.alice, parties.bob, { media: audioOnly });
    parties.alice.send(describing(sessionId, 'offer', 'opus', 'PCMU'));
    parties.bob.send(describing(sessionId, 'answer', 'opus', 'PCMU'));
    return { ...parties, sessionId };
  };

  it('a call that may use one of them no more agrees anew, and goes on (POL-5)', () => {
    const { bench, alice, bob, sessionId } = running();
    bench.tell(narrowed('opus'));
    expect(alice.last('signal').data).toEqual({ kind: 'renegotiate' });
    alice.send(describing(sessionId, 'offer', 'opus', 'PCMU'));
    bob.send(describing(sessionId, 'answer', 'opus'));
    bench.pass(agreementMsMax + 1_000);
    expect(bench.machine.sessionCount).toBe(1);
    expect(bench.platform.eventsOf('codecs.negotiated')).toHaveLength(2);
  });

  it('one that does not agree anew ends in time, also where its node was killed meanwhile', () => {
    for (const isKilled of [false, true]) {
      const { bench, alice, bob } = running();
      bench.tell(narrowed('opus'));
      if (isKilled) {
        bench.die();
        for (const client of [alice, bob]) client.comeBack();
        bench.tell(narrowed('opus'));
      }
      bench.pass(agreementMsMax - 500);
      expect(bench.machine.sessionCount).toBe(1);
      bench.pass(1_000);
      expect(bob.last('ended').reason.code).toBe('policy.refused');
    }
  });

  it('one that can use none of them any more ends at once', () => {
    const { bench, bob } = running();
    bench.tell(narrowed('g722'));
    expect(bob.last('ended').reason.code).toBe('policy.refused');
  });
});

it('the log of a call says what its caller runs on, by what its browser shows', () => {
  const bench = new MachineBench();
  const deviceOf = (device: { userAgent?: string; mobileHint?: string }) => {
    bench.feed({ type: 'opened', socketId: 's', sourceIp: '192.0.2.1', device });
    const authenticating = { type: 'authenticate', token: 'a.b', protocolVersion: 1, sequence: 0 } as const;
    const [asked] = bench.machine.handle(
      { type: 'frame', socketId: 's', frame: authenticating },
      bench.nowMs,
    );
    return asked?.type === 'authenticate' ? asked.context.deviceKind : undefined;
  };
  expect(deviceOf({ userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)' })).toBe('mobile');
  expect(deviceOf({})).toBe('other');
});
