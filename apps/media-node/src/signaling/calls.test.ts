import { closeCodes } from '@patchbay/protocol/signaling/messages';
import { describe, expect, it } from 'vitest';
import { relayWaitMs } from './media-recovery.ts';
import type { SecondsLimit } from './principal.ts';
import { audioOnly, audioVideo, type BenchClient, call, MachineBench } from './testing/machine-bench.ts';

const relayOne = { nodeId: 'nod_1', boot: 'b1', urls: ['turn:127.0.0.1:3478?transport=udp'] };
const quality = {
  rttMs: 20,
  lossRatio: 0,
  jitterMs: 1,
  sentBitsPerSecond: 1e6,
  receivedBitsPerSecond: 1e6,
  bytesSent: 10,
  bytesReceived: 10,
} as const;

function pair(limits: { readonly seconds?: readonly SecondsLimit[]; readonly expiresAtMs?: number } = {}) {
  const bench = new MachineBench();
  bench.platform.relay = relayOne;
  const alice = bench.connect({ identity: 'alice', limits });
  return { bench, alice, bob: bench.connect({ identity: 'bob' }) };
}

/** Both parties say that this generation is connected. */
function report(
  clients: readonly BenchClient[],
  sessionId: string,
  { path, generation = 0 }: { readonly path: 'direct' | 'relay'; readonly generation?: number },
): void {
  for (const client of clients)
    client.send({ type: 'connected', sessionId, generation, path, transport: 'udp' });
}

function live(bench: MachineBench, clients: readonly BenchClient[], ms: number): void {
  for (let passed = 0; passed < ms; passed += 5_000) {
    bench.pass(Math.min(5_000, ms - passed));
    for (const client of clients) client.send({ type: 'ping', nonce: 1, lastSequence: 0 });
  }
}

const hasCredential = (servers: readonly { readonly username?: string }[]) =>
  servers.some(({ username }) => username !== undefined);

describe('direct first (QUE-5)', () => {
  it('the first generation has no relay credential; relayNeeded brings the next, each leg its own', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    expect(alice.last('started').iceServers).toEqual([{ urls: ['stun:127.0.0.1:3478'] }]);
    alice.send({ type: 'relayNeeded', sessionId, generation: 0 });
    bob.send({ type: 'relayNeeded', sessionId, generation: 0 });
    expect(alice.all('recover')).toHaveLength(1);
    expect(alice.last('recover')).toMatchObject({ generation: 1, initiator: true, mode: 'auto' });
    expect(alice.last('recover').iceServers[1]).toEqual({
      urls: relayOne.urls,
      username: `alice:${sessionId}`,
      credential: 'mac-crd_0',
    });
    expect(bob.last('recover').iceServers[1]).toMatchObject({ username: `bob:${sessionId}` });
    report([alice, bob], sessionId, { path: 'relay', generation: 1 });
    expect(bench.machine.snapshot()).toMatchObject([
      { mode: 'relay', relay: { nodeId: 'nod_1', boot: 'b1' } },
    ]);
    expect(bench.platform.eventsOf('recovery.completed')).toMatchObject([{ data: { generation: 1 } }]);
  });

  it('mode relay has the credential at once and nothing that would show an address', () => {
    const { alice, bob } = pair();
    call(alice, bob, { mode: 'relay' });
    for (const client of [alice, bob]) {
      expect(client.last('started')).toMatchObject({ mode: 'relay', iceServers: [{ urls: relayOne.urls }] });
      expect(hasCredential(client.last('started').iceServers)).toBe(true);
    }
  });
});

it('a credential without a use left whose outcome is another than the end is told of in its session (ACC-7)', () => {
  const bench = new MachineBench();
  bench.platform.relay = relayOne;
  const alice = bench.connect({ identity: 'alice', limits: { usesReached: ['notify'] } });
  const bob = bench.connect({ identity: 'bob' });
  call(alice, bob);
  for (const client of [alice, bob])
    expect(client.all('limitReached')).toMatchObject([{ limit: 'credential.used_up', outcome: 'notify' }]);
  expect(bench.platform.eventsOf('limit.reached')).toHaveLength(1);
});

describe('an account whose calls go through a relay alone', () => {
  it.each(['alice', 'bob'])('holds its side to it, whatever the page asks for: %s', (held) => {
    const bench = new MachineBench();
    bench.platform.relay = relayOne;
    const connect = (identity: string) =>
      bench.connect({ identity, limits: identity === held ? { isRelayOnly: true } : {} });
    const [alice, bob] = [connect('alice'), connect('bob')];
    call(alice, bob, { mode: 'auto' });
    for (const client of [alice, bob])
      expect(client.last('started')).toMatchObject({ mode: 'relay', iceServers: [{ urls: relayOne.urls }] });
  });
});

