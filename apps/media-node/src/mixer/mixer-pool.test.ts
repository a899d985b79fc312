import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { shareOfTone } from '@patchbay/dsp/level';
import { emptyRtpPacket, readRtp, rtpHeaderBytes, writeRtpHeader } from '@patchbay/protocol/rtp/rtp-packet';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { FRAME_MS, opusDefaults } from './codec.ts';
import { codecs } from './codecs.ts';
import { MixerPool } from './mixer-pool.ts';
import type { LegSpec, MixerRefusal, MixerRefusalReason, RoomSpec } from './mixer-port.ts';

const LOCAL = '127.0.0.1';
const RATE_HZ = 48_000;
const FRAME = 960;

const speakers = new Map<string, readonly string[]>();
const levels = new Map<string, number>();
const ended: { readonly roomId: string; readonly reason: string; readonly participantMs: number }[] = [];
const died: string[] = [];
const opened: string[] = [];
const telephones: Telephone[] = [];
let pool: MixerPool;

beforeAll(async () => {
  pool = new MixerPool({
    processCount: 2,
    legsPerProcessMax: 4,
    onProcessDied: (how) => died.push(how),
    events: {
      onActiveSpeakers: (roomId, legIds) => speakers.set(roomId, legIds),
      onLevels: (_, each) => {
        for (const { legId, minusDbov } of each) levels.set(legId, minusDbov);
      },
      onEnded: (roomId, { reason, usage }) =>
        ended.push({ roomId, reason, participantMs: usage.participantMs }),
    },
  });
  await pool.started();
});
afterEach(async () => {
  for (const each of telephones.splice(0)) each.close();
  for (const roomId of opened.splice(0)) await pool.endRoom(roomId).catch(() => undefined);
});
afterAll(async () => await pool.close());

async function open(room: RoomSpec): Promise<void> {
  opened.push(room.roomId);
  await pool.createRoom(room);
}

