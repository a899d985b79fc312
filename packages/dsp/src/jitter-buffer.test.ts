import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JitterBuffer } from './jitter-buffer.ts';

const FRAME_MS = 20;
const CLOCK_HZ = 48_000;

const open = (durationMs = FRAME_MS) =>
  new JitterBuffer({ clockRateHz: CLOCK_HZ, durationMsOf: () => durationMs });

interface Sent {
  readonly ssrc?: number;
  readonly timestamp?: number;
  readonly nowMs?: number;
  readonly level?: number;
}
/** A packet of one byte, which is its number. */
function push(
  buffer: JitterBuffer,
  number: number,
  { ssrc = 1, nowMs = 0, level = 30, timestamp }: Sent = {},
) {
  const packet = {
    sequence: number & 0xffff,
    timestamp: timestamp ?? (number * 960) >>> 0,
    ssrc,
    payloadStart: 0,
    payloadEnd: 1,
    levelMinusDbov: level,
  };
  return buffer.push(packet, Uint8Array.of(number & 0xff), nowMs);
}

/** What comes out in so many ticks: numbers, and what was told in their place. */
function take(buffer: JitterBuffer, count: number): (number | string)[] {
  return Array.from({ length: count }, () => {
    const taken = buffer.take();
    return taken === 'packet' ? (buffer.payloadAt(buffer.takenSlot)[0] ?? -1) : taken;
  });
}

test('packets come out in their order, when two of them are there', () => {
  const buffer = open();
  expect(take(buffer, 2)).toEqual(['waiting', 'waiting']);
  push(buffer, 5);
  expect(take(buffer, 1)).toEqual(['waiting']);
  push(buffer, 7);
  push(buffer, 6);
  expect(take(buffer, 3)).toEqual([5, 6, 7]);
  expect(buffer.levelMinusDbov).toBe(30);
});

test('what comes before the first, while nothing is played yet, is the first', () => {
  const buffer = open();
  push(buffer, 2);
  push(buffer, 1);
  expect(take(buffer, 2)).toEqual([1, 2]);
});

test('numbers wrap around, and nobody hears it', () => {
  const buffer = open();
  for (let number = 65_534; number < 65_540; number++) push(buffer, number);
  expect(take(buffer, 6)).toEqual([254, 255, 0, 1, 2, 3]);
  expect(buffer.counts).toMatchObject({ received: 6, missed: 0, late: 0 });
});

test('one that is missing is told at its time; when it comes later it is late, and the delay grows by one', () => {
  const buffer = open();
  for (const number of [0, 1, 3, 4]) push(buffer, number);
  expect(take(buffer, 3)).toEqual([0, 1, 'lost']);
  expect(push(buffer, 2)).toBe('late');
  expect(take(buffer, 3)).toEqual(['starved', 3, 4]);
  expect(buffer.counts).toMatchObject({ missed: 1, late: 1 });
});

test('a duplicate is counted and not played, whether the first was played or not', () => {
  const buffer = open();
  for (const number of [0, 1, 1, 2]) push(buffer, number);
  expect(take(buffer, 2)).toEqual([0, 1]);
  expect(push(buffer, 1)).toBe('duplicate');
  expect(take(buffer, 1)).toEqual([2]);
  expect(buffer.counts).toMatchObject({ received: 3, duplicate: 2, late: 0 });
});

test('sound that stays away is concealed for 60 ms; then it is waited for, as at the beginning', () => {
  const buffer = open();
  push(buffer, 0);
  push(buffer, 1);
  expect(take(buffer, 7)).toEqual([0, 1, 'starved', 'starved', 'starved', 'waiting', 'waiting']);
  push(buffer, 2);
  // One alone, as from a sender that is silent, is not kept for ever.
  expect(take(buffer, 4)).toEqual(['waiting', 'waiting', 2, 'starved']);
});

test('one packet of another source is nothing; two in a row are a source that began anew', () => {
  const buffer = open();
  push(buffer, 0);
  push(buffer, 1);
  expect([push(buffer, 40_000, { ssrc: 9 }), push(buffer, 2)]).toEqual(['strange', 'kept']);
  expect(take(buffer, 2)).toEqual([0, 1]);
  expect([push(buffer, 500, { ssrc: 2 }), push(buffer, 501, { ssrc: 2 })]).toEqual(['strange', 'kept']);
  expect(buffer.sourceCount).toBe(2);
  push(buffer, 502, { ssrc: 2 });
  expect(take(buffer, 2)).toEqual([501 & 0xff, 502 & 0xff]);
});

test('what has no payload, too much of it, or none of the codec is refused', () => {
  const buffer = open();
  const packet = { sequence: 1, timestamp: 0, ssrc: 1, payloadStart: 0, payloadEnd: 0, levelMinusDbov: -1 };
  expect(buffer.push(packet, new Uint8Array(), 0)).toBe('refused');
  expect(buffer.push({ ...packet, payloadEnd: 1_277 }, new Uint8Array(1_277), 0)).toBe('refused');
  for (const durationMs of [0, -1, 121, Number.NaN]) expect(push(open(durationMs), 1)).toBe('refused');
  expect(buffer.counts).toMatchObject({ received: 0, refused: 2 });
});

