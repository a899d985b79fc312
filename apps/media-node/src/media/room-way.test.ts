import { createSocket, type Socket } from 'node:dgram';
import { rtpHeaderBytes, writeRtpHeader } from '@patchbay/protocol/rtp/rtp-packet';
import { until } from '@patchbay/testing/until';
import { expect, onTestFinished, test } from 'vitest';
import { roomWire } from './room-frames.ts';
import { openRoomWay } from './room-way.ts';
import { FRAME_SAMPLES } from './sound-run.ts';

const LOCAL = '127.0.0.1';

async function socket(): Promise<Socket> {
  const opened = createSocket('udp4');
  onTestFinished(() => void opened.close());
  await new Promise<void>((resolve) => opened.bind(0, LOCAL, resolve));
  return opened;
}

/** Two packets of one level, as a mixer sends them. */
function packetsOf(level: number): readonly Uint8Array[] {
  return [1, 2].map((sequence) => {
    const bytes = new Uint8Array(rtpHeaderBytes + 4 * FRAME_SAMPLES).fill(level);
    const { payloadType } = roomWire;
    writeRtpHeader(bytes, { payloadType, isMarked: false, sequence, timestamp: 0, ssrc: 1 });
    return bytes;
  });
}

test('a leg hears the mixer of its room and nobody else, and another mixer once it is told of that', async () => {
  const [mixer, stranger] = [await socket(), await socket()];
  const opened = Promise.withResolvers<number>();
  const way = openRoomWay(opened.resolve, (detail) => opened.reject(new Error(detail)));
  onTestFinished(() => way.close());
  const port = await opened.promise;
  way.connect({ host: LOCAL, port: mixer.address().port });
  const send = (from: Socket, level: number) => {
    for (const packet of packetsOf(level)) from.send(packet, port, LOCAL);
  };
  const heard = async () => {
    const frame = await until(() => way.next(), { what: 'sound' });
    return frame[0];
  };
  send(stranger, 9);
  send(mixer, 1);
  expect(await heard()).toBe(0x0101);
  way.connect({ host: LOCAL, port: stranger.address().port });
  while (way.next() !== undefined);
  send(mixer, 1);
  send(stranger, 9);
  expect(await heard()).toBe(0x0909);
});
