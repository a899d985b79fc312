import { expect, test } from 'vitest';
import { RoomUse } from './room-use.ts';

const person = (legId: string) => ({ legId, sessionId: `ses_${legId}`, identity: `user:${legId}` });

test('what is told in parts is all of it, once; while nothing mixes the room, nothing is counted (MET-2)', () => {
  const use = new RoomUse(0);
  expect(use.take(500)).toBeUndefined();
  use.joined(person('a'), 1_000);
  use.joined(person('b'), 2_000);
  use.processed(7);
  const first = use.take(3_000);
  expect(first?.usage).toEqual({
    ...{ roomMs: 2_000, participantMs: 3_000, peakParticipantCount: 2, processMs: 7 },
  });
  expect(first?.participants.map(({ sessionId, fromMs, toMs }) => [sessionId, fromMs, toMs])).toEqual([
    ['ses_a', 1_000, 3_000],
    ['ses_b', 2_000, 3_000],
  ]);
  use.pause(4_000);
  use.left('b', 4_500);
  use.resume(5_000);
  use.left('a', 6_000);
  const rest = use.take(9_000);
  expect(rest?.usage).toEqual({
    ...{ roomMs: 2_000, participantMs: 3_000, peakParticipantCount: 0, processMs: 0 },
  });
  const counted = (rest?.participants ?? []).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  expect(counted).toBe(3_000);
  expect(use.take(10_000)).toBeUndefined();
});