test('unevenness is that of RFC 3550, and a timestamp of anything does not move it far', () => {
  const buffer = open();
  for (let number = 0; number < 200; number++)
    push(buffer, number, { nowMs: number * FRAME_MS + (number % 2) * 8 });
  expect(buffer.jitterMs).toBeCloseTo(8, 0);
  push(buffer, 200, { nowMs: 4_000, timestamp: 0x8000_0000 });
  push(buffer, 201, { nowMs: 4_020 });
  expect(buffer.jitterMs).toBeLessThan(9);
});

test('in any order and with any repetition, each is played at most once, and in order (property)', () => {
  const arrivals = fc.array(fc.integer({ min: 0, max: 24 }), { minLength: 2, maxLength: 80 });
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 0, max: 65_535 }), (order, first) => {
      const buffer = open();
      const played: number[] = [];
      for (const [index, offset] of order.entries()) {
        push(buffer, first + offset);
        if (index % 2 === 1 && buffer.take() === 'packet')
          played.push(((buffer.payloadAt(buffer.takenSlot)[0] ?? 0) - first) & 0xff);
      }
      expect(played).toEqual([...new Set(played)].sort((one, other) => one - other));
    }),
    { numRuns: 200 },
  );
});

test('hostile numbers, timestamps and sources throw nothing, and what is held stays within bounds (fuzz)', () => {
  const hostile = fc.record({
    sequence: fc.integer({ min: 0, max: 65_535 }),
    timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
    ssrc: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 0xffff_ffff })),
    payloadStart: fc.integer({ min: 0, max: 40 }),
    payloadEnd: fc.integer({ min: 0, max: 2_000 }),
    levelMinusDbov: fc.integer({ min: -1, max: 127 }),
  });
  const step = fc.record({
    packet: hostile,
    takes: fc.integer({ min: 0, max: 3 }),
    nowMs: fc.double({ noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 0, max: 120 }), (steps, durationMs) => {
      const buffer = open(durationMs);
      for (const { packet, takes, nowMs } of steps) {
        buffer.push(packet, new Uint8Array(64), nowMs);
        for (let count = 0; count < takes; count++) {
          buffer.take();
          if (buffer.isAhead) buffer.takeAhead();
        }
        expect(buffer.bufferedMs).toBeLessThanOrEqual(33 * 120);
        expect(buffer.payloadAt(buffer.takenSlot).length).toBeLessThanOrEqual(1_276);
        expect(Number.isFinite(buffer.jitterMs)).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['1 % faster', 1.01],
  ['1 % slower', 0.99],
  ['at the same pace', 1],
])(
  'a sender whose clock runs %s is followed for five minutes: its delay stays, and little is missing',
  (_, pace) => {
    const buffer = open();
    let sentCount = 0;
    let concealed = 0;
    let mostMs = 0;
    const ticks = 15_000;
    for (let tick = 0; tick < ticks; tick++) {
      while (sentCount < tick * pace) push(buffer, sentCount++);
      const taken = buffer.take();
      if (taken === 'starved' || taken === 'lost') concealed++;
      if (buffer.isAhead) buffer.takeAhead();
      mostMs = Math.max(mostMs, buffer.bufferedMs);
    }
    expect(mostMs).toBeLessThanOrEqual(120);
    expect(concealed / ticks).toBeLessThan(pace < 1 ? 0.015 : 0.001);
    expect(buffer.counts.skipped / ticks).toBeLessThan(pace > 1 ? 0.015 : 0.001);
  },
);

test('a network that brings packets up to 60 ms late in any order is learned: then next to nothing is missing', () => {
  const buffer = open();
  const arrivals = new Map<number, number[]>();
  let state = 3;
  for (let number = 0; number < 3_000; number++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const tick = number + Math.floor((state / 2 ** 32) * 4);
    arrivals.set(tick, [...(arrivals.get(tick) ?? []), number]);
  }
  let missedFirst = 0;
  for (let tick = 0; tick < 3_000; tick++) {
    for (const number of arrivals.get(tick) ?? []) push(buffer, number, { nowMs: tick * FRAME_MS });
    buffer.take();
    if (buffer.isAhead) buffer.takeAhead();
    if (tick === 1_000) missedFirst = buffer.counts.missed;
  }
  expect(missedFirst).toBeLessThan(50);
  expect((buffer.counts.missed - missedFirst) / 2_000).toBeLessThan(0.01);
  expect(buffer.bufferedMs).toBeLessThanOrEqual(160);
});

test('a network that holds packets up once costs their delay once, and gives it back', () => {
  const buffer = open();
  const heard: (number | string)[] = [];
  for (let tick = 0; tick < 1_000; tick++) {
    // 200 ms of silence on the way, and then all at once.
    if (tick < 100 || tick > 110) push(buffer, tick);
    else if (tick === 110) for (let number = 100; number <= 110; number++) push(buffer, number);
    heard.push(...take(buffer, 1));
    if (buffer.isAhead) buffer.takeAhead();
  }
  expect(heard.filter((each) => each === 'lost')).toEqual([]);
  expect(buffer.bufferedMs).toBeLessThanOrEqual(40);
});

test('never is more held than 200 ms', () => {
  const buffer = open();
  for (let number = 0; number < 32; number++) push(buffer, number);
  buffer.take();
  expect(buffer.bufferedMs).toBeLessThanOrEqual(200);
  expect(buffer.counts.skipped).toBeGreaterThan(20);
});
