import { documentSchema } from '@patchbay/domain/logic/verbs';
import { decodeServerFrame } from '@patchbay/protocol/signaling/messages';
import { describe, expect, it } from 'vitest';
import type { MediaWord } from './platform.ts';
import { audioOnly, MachineBench } from './testing/machine-bench.ts';

const url = 'https://logic.test/';
const nodeId = 'nod_media';

/** Alice calls a hotline of her own account, or of another, whose document answers by itself. */
function bench({ verbs = [{ verb: 'play', url: 'tone:beep' }], accountId = 'acc_a' }: BenchOptions = {}) {
  const machine = new MachineBench();
  const { platform } = machine;
  platform.mediaNodeId = nodeId;
  const accountPath = [...new Set([accountId, 'acc_a', 'acc_platform'])];
  platform.logicOf.set(`${accountId} user:hotline`, { standing: 'found', url, accountPath });
  platform.documents.set(url, {
    ok: true,
    url,
    document: documentSchema.parse({ version: 1, verbs }),
    attempts: [],
  });
  const alice = machine.connect({ identity: 'alice', limits: { hasLogicNear: true } });
  const call = (mode: 'auto' | 'relay' = 'auto') => {
    const to = `user:hotline${accountId === 'acc_a' ? '' : `@${accountId}`}`;
    alice.send({ type: 'call', requestId: 'r1', to, media: audioOnly, mode });
    const { sessionId } = alice.last('ringing');
    const legId = platform.toldMedia[0]?.legId ?? '';
    return { sessionId, legId, leg: { nodeId, sessionId, legId } };
  };
  const told = () =>
    platform.toldMedia.map((word) => (word.type === 'sound' ? word.order.kind : frameOf(word).type));
  return { machine, platform, alice, call, told };
}
interface BenchOptions {
  readonly verbs?: readonly object[];
  readonly accountId?: string;
}
function frameOf(word: MediaWord | undefined) {
  const decoded = decodeServerFrame(word?.type === 'frame' ? word.source : '');
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.frame;
}