/** A telephone that says a tone, and keeps what it hears. */
class Telephone {
  readonly #socket: Socket = createSocket('udp4');
  readonly #encoder = codecs.pcmu.openEncoder(RATE_HZ, opusDefaults);
  readonly #decoder = codecs.pcmu.openDecoder(RATE_HZ);
  readonly #packet = emptyRtpPacket();
  readonly heard: Int16Array[] = [];
  readonly #toneHz: number;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(toneHz: number) {
    this.#toneHz = toneHz;
  }

  async open(): Promise<number> {
    this.#socket.on('message', (bytes) => {
      if (!readRtp(bytes, 0, this.#packet)) return;
      const frame = new Int16Array(FRAME);
      this.#decoder.decode(bytes.subarray(this.#packet.payloadStart, this.#packet.payloadEnd), frame);
      this.heard.push(frame);
    });
    const listening = once(this.#socket, 'listening');
    this.#socket.bind(0, LOCAL);
    await listening;
    return this.#socket.address().port;
  }

  speak(port: number): void {
    const startedMs = performance.now();
    this.#timer = setInterval(() => {
      for (; this.#sent * FRAME_MS <= performance.now() - startedMs; this.#sent++) this.#send(port);
    }, 5);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #send(port: number): void {
    const from = this.#sent * FRAME;
    const frame = Int16Array.from({ length: FRAME }, (_, index) =>
      Math.round(8_000 * Math.sin((2 * Math.PI * this.#toneHz * (from + index)) / RATE_HZ)),
    );
    const payload = this.#encoder.encode(frame);
    const packet = new Uint8Array(rtpHeaderBytes + payload.length);
    const header = {
      payloadType: 0,
      isMarked: false,
      sequence: this.#sent,
      timestamp: this.#sent * 160,
      ssrc: 5,
    };
    writeRtpHeader(packet, header);
    packet.set(payload, rtpHeaderBytes);
    this.#socket.send(packet, port, LOCAL);
  }
}

const telephone = (legId: string, port: number): LegSpec => ({
  legId,
  codec: 'pcmu',
  payloadType: 0,
  remote: { host: LOCAL, port },
  localHost: LOCAL,
});

function joined(frames: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(frames.length * FRAME);
  for (const [index, frame] of frames.entries()) samples.set(frame, index * FRAME);
  return samples;
}

const refusal = async (request: Promise<unknown>): Promise<MixerRefusalReason | undefined> =>
  await request.then(
    () => undefined,
    (error: MixerRefusal) => error.reason,
  );

test('three telephones over UDP hear the others and not themselves, and what they used is counted', async () => {
  const tones = [500, 770, 1_130];
  telephones.push(...tones.map((toneHz) => new Telephone(toneHz)));
  await open({ roomId: 'tones' });
  for (const [index, each] of telephones.entries()) {
    const address = await pool.addLeg('tones', telephone(`t${index}`, await each.open()));
    each.speak(address.port);
  }
  // A machine that is busy sends late, and then there are gaps: it is so at some time, and never is the own tone there.
  await vi.waitFor(
    () => {
      for (const [index, { heard }] of telephones.entries()) {
        const last = joined(heard.slice(-10));
        const isHeard = tones.map((hertz) => shareOfTone(last, { hertz, rateHz: RATE_HZ }) > 0.1);
        expect(isHeard).toEqual(tones.map((_, other) => other !== index));
      }
    },
    { timeout: 20_000, interval: 50 },
  );
  for (const [index, { heard }] of telephones.entries())
    expect(shareOfTone(joined(heard), { hertz: tones[index] ?? 0, rateHz: RATE_HZ })).toBeLessThan(0.02);
  await vi.waitFor(() => {
    expect(speakers.get('tones')?.toSorted()).toEqual(['t0', 't1', 't2']);
    expect(levels.get('t0')).toBeLessThan(20);
  }, 20_000);
  const { legs } = await pool.statistics('tones');
  expect(legs.t1?.counts.foreign).toBe(0);
  expect((await pool.removeLeg('tones', 't1')).counts.received).toBeGreaterThan(5);
  const { roomMs, participantMs, peakParticipantCount } = await pool.endRoom('tones');
  expect(roomMs).toBeGreaterThan(100);
  expect(participantMs).toBeGreaterThan(roomMs);
  expect(participantMs).toBeLessThan(3 * roomMs);
  expect(peakParticipantCount).toBe(3);
  expect(ended.at(-1)).toEqual({ roomId: 'tones', reason: 'asked', participantMs });
});

test('what cannot be done is refused by its reason, and changes nothing', async () => {
  const room: RoomSpec = { roomId: 'bounds', legCountMax: 2 };
  await open(room);
  await pool.addLeg('bounds', telephone('one', 9));
  const wrong: readonly [MixerRefusalReason, () => Promise<unknown>][] = [
    ['room-known', () => pool.createRoom(room)],
    ['room-unknown', () => pool.endRoom('nobody')],
    ['leg-refused', () => pool.addLeg('bounds', telephone('one', 9))],
    ['address-refused', () => pool.addLeg('bounds', { ...telephone('two', 9), localHost: '203.0.113.1' })],
    ['out-of-bounds', () => pool.addLeg('bounds', { ...telephone('two', 9), payloadType: 128 })],
    ['out-of-bounds', () => pool.addLeg('bounds', telephone('two', 0))],
    ['out-of-bounds', () => pool.changeLeg('bounds', 'one', { gain: 5 })],
    ['out-of-bounds', () => pool.changeLeg('bounds', 'one', { hears: [31] })],
    ['out-of-bounds', () => pool.createRoom({ roomId: 'other', talkerCountMax: 0 })],
    ['out-of-bounds', () => pool.createRoom({ roomId: 'other', opus: { bitrateBps: 1 } })],
    ['leg-unknown', () => pool.changeLeg('bounds', 'two', { isMuted: true })],
    ['leg-unknown', () => pool.removeLeg('bounds', 'two')],
  ];
  const reasons = await Promise.all(wrong.map(async ([, request]) => await refusal(request())));
  expect(reasons).toEqual(wrong.map(([reason]) => reason));
  await pool.changeLeg('bounds', 'one', {
    isMuted: true,
    isHeld: true,
    gain: 4,
    speaksTo: [0, 30],
    hears: [],
  });
  await pool.play('bounds', { samples: new Int16Array(FRAME) });
  expect(Object.keys((await pool.statistics('bounds')).legs)).toEqual(['one']);
  await pool.endRoom('bounds');
  expect(await refusal(pool.statistics('bounds'))).toBe('room-unknown');
});

test('a process that dies ends its rooms alone, says so, and is there again; what is full takes no more', async () => {
  for (const roomId of ['first', 'second']) {
    await open({ roomId });
    const legs = ['a', 'b', 'c', 'd'].map((legId) => telephone(legId, 9));
    await Promise.all(legs.map(async (leg) => await pool.addLeg(roomId, leg)));
  }
  expect(await refusal(pool.createRoom({ roomId: 'third' }))).toBe('no-capacity');
  expect(await refusal(pool.addLeg('first', telephone('e', 9)))).toBe('no-capacity');
  const [pid = 0] = pool.pids;
  const asked = refusal(pool.statistics('first'));
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(died).toHaveLength(1), 5_000);
  expect(ended.at(-1)).toMatchObject({ roomId: 'first', reason: 'mixer-lost' });
  expect([undefined, 'mixer-lost']).toContain(await asked);
  expect(await refusal(pool.statistics('first'))).toBe('room-unknown');
  expect(Object.keys((await pool.statistics('second')).legs)).toHaveLength(4);
  await vi.waitFor(async () => await open({ roomId: 'again' }), { timeout: 10_000, interval: 50 });
  expect(ended.filter(({ roomId }) => roomId === 'second')).toEqual([]);
});