describe('recovery (LIV-3)', () => {
  it('the restart of the relay moves both legs at once; a direct call does not notice', () => {
    const { bench, alice, bob } = pair();
    bench.tell({ type: 'relayAlive', nodeId: 'nod_1', boot: 'b1' });
    const relayed = call(alice, bob, { mode: 'relay' });
    const direct = call(alice, bob);
    report([alice, bob], relayed, { path: 'relay' });
    report([alice, bob], direct, { path: 'direct' });
    bench.platform.relay = { ...relayOne, boot: 'b2' };
    bench.tell({ type: 'relayAlive', nodeId: 'nod_1', boot: 'b2' });
    for (const client of [alice, bob]) {
      expect(client.all('recover')).toMatchObject([
        { sessionId: relayed, generation: 1, reason: 'relay_lost' },
      ]);
    }
  });

  it('a dead relay is not offered again; the call waits for the next and takes it', () => {
    const { bench, alice, bob } = pair();
    bench.tell({ type: 'relayAlive', nodeId: 'nod_1', boot: 'b1' });
    const sessionId = call(alice, bob, { mode: 'relay' });
    report([alice, bob], sessionId, { path: 'relay' });
    bench.tell({ type: 'relayDead', nodeId: 'nod_1' });
    bench.pass(1_000);
    expect(alice.all('recover')).toHaveLength(0);
    bench.platform.relay = { ...relayOne, boot: 'b2' };
    bench.tell({ type: 'relayAlive', nodeId: 'nod_1', boot: 'b2' });
    expect(alice.last('recover').generation).toBe(1);
    report([alice, bob], sessionId, { path: 'relay', generation: 1 });
    expect(bench.platform.eventsOf('recovery.completed')).toMatchObject([{ data: { tookMs: 1_000 } }]);
  });

  it('a call that finds no relay in time ends and says so', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob, { mode: 'relay' });
    report([alice, bob], sessionId, { path: 'relay' });
    bench.platform.relay = undefined;
    bench.tell({ type: 'relayDead', nodeId: 'nod_1' });
    live(bench, [alice, bob], relayWaitMs + 500);
    expect(alice.last('ended').reason.code).toBe('signaling.no_relay');
  });

  it('reports of a generation that is gone change nothing', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    alice.send({ type: 'relayNeeded', sessionId, generation: 0 });
    report([alice, bob], sessionId, { path: 'direct', generation: 0 });
    alice.send({ type: 'quality', sessionId, generation: 0, path: 'direct', ...quality });
    expect(bench.machine.snapshot()).toMatchObject([{ mode: 'pending' }]);
    expect(bench.machine.snapshot()[0]?.legs.map(({ path }) => path)).toEqual([undefined, undefined]);
    expect(bench.platform.eventsOf('quality.sampled')).toHaveLength(0);
  });
});

describe('a relay that is about to go (RES-1)', () => {
  it('its calls move to another relay while it still carries them', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob, { mode: 'relay' });
    report([alice, bob], sessionId, { path: 'relay' });
    bench.platform.relay = { nodeId: 'nod_2', boot: 'b1', urls: ['turn:127.0.0.1:3479?transport=udp'] };
    bench.tell({ type: 'relayDraining', nodeId: 'nod_1' });
    for (const client of [alice, bob]) {
      expect(client.last('recover')).toMatchObject({ generation: 1, reason: 'relay_draining' });
      expect(client.last('recover').iceServers[0]?.urls).toEqual(bench.platform.relay.urls);
    }
    report([alice, bob], sessionId, { path: 'relay', generation: 1 });
    bench.tell({ type: 'relayDead', nodeId: 'nod_1' });
    expect(alice.all('recover')).toHaveLength(1);
  });

  it('where there is no other, they stay on it until one comes, and a direct call is left alone', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob, { mode: 'relay' });
    report([alice, bob], sessionId, { path: 'relay' });
    const direct = call(alice, bob);
    report([alice, bob], direct, { path: 'direct' });
    bench.tell({ type: 'relayDraining', nodeId: 'nod_1' });
    bench.pass(relayWaitMs);
    expect(alice.all('recover')).toHaveLength(0);
    expect(bench.machine.sessionCount).toBe(2);
    bench.platform.relay = { nodeId: 'nod_2', boot: 'b1', urls: ['turn:127.0.0.1:3479?transport=udp'] };
    bench.tell({ type: 'relayAlive', nodeId: 'nod_2', boot: 'b1' });
    expect(alice.all('recover').map((frame) => frame.sessionId)).toEqual([sessionId]);
  });
});

