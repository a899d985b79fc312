import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  advanceRoom,
  controlOf,
  type Joining,
  openRoom,
  participantOf,
  type RoomEffect,
  type RoomInput,
  type RoomRules,
  type RoomState,
  roomRoles,
  roomRulesOnTheFly,
} from './room.ts';

const joiningOf = (legId: string, said: Partial<Joining> = {}): Joining => ({
  ...{ legId, sessionId: `ses_${legId}`, identity: `user:${legId}`, role: 'speaker' },
  ...{ isMuted: false, startsRoom: true, endsRoom: false },
  ...said,
});
const join = (legId: string, said?: Partial<Joining>): RoomInput => ({
  type: 'join',
  joining: joiningOf(legId, said),
});

/** A room to which one thing after the other happens. */
function roomOf(rules: Partial<RoomRules> = {}) {
  let state: RoomState = openRoom({ ...roomRulesOnTheFly, ...rules });
  return {
    get state() {
      return state;
    },
    on(input: RoomInput, nowMs = 0): readonly RoomEffect[] {
      const [next, effects] = advanceRoom(state, input, nowMs);
      state = next;
      return effects;
    },
    standing: (legId: string) => participantOf(state, legId)?.standing,
  };
}
const typesOf = (effects: readonly RoomEffect[]) => effects.map(({ type }) => type);

test('whoever starts no room waits for somebody who does, and is let in with them', () => {
  const room = roomOf();
  expect(room.on(join('a', { startsRoom: false }))).toEqual([{ type: 'waits', legId: 'a' }]);
  expect(typesOf(room.on(join('b')))).toEqual(['started', 'enters', 'enters', 'tone']);
  expect([room.standing('a'), room.standing('b')]).toEqual(['in', 'in']);
});

test('where a moderator starts it, nobody else does; where one ends it, the last of them does', () => {
  const room = roomOf({ startsWith: 'moderator', endsWith: 'moderator' });
  room.on(join('a'));
  expect(room.state.phase).toBe('waiting');
  room.on(join('m', { role: 'moderator' }));
  room.on(join('n', { role: 'moderator' }));
  expect(room.state.phase).toBe('live');
  expect(typesOf(room.on({ type: 'leave', legId: 'm', how: 'gone' }))).toEqual(['left', 'tone']);
  expect(typesOf(room.on({ type: 'leave', legId: 'n', how: 'gone' }))).toEqual(['left', 'left', 'ended']);
});

test('the waiting room holds back who is no moderator, until they are let in', () => {
  const room = roomOf({ hasWaitingRoom: true });
  room.on(join('m', { role: 'moderator' }));
  expect(room.on(join('a'))).toEqual([{ type: 'waits', legId: 'a' }]);
  expect(typesOf(room.on({ type: 'admit', legId: 'a' }))).toEqual(['changed', 'enters', 'tone']);
  expect(room.on({ type: 'admit', legId: 'a' })).toEqual([]);
});

test('a room ends with whoever ends it, for all others, and once', () => {
  const room = roomOf();
  for (const legId of ['a', 'b']) room.on(join(legId));
  room.on(join('c', { endsRoom: true }));
  const effects = room.on({ type: 'leave', legId: 'c', how: 'key' });
  expect(effects.map((effect) => [effect.type, 'how' in effect && effect.how])).toEqual([
    ['left', 'key'],
    ['left', 'ended'],
    ['left', 'ended'],
    ['ended', false],
  ]);
  expect(room.on(join('d'))).toEqual([{ type: 'refused', legId: 'd', why: 'ended' }]);
});

test('locked, full and over by time', () => {
  const room = roomOf({ participantCountMax: 2, endsAtMs: 100 });
  room.on(join('a'));
  room.on(join('b'));
  expect(room.on(join('c'))).toEqual([{ type: 'refused', legId: 'c', why: 'full' }]);
  room.on({ type: 'rules', rules: { ...room.state.rules, isLocked: true } });
  room.on({ type: 'leave', legId: 'b', how: 'gone' });
  expect(room.on(join('c'))).toEqual([{ type: 'refused', legId: 'c', why: 'locked' }]);
  expect(room.on({ type: 'elapsed' }, 99)).toEqual([]);
  expect(typesOf(room.on({ type: 'elapsed' }, 100))).toEqual(['left', 'ended']);
});

