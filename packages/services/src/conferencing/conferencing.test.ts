import { roomRulesOnTheFly } from '@patchbay/domain/conferencing/room';
import {
  type RoomAnswer,
  type RoomChange,
  type RoomRefusal,
  type RoomSnapshot,
  writtenRules,
} from '@patchbay/domain/conferencing/room-words';
import { createId } from '@patchbay/kit/ids';
import { memoryConferencingPorts } from '@patchbay/testing/conferencing-ports';
import { serviceContext } from '@patchbay/testing/service-context';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { conferencing } from './definition.ts';
import { handlers } from './handlers.ts';

const accountId = createId('acc', 1);
const [legId, sessionId] = [createId('leg', 1), createId('ses', 1)];
const rules = { ...writtenRules(roomRulesOnTheFly), participantCountMax: 10 };
const ann = {
  ...{ legId, sessionId, identity: 'user:ann', joinedAtMs: 2_000 },
  ...{ role: 'speaker' as const, standing: 'in' as const, isMuted: false, isHeld: false },
  ...{ isSpeaking: true, minusDbov: 20, spokeMs: 500 },
};
const running: RoomSnapshot = { phase: 'live', startedAtMs: 1_000, peakCount: 3, rules, participants: [ann] };
const done = (after: Partial<RoomSnapshot>, isChanged = true): RoomAnswer => ({
  kind: 'done',
  isChanged,
  before: running,
  after: { ...running, ...after },
});

type Name = keyof typeof conferencing.operations;
type Answer<K extends Name> = z.output<(typeof conferencing.operations)[K]['response']>;
interface Given {
  readonly config?: object;
  readonly answer?: RoomAnswer | undefined;
}

/** One account with a room that runs, whose home says `answer` to whatever is ordered. */
function bench({ config = {}, answer }: Given = {}) {
  const ordered: RoomChange[] = [];
  const ports = memoryConferencingPorts({
    live: new Map([['standup', running]]),
    answer: (change) => {
      ordered.push(change);
      return answer;
    },
  });
  const call = async <K extends Name>(name: K, request: object) => {
    const made = serviceContext<typeof conferencing, K>(conferencing, { accountId, config });
    const operation = conferencing.operations[name];
    const handler = handlers[name] as unknown as (...all: unknown[]) => Promise<unknown>;
    const parsed = operation.request.parse({ room: 'standup', ...request });
    const answered = operation.response.parse(await handler(made.context, parsed, ports));
    return { answered: answered as Answer<K>, ...made };
  };
  return { call, ordered };
}
const refusal = (status: number, code: string) => ({ fields: expect.objectContaining({ status, code }) });
const nobody = refusal(404, 'conferencing.participant_unknown');
const notRunning = refusal(409, 'conferencing.not_running');
const away = {
  fields: expect.objectContaining({ status: 503, code: 'conferencing.node_away', retryAfterMs: 1_000 }),
};

/** Where the home refuses by its word, or says none; of a room that runs nowhere, and of one whose home knows better. */
async function expectRefused(
  name: Name,
  request: object,
  { refused, why }: { readonly refused: object; readonly why?: RoomRefusal },
): Promise<void> {
  if (refused === notRunning) {
    await expect(bench().call(name, { ...request, room: 'board' })).rejects.toMatchObject(refused);
    await expectRefused(name, request, { refused: { ...refused }, why: 'room_unknown' });
    return;
  }
  const answer = why && ({ kind: 'refused', refusal: why, detail: 'Why.' } as const);
  await expect(bench({ answer }).call(name, request)).rejects.toMatchObject(refused);
}

test('listRooms 200: what is set and what runs, without who is in it', async () => {
  const { call } = bench();
  await call('setRoom', { room: 'board' });
  const { answered } = await call('listRooms', {});
  expect(answered.items.map((each) => [each.room, each.state])).toEqual([
    ['board', 'idle'],
    ['standup', 'live'],
  ]);
  expect(answered.items[1]).toMatchObject({ isSet: false, participantCount: 1, peakParticipantCount: 3 });
});

