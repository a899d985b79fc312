import { resumeWindowMs } from '@patchbay/protocol/signaling/messages';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from './platform.ts';
import type { SecondsLimit } from './principal.ts';
import { audioVideo, type BenchClient, call, MachineBench } from './testing/machine-bench.ts';

const relayOne = { nodeId: 'nod_1', boot: 'b1', urls: ['turn:127.0.0.1:3478?transport=udp'] };

function pair(limits: { readonly seconds?: readonly SecondsLimit[] } = {}) {
  const bench = new MachineBench();
  bench.platform.relay = relayOne;
  const alice = bench.connect({ identity: 'alice', limits });
  return { bench, alice, bob: bench.connect({ identity: 'bob' }) };
}

function talk(limits: { readonly seconds?: readonly SecondsLimit[] } = {}) {
  const parties = pair(limits);
  const { bench, alice, bob } = parties;
  const sessionId = call(alice, bob, { mode: 'relay' });
  const startedAtMs = bench.nowMs;
  for (const client of [alice, bob])
    client.send({ type: 'connected', sessionId, generation: 0, path: 'relay', transport: 'udp' });
  bench.pass(10_000);
  return { ...parties, sessionId, startedAtMs };
}

const sequencesOf = (events: readonly SessionEvent[]) => events.map(({ sequence }) => sequence);
const gapless = (events: readonly SessionEvent[]) => events.map((_event, index) => index + 1);
const signalOf = (sessionId: string, text: string) =>
  ({ type: 'signal', sessionId, generation: 0, data: { kind: 'candidate', candidate: text } }) as const;

