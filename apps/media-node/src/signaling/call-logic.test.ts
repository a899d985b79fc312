import { documentSchema } from '@patchbay/domain/logic/verbs';
import { describe, expect, it } from 'vitest';
import type { LogicAnswer } from './platform.ts';
import { audioOnly, audioVideo, type BenchClient, MachineBench } from './testing/machine-bench.ts';

const url = 'https://logic.test/';
const attempts = [{ url, target: 'main', status: 200, latencyMs: 5 }] as const;
const answerOf = (...verbs: readonly object[]): LogicAnswer => ({
  ok: true,
  url,
  document: documentSchema.parse({ version: 1, verbs }),
  attempts,
});

/** Alice calls the hotline, whose logic answers with these verbs. */
function bench(...verbs: readonly object[]) {
  const machine = new MachineBench();
  machine.platform.logicOf.set('acc_a user:hotline', { standing: 'found', url });
  if (verbs.length > 0) machine.platform.documents.set(url, answerOf(...verbs));
  const caller = (limits = {}) =>
    machine.connect({ identity: 'alice', limits: { hasLogicNear: true, ...limits } });
  const logged = () =>
    machine.platform.events
      .filter(({ type }) => type.startsWith('logic.'))
      .map(({ type, legAccountId, data }) => ({ type, legAccountId, ...data }));
  return { machine, caller, logged };
}

const callHotline = (client: BenchClient, to = 'user:hotline') =>
  client.send({ type: 'call', requestId: 'r1', to, media: audioOnly });