describe('limits (ACC-7)', () => {
  const limit = (counts: 'session' | 'total', outcome: 'end' | 'notify' = 'end'): SecondsLimit => ({
    prefixId: 'crd_root',
    seconds: 30,
    counts,
    outcome,
  });

  it('a limit that is narrowed while a session runs ends it there, and one at a relay holds for the next call (POL-5)', () => {
    const { bench, alice, bob } = pair();
    call(alice, bob);
    live(bench, [alice, bob], 10_000);
    const [principal] = bench.machine.principalsOf('acc_a');
    const credentialId = principal?.credentialId ?? '';
    const seconds: SecondsLimit[] = [
      { prefixId: 'crd_root', seconds: 12, counts: 'session', outcome: 'end' },
    ];
    const limits = { expiresAtMs: Number.MAX_SAFE_INTEGER, seconds, isRelayOnly: true };
    bench.tell({ type: 'limitsChanged', credentialId: 'crd_of_nobody', limits });
    live(bench, [alice, bob], 3_000);
    expect(alice.all('ended')).toEqual([]);
    bench.tell({ type: 'limitsChanged', credentialId, limits });
    bench.pass(500);
    expect(bob.last('ended').reason.code).toBe('limit.session_seconds');
    expect(bench.machine.sessionCount).toBe(0);
    alice.send({ type: 'call', requestId: 'next', to: 'user:bob', media: audioOnly, mode: 'auto' });
    expect(bench.platform.events.filter(({ type }) => type === 'session.created').at(-1)?.data).toMatchObject(
      {
        mode: 'relay',
      },
    );
  });

  it('a direct session ends at its seconds, and both parties learn why', () => {
    const { bench, alice, bob } = pair({ seconds: [limit('session')] });
    call(alice, bob);
    live(bench, [alice, bob], 29_500);
    expect(bench.machine.sessionCount).toBe(1);
    bench.pass(500);
    for (const client of [alice, bob]) {
      expect(client.last('limitReached')).toMatchObject({ limit: 'limit.session_seconds', outcome: 'end' });
      expect(client.last('ended').reason).toMatchObject({ code: 'limit.session_seconds' });
    }
    expect(bench.platform.used('connectedMs')).toBe(60_000);
  });

  it('a limit that only notifies tells once and lets the call go on', () => {
    const { bench, alice, bob } = pair({ seconds: [limit('session', 'notify')] });
    call(alice, bob);
    live(bench, [alice, bob], 35_000);
    expect(alice.all('limitReached')).toHaveLength(1);
    expect(bench.machine.sessionCount).toBe(1);
  });

  it('two sessions use up a total twice as fast', () => {
    const { bench, alice, bob } = pair({ seconds: [limit('total')] });
    call(alice, bob);
    call(alice, bob);
    live(bench, [alice, bob], 14_500);
    expect(bench.machine.sessionCount).toBe(2);
    bench.pass(500);
    expect(bench.machine.sessionCount).toBe(0);
    expect(alice.last('ended').reason.code).toBe('limit.credential_seconds');
  });

  it('a limit at the relay ends the session with the relay’s own code', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob, { mode: 'relay' });
    const ended = {
      type: 'allocationEnded',
      sessionId,
      nodeId: 'nod_1',
      accountId: 'acc_a',
      credentialIds: ['crd_root', 'crd_0', 'crd_narrowed'],
    } as const;
    bench.tell({ ...ended, cause: 'released' });
    expect(bench.machine.sessionCount).toBe(1);
    bench.tell({ ...ended, cause: 'limit', code: 'limit.session_bytes', detail: '2 MB are used.' });
    expect(bob.last('limitReached').limit).toBe('limit.session_bytes');
    expect(bob.last('ended').reason).toMatchObject({ code: 'limit.session_bytes', detail: '2 MB are used.' });
  });

  it('an allocation under another credential than those of its legs ends no session, whatever session it names', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob, { mode: 'relay' });
    report([alice, bob], sessionId, { path: 'relay' });
    const ended = {
      type: 'allocationEnded',
      sessionId,
      nodeId: 'nod_1',
      code: 'limit.credential_bytes',
    } as const;
    for (const cause of ['limit', 'revoked', 'lost'] as const) {
      bench.tell({ ...ended, cause, accountId: 'acc_b', credentialIds: ['crd_foreign', 'crd_0'] });
      bench.tell({ ...ended, cause, accountId: 'acc_a', credentialIds: ['crd_root', 'crd_foreign'] });
    }
    expect(alice.all('recover')).toHaveLength(0);
    expect(bench.machine.sessionCount).toBe(1);
  });

  it('a credential that both parties have is used once by their session: 30 seconds are 30 seconds', () => {
    const bench = new MachineBench();
    const limits = { seconds: [limit('total')] };
    const alice = bench.connect({ identity: 'alice', limits });
    const bob = bench.connect({ identity: 'bob', limits });
    call(alice, bob);
    live(bench, [alice, bob], 29_500);
    expect(bench.machine.sessionCount).toBe(1);
    bench.pass(500);
    expect(bench.machine.sessionCount).toBe(0);
  });

  it('a total goes on over calls hours apart, on one connection', () => {
    const { bench, alice, bob } = pair({ seconds: [limit('total')] });
    const sessionId = call(alice, bob);
    live(bench, [alice, bob], 20_000);
    alice.send({ type: 'hangup', sessionId });
    live(bench, [alice, bob], 2 * 3_600_000);
    call(alice, bob);
    live(bench, [alice, bob], 9_500);
    expect(bench.machine.sessionCount).toBe(1);
    bench.pass(500);
    expect(alice.last('ended').reason.code).toBe('limit.credential_seconds');
  });

  it('a total goes on from what was used on other nodes', () => {
    const { bench, alice, bob } = pair({ seconds: [{ ...limit('total'), usedMs: 20_000 }] });
    call(alice, bob);
    live(bench, [alice, bob], 9_500);
    expect(bench.machine.sessionCount).toBe(1);
    bench.pass(500);
    expect(alice.last('ended').reason.code).toBe('limit.credential_seconds');
  });

  it('a suspension that the relay hears of first ends the session as one, and not as a revocation', () => {
    for (const code of ['account.suspended', 'tenancy.account_closed', 'credential.revoked']) {
      const { bench, alice, bob } = pair();
      const sessionId = call(alice, bob, { mode: 'relay' });
      const whose = { accountId: 'acc_a', credentialIds: ['crd_root', 'crd_0'] };
      bench.tell({ type: 'allocationEnded', sessionId, nodeId: 'nod_1', cause: 'revoked', code, ...whose });
      expect(bob.last('ended').reason.code).toBe(code);
    }
  });

  it('an expired credential ends its session at its expiry, unless it was renewed', () => {
    const { bench, alice, bob } = pair({ expiresAtMs: 1_020_000 });
    const sessionId = call(alice, bob, { mode: 'relay' });
    report([alice, bob], sessionId, { path: 'relay' });
    alice.send({
      type: 'renew',
      token: bench.platform.token({ identity: 'alice', limits: { expiresAtMs: 1_040_000 } }),
    });
    expect(alice.last('renewed').expiresAtMs).toBe(1_040_000);
    expect(alice.last('recover')).toMatchObject({ generation: 1, reason: 'credential_renewed' });
    expect(alice.last('recover').iceServers.at(-1)?.credential).toBe('mac-crd_2');
    live(bench, [alice, bob], 39_500);
    expect(bench.machine.sessionCount).toBe(1);
    bench.pass(500);
    expect(bob.last('ended').reason.code).toBe('credential.expired');
    expect(bench.closed.get(alice.socketId)).toBe(closeCodes.credentialEnded);
  });

  it('a renewal cannot change who somebody is', () => {
    const { bench, alice } = pair();
    alice.send({ type: 'renew', token: bench.platform.token({ identity: 'admin' }) });
    expect(alice.last('error').problem.code).toBe('signaling.identity_changed');
  });

  it('revocation of a prefix, a key or an account above ends what hangs on it at once (POL-5)', () => {
    for (const notice of [
      { type: 'revokeCredential', credentialId: 'crd_root' },
      { type: 'revokeKey', keyId: 'key_1' },
      { type: 'stopAccount', accountId: 'acc_platform', code: 'account.suspended' },
      { type: 'stopAccount', accountId: 'acc_platform', code: 'tenancy.account_closed' },
    ] as const) {
      const { bench, alice, bob } = pair();
      call(alice, bob);
      bench.tell({ ...notice, ...('keyId' in notice ? { keyId: 'key_other' } : {}) });
      expect(bench.machine.sessionCount).toBe('keyId' in notice ? 1 : 0);
      bench.tell(notice);
      expect(bench.machine.sessionCount).toBe(0);
      expect(bench.closed.get(alice.socketId)).toBe(closeCodes.credentialEnded);
      const code = notice.type === 'stopAccount' ? notice.code : 'credential.revoked';
      expect(alice.last('ended').reason.code).toBe(code);
      expect(alice.last('error').problem).toMatchObject({ code, type: `/docs/errors/${code}` });
    }
  });
});

