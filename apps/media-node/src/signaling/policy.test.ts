import { describe, expect, it } from 'vitest';
import type { SignalingLimits } from './platform.ts';
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
    bench.tell({ type: 'policyRefused', credentialId: 'crd_0', detail: said });
    expect(alice.last('error').problem).toMatchObject({ code: 'policy.refused', detail: said });
    expect(bob.last('ended').reason).toMatchObject({ code: 'policy.refused', detail: said });
  });

  it('calls end when the times end', () => {
    const { bench, alice, bob } = pair({ closesAtMs: 1_010_000 });
    call(alice, bob);
    bench.pass(9_750);
    expect(bob.all('ended')).toEqual([]);
    bench.pass(500);
    expect(bob.last('ended').reason).toMatchObject({ code: 'policy.refused' });
  });
});