describe('application logic decides about a call (HKS-3)', () => {
  it('two ring with a leg each; the first to answer talks, the other is told, and every step is logged', () => {
    const { machine, caller, logged } = bench({ verb: 'dial', to: ['user:bob', 'user:carol'] });
    const [alice, bob, carol] = [
      caller(),
      machine.connect({ identity: 'bob' }),
      machine.connect({ identity: 'carol' }),
    ];
    callHotline(alice);
    const { sessionId } = alice.last('ringing');
    expect(bob.last('incoming')).toMatchObject({ sessionId, from: 'alice' });
    expect(carol.last('incoming').legId).not.toBe(bob.last('incoming').legId);
    carol.send({ type: 'accept', sessionId, media: audioVideo });
    expect(bob.last('ended').reason.code).toBe('signaling.answered_elsewhere');
    expect(alice.last('started')).toMatchObject({ peer: 'carol' });
    expect(carol.last('started').legId).toBe(carol.last('incoming').legId);
    expect(logged()).toEqual([
      { type: 'logic.started', legAccountId: 'acc_a', endpoint: 'user:hotline' },
      { type: 'logic.fetched', legAccountId: 'acc_a', ...attempts[0] },
      { type: 'logic.step', legAccountId: 'acc_a', index: 0, verb: 'dial', detail: 'user:bob, user:carol' },
    ]);
    const left = machine.platform.eventsOf('leg.left');
    expect(left.map(({ legId }) => legId)).toEqual([bob.last('incoming').legId]);
    expect(machine.platform.asked[0]).toMatchObject({
      accountId: 'acc_a',
      session: { id: sessionId, endpoint: 'user:hotline', caller: 'user:alice', documentNumber: 1 },
      variables: { from: 'user:alice', to: 'user:hotline' },
    });
  });

  it('one after the other: who rejects, and who is not there, is followed by the next; then the call ends', () => {
    const { machine, caller } = bench({
      verb: 'dial',
      to: ['user:nobody', 'user:bob', 'user:carol'],
      ring: 'one',
      timeoutSeconds: 5,
    });
    const [alice, bob, carol] = [
      caller(),
      machine.connect({ identity: 'bob' }),
      machine.connect({ identity: 'carol' }),
    ];
    callHotline(alice);
    const { sessionId } = bob.last('incoming');
    expect(carol.all('incoming')).toEqual([]);
    bob.send({ type: 'reject', sessionId });
    expect(carol.last('incoming')).toMatchObject({ sessionId });
    machine.pass(5_000);
    expect(carol.last('ended').reason.code).toBe('signaling.no_answer');
    expect(alice.last('ended').reason.code).toBe('signaling.no_answer');
    expect(machine.machine.sessionCount).toBe(0);
  });

  it.each([
    [{ verb: 'reject', reason: 'busy' }, 'signaling.busy'],
    [{ verb: 'hangup', reason: 'We are closed.' }, 'signaling.logic_ended'],
    [{ verb: 'say', text: 'hello' }, 'signaling.logic_verb_unavailable'],
  ])('%j ends it as %s, and nobody rings', (verb, code) => {
    const { machine, caller } = bench({ verb: 'message', text: 'Hello {{from}}' }, verb, {
      verb: 'dial',
      to: 'user:bob',
    });
    const [alice, bob] = [caller(), machine.connect({ identity: 'bob' })];
    callHotline(alice);
    expect(alice.last('ended').reason.code).toBe(code);
    expect(bob.all('incoming')).toEqual([]);
    const isRefused = code === 'signaling.logic_verb_unavailable';
    expect(alice.all('message').map(({ text }) => text)).toEqual(isRefused ? [] : ['Hello user:alice']);
  });

  it('a relay is denied, or the only way, or held to what the document says', () => {
    const denied = bench({ verb: 'relay', use: 'deny' }, { verb: 'dial', to: 'user:bob' });
    denied.machine.platform.relay = {
      nodeId: 'nod_1',
      boot: 'b',
      urls: ['turn:127.0.0.1:3478?transport=udp'],
    };
    const [alice, bob] = [denied.caller(), denied.machine.connect({ identity: 'bob' })];
    callHotline(alice);
    const { sessionId } = bob.last('incoming');
    bob.send({ type: 'accept', sessionId, media: audioOnly });
    alice.send({ type: 'relayNeeded', sessionId, generation: 0 });
    expect(alice.last('ended').reason.code).toBe('signaling.no_relay');
    const only = bench({ verb: 'relay', use: 'only', bytesMax: 1_000 }, { verb: 'dial', to: 'user:bob' });
    only.machine.platform.relay = { nodeId: 'nod_1', boot: 'b', urls: ['turn:127.0.0.1:3478?transport=udp'] };
    const [anna, ben] = [only.caller(), only.machine.connect({ identity: 'bob' })];
    callHotline(anna);
    ben.send({ type: 'accept', sessionId: ben.last('incoming').sessionId, media: audioOnly });
    expect(anna.last('started')).toMatchObject({ mode: 'relay' });
    expect(only.machine.platform.narrowed[0]).toMatchObject({ bytesMax: 1_000 });
  });

  it('what a document says to people is cut to what a frame takes, whatever is in it', () => {
    const text = `a\u0000b\u202e${'{{from}}'.repeat(400)}`;
    const { caller } = bench({ verb: 'message', text }, { verb: 'hangup', reason: text.slice(0, 200) });
    const alice = caller();
    callHotline(alice);
    expect(alice.last('message').text).toMatch(/^ab/);
    expect(alice.last('ended').reason.detail).toMatch(/^ab/);
  });

  it('a trigger ends an answered call at its second, and another tells of it', () => {
    const { machine, caller } = bench(
      { verb: 'trigger', seconds: 2, action: 'notify' },
      { verb: 'dial', to: 'user:bob', secondsMax: 4 },
    );
    const [alice, bob] = [caller(), machine.connect({ identity: 'bob' })];
    callHotline(alice);
    bob.send({ type: 'accept', sessionId: bob.last('incoming').sessionId, media: audioOnly });
    machine.pass(2_000);
    expect(alice.last('limitReached')).toMatchObject({ limit: 'logic.trigger', outcome: 'notify' });
    expect(alice.all('ended')).toEqual([]);
    machine.pass(2_000);
    expect(alice.last('ended').reason.code).toBe('signaling.logic_ended');
  });

  it('C34: a document reaches no account above its own, and none that the caller may not call (LIV-0)', () => {
    const { machine } = bench({ verb: 'dial', to: ['user:boss@acc_top', 'user:kid@acc_kid'] });
    const boss = machine.connect({
      identity: 'boss',
      accountId: 'acc_top',
      accountPath: ['acc_top', 'acc_platform'],
    });
    const kid = machine.connect({
      identity: 'kid',
      accountId: 'acc_kid',
      accountPath: ['acc_kid', 'acc_a', 'acc_platform'],
    });
    // She may call the boss herself; the hotline may not send her there.
    const accountPath = ['acc_a', 'acc_top', 'acc_platform'];
    const alice = machine.connect({ identity: 'alice', accountPath, limits: { hasLogicNear: true } });
    callHotline(alice);
    expect(boss.all('incoming')).toEqual([]);
    expect(kid.last('incoming')).toMatchObject({ from: 'alice@acc_a' });
    const sibling = machine.connect({
      identity: 'mallory',
      accountId: 'acc_sib',
      accountPath: ['acc_sib', 'acc_a', 'acc_platform'],
      limits: { hasLogicNear: true },
    });
    const heard = kid.all('incoming').length;
    callHotline(sibling, 'user:hotline@acc_a');
    expect(sibling.last('ended').reason.code).toBe('signaling.no_answer');
    expect(kid.all('incoming')).toHaveLength(heard);
  });

  it('who may not call hears so, nobody is asked for a document, and what counts is given back', () => {
    const { machine, caller } = bench({ verb: 'dial', to: 'user:bob' });
    const alice = caller();
    machine.platform.logicOf.set('acc_z user:x', { standing: 'unrelated' });
    callHotline(alice, 'user:x@acc_z');
    expect(alice.last('refused').problem.code).toBe('signaling.other_account');
    machine.platform.logicOf.set('acc_a user:away', { standing: 'away' });
    callHotline(alice, 'user:away');
    expect(alice.last('refused').problem.code).toBe('platform.unavailable');
    machine.platform.claimAnswer = { ok: false, code: 'limit.exceeded', detail: 'Full.' };
    callHotline(caller({ isCounted: true }));
    expect(machine.platform.asked).toEqual([]);
    callHotline(alice, 'tel:+49301234567');
    expect(alice.last('refused').problem.code).toBe('signaling.namespace_unsupported');
  });

  it('a process that dies while it waits for a document asks again, and the call goes on', () => {
    const { machine, caller } = bench();
    const [alice, bob] = [caller(), machine.connect({ identity: 'bob' })];
    callHotline(alice);
    expect(machine.platform.asked).toHaveLength(1);
    machine.platform.documents.set(url, answerOf({ verb: 'dial', to: 'user:bob' }));
    machine.die({ forMs: 1_000 });
    alice.comeBack();
    bob.comeBack();
    expect(machine.platform.asked.length).toBeGreaterThan(1);
    machine.pass(1_000);
    expect(machine.machine.snapshot()).toHaveLength(1);
  });

  it('the caller gives up while somebody rings or a document is on its way: it is over, once', () => {
    const { machine, caller } = bench();
    const alice = caller();
    callHotline(alice);
    const { sessionId } = alice.last('ringing');
    alice.send({ type: 'hangup', sessionId });
    expect(alice.last('ended').reason.code).toBe('signaling.cancelled');
    machine.feed({
      type: 'logicFetched',
      sessionId,
      documentNumber: 1,
      answer: answerOf({ verb: 'hangup' }),
    });
    expect(machine.platform.eventsOf('session.ended')).toHaveLength(1);
  });
});