describe('a leg of the platform’s own (decision 0020)', () => {
  it('is on the home of the room that its document begins with, and what it does there is in the log of its account (CNF, LIV-0)', () => {
    const verbs = [{ verb: 'conference', name: 'standup' }];
    const { machine, platform, alice, call, told } = bench({ verbs, accountId: 'acc_below' });
    platform.homes.set('acc_below standup', 'nod_home');
    const { sessionId, legId } = call();
    const leg = { nodeId: 'nod_home', sessionId, legId };
    expect(told()).toEqual(['started', 'conference']);
    expect(platform.eventsOf('leg.joined').at(-1)?.data).toMatchObject({ mediaNodeId: 'nod_home' });
    const joined = { room: 'standup', identity: 'user:alice', standing: 'in' } as const;
    machine.tell({ type: 'mediaNoted', ...leg, note: { type: 'room.joined', data: joined } });
    // Of another node, or of a leg that is not there, nothing is noted.
    machine.tell({ type: 'mediaNoted', ...leg, nodeId, note: { type: 'room.joined', data: joined } });
    machine.tell({ type: 'mediaSounded', ...leg, number: 1, result: { kind: 'left', how: 'ended' } });
    expect(alice.last('ended').reason.code).toBe('signaling.logic_ended');
    const lines = platform.events.filter(({ type }) => type.startsWith('room.'));
    expect(lines.map(({ type, legId: of, legAccountId }) => [type, of, legAccountId])).toEqual([
      ['room.joined', legId, 'acc_below'],
      ['room.left', legId, 'acc_below'],
    ]);
    expect(lines[1]?.data).toEqual({ room: 'standup', how: 'gone' });
  });

  it('is to the caller a party as any other, and its node is told what any party is', () => {
    const { machine, platform, alice, call, told } = bench();
    const { sessionId, leg } = call();
    expect(alice.last('started')).toMatchObject({ peer: 'hotline', initiator: true, media: audioOnly });
    expect(told()).toEqual(['started', 'prompts']);
    const offer = { kind: 'description', type: 'offer', sdp: 'v=0' } as const;
    alice.send({ type: 'signal', sessionId, generation: 0, data: offer });
    expect(frameOf(platform.toldMedia[2])).toMatchObject({ type: 'signal', generation: 0, data: offer });
    const data = { kind: 'description', type: 'answer', sdp: 'v=0' } as const;
    machine.tell({ type: 'mediaFrame', ...leg, message: { type: 'signal', sessionId, generation: 0, data } });
    expect(alice.last('signal')).toMatchObject({ data });
    for (const say of [
      () => alice.send({ type: 'connected', sessionId, generation: 0, path: 'direct', transport: 'udp' }),
      () =>
        machine.tell({
          type: 'mediaFrame',
          ...leg,
          message: { type: 'connected', sessionId, generation: 0, path: 'direct', transport: 'udp' },
        }),
    ])
      say();
    expect(machine.machine.snapshot()[0]).toMatchObject({ state: 'active', mode: 'media' });
    expect(machine.machine.snapshot()[0]?.legs.map(({ isConnected }) => isConnected)).toEqual([true, true]);
    const joined = platform.eventsOf('leg.joined').map(({ data: said }) => said);
    expect(joined[1]).toMatchObject({ identity: 'hotline', mediaNodeId: nodeId });
    machine.tell({ type: 'mediaSounded', ...leg, number: 1, result: { kind: 'done' } });
    expect(alice.last('ended').reason.code).toBe('signaling.logic_ended');
    expect(platform.toldMedia.at(-1)).toMatchObject({ isLast: true });
  });

  it('is found where its account, or one above that, is suspended, and its call ends (POL-5)', () => {
    const { machine, alice, call } = bench({ accountId: 'acc_below' });
    call();
    expect(machine.machine.accountsWithin('acc_below')).toEqual(['acc_below']);
    expect(machine.machine.accountsWithin('acc_a').toSorted()).toEqual(['acc_a', 'acc_below']);
    machine.tell({ type: 'stopAccount', accountId: 'acc_below', code: 'account.suspended' });
    expect(alice.last('ended').reason.code).toBe('account.suspended');
    expect(machine.machine.accountsWithin('acc_below')).toEqual([]);
  });

  it('its time is of the account whose logic answered, and the caller’s of the caller’s', () => {
    const { machine, platform, alice, call } = bench({ accountId: 'acc_platform' });
    const { sessionId } = call();
    for (let count = 1; count <= 4; count++) {
      machine.pass(10_000);
      alice.send({ type: 'ping', nonce: count, lastSequence: 0 });
    }
    alice.send({ type: 'hangup', sessionId });
    expect(platform.used('connectedMs', 'acc_platform')).toBe(40_000);
    expect(platform.used('connectedMs', 'acc_a')).toBe(40_000);
    // It was asked whether that account may have one more, and it holds no credential that a bill could name.
    expect(platform.claims).toEqual([
      { sessionId, principal: { accountId: 'acc_platform', identity: 'hotline' }, isRunning: false },
    ]);
    const own = platform.usage.filter(({ accountId }) => accountId === 'acc_platform');
    expect(own.map(({ credentialId }) => credentialId)).not.toContain('');
  });

  it('keys go to the address of the gather, with the words that the call is answered', () => {
    const { machine, platform, call, told } = bench({
      verbs: [{ verb: 'gather', digitsMax: 2, next: '/keys' }],
    });
    const { leg } = call();
    expect(told()).toEqual(['started', 'gather']);
    machine.tell({ type: 'mediaSounded', ...leg, number: 1, result: { kind: 'gathered', digits: '42' } });
    expect(platform.asked.at(-1)).toMatchObject({
      url: 'https://logic.test/keys',
      session: { isAnswered: true },
      variables: { digits: '42' },
    });
  });

  it('in a call through a relay it is told where to find its own address, and given no relay', () => {
    const { platform, alice, call } = bench();
    platform.relay = { nodeId: 'nod_r', boot: 'b', urls: ['turn:192.0.2.1:3478?transport=udp'] };
    call('relay');
    expect(alice.last('started').iceServers[0]).toMatchObject({ username: expect.any(String) });
    expect(frameOf(platform.toldMedia[0])).toMatchObject({
      mode: 'relay',
      iceServers: [{ urls: ['stun:192.0.2.1:3478'] }],
    });
    expect(platform.narrowed).toHaveLength(1);
  });

  it.each([
    ['the node dies', { type: 'mediaDead', nodeId } as const],
    ['its shard dies', { type: 'mediaLegLost', detail: 'SIGKILL' } as const],
  ])(
    '%s: the call ends with its reason, both accounts have it in the log, and a new call works',
    (_what, notice) => {
      const { machine, platform, alice, call } = bench();
      const { leg } = call();
      machine.tell(notice.type === 'mediaDead' ? notice : { ...notice, ...leg });
      expect(alice.last('ended').reason.code).toBe('signaling.media_lost');
      expect(platform.eventsOf('leg.left')).toHaveLength(2);
      expect(machine.machine.sessionCount).toBe(0);
      call();
      expect(alice.all('started')).toHaveLength(2);
    },
  );

  it('a node speaks for no leg but its own', () => {
    const { machine, platform, alice, call } = bench();
    platform.relay = { nodeId: 'nod_r', boot: 'b', urls: ['turn:192.0.2.1:3478?transport=udp'] };
    const { sessionId, leg } = call();
    const data = { kind: 'renegotiate' } as const;
    const message = { type: 'signal', sessionId, generation: 0, data } as const;
    machine.tell({ type: 'mediaFrame', ...leg, nodeId: 'nod_other', message });
    machine.tell({ type: 'mediaFrame', ...leg, legId: 'leg_other', message });
    machine.tell({ type: 'mediaLegLost', ...leg, nodeId: 'nod_other', detail: '' });
    // What others say of their devices, a leg does not.
    const said = { path: 'direct', rttMs: 1, lossRatio: 0, jitterMs: 1 } as const;
    const counts = { sentBitsPerSecond: 1, receivedBitsPerSecond: 1, bytesSent: 1, bytesReceived: 1 };
    const quality = { type: 'quality', sessionId, generation: 0, ...said, ...counts } as const;
    for (const other of [quality, { type: 'hangup', sessionId } as const])
      machine.tell({ type: 'mediaFrame', ...leg, message: other });
    expect(alice.all('recover')).toEqual([]);
    expect(alice.all('signal')).toEqual([]);
    expect(alice.all('ended')).toEqual([]);
  });

  it('nobody to answer, and a limit of the account whose logic it is, each end the call by their name', () => {
    const none = bench();
    none.platform.mediaNodeId = undefined;
    none.call();
    expect(none.alice.last('ended').reason.code).toBe('signaling.logic_media_unavailable');
    const full = bench();
    full.platform.claimAnswer = { ok: false, code: 'limit.exceeded', detail: 'concurrentSessions' };
    full.call();
    expect(full.alice.last('ended').reason).toMatchObject({
      code: 'limit.exceeded',
      detail: 'concurrentSessions',
    });
    expect(full.platform.toldMedia).toEqual([]);
  });

  it('nobody can call it, and it goes with an account that is suspended', () => {
    const { machine, alice, call } = bench({ accountId: 'acc_below' });
    call();
    const bob = machine.connect({ identity: 'bob', accountId: 'acc_below' });
    bob.send({ type: 'call', requestId: 'r1', to: 'user:hotline', media: audioOnly });
    expect(bob.last('refused').problem.code).toBe('signaling.endpoint_unavailable');
    machine.tell({ type: 'stopAccount', accountId: 'acc_below', code: 'account.suspended' });
    expect(alice.last('ended').reason.code).toBe('account.suspended');
    expect(machine.closed.has(alice.socketId)).toBe(false);
  });

  it('a signaling process that comes back has no leg any more: the call ends and says so, in both logs', () => {
    const { machine, platform, alice, call } = bench();
    call();
    // Neither step by step nor as a whole: it would come back as somebody who is waited for.
    const clientIds = [...machine.machine.state()].flatMap(({ kind, id }) => (kind === 'client' ? [id] : []));
    expect(clientIds).toHaveLength(1);
    machine.die({ forMs: 500 });
    alice.comeBack();
    machine.pass(500);
    expect(alice.last('ended').reason.code).toBe('signaling.media_lost');
    expect(platform.eventsOf('leg.left')).toHaveLength(2);
  });

  it('a signaling process that comes back while nobody had answered yet asks again', () => {
    const { machine, platform, alice, call } = bench();
    machine.isAnsweringClaims = false;
    call();
    expect(platform.toldMedia).toEqual([]);
    machine.isAnsweringClaims = true;
    machine.die({ forMs: 500 });
    alice.comeBack();
    machine.pass(500);
    expect(alice.all('started')).toHaveLength(1);
  });
});
