import { beforeEach, expect, test } from 'vitest';
import { opusDefaults } from './codec.ts';
import { MixerHost } from './mixer-host.ts';
import type { LegSpec, MixerRefusal } from './mixer-port.ts';
import type { MixerReport } from './mixer-words.ts';
import type { PacketLeg } from './packet-leg.ts';
import type { RoomSettings } from './room.ts';

const settings: RoomSettings = { rateHz: 16_000, legCountMax: 4, talkerCountMax: 3, opus: opusDefaults };
const legOf = (legId: string): LegSpec => ({
  legId,
  codec: 'pcmu',
  payloadType: 0,
  localHost: '127.0.0.1',
  remote: { host: '127.0.0.1', port: 5_004 },
});

let reports: MixerReport[];
let sentTimestamps: number[];
let closedCount: number;
let nowMs: number;
/** Done at each packet that is sent. */
let onSend: () => void;
/** What the next address waits for. */
let bound: Promise<void>;
let host: MixerHost;

beforeEach(async () => {
  reports = [];
  sentTimestamps = [];
  closedCount = 0;
  nowMs = 0;
  onSend = () => undefined;
  bound = Promise.resolve();
  const open = async (): Promise<PacketLeg> => {
    await bound;
    return {
      address: { host: '127.0.0.1', port: 40_000 },
      send: (packet) => {
        sentTimestamps.push(new DataView(packet.buffer, packet.byteOffset).getUint32(4));
        onSend();
      },
      close: () => {
        closedCount += 1;
      },
    };
  };
  host = new MixerHost({
    open,
    nowMs: () => nowMs,
    report: (report) => reports.push(report),
    random32: () => 0,
  });
  await host.carryOut({ type: 'create-room', roomId: 'room', settings });
});

const typesOf = () => reports.map(({ type }) => type);
const run = (tickCount: number) => {
  for (let count = 0; count < tickCount; count++) {
    nowMs += 20;
    host.tick();
  }
};

test('a room that meets an error of ours ends, with what it used; the others go on', async () => {
  await host.carryOut({ type: 'create-room', roomId: 'other', settings });
  await host.carryOut({ type: 'add-leg', roomId: 'room', leg: legOf('a') });
  run(5);
  onSend = () => {
    throw new Error('broken');
  };
  run(1);
  const usage = { roomMs: 120, participantMs: 120, peakParticipantCount: 1 };
  expect(reports).toEqual([{ type: 'room-failed', roomId: 'room', detail: 'Error: broken', usage }]);
  expect([host.roomCount, closedCount]).toEqual([1, 1]);
});

test('a room that ends while an address is being bound gets no leg, and the address is free again', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  bound = promise;
  const added = host
    .carryOut({ type: 'add-leg', roomId: 'room', leg: legOf('a') })
    .catch((error: MixerRefusal) => error.reason);
  await host.carryOut({ type: 'end-room', roomId: 'room' });
  resolve();
  expect(await added).toBe('room-unknown');
  expect(closedCount).toBe(1);
});

test('levels are told five times a second and use once, of rooms that have anybody in them', async () => {
  run(50);
  expect(typesOf().filter((type) => type === 'used')).toHaveLength(1);
  await host.carryOut({ type: 'add-leg', roomId: 'room', leg: legOf('a') });
  reports = [];
  run(50);
  expect(typesOf().filter((type) => type === 'levels')).toHaveLength(5);
  expect(reports.at(-1)).toMatchObject({ type: 'used', rooms: [{ usage: { participantMs: 1_000 } }] });
});

test('ticks that were dropped are in the timestamps of what follows', async () => {
  await host.carryOut({ type: 'add-leg', roomId: 'room', leg: legOf('a') });
  run(2);
  host.skip(7);
  run(1);
  expect(sentTimestamps).toEqual([0, 160, 160 * 9]);
});
