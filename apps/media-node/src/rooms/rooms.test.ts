import { roomRulesOnTheFly } from '@patchbay/domain/conferencing/room';
import { type RoomNote, writtenRules } from '@patchbay/domain/conferencing/room-words';
import type { ConferenceOrder, SoundResult } from '@patchbay/domain/logic/sound-order';
import { until } from '@patchbay/testing/until';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MixerPool } from '../mixer/mixer-pool.ts';
import { Hummer, orderOf } from './hummer.testing.ts';
import type { RoomHome, UsedRoom } from './room-ports.ts';
import { usageOf } from './room-role.ts';
import { Rooms } from './rooms.ts';

const accountId = 'acc_a';

const hertz = [400, 700, 1_100];
let pool: MixerPool;
let rooms: Rooms;
let home: RoomHome = { isHere: true };
const hummers = new Map<string, Hummer>();
const results = new Map<string, SoundResult>();
let notes: { readonly legKey: string; readonly note: RoomNote }[] = [];
let used: UsedRoom[] = [];
const moved: { readonly tookMs: number; readonly isMixed: boolean }[] = [];

beforeAll(async () => {
  pool = new MixerPool({
    processCount: 1,
    events: {
      onActiveSpeakers: (...said) => rooms.mixerEvents.onActiveSpeakers(...said),
      onProcessed: (...said) => rooms.mixerEvents.onProcessed(...said),
      onLevels: (...said) => rooms.mixerEvents.onLevels(...said),
      onEnded: (...said) => rooms.mixerEvents.onEnded(...said),
    },
  });
  rooms = new Rooms({
    mixer: pool,
    home: async () => home,
    release: () => {},
    mixed: (legKey, address) => {
      const hummer = hummers.get(legKey);
      if (hummer !== undefined) hummer.mixer = address;
    },
    over: (legKey, result) => void results.set(legKey, result),
    note: (legKey, note) => void notes.push({ legKey, note }),
    used: (_room, usage) => void used.push(usage),
    onMoved: (_room, how) => void moved.push(how),
    onFailure: (_room, error) => {
      throw error;
    },
    changed: () => {},
    heard: () => {},
    nowMs: Date.now,
  });
  await pool.started();
}, 30_000);
beforeEach(() => {
  home = { isHere: true };
  results.clear();
  notes = [];
  used = [];
});
afterAll(async () => {
  for (const hummer of hummers.values()) hummer.close();
  await pool.close();
});

async function join(legId: string, tone = 400, said: Partial<ConferenceOrder> = {}): Promise<Hummer> {
  const hummer = new Hummer(tone);
  hummers.get(legId)?.close();
  hummers.set(legId, hummer);
  const port = await hummer.open();
  rooms.join({ key: legId, legId, sessionId: `ses_${legId}`, accountId, port, order: orderOf(said) });
  return hummer;
}
const hearOthers = async (humming: readonly Hummer[]) => {
  for (const [index, hummer] of humming.entries()) {
    const others = hertz.slice(0, humming.length).filter((_, at) => at !== index);
    await until(() => String(hummer.hears(hertz)) === String(others), {
      what: `leg ${index} to hear ${others}`,
      timeoutMs: 5_000,
    });
  }
};

test('each hears exactly the others; the death of the mixer moves the room within five seconds, and loses no use (CNF, MET-2)', async () => {
  const humming = [await join('a', hertz[0]), await join('b', hertz[1]), await join('c', hertz[2])];
  await hearOthers(humming);
  const [pid = 0] = pool.pids;
  const killedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  await until(() => moved.length > 0, { what: 'another mixer', timeoutMs: 5_000 });
  await hearOthers(humming);
  expect(performance.now() - killedMs).toBeLessThan(5_000);
  expect(moved).toMatchObject([{ isMixed: true }]);
  expect(notes.filter(({ note }) => note.type === 'room.recovered').map(({ legKey }) => legKey)).toEqual([
    ...['a', 'b', 'c'],
  ]);
  const snapshot = rooms.snapshotOf({ accountId, name: 'standup' });
  expect(snapshot?.participants.map(({ isSpeaking }) => isSpeaking)).toEqual([true, true, true]);
  rooms.obey({ accountId, name: 'standup' }, { type: 'end' }, 'Ann');
  expect([...results.values()]).toEqual(Array.from({ length: 3 }, () => ({ kind: 'left', how: 'ended' })));
  const roomMs = used.reduce((sum, each) => sum + each.roomMs, 0);
  const outage = moved[0]?.tookMs ?? 0;
  expect(roomMs).toBeGreaterThan(performance.now() - killedMs - outage - 500);
  expect(used.reduce((sum, each) => sum + each.peakParticipantCount, 0)).toBe(3);
}, 30_000);

