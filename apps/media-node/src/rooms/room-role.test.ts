import type { RoomOrder } from '@patchbay/domain/conferencing/room-words';
import type { InternalCall } from '@patchbay/domain/fleet/internal-api';
import type { SoundResult } from '@patchbay/domain/logic/sound-order';
import type { UsageDraft } from '@patchbay/domain/metering/usage-record';
import { until } from '@patchbay/testing/until';
import { expect, onTestFinished, test } from 'vitest';
import { Hummer, orderOf } from './hummer.testing.ts';
import { runRooms } from './room-role.ts';

const accountId = 'acc_a';
const room = { accountId, name: 'standup' };

test('a media node tells of its rooms, obeys what is ordered of them and of no others, and records what they used (MET-2, LIV-1)', async () => {
  const called: { readonly call: InternalCall; readonly request: Record<string, unknown> }[] = [];
  const drafts: UsageDraft[] = [];
  const results: SoundResult[] = [];
  const hummer = new Hummer(400);
  const client = {
    call: async (call: InternalCall, request: Record<string, unknown>) => {
      called.push({ call, request });
      return call === 'roomHome' ? { nodeId: 'nod_1' } : {};
    },
  };
  const log = { warn: () => {}, error: () => {}, info: () => {} };
  const conferencing = runRooms({
    node: {
      client,
      identity: { nodeId: 'nod_1' },
      usage: { append: (draft: UsageDraft) => drafts.push(draft) },
    } as never,
    region: 'eu',
    log,
    mixerCount: 1,
    clipsOf: async () => [{ kind: 'tone', hertz: [1_500], milliseconds: 3_000 }],
    legs: {
      mixed: (_leg, address) => {
        hummer.mixer = address;
      },
      over: (_leg, result) => void results.push(result),
      note: () => {},
    },
  });
  const port = await hummer.open();
  onTestFinished(() => hummer.close());
  const leg = { key: 'line leg_1', legId: 'leg_1', sessionId: 'ses_1', accountId, port };
  conferencing.rooms.join({ ...leg, order: orderOf({ identity: 'user:ann' }) });
  await until(() => hummer.mixer !== undefined, { what: 'a way into the room', timeoutMs: 5_000 });
  const order = (orderId: string, change: RoomOrder['change'], nodeId = 'nod_1') =>
    conferencing.obey({ ...room, orderId, nodeId, by: 'Ann', issuedAtMs: Date.now(), change });
  const answersOf = (orderId: string) =>
    called.filter(({ call, request }) => call === 'roomOrdered' && request.orderId === orderId);
  order('req_1', { type: 'announce', sound: { kind: 'play', url: 'tone:1500/3000' } });
  await until(() => hummer.hears([400, 1_500]).join() === '1500', {
    what: 'the announcement',
    timeoutMs: 5_000,
  });
  order('req_2', { type: 'end' }, 'nod_2');
  conferencing.obey({
    ...{ ...room, orderId: 'req_3', nodeId: 'nod_1', by: 'Ann', change: { type: 'end' } },
    issuedAtMs: Date.now() - 120_000,
  });
  expect(conferencing.rooms.snapshotOf(room)?.phase).toBe('live');
  order('req_4', { type: 'end' });
  await until(() => answersOf('req_4').length > 0, { what: 'an answer' });
  expect([answersOf('req_1').length, answersOf('req_2').length, answersOf('req_3').length]).toEqual([
    1, 0, 0,
  ]);
  expect(results).toEqual([{ kind: 'left', how: 'ended' }]);
  await conferencing.stop();
  const told = called.filter(({ call }) => call === 'roomsTold').map(({ request }) => request.rooms);
  expect(told.at(0)).toMatchObject([
    { ...room, isOver: false, snapshot: { participants: [{ legId: 'leg_1' }] } },
  ]);
  expect(told.at(-1)).toEqual([{ ...room, isOver: true }]);
  const meters = drafts.flatMap(({ quantities }) => quantities.map(({ meter }) => meter));
  expect(new Set(meters)).toEqual(new Set(['roomMs', 'peakParticipants', 'participantMs']));
  expect(drafts.find(({ sessionId }) => sessionId === 'ses_1')).toMatchObject({
    ...{ accountId, service: 'conferencing', endpointId: 'user:ann', modality: 'audio', region: 'eu' },
  });
}, 30_000);
