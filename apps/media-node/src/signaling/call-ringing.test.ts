import type { ClientMessageOf } from '@patchbay/protocol/signaling/messages';
import { beforeEach, expect, test } from 'vitest';
import { audioOnly, type BenchClient, MachineBench } from './testing/machine-bench.ts';

let bench: MachineBench;
let alice: BenchClient;

beforeEach(() => {
  bench = new MachineBench();
  alice = bench.connect({ identity: 'alice' });
});

/** Bob's devices: a desk phone and a mobile phone. */
function bobs(limits = {}): { desk: BenchClient; mobile: BenchClient } {
  const desk = bench.connect({
    ...{ identity: 'bob', deviceKind: 'desktop', deviceName: 'Desk phone', limits },
  });
  bench.pass(250);
  return { desk, mobile: bench.connect({ identity: 'bob', deviceKind: 'mobile', limits }) };
}

const place = (devices?: ClientMessageOf<'call'>['devices']) =>
  alice.send({
    ...{ type: 'call', requestId: 'r1', to: 'user:bob', media: audioOnly },
    ...(devices === undefined ? {} : { devices }),
  });
const accept = (device: BenchClient) =>
  device.send({ type: 'accept', sessionId: device.last('incoming').sessionId, media: audioOnly });
const isRung = (device: BenchClient) => device.all('incoming').length > 0;

test('a call for one device rings there alone', () => {
  const { desk, mobile } = bobs();
  place({ devices: ['name:Desk phone'] });
  expect([isRung(desk), isRung(mobile)]).toEqual([true, false]);
});

test('a call that no connected device fits is refused, and says so', () => {
  bobs();
  place({ devices: ['kind:tablet'] });
  expect(alice.last('refused').problem).toMatchObject({
    code: 'signaling.endpoint_unavailable',
    detail: 'No device of user:bob that may ring for this call is connected.',
  });
});

test('in turn, the next device rings when the turn of the one before is over, and that one is told', () => {
  const { desk, mobile } = bobs();
  place({ devices: ['kind:desktop', 'kind:mobile'], strategy: 'in-turn', turnSeconds: 5 });
  expect([isRung(desk), isRung(mobile)]).toEqual([true, false]);
  bench.pass(4_750);
  expect(isRung(mobile)).toBe(false);
  bench.pass(500);
  expect(desk.last('ended').reason.code).toBe('signaling.no_answer');
  expect(isRung(mobile)).toBe(true);
  accept(mobile);
  expect(alice.last('started').peer).toBe('bob');
});

test('in turn, who rejects or leaves has had its turn, and the call ends with the last of them', () => {
  const { desk, mobile } = bobs();
  place({ strategy: 'in-turn' });
  // Whoever came last rings first.
  expect([isRung(desk), isRung(mobile)]).toEqual([false, true]);
  mobile.lose(true);
  expect(isRung(desk)).toBe(true);
  expect(alice.all('ended')).toEqual([]);
  desk.send({ type: 'reject', sessionId: desk.last('incoming').sessionId });
  expect(alice.last('ended').reason.code).toBe('signaling.rejected');
});

test('in turn, nobody answers: the call ends when the last turn is over, and not before', () => {
  const { desk } = bobs();
  place({ strategy: 'in-turn', turnSeconds: 15 });
  bench.pass(29_750);
  expect(alice.all('ended')).toEqual([]);
  bench.pass(500);
  expect(alice.last('ended').reason.code).toBe('signaling.no_answer');
  expect(desk.last('ended').reason.code).toBe('signaling.no_answer');
});

test('the first to answer has the call, and the others are told that it was answered elsewhere', () => {
  const { desk, mobile } = bobs();
  place();
  accept(desk);
  expect(mobile.last('ended').reason.code).toBe('signaling.answered_elsewhere');
  accept(mobile);
  expect(mobile.last('error').problem.code).toBe('signaling.session_unknown');
});

test('the endpoint itself says which of its devices ring, and no caller reaches the others', () => {
  const { desk, mobile } = bobs({ ringing: { devices: ['kind:mobile'] } });
  place();
  expect([isRung(desk), isRung(mobile)]).toEqual([false, true]);
  accept(mobile);
  mobile.send({ type: 'hangup', sessionId: mobile.last('incoming').sessionId });
  alice.send({
    ...{ type: 'call', requestId: 'r2', to: 'user:bob', media: audioOnly },
    devices: { devices: ['kind:desktop'] },
  });
  expect(alice.last('refused').problem.code).toBe('signaling.endpoint_unavailable');
});

test('a process that takes over goes on with the turns', () => {
  const { desk, mobile } = bobs();
  place({ devices: ['kind:desktop', 'kind:mobile'], strategy: 'in-turn', turnSeconds: 5 });
  bench.die();
  for (const client of [alice, desk, mobile]) client.comeBack();
  bench.pass(5_250);
  expect(isRung(mobile)).toBe(true);
});