test('getRoom 200: who is in a room, who speaks, and how loud; 404 of one that is nowhere', async () => {
  const { call } = bench();
  expect((await call('getRoom', {})).answered).toMatchObject({
    ...{ room: 'standup', isSet: false, state: 'live', participantCountMax: 10 },
    startedAt: '1970-01-01T00:00:01.000Z',
    participants: [{ legId, identity: 'user:ann', isSpeaking: true, minusDbov: 20, spokeMs: 500 }],
  });
  await expect(call('getRoom', { room: 'nowhere' })).rejects.toMatchObject(refusal(404, 'resource.unknown'));
});

test('setRoom 200: what is set is kept, audited and told, and holds at once in a room that runs', async () => {
  const { call, ordered } = bench({ answer: done({ rules: { ...rules, isLocked: true } }) });
  const idle = await call('setRoom', { room: 'board', organiser: 'user:ann', durationSeconds: 600 });
  expect(idle.answered).toMatchObject({ isSet: true, state: 'idle', organiser: 'user:ann' });
  expect(ordered).toEqual([]);
  const live = await call('setRoom', { isLocked: true, durationSeconds: 600 });
  expect(ordered).toMatchObject([{ type: 'rules', rules: { isLocked: true, endsAtMs: 601_000 } }]);
  expect(live.answered).toMatchObject({ state: 'live', isLocked: true });
  expect(live.audited).toMatchObject([{ target: 'standup', after: { isLocked: true } }]);
});

test('setRoom 422: no room is larger than the configuration lets rooms be, and one that says nothing is as large', async () => {
  const { call } = bench({ config: { participantCountMax: 20 } });
  await expect(call('setRoom', { room: 'board', participantCountMax: 21 })).rejects.toMatchObject(
    refusal(422, 'conferencing.too_large'),
  );
  expect((await call('setRoom', { room: 'board' })).answered).toMatchObject({ participantCountMax: 20 });
});

test('setRoom 503: what the home of a room that runs did not hear of is not set', async () => {
  const { call } = bench();
  await expect(call('setRoom', { isLocked: true })).rejects.toMatchObject(away);
  expect((await call('getRoom', {})).answered.isSet).toBe(false);
});

test('removeRoom 200: what was set goes, a room that runs goes on, and there is nothing to remove again', async () => {
  const { call } = bench({ answer: done({}) });
  await call('setRoom', { isLocked: true });
  expect((await call('removeRoom', {})).audited).toMatchObject([{ before: { isLocked: true } }]);
  await expect(call('removeRoom', {})).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  expect((await call('getRoom', {})).answered.state).toBe('live');
});

test('endRoom 200: it is over for all', async () => {
  const { call, ordered } = bench({ answer: done({ phase: 'ended', participants: [] }) });
  const { answered, events, usage } = await call('endRoom', {});
  expect(answered).toMatchObject({ state: 'idle', participants: [] });
  expect(ordered).toEqual([{ type: 'end' }]);
  expect([events, usage]).toMatchObject([[{ event: 'room.ended' }], [{ meter: 'requests', quantity: 1 }]]);
});

test('endRoom 409: one that does not run is not ended', () =>
  expectRefused('endRoom', {}, { refused: notRunning }));
test('endRoom 503: nothing was heard of its home', () => expectRefused('endRoom', {}, { refused: away }));

