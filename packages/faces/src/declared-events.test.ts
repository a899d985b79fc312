import { declaredEventOf } from '@patchbay/domain/sessions/declared-events';
import { relayLineSchema } from '@patchbay/domain/sessions/relay-line';
import type { SessionEvent } from '@patchbay/domain/sessions/session-log';
import { services } from '@patchbay/services/registry.generated';
import { expect, test } from 'vitest';

const line = (type: string, data: object, more: Partial<SessionEvent> = {}): SessionEvent => ({
  type,
  sessionId: 'ses_1',
  sequence: 1,
  atMs: 5,
  accountId: 'acc_caller',
  data: data as SessionEvent['data'],
  ...more,
});
/** Lines of a relay, as the link takes them. */
const ofRelay = (given: { readonly type: string; readonly data: object }) => {
  const { type, data } = relayLineSchema.parse(given);
  return line(type, data);
};
const allocationId = 'boot.0';
const path = { transport: 'udp', addressFamily: 'ipv4', clientAddress: '', relayedAddress: '' };
const ended = { reason: 'network-discovery.released', detail: '', bytesIn: 9, bytesOut: 1, lastedMs: 5 };
const reached = { limit: 'limit.session_bytes', max: 7, outcome: 'notify' };

/** Services whose events are lines of a session's log; those of the others are told by whoever changes something. */
const withoutSessions: readonly string[] = [
  ...['notification', 'presence', 'speech-detection', 'text-to-speech', 'transcoding'],
];
const withSessions = Object.values(services).filter(({ name }) => !withoutSessions.includes(name));

const lines: readonly SessionEvent[] = [
  line('session.created', { to: 'user:bob' }),
  line('leg.joined', { identity: 'bob', accountId: 'acc_callee', media: {} }, { legId: 'leg_1' }),
  line('leg.left', { reason: 'signaling.hung_up' }, { legId: 'leg_1' }),
  line('mode.changed', { mode: 'p2p', previousMode: 'pending' }),
  line('mode.changed', { mode: 'relay', previousMode: 'p2p' }),
  ...(['session.paused', 'session.resumed'] as const).map((type) => line(type, { by: 'Alice' })),
  line('session.limited', { by: 'Alice', endsAtMs: 1_800_000_000_000, bitsPerSecondMax: 64_000 }),
  line('session.redirected', { by: 'Alice', url: 'https://app.example.com/next' }),
  line('session.transferred', { by: 'Alice', to: 'user:carol' }),
  line('leg.muted', { by: 'Alice', muted: { audio: true, video: false, screen: false } }, { legId: 'leg_1' }),
  line('leg.removed', { by: 'an account above' }, { legId: 'leg_1' }),
  line('session.ended', { reason: { code: 'signaling.hung_up', detail: '', helpUrl: '' }, connectedMs: 5 }),
  ...(['waiting', 'in'] as const).map((standing) =>
    line('room.joined', { room: 'standup', identity: 'user:bob', standing }, { legId: 'leg_1' }),
  ),
  line(
    'room.changed',
    { room: 'standup', by: 'Alice', isMuted: true, isHeld: false, role: 'speaker' },
    { legId: 'leg_1' },
  ),
  line('room.left', { room: 'standup', how: 'key', spokeMs: 5 }, { legId: 'leg_1' }),
  line('logic.ended', { outcome: 'failed', code: 'signaling.logic_invalid', detail: 'It is not JSON.' }),
  line('limit.reached', { limit: 'limit.session_seconds', outcome: 'end' }),
  ofRelay({ type: 'allocation.started', data: { allocationId, relayNodeId: 'nod_1', ...path } }),
  ofRelay({ type: 'limit.reached', data: { allocationId, ...reached } }),
  ofRelay({ type: 'media.undeclared', data: { allocationId, declared: 'audio', observed: 'video' } }),
  ofRelay({ type: 'allocation.ended', data: { allocationId, ...ended } }),
];
/** Told by the request that did it, and by no line. */
const ofRequests = ['room.set', 'room.removed', 'room.ended', 'room.announced'];
const derived = lines.flatMap((each) => declaredEventOf(each) ?? []);

test.each(
  withSessions.flatMap(({ name, events }) =>
    Object.entries(events)
      .filter(([event]) => name !== 'conferencing' || !ofRequests.includes(event))
      .map(([event, payload]) => [`${name} ${event}`, { name, event, payload }] as const),
  ),
)('a declared event is what some line of a session’s log says: %s', (_title, { name, event, payload }) => {
  const fitting = derived.filter(
    (each) => each.service === name && each.name === event && payload.safeParse(each.payload).success,
  );
  expect(fitting.length).toBeGreaterThan(0);
});

test('no line says an event that nobody declares', () => {
  const declared = new Set(
    Object.values(services).flatMap(({ name, events }) =>
      Object.keys(events).map((event) => `${name}.${event}`),
    ),
  );
  expect(derived.filter(({ service, name }) => !declared.has(`${service}.${name}`))).toEqual([]);
});

test('what a line says is told to its owner, of the moment at which it was so (LIV-0)', () => {
  const of = (given: SessionEvent) => declaredEventOf(given);
  expect(of(line('allocation.ended', { allocationId, ...ended }, { legAccountId: 'acc_callee' }))).toEqual({
    service: 'network-discovery',
    name: 'allocation.ended',
    accountId: 'acc_callee',
    atMs: 5,
    payload: { sessionId: 'ses_1', allocationId, reason: 'network-discovery.released', bytes: '10' },
  });
});

test('a limit of policies is told with the setting that is used up, by relays as by signaling (POL-3)', () => {
  const limit = { limit: 'limit.exceeded', outcome: 'end', rule: 'relayBytesPerDayMax' };
  const told = [limit, { allocationId, ...limit }].map((data) =>
    declaredEventOf(line('limit.reached', data)),
  );
  expect(told).toMatchObject([
    { service: 'signaling', name: 'limit.reached', payload: limit },
    { service: 'network-discovery', name: 'limit.reached', payload: { allocationId, ...limit } },
  ]);
});

test('a call is connected once, and has moved whenever its media goes another way; other lines are no events', () => {
  const told = (mode: string, previousMode: string) =>
    declaredEventOf(line('mode.changed', { mode, previousMode }));
  expect(['pending', 'relay', 'p2p'].map((before) => told('relay', before)?.name)).toEqual([
    'session.connected',
    'session.moved',
    'session.moved',
  ]);
  expect(told('pending', 'p2p')).toBeUndefined();
  expect(declaredEventOf(line('mode.changed', { mode: 'relay' }))).toBeUndefined();
  expect(declaredEventOf(line('quality.sampled', {}))).toBeUndefined();
});
