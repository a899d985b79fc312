import { expect, test } from 'vitest';
import { RoomMeter } from './room-meter.ts';

test('participants count while they are there, the room while anybody is, and the most at once', () => {
  const meter = new RoomMeter(1_000);
  meter.changed(1, 2_000);
  meter.changed(3, 3_000);
  meter.changed(2, 4_000);
  expect(meter.usage(5_000)).toEqual({ roomMs: 3_000, participantMs: 6_000, peakParticipantCount: 3 });
  meter.changed(0, 6_000);
  expect(meter.usage(60_000)).toEqual({ roomMs: 4_000, participantMs: 8_000, peakParticipantCount: 3 });
});

test('asking changes nothing, and a clock that goes backwards takes nothing back', () => {
  const meter = new RoomMeter(0);
  meter.changed(1, 0);
  expect([meter.usage(10).participantMs, meter.usage(10).participantMs]).toEqual([10, 10]);
  expect([meter.usage(5).participantMs, meter.usage(15).participantMs]).toEqual([10, 15]);
});
