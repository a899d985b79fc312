import { roomRulesOnTheFly } from '@patchbay/domain/conferencing/room';
import { writtenRules } from '@patchbay/domain/conferencing/room-words';
import { expect, test } from 'vitest';
import type { RoomName } from './room-ports.ts';
import { RoomsTold } from './rooms-told.ts';

const [one, other]: readonly RoomName[] = [
  { accountId: 'acc_a', name: 'one' },
  { accountId: 'acc_b', name: 'one' },
];
const snapshot = {
  phase: 'live' as const,
  peakCount: 1,
  rules: writtenRules(roomRulesOnTheFly),
  participants: [],
};

function bench() {
  const state = { nowMs: 10_000, isAway: false, names: [one, other] as RoomName[] };
  const sent: string[] = [];
  const told = new RoomsTold({
    names: () => state.names,
    snapshotOf: () => snapshot,
    send: async (rooms) => {
      if (state.isAway) throw new Error('It is away.');
      sent.push(
        rooms
          .map(
            ({ accountId, isOver, ...room }) =>
              `${accountId} ${isOver ? 'over' : 'snapshot' in room ? 'as it is' : 'as before'}`,
          )
          .join(', '),
      );
    },
    onFailure: () => {},
    nowMs: () => state.nowMs,
  });
  const pass = async (milliseconds: number) => {
    state.nowMs += milliseconds;
    await told.tick();
    return sent.splice(0);
  };
  return { state, told, pass };
}

test('a room that changes is told twice a second at most, and every five seconds all of them', async () => {
  const { told, pass } = bench();
  await pass(0);
  told.changed(one ?? { accountId: '', name: '' });
  expect(await pass(400)).toEqual([]);
  expect(await pass(200)).toEqual(['acc_a as it is, acc_b as before']);
  // How loud somebody is waits for a whole second.
  told.heard(one ?? { accountId: '', name: '' });
  expect(await pass(600)).toEqual([]);
  expect(await pass(400)).toEqual(['acc_a as it is, acc_b as before']);
  expect(await pass(3_000)).toEqual([]);
  expect(await pass(1_000)).toEqual(['acc_a as before, acc_b as before']);
});

test('that one is over is told at once, unless it began again; and what was not heard is told again', async () => {
  const { state, told, pass } = bench();
  await pass(0);
  for (const room of state.names) told.over(room);
  state.names = [...state.names].slice(1);
  state.isAway = true;
  expect(await pass(1)).toEqual([]);
  state.isAway = false;
  expect(await pass(1)).toEqual(['acc_a over, acc_b as it is']);
  expect(await pass(1)).toEqual([]);
});