describe('the node is killed, and another process goes on (architecture §6)', () => {
  it('a call goes on in its generation; its log, its limits and its metered time go on to the millisecond (LIV-3, MET-2)', () => {
    const { bench, alice, bob, sessionId, startedAtMs } = talk();
    bench.die({ forMs: 2_000 });
    expect(bench.machine.snapshot()).toMatchObject([{ sessionId, state: 'active', mode: 'relay' }]);
    for (const client of [alice, bob]) client.comeBack();
    for (const client of [alice, bob]) {
      expect(client.last('authenticated')).toMatchObject({
        resumed: true,
        sessions: [{ sessionId, generation: 0 }],
      });
      expect(client.all('recover')).toEqual([]);
    }
    bench.pass(3_000);
    alice.send({ type: 'hangup', sessionId });
    expect(bob.last('ended').reason.code).toBe('signaling.hung_up');
    expect(sequencesOf(bench.platform.events)).toEqual(gapless(bench.platform.events));
    expect(bench.platform.eventsOf('session.created')).toHaveLength(1);
    expect(bench.platform.eventsOf('session.ended')).toMatchObject([
      { data: { connectedMs: bench.nowMs - startedAtMs } },
    ]);
    expect(bench.platform.used('connectedMs')).toBe(2 * (bench.nowMs - startedAtMs));
    expect(bench.platform.used('sessions')).toBe(1);
  });

  it('a line of a relay just before keeps its number, and a limit that it reported is not reported again (MET-7)', () => {
    const { bench, alice, bob, sessionId } = talk();
    const data = {
      allocationId: 'alc_1',
      limit: 'limit.session_bytes',
      max: 1_000,
      outcome: 'notify',
    } as const;
    const notice = {
      type: 'relayLine',
      sessionId,
      accountId: 'acc_a',
      credentialIds: ['crd_0'],
      atMs: bench.nowMs,
      line: { type: 'limit.reached', data },
    } as const;
    bench.tell(notice);
    bench.die();
    for (const client of [alice, bob]) client.comeBack();
    bench.tell(notice);
    alice.send({ type: 'hangup', sessionId });
    expect(bench.platform.eventsOf('limit.reached')).toHaveLength(1);
    expect(sequencesOf(bench.platform.events)).toEqual(gapless(bench.platform.events));
  });

  it('a call through a media node, which ended what it had from here, goes through one anew as soon as a party notices (LIV-2, LIV-3)', () => {
    const { bench, alice, bob } = pair();
    const { platform } = bench;
    platform.mediaNodeId = 'nod_m';
    const sessionId = call(alice, bob);
    const connect = (generation: number) => {
      for (const client of [alice, bob])
        client.send({ type: 'connected', sessionId, generation, path: 'direct', transport: 'udp' });
    };
    connect(0);
    const by = { name: 'Alice', accountId: 'acc_a' };
    const of = { orderId: 'o1', sessionId, accountId: 'acc_a', by, issuedAtMs: bench.nowMs };
    bench.tell({ type: 'order', order: { ...of, change: { type: 'move', mode: 'media' } } });
    connect(1);
    bench.die({ forMs: 1_000 });
    platform.toldMedia.splice(0);
    for (const client of [alice, bob]) client.comeBack();
    alice.send({ type: 'relayNeeded', sessionId, generation: 1, reason: 'interrupted' });
    bob.send({ type: 'relayNeeded', sessionId, generation: 1, reason: 'interrupted' });
    for (const client of [alice, bob])
      expect(client.last('recover')).toMatchObject({ generation: 2, initiator: true, reason: 'media_lost' });
    expect(platform.toldMedia.filter(({ type }) => type === 'bridge')).toHaveLength(2);
    connect(2);
    expect(bench.machine.snapshot()).toMatchObject([{ sessionId, mode: 'media', generation: 2 }]);
    alice.send({ type: 'hangup', sessionId });
    expect(sequencesOf(platform.events)).toEqual(gapless(platform.events));
  });

  it('a call that rings goes on ringing, and can be answered', () => {
    const { bench, alice, bob } = pair();
    alice.send({ type: 'call', requestId: 'r', to: 'user:bob', media: audioVideo });
    const { sessionId } = bob.last('incoming');
    bench.die({ forMs: 1_000 });
    for (const client of [alice, bob]) client.comeBack();
    bob.send({ type: 'accept', sessionId, media: audioVideo });
    expect(alice.last('started')).toMatchObject({ sessionId, peer: 'bob' });
  });

  it('who does not come back in time ends its session with the reason, and is not metered for the time it was away', () => {
    const { bench, alice, bob, sessionId, startedAtMs } = talk();
    const killedAtMs = bench.nowMs;
    bench.die({ forMs: 20_000 });
    const restartedAtMs = bench.nowMs;
    alice.comeBack();
    bench.pass(resumeWindowMs - 250);
    expect(bench.machine.snapshot()).toMatchObject([{ sessionId }]);
    bench.pass(250);
    expect(bench.nowMs - restartedAtMs).toBe(resumeWindowMs);
    expect(alice.last('ended').reason.code).toBe('signaling.node_lost');
    expect(bench.platform.eventsOf('session.ended')).toMatchObject([
      { data: { reason: { code: 'signaling.node_lost' } } },
    ]);
    expect(sequencesOf(bench.platform.events)).toEqual(gapless(bench.platform.events));
    const metered = bench.platform.used('connectedMs');
    const ofBob = killedAtMs - startedAtMs;
    // A client that is silent is counted for half a ping beyond its last word, and no longer.
    const ofAlice = metered - ofBob;
    expect(ofAlice).toBeGreaterThan(killedAtMs - startedAtMs);
    expect(ofAlice).toBeLessThanOrEqual(bench.nowMs - startedAtMs);
    expect(bob.all('ended')).toEqual([]);
  });

  it('a relay that died with it is replaced once both parties are back, and not before', () => {
    const { bench, alice, bob, sessionId } = talk();
    bench.die({ forMs: 1_000 });
    bench.tell({ type: 'relayAlive', nodeId: 'nod_1', boot: 'b2' });
    bench.platform.relay = { ...relayOne, boot: 'b2' };
    alice.comeBack();
    bench.pass(1_000);
    expect(alice.all('recover')).toEqual([]);
    bob.comeBack();
    bench.pass(250);
    for (const client of [alice, bob])
      expect(client.last('recover')).toMatchObject({ sessionId, generation: 1, reason: 'relay_lost' });
  });

  it('a limit in seconds ends the call where it would have ended (ACC-7)', () => {
    const seconds = [{ prefixId: 'crd_root', seconds: 20, counts: 'total', outcome: 'end' }] as const;
    const { bench, alice, bob } = talk({ seconds });
    bench.die({ forMs: 2_000 });
    for (const client of [alice, bob]) client.comeBack();
    bench.pass(7_750);
    expect(alice.all('ended')).toEqual([]);
    bench.pass(250);
    expect(alice.last('ended').reason.code).toBe('limit.credential_seconds');
  });

  it('no credential is written down, but for those of a relay that a party has yet to receive', () => {
    const { bench } = pair();
    expect(JSON.stringify(bench.journal)).toContain('"identity":"alice"');
    expect(JSON.stringify(bench.journal)).not.toMatch(/\.secret|mac-crd/);
  });
});