describe('what is recorded', () => {
  it('a change from audio to video begins a segment under its own modality (MET-4)', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob, { media: audioOnly });
    bench.pass(1_000);
    bob.send({ type: 'media', sessionId, ...audioVideo });
    expect(alice.last('media')).toMatchObject(audioVideo);
    bench.pass(1_000);
    alice.send({ type: 'hangup', sessionId });
    const connected = (segment: number) =>
      bench.platform.usage
        .filter((record) => record.segment === segment && record.sessionId === sessionId)
        .flatMap(({ modality, quantities }) =>
          quantities
            .filter(({ meter }) => meter === 'connectedMs')
            .map(({ quantity }) => ({ modality, quantity })),
        );
    expect(connected(0).every(({ modality }) => modality === 'audio')).toBe(true);
    expect(connected(1).every(({ modality }) => modality === 'video')).toBe(true);
    expect(
      [0, 1].map((segment) => connected(segment).reduce((sum, { quantity }) => sum + quantity, 0)),
    ).toEqual([2_000, 2_000]);
  });

  it('all usage of a leg is its user’s endpoint’s (MET-1, ACC-5)', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob, { media: audioOnly });
    bench.pass(1_000);
    alice.send({ type: 'hangup', sessionId });
    const metersOf = (endpoint: string) =>
      new Set(
        bench.platform.usage
          .filter(({ endpointId }) => endpointId === endpoint)
          .flatMap(({ quantities }) => quantities.map(({ meter }) => meter)),
      );
    expect([...metersOf('user:alice')].sort()).toEqual(['connectedMs', 'messages', 'sessions']);
    expect([...metersOf('user:bob')]).toContain('connectedMs');
    expect(bench.platform.usage.filter(({ endpointId }) => endpointId === undefined)).toEqual([]);
  });

  it('usage leaves every half second, so that a crash loses no more (MET-2)', () => {
    const { bench, alice, bob } = pair();
    call(alice, bob);
    for (let step = 0; step < 8; step++) {
      bench.pass(250);
      const missing = 2 * 250 * (step + 1) - bench.platform.used('connectedMs');
      expect(missing).toBeLessThanOrEqual(2 * 500);
    }
  });

  it('time without a connection is not counted as connected: of a closed window, of a lost network, of a return (MET-2)', () => {
    const { bench, alice, bob } = pair();
    const used = () => bench.platform.used('connectedMs');
    call(alice, bob);
    bench.pass(2_000);
    alice.lose();
    bench.pass(4_000);
    expect(used()).toBe(2_000 + 6_000);
    alice.comeBack();
    bench.pass(3_000);
    expect(used()).toBe(5_000 + 9_000);
    // Its network is cut without a word. It was heard at its return, and is given up on 35 seconds after that.
    live(bench, [bob], 60_000);
    expect(bench.machine.sessionCount).toBe(1);
    live(bench, [bob], 10_000);
    expect(bench.machine.sessionCount).toBe(0);
    const ofBob = 9_000 + 62_000;
    expect(used() - ofBob).toBeLessThanOrEqual(2_000 + 15_000);
    expect(used() - ofBob).toBeGreaterThanOrEqual(2_000 + 3_000);
  });

  it('a silence that turns out to be none is counted after all', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    live(bench, [bob], 30_000);
    alice.send({ type: 'hangup', sessionId });
    expect(bench.platform.used('connectedMs')).toBe(60_000);
  });

  it('the log of a session has no gap and says what happened in order (MET-7)', () => {
    const { bench, alice, bob } = pair();
    const sessionId = call(alice, bob);
    report([alice, bob], sessionId, { path: 'direct' });
    alice.send({ type: 'quality', sessionId, generation: 0, path: 'direct', ...quality });
    alice.send({ type: 'quality', sessionId, generation: 0, path: 'direct', ...quality });
    alice.send({ type: 'hangup', sessionId });
    expect(bench.platform.events.map(({ sequence }) => sequence)).toEqual(
      bench.platform.events.map((_, index) => index + 1),
    );
    expect(bench.platform.events.map(({ type }) => type)).toEqual([
      'session.created',
      'leg.joined',
      'leg.ringing',
      'leg.joined',
      'mode.changed',
      'quality.sampled',
      'leg.left',
      'leg.left',
      'session.ended',
    ]);
  });
});
