import { encodeClientFrame, encodeServerFrame } from '@patchbay/protocol/signaling/messages';
import { beforeEach, expect, test } from 'vitest';
import { audioOnly, call, MachineBench } from './testing/machine-bench.ts';

/** Two nodes: what one says to the other arrives when `carry` is called. */
let home: MachineBench;
let guest: MachineBench;

beforeEach(() => {
  [home, guest] = [new MachineBench(), new MachineBench()];
  home.platform.farDevices = [];
});

/** What the control plane and the other node answer when the devices of an endpoint are asked for. */
function meet(): void {
  const connectionIds = [...guest.platform.registered.keys()];
  const met = guest.machine.meet(connectionIds, guest.nowMs);
  home.platform.farDevices = met.map((device) => ({ ...device, nodeId: 'nod_guest' }));
}

function carry(): void {
  for (;;) {
    const toGuest = home.platform.toldGuests.splice(0);
    const toHome = guest.platform.toldHomes.splice(0);
    if (toGuest.length + toHome.length === 0) return;
    // Over the wire there is nothing but text.
    for (const { word } of toGuest)
      guest.tell({ type: 'homeSays', nodeId: 'nod_home', word: JSON.parse(JSON.stringify(word)) });
    for (const { word } of toHome)
      home.tell({ type: 'guestSays', nodeId: 'nod_guest', word: JSON.parse(JSON.stringify(word)) });
  }
}

function ringing(limits = {}) {
  const alice = home.connect({ identity: 'alice' });
  const bob = guest.connect({ identity: 'bob', limits });
  meet();
  alice.send({ type: 'call', requestId: 'r1', to: 'user:bob', media: audioOnly });
  carry();
  return { alice, bob, sessionId: bob.last('incoming').sessionId };
}

function talking(limits = {}) {
  const rung = ringing(limits);
  rung.bob.send({ type: 'accept', sessionId: rung.sessionId, media: audioOnly });
  carry();
  return rung;
}

test('a device of another node rings, answers and hangs up as one of this node does', () => {
  const { alice, bob, sessionId } = talking();
  expect(alice.last('started')).toMatchObject({ peer: 'bob', initiator: true });
  expect(bob.last('started')).toMatchObject({ peer: 'alice', initiator: false });
  // Neither node that drains goes while they talk.
  expect([home.machine.sessionCount, guest.machine.sessionCount]).toEqual([1, 1]);
  bob.send({ type: 'hangup', sessionId });
  carry();
  expect(alice.last('ended').reason.code).toBe('signaling.hung_up');
  expect(bob.last('ended').reason.code).toBe('signaling.hung_up');
  expect(home.platform.eventsOf('leg.joined').map(({ legAccountId }) => legAccountId)).toHaveLength(2);
  expect([home.machine.sessionCount, guest.machine.sessionCount]).toEqual([0, 0]);
  // One of the two nodes has the session, its log and its use.
  expect([guest.platform.events, guest.platform.usage]).toEqual([[], []]);
});

test('devices of an endpoint here and elsewhere ring together, and the first to answer has the call', () => {
  const here = home.connect({ identity: 'bob' });
  const { alice, bob, sessionId } = ringing();
  expect(here.last('incoming').sessionId).toBe(sessionId);
  here.send({ type: 'accept', sessionId, media: audioOnly });
  carry();
  expect(bob.last('ended').reason.code).toBe('signaling.answered_elsewhere');
  expect(alice.last('started').peer).toBe('bob');
});

test('where there is no other node nobody is asked, and a call begins at once', () => {
  home.platform.farDevices = undefined;
  const [alice, bob] = [home.connect({ identity: 'alice' }), home.connect({ identity: 'bob' })];
  call(alice, bob);
  expect(alice.last('started').peer).toBe('bob');
});

test('a relay lets the leg in by a credential of its own, for this session and no other', () => {
  home.platform.relay = { nodeId: 'nod_relay', boot: '1', urls: ['turn:192.0.2.9:3478'] };
  const alice = home.connect({ identity: 'alice' });
  const bob = guest.connect({ identity: 'bob' });
  meet();
  alice.send({ type: 'call', requestId: 'r1', to: 'user:bob', media: audioOnly, mode: 'relay' });
  carry();
  const { sessionId } = bob.last('incoming');
  // Until it answers, its credential has not left its node.
  expect(guest.platform.narrowed).toEqual([]);
  bob.send({ type: 'accept', sessionId, media: audioOnly });
  carry();
  expect(guest.platform.narrowed).toEqual([{ sessionId }]);
  expect(bob.last('started').iceServers.at(-1)).toMatchObject({ username: `bob:${sessionId}+` });
});

test('whose credential is revoked at its node leaves the call, and both are told why', () => {
  const { alice, bob } = talking();
  guest.tell({ type: 'revokeCredential', credentialId: 'crd_0' });
  carry();
  expect(alice.last('ended').reason.code).toBe('credential.revoked');
  expect(bob.last('ended').reason.code).toBe('credential.revoked');
});

