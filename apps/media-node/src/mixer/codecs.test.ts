import { rms, shareOfTone } from '@patchbay/dsp/level';
import { toneSamples } from '@patchbay/dsp/tone';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AudioCodec, opusDefaults } from './codec.ts';
import { codecs } from './codecs.ts';
import { opusDurationMs } from './opus-codec.ts';

const RATE_HZ = 48_000;
const FRAME = 960;
const tone = toneSamples(
  { hertz: [700], durationMs: 10_000, level: 0.3 },
  { rateHz: RATE_HZ, from: 0, count: 30 * FRAME },
);
const frames = Array.from({ length: 30 }, (_, index) => tone.slice(index * FRAME, (index + 1) * FRAME));
const durationOf = (codec: AudioCodec, payload: Uint8Array) => codec.durationMsOf(payload, 0, payload.length);

test.each(Object.values(codecs))(
  '$name: a tone comes through, and each payload says that it is 20 ms',
  (codec) => {
    const encoder = codec.openEncoder(RATE_HZ, opusDefaults);
    const decoder = codec.openDecoder(RATE_HZ);
    const out = new Int16Array(frames.length * FRAME);
    for (const [index, frame] of frames.entries()) {
      const payload = encoder.encode(frame);
      expect(durationOf(codec, payload)).toBe(20);
      expect(decoder.decode(payload, out.subarray(index * FRAME))).toBe(FRAME);
    }
    expect(shareOfTone(out.subarray(10 * FRAME), { hertz: 700, rateHz: RATE_HZ })).toBeGreaterThan(0.95);
  },
);

test.each(Object.values(codecs))(
  '$name: what is missing grows softer and ends in silence, of nothing too',
  (codec) => {
    const encoder = codec.openEncoder(RATE_HZ, opusDefaults);
    const decoder = codec.openDecoder(RATE_HZ);
    const out = new Int16Array(FRAME);
    decoder.conceal(out);
    expect(rms(out)).toBe(0);
    for (const frame of frames) decoder.decode(encoder.encode(frame), out);
    const before = rms(out);
    decoder.conceal(out);
    expect(rms(out)).toBeGreaterThan(before / 10);
    for (let count = 0; count < 10; count++) decoder.conceal(out);
    expect(rms(out)).toBeLessThan(before / 30);
    decoder.reset();
    decoder.conceal(out);
    expect(rms(out)).toBe(0);
  },
);

test('Opus: how long a packet is, as RFC 6716 §3.1 has it', () => {
  const of = (...bytes: number[]) => opusDurationMs(Uint8Array.from(bytes), 0, bytes.length);
  const code = (configuration: number, count: number) => (configuration << 3) | count;
  expect([0, 1, 2, 3].map((configuration) => of(code(configuration, 0)))).toEqual([10, 20, 40, 60]);
  expect([12, 13, 14, 15].map((configuration) => of(code(configuration, 0)))).toEqual([10, 20, 10, 20]);
  expect([16, 17, 18, 31].map((configuration) => of(code(configuration, 0)))).toEqual([2.5, 5, 10, 20]);
  expect([of(code(15, 1)), of(code(15, 2)), of(code(15, 3), 3)]).toEqual([40, 40, 60]);
  // None, no count, more than 120 ms.
  expect([of(), of(code(15, 3)), of(code(15, 3), 0), of(code(3, 3), 3)]).toEqual([0, 0, 0, 0]);
});

test('Opus: whatever strangers send, nothing is thrown, and what is said to be long is as long (fuzz)', () => {
  const decoder = codecs.opus.openDecoder(RATE_HZ);
  const out = new Int16Array(5_760);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (payload) => {
      const count = decoder.decode(payload, out);
      expect(count).toBeLessThanOrEqual(out.length);
      if (count > 0) expect((count * 1_000) / RATE_HZ).toBe(durationOf(codecs.opus, payload));
      decoder.conceal(out.subarray(0, FRAME));
    }),
    { numRuns: 300 },
  );
});

/**
 * What a listener hears who is given from one encoder to another: the error against the stream that was never switched, in the frame
 * of the switch, in dB of the sound.
 */
function switchErrorDb(warmFrames: number): number {
  const speech = frames.map((frame, at) =>
    frame.map((value, index) => value * (0.6 + 0.4 * Math.sin((at * FRAME + index) / 3_000))),
  );
  const [stays, comes] = [
    codecs.opus.openEncoder(RATE_HZ, opusDefaults),
    codecs.opus.openEncoder(RATE_HZ, opusDefaults),
  ];
  const [one, other] = [codecs.opus.openDecoder(RATE_HZ), codecs.opus.openDecoder(RATE_HZ)];
  const [steady, switched] = [new Int16Array(FRAME), new Int16Array(FRAME)];
  let error = 0;
  for (const [index, frame] of speech.entries()) {
    const payload = stays.encode(frame);
    one.decode(payload, steady);
    const own = index >= 20 - warmFrames ? comes.encode(frame) : payload;
    other.decode(index >= 20 ? own : payload, switched);
    if (index === 20) error = rms(steady.map((value, at) => value - (switched[at] ?? 0))) / rms(steady);
  }
  return 20 * Math.log10(error);
}

test('a listener who gets another encoder hears no click, when that encoder had five frames before', () => {
  expect(switchErrorDb(5)).toBeLessThan(-15);
  expect(switchErrorDb(0)).toBeGreaterThan(-10);
});
