import type { RelayLine } from '@patchbay/domain/sessions/relay-line';
import { ownerOf } from '@patchbay/domain/sessions/session-log';
import { describe, expect, it } from 'vitest';
import { endedKeepMs } from './ended-sessions.ts';
import type { RelayLineNotice, SessionEvent } from './platform.ts';
import { refusedPerAccountMax, refusedWindowMs } from './refused-calls.ts';
import { audioVideo, call, MachineBench } from './testing/machine-bench.ts';

const relayOne = { nodeId: 'nod_1', boot: 'b1', urls: ['turn:127.0.0.1:3478?transport=udp'] };
const started: RelayLine = {
  type: 'allocation.started',
  data: {
    allocationId: 'a.0',
    relayNodeId: 'nod_1',
    transport: 'udp',
    addressFamily: 'ipv4',
    clientAddress: '192.0.2.7:4000',
    relayedAddress: '198.51.100.1:50000',
  },
};
const ended: RelayLine = {
  type: 'allocation.ended',
  data: {
    allocationId: 'a.0',
    reason: 'network-discovery.released',
    detail: '',
    bytesIn: 7,
    bytesOut: 3,
    lastedMs: 5,
  },
};
const reached = (outcome: 'end' | 'notify', max = 7): RelayLine => ({
  type: 'limit.reached',
  data: { allocationId: 'a.0', limit: 'limit.session_bytes', max, outcome },
});

/** A call of an account's alice to a child account's bob. */
function callAcross() {
  const bench = new MachineBench();
  bench.platform.relay = relayOne;
  const alice = bench.connect({ identity: 'alice', accountId: 'acc_parent', accountPath: ['acc_parent'] });
  const bob = bench.connect({
    identity: 'bob',
    accountId: 'acc_child',
    accountPath: ['acc_child', 'acc_parent'],
  });
  alice.send({ type: 'call', requestId: 'r1', to: 'user:bob@acc_child', media: audioVideo, mode: 'relay' });
  const { sessionId } = bob.last('incoming');
  bob.send({ type: 'accept', sessionId, media: audioVideo });
  const credentialIdOf = (accountId: string) =>
    bench.machine.snapshot()[0]?.legs.find((leg) => leg.accountId === accountId)?.credentialId ?? '';
  const credentialIds = {
    acc_parent: [credentialIdOf('acc_parent')],
    acc_child: [credentialIdOf('acc_child')],
  };
  const say = (accountId: keyof typeof credentialIds, line: RelayLine, more: Partial<RelayLineNotice> = {}) =>
    bench.tell({
      type: 'relayLine',
      sessionId,
      accountId,
      credentialIds: credentialIds[accountId],
      atMs: bench.nowMs,
      line,
      ...more,
    });
  return { bench, alice, bob, sessionId, say };
}

const linesOf = (events: readonly SessionEvent[], type: string) =>
  events.filter((event) => event.type === type);