test('who is muted is not heard, who is held hears nothing, and a coach is heard by one alone', async () => {
  const name = 'quiet';
  const room = { accountId, name };
  const [a, b, c] = [
    await join('a', hertz[0], { name }),
    await join('b', hertz[1], { name }),
    await join('c', hertz[2], { name }),
  ] as const;
  await hearOthers([a, b, c]);
  const muted = { type: 'participant', legId: 'a', change: { isMuted: true } } as const;
  expect(rooms.obey(room, muted, 'Ann')).toMatchObject({ kind: 'done', isChanged: true });
  expect(rooms.obey(room, muted, 'Ann')).toMatchObject({ kind: 'done', isChanged: false });
  await until(() => String(b.hears(hertz)) === '1100' && String(a.hears(hertz)) === '700,1100', {
    what: 'one of three to be muted',
  });
  rooms.obey(room, { type: 'participant', legId: 'a', change: { isMuted: false } }, 'Ann');
  rooms.obey(
    room,
    { type: 'participant', legId: 'a', change: { whisper: { group: 1, as: 'coach' } } },
    'Ann',
  );
  rooms.obey(
    room,
    { type: 'participant', legId: 'b', change: { whisper: { group: 1, as: 'coached' } } },
    'Ann',
  );
  await until(() => String(b.hears(hertz)) === '400,1100' && String(c.hears(hertz)) === '700', {
    what: 'a whisper',
  });
  rooms.obey(room, { type: 'participant', legId: 'c', change: { isHeld: true } }, 'Ann');
  await until(() => String(a.hears(hertz)) === '700', { what: 'one of three to be held' });
  expect(c.mixer).toBeUndefined();
  expect(rooms.obey(room, { type: 'remove', legId: 'nobody' }, 'Ann')).toMatchObject({
    refusal: 'participant_unknown',
  });
  rooms.obey(room, { type: 'remove', legId: 'c' }, 'Ann');
  expect(results.get('c')).toEqual({ kind: 'left', how: 'removed' });
  expect(notes.filter(({ note }) => note.type === 'room.changed')).toHaveLength(5);
  rooms.leave('a', 'key');
  rooms.leave('b', 'gone');
  expect(rooms.snapshotOf(room)).toBeUndefined();
}, 30_000);

test('a room of another node, and one of which nobody can say where it is, refuse by their codes', async () => {
  home = { isHere: false };
  await join('a', 400, { name: 'far' });
  await until(() => results.has('a'), { what: 'a refusal' });
  expect(results.get('a')).toMatchObject({ kind: 'failed', failure: 'room_elsewhere' });
  expect(rooms.snapshotOf({ accountId, name: 'far' })).toBeUndefined();
});

test('what was set for a room holds: its maximum, who moderates it, and its waiting room', async () => {
  const rules = {
    ...writtenRules(roomRulesOnTheFly),
    ...{ participantCountMax: 2, hasWaitingRoom: true, tones: 'none' as const },
  };
  const room = { accountId, name: 'board' };
  home = { isHere: true, set: { rules, participants: [{ identity: 'user:ann', role: 'moderator' }] } };
  await join('ann', 400, { name: 'board', identity: 'user:ann' });
  const bob = await join('bob', 700, { name: 'board', identity: 'user:bob' });
  await join('eve', 900, { name: 'board', identity: 'user:eve' });
  await until(() => results.has('eve'), { what: 'the third' });
  expect(results.get('eve')).toEqual({ kind: 'left', how: 'full' });
  const standing = () => rooms.snapshotOf(room)?.participants.map((each) => [each.role, each.standing]);
  expect(standing()).toEqual([
    ['moderator', 'in'],
    ['speaker', 'waiting'],
  ]);
  rooms.obey(room, { type: 'admit', legId: 'bob' }, 'Ann');
  await until(() => bob.mixer !== undefined, { what: 'the door to open' });
  expect(standing()?.[1]).toEqual(['speaker', 'in']);
  rooms.obey(room, { type: 'end' }, 'Ann');
});

test('use is told by account and session; an endpoint of another account is named in no record', () => {
  const participants = [
    { sessionId: 'ses_1', identity: 'user:ann', fromMs: 1_000, toMs: 3_000 },
    { sessionId: 'ses_2', identity: 'user:bob@acc_b', fromMs: 2_000, toMs: 3_000 },
  ];
  const records = usageOf(
    { accountId, name: 'standup' },
    { roomMs: 2_000, participantMs: 3_000, peakParticipantCount: 2, processMs: 30 },
    { participants, region: 'eu', nowMs: 3_000 },
  );
  expect(records.map(({ sessionId, endpointId }) => [sessionId, endpointId])).toEqual([
    [undefined, undefined],
    ['ses_1', 'user:ann'],
    ['ses_2', undefined],
  ]);
  expect(records.flatMap(({ quantities }) => quantities.map((each) => [each.meter, each.quantity]))).toEqual([
    ['roomMs', 2_000],
    ['processMs', 30],
    ['peakParticipants', 2],
    ['participantMs', 2_000],
    ['participantMs', 1_000],
  ]);
});