test('updateParticipant 200: mute, role and whisper by one request, letting in and moving by one each', async () => {
  const muted = { ...ann, isMuted: true };
  const { call, ordered } = bench({ answer: done({ participants: [muted] }) });
  const { answered, audited } = await call('updateParticipant', { legId, isMuted: true, role: 'listener' });
  expect(answered.participants).toMatchObject([{ isMuted: true }]);
  expect(audited).toMatchObject([
    { target: `standup/${legId}`, before: { isMuted: false }, after: { isMuted: true } },
  ]);
  await call('updateParticipant', { legId, isAdmitted: true });
  await call('updateParticipant', { legId, moveTo: 'board' });
  expect(ordered).toMatchObject([
    { type: 'participant', legId, change: { isMuted: true, role: 'listener' } },
    { type: 'admit', legId },
    { type: 'move', legId, to: 'board' },
  ]);
});

test('updateParticipant 400: a request says one of three things', async () => {
  const { call } = bench({ answer: done({}) });
  for (const said of [{}, { isAdmitted: true, isMuted: true }, { moveTo: 'board', isHeld: true }])
    await expect(call('updateParticipant', { legId, ...said })).rejects.toMatchObject(
      refusal(400, 'request.invalid'),
    );
});

const muting = { legId, isMuted: true };
test('updateParticipant 404: nobody in the room has this leg', () =>
  expectRefused('updateParticipant', muting, { refused: nobody, why: 'participant_unknown' }));
test('updateParticipant 409: the room does not run, or the other one takes nobody', async () => {
  await expectRefused('updateParticipant', muting, { refused: notRunning });
  const full = refusal(409, 'conferencing.move_refused');
  await expectRefused(
    'updateParticipant',
    { legId, moveTo: 'board' },
    { refused: full, why: 'move_refused' },
  );
});
test('updateParticipant 503: nothing was heard of its home', () =>
  expectRefused('updateParticipant', muting, { refused: away }));

test('removeParticipant 200: out of the room', async () => {
  const { call, ordered } = bench({ answer: done({ participants: [] }) });
  const { answered, audited } = await call('removeParticipant', { legId });
  expect(answered.participants).toEqual([]);
  expect(ordered).toEqual([{ type: 'remove', legId }]);
  expect(audited).toMatchObject([{ before: { standing: 'in' }, after: { standing: 'out' } }]);
});
test('removeParticipant 404: nobody in the room has this leg', () =>
  expectRefused('removeParticipant', { legId }, { refused: nobody, why: 'participant_unknown' }));
test('removeParticipant 409: the room does not run', () =>
  expectRefused('removeParticipant', { legId }, { refused: notRunning }));
test('removeParticipant 503: where the home is silent, it is said when to ask again', () =>
  expectRefused('removeParticipant', { legId }, { refused: away }));

test('announce 200: a file or a text', async () => {
  const { call, ordered } = bench({ answer: done({}) });
  const { audited } = await call('announce', { text: 'Five minutes are left.', voice: 'slt' });
  await call('announce', { url: 'https://app.example.com/gong.wav' });
  expect(ordered).toMatchObject([
    { type: 'announce', sound: { kind: 'say', text: 'Five minutes are left.', voice: 'slt' } },
    { type: 'announce', sound: { kind: 'play', url: 'https://app.example.com/gong.wav' } },
  ]);
  // What was said is nobody's to read afterwards.
  expect(audited).toEqual([{ target: 'standup', after: { kind: 'say', characters: 22 } }]);
});
test('announce 400: both, or neither', async () => {
  const invalid = refusal(400, 'request.invalid');
  await expectRefused('announce', {}, { refused: invalid, why: 'room_unknown' });
  await expectRefused('announce', { text: 'a', url: 'b' }, { refused: invalid, why: 'room_unknown' });
});
const gong = { url: 'https://app.example.com/gong.mp3' };
test('announce 409: the room does not run', () => expectRefused('announce', gong, { refused: notRunning }));
test('announce 422: what is no sound is not played', () =>
  expectRefused('announce', gong, {
    refused: refusal(422, 'conferencing.sound_unusable'),
    why: 'sound_unusable',
  }));
test('announce 503: nothing was heard of its home', () => expectRefused('announce', gong, { refused: away }));