describe('the node is killed, and its state is lost', () => {
  it('a client is told that the node failed, not that it came too late', () => {
    const { bench, alice } = talk();
    bench.die({ isStateLost: true });
    alice.comeBack();
    expect(alice.last('authenticated')).toMatchObject({
      resumed: false,
      lossReason: { code: 'signaling.node_lost', helpUrl: '/docs/errors/signaling.node_lost' },
    });
  });

  it('a client that comes too late is told so, and one that is new is told nothing', () => {
    const { bench, alice } = pair();
    alice.lose();
    bench.pass(resumeWindowMs);
    alice.comeBack();
    expect(alice.last('authenticated')).toMatchObject({
      resumed: false,
      lossReason: { code: 'signaling.connection_lost' },
    });
    expect(bench.connect({ identity: 'carol' }).last('authenticated').lossReason).toBeUndefined();
  });

  it('a client that has heard more than is known here is told that the node failed, and its call ends with that reason', () => {
    const { bench, alice, bob, sessionId } = talk();
    const before = bench.journal.length;
    bob.send(signalOf(sessionId, 'a'));
    alice.news();
    // The machine lost its power before this was on the disk.
    bench.journal.splice(before);
    alice.lose();
    bench.journal.splice(before);
    bench.die();
    alice.comeBack();
    expect(alice.last('authenticated')).toMatchObject({
      resumed: false,
      lossReason: { code: 'signaling.node_lost' },
    });
    bob.comeBack();
    expect(bob.last('ended').reason.code).toBe('signaling.node_lost');
  });
});

it('over any kills, losses and resumptions each message arrives once and in order, and the log has no gap (SIG, MET-7)', () => {
  const step = fc.constantFrom('send', 'sendInVain', 'lose', 'comeBack', 'kill', 'killMidway', 'pass');
  fc.assert(
    fc.property(fc.array(fc.record({ what: step, isAlice: fc.boolean() }), { maxLength: 80 }), (steps) => {
      const { bench, alice, bob } = pair();
      const sessionId = call(alice, bob);
      const parties = [alice, bob] as const;
      const sent = new Map<BenchClient, string[]>(parties.map((party) => [party, []]));
      const heard = new Map<BenchClient, string[]>(parties.map((party) => [party, []]));
      const up = new Set<BenchClient>(parties);
      const listen = () => {
        for (const party of parties)
          for (const frame of party.news())
            if (frame.type === 'signal' && frame.data.kind === 'candidate')
              heard.get(party)?.push(frame.data.candidate);
      };
      const comeBack = (party: BenchClient) => {
        listen();
        if (up.has(party)) party.lose();
        up.add(party);
        party.comeBack();
      };
      for (const { what, isAlice } of steps) {
        const party = isAlice ? alice : bob;
        const text = `${sent.get(party)?.length}`;
        if (what === 'send' || what === 'sendInVain') {
          sent.get(party)?.push(text);
          const isArriving = what === 'send' && up.has(party);
          party[isArriving ? 'send' : 'sendInVain'](signalOf(sessionId, text));
          // A frame that is lost takes its connection with it: TCP has no gaps.
          if (what === 'sendInVain' && up.delete(party)) party.lose();
        } else if (what === 'lose' && up.delete(party)) party.lose();
        else if (what === 'comeBack') comeBack(party);
        else if (what === 'kill') {
          up.clear();
          bench.die({ forMs: 100 });
        } else if (what === 'killMidway') {
          sent.get(party)?.push(text);
          // Taken in and written down, and not one word of it told.
          bench.isMute = true;
          party[up.has(party) ? 'send' : 'sendInVain'](signalOf(sessionId, text));
          bench.isMute = false;
          up.clear();
          bench.die();
        } else if (what === 'pass') bench.pass(250);
        listen();
      }
      for (const party of parties) comeBack(party);
      listen();
      expect(heard.get(bob)).toEqual(sent.get(alice));
      expect(heard.get(alice)).toEqual(sent.get(bob));
      expect(sequencesOf(bench.platform.events)).toEqual(gapless(bench.platform.events));
      expect(bench.machine.sessionCount).toBe(1);
    }),
  );
});
