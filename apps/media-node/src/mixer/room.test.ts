import { rms, shareOfTone } from '@patchbay/dsp/level';
import { toneSamples } from '@patchbay/dsp/tone';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { opusDefaults } from './codec.ts';
import { pcmuCodec } from './g711-codec.ts';
import { ToneRoom, type ToneSender, toneHzOf } from './tone-room.testing.ts';

const RATE_HZ = 48_000;
const names = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);
const others = (all: readonly string[], one: string) => all.filter((each) => each !== one);
const silent = () => false;

/** A room of so many, whose tones are their own. */
function roomOf(
  count: number,
  sender: (index: number) => Partial<ToneSender> = () => ({}),
  settings: ConstructorParameters<typeof ToneRoom>[0] = {},
): ToneRoom {
  const room = new ToneRoom(settings);
  for (const [index, id] of names(count).entries())
    room.join({ id, toneHz: toneHzOf(index), ...sender(index) });
  return room;
}

/** The same every time, so that a failure comes again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('five who all talk in a room of all hear each other and not themselves', () => {
  const room = roomOf(5, () => ({}), { talkerCountMax: 'all', opus: opusDefaults });
  room.run(40);
  for (const id of names(5)) expect(room.whoIsHeardBy(id, 20)).toEqual(others(names(5), id));
});

test('twelve of whom three talk at a time, in turn, with 5 % lost, others in the wrong order, and one who leaves', () => {
  const TURN = 50;
  const random = randomOf(7);
  const speakersAt = (tick: number) => [0, 1, 2].map((each) => (Math.floor(tick / TURN) * 3 + each) % 12);
  const room = roomOf(12, (index) => ({
    talksAt: (tick) => speakersAt(tick).includes(index),
    way: () => (random() < 0.05 ? 'lost' : random() < 0.1 ? 1 : 0),
  }));
  for (let turn = 0; turn < 4; turn++) {
    // From a third of a second on those before are held no more.
    room.run(TURN);
    const speaking = speakersAt(turn * TURN).map((index) => `p${index}`);
    for (const id of names(12)) expect(room.whoIsHeardBy(id, 12)).toEqual(others(speaking, id));
  }
  room.leave('p1');
  room.run(TURN);
  // The fifth turn is that of the first again.
  for (const id of ['p0', 'p2', 'p11']) expect(room.whoIsHeardBy(id, 12)).toEqual(others(['p0', 'p2'], id));
  const { counts } = room.room.statistics('p0') ?? {};
  expect(counts?.missed).toBeGreaterThan(3);
  expect(counts?.concealed).toBeGreaterThan(1);
});

test('each hears the whole time: a packet a tick, in their order, past the end of the numbers', () => {
  const room = roomOf(3, (index) => ({ talksAt: (tick) => Math.floor(tick / 20) % 3 === index }));
  room.run(60);
  for (const id of names(3)) {
    const sequences = room.sequencesOf(id);
    expect(sequences).toEqual(Array.from({ length: 60 }, (_, index) => (65_530 + index) & 0xffff));
  }
});

test('telephones and Opus are in one room, and telephones alone in one of 16 kHz', () => {
  const mixed = roomOf(4, (index) => (index < 2 ? { codec: pcmuCodec, saysLevel: false } : {}), {
    talkerCountMax: 4,
  });
  mixed.run(50);
  for (const id of names(4)) expect(mixed.whoIsHeardBy(id, 25)).toEqual(others(names(4), id));
  const telephones = roomOf(3, () => ({ codec: pcmuCodec, saysLevel: false }), { rateHz: 16_000 });
  telephones.run(50);
  for (const id of names(3)) expect(telephones.whoIsHeardBy(id, 25)).toEqual(others(names(3), id));
});

test('without a word of its level, a leg is measured', () => {
  const room = roomOf(4, (index) => ({ saysLevel: false, talksAt: index === 3 ? () => true : silent }), {
    talkerCountMax: 1,
  });
  room.run(30);
  expect(room.whoIsHeardBy('p0', 15)).toEqual(['p3']);
  expect(room.room.levels().map(({ minusDbov }) => minusDbov > 100)).toEqual([true, true, true, false]);
});

test('who says to be loud and is not loses the place to who talks', () => {
  const room = roomOf(3, (index) => (index === 0 ? { saysLevel: 0, talksAt: silent } : { amplitude: 400 }), {
    talkerCountMax: 1,
  });
  room.run(20);
  expect(room.room.statistics('p0')?.isTalking).toBe(true);
  room.run(40);
  expect(room.room.statistics('p0')).toMatchObject({ isTalking: false, minusDbov: 127 });
  expect(room.whoIsHeardBy('p0', 10).length).toBe(1);
});

test('who is muted hears and is not heard; who is held neither; both can be taken back', () => {
  const room = roomOf(3);
  room.run(20);
  room.room.change('p0', { isMuted: true });
  room.room.change('p1', { isHeld: true });
  room.run(40);
  expect(names(3).map((id) => room.whoIsHeardBy(id, 20))).toEqual([['p2'], [], []]);
  expect(rms(room.heardBy('p1', 10))).toBe(0);
  room.room.change('p0', { isMuted: false });
  room.room.change('p1', { isHeld: false });
  room.run(40);
  for (const id of names(3)) expect(room.whoIsHeardBy(id, 20)).toEqual(others(names(3), id));
});

test('who is muted is heard no more at once: the 200 ms of a pause are not for it', () => {
  const room = roomOf(2);
  room.run(30);
  const before = rms(room.heardBy('p1', 3));
  room.room.change('p0', { isMuted: true });
  room.run(6);
  expect(rms(room.heardBy('p1', 3))).toBeLessThan(before / 50);
});

test('a whisper is heard by whom it is for, and by nobody else', () => {
  const room = roomOf(3);
  // p0 is coached by p2; p1 is the customer.
  room.room.change('p2', { speaksTo: 0b10, hears: 0b01 });
  room.room.change('p0', { hears: 0b11 });
  room.run(40);
  expect(names(3).map((id) => room.whoIsHeardBy(id, 20))).toEqual([['p1', 'p2'], ['p0'], ['p0', 'p1']]);
});

test('a gain makes one louder for all, within bounds', () => {
  const room = roomOf(3);
  room.run(30);
  const before = rms(room.heardBy('p2', 10));
  for (const id of ['p0', 'p1']) room.room.change(id, { gain: 2 });
  room.run(30);
  expect(rms(room.heardBy('p2', 10)) / before).toBeCloseTo(2, 1);
  room.room.change('p0', { gain: 0 });
  room.room.change('p1', { gain: 1_000 });
  room.run(30);
  expect(room.whoIsHeardBy('p2', 10)).toEqual(['p1']);
  expect(rms(room.heardBy('p2', 10))).toBeLessThan(4.2 * 3_000 * Math.SQRT1_2);
});

test('a room of fifty costs as many encoders as talkers and one more; of nobody who talks, none', () => {
  const room = roomOf(50, (index) => ({ talksAt: index < 2 ? (tick) => tick < 60 : silent }));
  room.run(30);
  const before = room.room.encodedCount;
  room.run(20);
  expect(room.room.encodedCount - before).toBe(3 * 20);
  room.run(60);
  const afterwards = room.room.encodedCount;
  room.run(20);
  expect(room.room.encodedCount - afterwards).toBe(0);
});

test('who begins and ends to talk hears another one go on, without a click', () => {
  const room = roomOf(3, (index) => ({
    talksAt: index === 0 ? () => true : index === 1 ? (tick) => tick >= 40 && tick < 60 : silent,
  }));
  room.run(30);
  const heard: number[] = [];
  for (let tick = 30; tick < 110; tick++) {
    room.run(1);
    heard.push(shareOfTone(room.heardBy('p1', 1), { hertz: toneHzOf(0), rateHz: RATE_HZ }));
  }
  // The tone and nothing else, in each 20 ms: a click would take a quarter of one.
  expect(Math.min(...heard)).toBeGreaterThan(0.93);
});

test('twelve at full scale at once are limited, and none of it is distorted', () => {
  const room = roomOf(12, () => ({ amplitude: 30_000 }), { talkerCountMax: 'all' });
  room.run(60);
  const samples = room.heardBy('p0', 25);
  const shares = names(12).map((_, index) =>
    shareOfTone(samples, { hertz: toneHzOf(index), rateHz: RATE_HZ }),
  );
  expect(shares.slice(1).reduce((sum, share) => sum + share, 0)).toBeGreaterThan(0.9);
  expect(rms(samples)).toBeGreaterThan(6_000);
});

test('a sound of nobody reaches the groups that it is for, once', () => {
  const room = roomOf(2, () => ({ talksAt: silent }));
  room.room.change('p1', { hears: 0b10 });
  room.run(10);
  const samples = toneSamples(
    { hertz: [800], durationMs: 200, level: 0.3 },
    { rateHz: RATE_HZ, from: 0, count: 9_600 },
  );
  room.room.play(samples);
  room.run(8);
  expect(shareOfTone(room.heardBy('p0', 5), { hertz: 800, rateHz: RATE_HZ })).toBeGreaterThan(0.98);
  expect(rms(room.heardBy('p1', 8))).toBe(0);
  room.run(24);
  expect(rms(room.heardBy('p0', 10))).toBeLessThan(5);
});

test('who talks is told once when it changes, the loudest first, and who leaves is told too', () => {
  const room = roomOf(3, (index) => ({
    amplitude: 1_000 * (index + 1),
    talksAt: index === 2 ? silent : () => true,
  }));
  room.run(10);
  expect(room.room.takeTalkers()).toEqual(['p1', 'p0']);
  expect(room.room.takeTalkers()).toBeUndefined();
  room.leave('p1');
  expect(room.room.takeTalkers()).toEqual(['p0']);
});

test('more ways of hearing than eight are refused, and change nothing', () => {
  const room = roomOf(10, () => ({ talksAt: silent }));
  const outcomes = names(9).map((id, index) => room.room.change(id, { hears: 1 << (index + 1) }));
  expect(outcomes).toEqual([...Array.from({ length: 7 }, () => 'done'), 'mixes-exceeded', 'mixes-exceeded']);
  expect(room.room.change('p0', { hears: 1 << 20 })).toBe('done');
  expect(room.room.change('nobody', {})).toBe('unknown');
  room.run(2);
});

test('a room takes as many as it may, each name once, and a place that is free again', () => {
  const room = roomOf(2, () => ({}), { legCountMax: 2 });
  expect(() => room.join({ id: 'p2', toneHz: 500 })).toThrow('could not join');
  room.leave('p0');
  room.join({ id: 'p2', toneHz: 500 });
  expect(() => room.join({ id: 'p2', toneHz: 500 })).toThrow('could not join');
  room.run(30);
  expect(room.whoIsHeardBy('p1', 15)).toEqual(['p2']);
  expect(room.room.usage(10_000)).toMatchObject({ peakParticipantCount: 2, participantMs: 20_000 });
});

test('datagrams of anything are counted and end nothing (fuzz)', () => {
  const room = roomOf(2);
  const header = fc.constantFrom(
    [0x80, 111],
    [0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0xbe, 0xde, 0, 1],
    [0x80, 200],
  );
  const datagram = fc
    .tuple(header, fc.uint8Array({ maxLength: 60 }))
    .map(([head, rest]) => Uint8Array.of(...head, ...rest));
  fc.assert(
    fc.property(fc.array(datagram, { maxLength: 12 }), (datagrams) => {
      for (const bytes of datagrams) room.inject('p0', bytes);
      room.run(1);
    }),
    { numRuns: 80 },
  );
  expect(room.room.statistics('p0')?.counts.foreign).toBeGreaterThan(0);
  room.run(60);
  expect(room.whoIsHeardBy('p1', 20)).toEqual(['p0']);
});