test('a credential that is renewed at the other node is what the leg is let in by from then on', () => {
  home.platform.relay = { nodeId: 'nod_relay', boot: '1', urls: ['turn:192.0.2.9:3478'] };
  const { bob, sessionId } = talking();
  const token = guest.platform.token({ identity: 'bob' });
  bob.send({ type: 'renew', token });
  carry();
  expect(guest.platform.narrowed).toEqual([{ sessionId }, { sessionId }]);
});

test('a connection that is lost at the other node is taken up again, and the call with it', () => {
  const { alice, bob, sessionId } = talking();
  bob.lose();
  guest.pass(500);
  carry();
  expect(home.machine.snapshot()[0]?.legs.map(({ isConnected }) => isConnected)).toEqual([true, false]);
  const data = { kind: 'description', type: 'offer', sdp: 'v=0' } as const;
  alice.send({ type: 'signal', sessionId, generation: 0, data });
  carry();
  bob.comeBack();
  guest.pass(250);
  carry();
  expect(bob.last('authenticated').sessions).toMatchObject([{ sessionId, state: 'active', peer: 'alice' }]);
  expect(bob.news().some(({ type }) => type === 'signal')).toBe(true);
  expect(home.machine.snapshot()[0]?.legs.map(({ isConnected }) => isConnected)).toEqual([true, true]);
});

test('one that does not come back in time leaves the call', () => {
  const { alice, bob } = talking();
  bob.lose();
  guest.pass(31_000);
  carry();
  expect(alice.last('ended').reason.code).toBe('signaling.connection_lost');
});

test('a node speaks for its own devices, and of sessions that it brought a client into', () => {
  const { alice, bob, sessionId } = talking();
  const endOfIt = { type: 'ended', sessionId, reason: { code: 'x', helpUrl: '/', detail: '' } } as const;
  const { connectionId } = bob.last('authenticated');
  const source = encodeServerFrame({ ...endOfIt, sequence: 0 });
  guest.tell({ type: 'homeSays', nodeId: 'nod_other', word: { connectionId, source } });
  home.tell({
    type: 'guestSays',
    nodeId: 'nod_other',
    word: { type: 'left', connectionId, code: 'signaling.connection_lost' },
  });
  carry();
  // A device takes part in what it is called to; what it begins, it begins at its own node.
  const media = audioOnly;
  const begun = encodeClientFrame({ type: 'call', sequence: 0, requestId: 'r9', to: 'user:alice', media });
  home.tell({
    type: 'guestSays',
    nodeId: 'nod_guest',
    word: { type: 'frame', connectionId, source: begun },
  });
  expect(alice.all('incoming')).toEqual([]);
  expect(alice.all('ended')).toEqual([]);
  expect(bob.all('ended')).toEqual([]);
  expect(home.drops).toEqual(['far_device_unknown', 'far_frame_unplaced']);
  expect(guest.drops).toEqual(['home_frame_unplaced']);
});

test('the death of a node ends what is held together with it, on both sides', () => {
  const { alice, bob } = talking();
  home.tell({ type: 'guestNodeDead', nodeId: 'nod_guest' });
  guest.tell({ type: 'homeNodeDead', nodeId: 'nod_home' });
  expect(alice.last('ended').reason.code).toBe('signaling.node_lost');
  expect(bob.last('ended').reason.code).toBe('signaling.node_lost');
});

test('an account above or below may call, and an unrelated one learns nothing', () => {
  const alice = home.connect({ identity: 'alice' });
  guest.connect({ identity: 'bob', accountId: 'acc_b' });
  meet();
  alice.send({ type: 'call', requestId: 'r1', to: 'user:bob@acc_b', media: audioOnly });
  carry();
  expect(alice.last('refused').problem.code).toBe('signaling.other_account');
  expect(home.platform.toldGuests).toEqual([]);
});

test('others know a device by an id that stays, and never by what its instance calls itself', () => {
  const bob = guest.connect({ identity: 'bob' });
  bob.instanceId = 'an-instance-of-an-sdk';
  bob.lose(true);
  bob.resumeToken = '';
  const idAfterComingBack = () => {
    bob.comeBack();
    return [...guest.platform.registered.values()].at(-1)?.device.id;
  };
  const first = idAfterComingBack();
  expect(first).toMatch(/^[A-Za-z0-9_-]{16}$/);
  expect(first).not.toContain('instance');
  bob.lose(true);
  bob.resumeToken = '';
  expect(idAfterComingBack()).toBe(first);
});

test('who is connected is registered with its device, and again by a process that takes over', () => {
  const bob = guest.connect({ identity: 'bob' });
  const [registration] = [...guest.platform.registered.values()];
  expect(registration).toMatchObject({ accountId: 'acc_a', identity: 'bob', device: { kind: 'other' } });
  guest.platform.registered.clear();
  guest.die();
  expect([...guest.platform.registered.values()]).toEqual([registration]);
  bob.comeBack();
  bob.lose(true);
  expect(guest.platform.registered.size).toBe(0);
});
