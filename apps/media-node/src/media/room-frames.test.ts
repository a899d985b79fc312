import { emptyRtpPacket, readRtp, rtpHeaderBytes, writeRtpHeader } from '@patchbay/protocol/rtp/rtp-packet';
import { expect, test } from 'vitest';
import { writeL16 } from '../mixer/l16-codec.ts';
import { RoomFrames, roomWire } from './room-frames.ts';
import { FRAME_SAMPLES } from './sound-run.ts';

const start = { ssrc: 7, sequence: 65_535, timestamp: 0xffff_ff00 };
const frameOf = (level: number) => new Int16Array(FRAME_SAMPLES).fill(level);

/** So many packets of a level, and what was sent of them. */
function say(frames: RoomFrames, level: number, packetCount: number) {
  return Array.from({ length: packetCount }, () => {
    frames.say(frameOf(level));
    const bytes = frames.say(frameOf(level));
    const packet = emptyRtpPacket();
    return bytes !== undefined && readRtp(bytes, roomWire.levelExtensionId, packet) ? packet : undefined;
  });
}

test('two frames are a packet with its level; silence is sent for a fifth of a second, and then costs nothing', () => {
  const frames = new RoomFrames(start);
  expect(say(frames, 0, 3)).toEqual([undefined, undefined, undefined]);
  const [first, second] = say(frames, 1_000, 2);
  expect(first).toMatchObject({ sequence: 65_535, isMarked: true, levelMinusDbov: 30, payloadStart: 20 });
  expect(second).toMatchObject({ sequence: 0, isMarked: false });
  // Where nothing was sent, no sequence is missing, and time has passed.
  expect(say(frames, 0, 12).filter((packet) => packet !== undefined)).toHaveLength(10);
  const [again] = say(frames, 1_000, 1);
  expect(again).toMatchObject({ sequence: 11, isMarked: true });
  expect(((again?.timestamp ?? 0) - (first?.timestamp ?? 0)) >>> 0).toBe(14 * 2 * FRAME_SAMPLES);
});

function packetOf(level: number, { payloadType = roomWire.payloadType as number, frameCount = 2 } = {}) {
  const bytes = new Uint8Array(rtpHeaderBytes + 2 * frameCount * FRAME_SAMPLES);
  writeRtpHeader(bytes, { payloadType, isMarked: false, sequence: 1, timestamp: 0, ssrc: 1 });
  writeL16(new Int16Array(frameCount * FRAME_SAMPLES).fill(level), bytes.subarray(rtpHeaderBytes));
  return bytes;
}

test('what comes is played once there is enough of it, and no delay grows without end', () => {
  const frames = new RoomFrames(start);
  const next = () => frames.next()?.[0];
  frames.hear(packetOf(1));
  expect(next()).toBeUndefined();
  frames.hear(packetOf(-2));
  expect([next(), next(), next(), next(), next()]).toEqual([1, 1, -2, -2, undefined]);
  for (let count = 1; count <= 30; count++) frames.hear(packetOf(count));
  const heard = Array.from({ length: 20 }, next).filter((level) => level !== undefined);
  expect(heard.length).toBeLessThanOrEqual(12);
  expect(heard.at(-1)).toBe(30);
});

test('what is no packet of the mixer is not heard', () => {
  const frames = new RoomFrames(start);
  for (const bytes of [
    packetOf(9, { payloadType: 0 }),
    packetOf(9, { frameCount: 1 }),
    new Uint8Array(3),
    new Uint8Array(5_000).fill(255),
  ])
    for (let count = 0; count < 5; count++) frames.hear(bytes);
  expect(frames.next()).toBeUndefined();
});