test('a coach is heard by whom they coach, and by nobody else; a listener by nobody', () => {
  const room = roomOf();
  for (const legId of ['a', 'b', 'c']) room.on(join(legId));
  room.on({ type: 'change', legId: 'a', change: { whisper: { group: 2, as: 'coach' } } });
  room.on({ type: 'change', legId: 'b', change: { whisper: { group: 2, as: 'coached' } } });
  room.on({ type: 'change', legId: 'c', change: { role: 'listener' } });
  const control = (legId: string) =>
    room.state.participants.filter((p) => p.legId === legId).map(controlOf)[0];
  expect(control('a')).toMatchObject({ speaksTo: [2], hears: [0, 2] });
  expect(control('b')).toMatchObject({ speaksTo: [0], hears: [0, 2] });
  expect(control('c')).toMatchObject({ isMuted: true, speaksTo: [0], hears: [0] });
  expect(room.on({ type: 'change', legId: 'c', change: { role: 'listener' } })).toEqual([]);
});

test('before its time nobody starts it; then whoever waits is let in', () => {
  const room = roomOf({ startsAtMs: 100 });
  expect(typesOf(room.on(join('a'), 99))).toEqual(['waits']);
  expect(room.on({ type: 'elapsed' }, 99)).toEqual([]);
  expect(typesOf(room.on({ type: 'elapsed' }, 100))).toEqual(['started', 'enters']);
});

const legIds = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const rulesOf = fc.record({
  participantCountMax: fc.integer({ min: 2, max: 4 }),
  startsWith: fc.constantFrom('anybody' as const, 'moderator' as const),
  endsWith: fc.constantFrom('last' as const, 'moderator' as const),
  hasWaitingRoom: fc.boolean(),
  isLocked: fc.boolean(),
});
const inputs: fc.Arbitrary<RoomInput> = fc.oneof(
  fc.record({
    type: fc.constant('join' as const),
    joining: fc
      .tuple(legIds, fc.constantFrom(...roomRoles), fc.boolean(), fc.boolean())
      .map(([legId, role, startsRoom, endsRoom]) => joiningOf(legId, { role, startsRoom, endsRoom })),
  }),
  fc.record({
    type: fc.constant('leave' as const),
    legId: legIds,
    how: fc.constantFrom('gone' as const, 'removed' as const),
  }),
  fc.record({ type: fc.constant('admit' as const), legId: legIds }),
  fc.record({
    type: fc.constant('change' as const),
    legId: legIds,
    change: fc.record({ role: fc.constantFrom(...roomRoles), isHeld: fc.boolean() }),
  }),
  fc.record({ type: fc.constant('end' as const) }),
);

test('never more than the maximum, ended once, and each who came left once, whatever happens', () => {
  fc.assert(
    fc.property(rulesOf, fc.array(inputs, { maxLength: 60 }), (rules, happened) => {
      const room = roomOf(rules);
      const seated = new Set<string>();
      let endedCount = 0;
      for (const input of happened) {
        const effects = room.on(input);
        for (const effect of effects) {
          if (effect.type === 'enters' || effect.type === 'waits') seated.add(effect.legId);
          if (effect.type === 'left') expect(seated.delete(effect.participant.legId)).toBe(true);
          if (effect.type === 'ended') endedCount += 1;
        }
        const { participants, phase, startedAtMs } = room.state;
        expect(participants.length).toBeLessThanOrEqual(rules.participantCountMax);
        expect(new Set(participants.map(({ legId }) => legId))).toEqual(seated);
        expect(endedCount).toBe(phase === 'ended' ? 1 : 0);
        // Nobody is in before it has started, and nobody whom the waiting room holds.
        for (const { standing, isAdmitted } of participants)
          if (standing === 'in') expect(isAdmitted && startedAtMs !== undefined).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