describe('lines of a relay in the log of a call (MET-7, LIV-0)', () => {
  it('stand in the order of the session’s own, each with the leg’s account that made the allocation', () => {
    const { bench, alice, sessionId, say } = callAcross();
    say('acc_child', started);
    say('acc_parent', started);
    alice.send({ type: 'hangup', sessionId });
    const { events } = bench.platform;
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    const [ofChild, ofParent] = linesOf(events, 'allocation.started');
    expect([ofChild, ofParent].map((line) => line && ownerOf(line))).toEqual(['acc_child', 'acc_parent']);
    expect(ofChild?.legId).not.toBe(ofParent?.legId);
    expect(ofChild?.data).toEqual(started.data);
  });

  it('of an account without a leg are nobody’s, whatever session it names', () => {
    const { bench, say } = callAcross();
    say('acc_child', started, { accountId: 'acc_stranger' });
    say('acc_child', started, { sessionId: 'ses_unknown' });
    expect(linesOf(bench.platform.events, 'allocation.started')).toEqual([]);
    expect(bench.drops).toEqual(['relay_line_unplaced', 'relay_line_unplaced']);
  });

  it('of a credential that was replaced meanwhile belong to the account’s leg all the same', () => {
    const { bench, say } = callAcross();
    say('acc_child', ended, { credentialIds: ['crd_before'] });
    const [line] = linesOf(bench.platform.events, 'allocation.ended');
    expect(line).toMatchObject({ legAccountId: 'acc_child', legId: expect.any(String) });
  });

  it('that come after the end belong there for a minute, and are dropped after', () => {
    const { bench, alice, sessionId, say } = callAcross();
    alice.send({ type: 'hangup', sessionId });
    bench.nowMs += endedKeepMs - 1;
    say('acc_parent', ended);
    const last = bench.platform.events.at(-1);
    expect(last).toMatchObject({ type: 'allocation.ended', sessionId, legAccountId: 'acc_parent' });
    expect(last?.sequence).toBe(bench.platform.events.length);
    bench.pass(1_000);
    say('acc_parent', ended);
    expect(bench.drops).toContain('relay_line_unplaced');
  });

  it('are never of a time before their session, nor of one to come: clocks differ', () => {
    const { bench, say } = callAcross();
    const [created] = bench.platform.events;
    say('acc_parent', started, { atMs: 5 });
    say('acc_parent', ended, { atMs: bench.nowMs + 60_000 });
    expect(bench.platform.events.slice(-2).map(({ atMs }) => atMs)).toEqual([created?.atMs, bench.nowMs]);
  });
});

describe('a limit at the relay', () => {
  it('whose outcome is a notice stands in the log once, and the SDK of its own account is told (ACC-7, LIV-0)', () => {
    const { bench, alice, bob, say } = callAcross();
    say('acc_child', reached('notify'));
    say('acc_child', reached('notify'));
    expect(bob.all('limitReached')).toMatchObject([{ limit: 'limit.session_bytes', outcome: 'notify' }]);
    expect(alice.all('limitReached')).toEqual([]);
    const lines = linesOf(bench.platform.events, 'limit.reached');
    expect(lines).toMatchObject([{ legAccountId: 'acc_child', data: { max: 7, outcome: 'notify' } }]);
    expect(bench.machine.sessionCount).toBe(1);
    say('acc_child', reached('notify', 9));
    expect(bob.all('limitReached')).toHaveLength(2);
  });

  it('that ends the call stands in the log once, before the end', () => {
    const { bench, bob, sessionId, say } = callAcross();
    say('acc_child', reached('end'));
    bench.tell({
      type: 'allocationEnded',
      sessionId,
      nodeId: 'nod_1',
      accountId: 'acc_child',
      credentialIds: [bench.machine.snapshot()[0]?.legs[1]?.credentialId ?? ''],
      cause: 'limit',
      code: 'limit.session_bytes',
    });
    expect(linesOf(bench.platform.events, 'limit.reached')).toHaveLength(1);
    expect(bob.last('ended').reason.code).toBe('limit.session_bytes');
    expect(bob.all('limitReached')).toHaveLength(1);
  });

  it('of policies that is used up ends the call with its own code, and is said once with its setting (POL-3, PRD-8)', () => {
    const { bench, bob, sessionId } = callAcross();
    const detail = 'relayBytesPerDayMax is reached, as set at acc_child.';
    bench.tell({
      type: 'allocationEnded',
      sessionId,
      nodeId: 'nod_1',
      accountId: 'acc_child',
      credentialIds: [bench.machine.snapshot()[0]?.legs[1]?.credentialId ?? ''],
      cause: 'limit',
      code: 'limit.exceeded',
      detail,
    });
    const data = { limit: 'limit.exceeded', outcome: 'end', rule: 'relayBytesPerDayMax' };
    expect(linesOf(bench.platform.events, 'limit.reached')).toMatchObject([{ data }]);
    expect(bob.last('ended').reason).toMatchObject({ code: 'limit.exceeded', detail });
  });

  it('of time or uses is signaling’s to say', () => {
    const { bench, bob, say } = callAcross();
    say('acc_child', {
      type: 'limit.reached',
      data: { allocationId: 'a.0', limit: 'limit.session_seconds', max: 7, outcome: 'notify' },
    });
    expect(bob.all('limitReached')).toEqual([]);
    expect(linesOf(bench.platform.events, 'limit.reached')).toEqual([]);
  });
});

describe('a call that is refused (MET-7)', () => {
  const place = (client: ReturnType<MachineBench['connect']>, to: string, requestId = 'r1') =>
    client.send({ type: 'call', requestId, to, media: audioVideo });

  it('is a session that ended at once with the code of the refusal, in the caller’s account alone', () => {
    const bench = new MachineBench();
    const alice = bench.connect({ identity: 'alice', accountPath: ['acc_a'] });
    bench.connect({ identity: 'bob', accountId: 'acc_b', accountPath: ['acc_b'] });
    place(alice, 'user:bob@acc_b');
    const { code, detail } = alice.last('refused').problem;
    expect(code).toBe('signaling.other_account');
    const { events } = bench.platform;
    expect(events.map(({ sequence, type }) => `${sequence} ${type}`)).toEqual([
      '1 session.created',
      '2 leg.left',
      '3 session.ended',
    ]);
    expect(events.every((line) => ownerOf(line) === 'acc_a')).toBe(true);
    expect(events[0]?.data).toMatchObject({ to: 'user:bob@acc_b', identity: 'alice' });
    expect(events[2]?.data).toMatchObject({ reason: { code, detail }, connectedMs: 0 });
    expect(bench.machine.sessionCount).toBe(0);
    // It is no call, and costs nothing.
    expect(bench.platform.used('sessions')).toBe(0);
  });

  it('again and again is one session and a count: whoever hammers fills no table', () => {
    const bench = new MachineBench();
    const alice = bench.connect({ identity: 'alice' });
    for (let times = 0; times < 20; times++) place(alice, 'user:nobody', `r${times}`);
    expect(linesOf(bench.platform.events, 'session.created')).toHaveLength(1);
    bench.pass(refusedWindowMs);
    expect(bench.platform.events.at(-1)).toMatchObject({
      type: 'refusal.repeated',
      sequence: 4,
      data: { code: 'signaling.endpoint_unavailable', repeatCount: 19 },
    });
    place(alice, 'user:nobody', 'later');
    expect(linesOf(bench.platform.events, 'session.created')).toHaveLength(2);
  });

  it('of many identities of one account fills no table either', () => {
    const bench = new MachineBench();
    for (let index = 0; index < refusedPerAccountMax + 20; index++)
      place(bench.connect({ identity: `user-${index}` }), 'user:nobody');
    expect(linesOf(bench.platform.events, 'session.created')).toHaveLength(refusedPerAccountMax);
  });

  it('is still told of as often as it came when the node stops', () => {
    const bench = new MachineBench();
    const alice = bench.connect({ identity: 'alice' });
    for (const requestId of ['r1', 'r2']) place(alice, 'user:nobody', requestId);
    bench.feed({ type: 'stop' });
    expect(linesOf(bench.platform.events, 'refusal.repeated')).toMatchObject([{ data: { repeatCount: 1 } }]);
  });
});

it('a call says whence its media moved, so that it is connected once (EVT)', () => {
  const bench = new MachineBench();
  bench.platform.relay = relayOne;
  const [alice, bob] = [bench.connect({ identity: 'alice' }), bench.connect({ identity: 'bob' })];
  const sessionId = call(alice, bob);
  for (const path of ['direct', 'relay'] as const)
    alice.send({ type: 'connected', sessionId, generation: 0, path, transport: 'udp' });
  expect(linesOf(bench.platform.events, 'mode.changed').map(({ data }) => data)).toMatchObject([
    { previousMode: 'pending', mode: 'p2p' },
    { previousMode: 'p2p', mode: 'relay' },
  ]);
});
