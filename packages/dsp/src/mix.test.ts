import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rms, shareOfTone } from './level.ts';
import { Limiter } from './limiter.ts';
import { addTo, applyGain, crossfade, withoutOwn } from './mix.ts';
import { toneSamples } from './tone.ts';

const FRAME = 960;
/** What the limiter holds back: an eighth of a frame. */
const DELAY = FRAME / 8;
const sound = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 8, maxLength: 8 });

test('a sum without the own sound is the sum of all others, to the bit (property)', () => {
  fc.assert(
    fc.property(fc.array(sound, { minLength: 1, maxLength: 40 }), (sounds) => {
      const sum = new Int32Array(8);
      for (const each of sounds) addTo(sum, Int32Array.from(each));
      const others = new Int32Array(8);
      withoutOwn(sum, Int32Array.from(sounds[0] ?? []), others);
      const expected = new Int32Array(8);
      for (const each of sounds.slice(1)) addTo(expected, Int32Array.from(each));
      expect(others).toEqual(expected);
    }),
  );
});

test('a gain that stays is exact; one that changes goes there in 5 ms, without a jump', () => {
  const samples = new Int16Array(FRAME).fill(1_000);
  const out = new Int32Array(FRAME);
  applyGain(samples, { from: 1, to: 1 }, out);
  expect(out).toEqual(new Int32Array(FRAME).fill(1_000));
  applyGain(samples, { from: 0.5, to: 0.5 }, out);
  expect(out).toEqual(new Int32Array(FRAME).fill(500));
  applyGain(samples, { from: 1, to: 0 }, out);
  expect([out[0], out[239], out[240], out[FRAME - 1]]).toEqual([996, 0, 0, 0]);
  applyGain(samples, { from: 0, to: 4 }, out);
  for (let index = 1; index < FRAME; index++)
    expect(Math.abs((out[index] ?? 0) - (out[index - 1] ?? 0))).toBeLessThan(20);
});

test('two frames become one that begins as the first and ends as the second', () => {
  const second = new Int16Array(100).fill(-1_000);
  crossfade(new Int16Array(100).fill(1_000), second);
  expect([second[0], second[49], second[99]]).toEqual([980, 0, -1_000]);
});

test('what never exceeds full scale leaves the limiter unchanged, 2.5 ms later (property)', () => {
  const quiet = fc.array(fc.integer({ min: -32_767, max: 32_767 }), {
    minLength: 2 * FRAME,
    maxLength: 2 * FRAME,
  });
  fc.assert(
    fc.property(quiet, (samples) => {
      const limiter = new Limiter(FRAME);
      const out = [0, 1].flatMap((frame) => {
        const part = new Int16Array(FRAME);
        limiter.process(Int32Array.from(samples.slice(frame * FRAME, (frame + 1) * FRAME)), part);
        return [...part];
      });
      expect(out.slice(DELAY)).toEqual(samples.slice(0, -DELAY));
    }),
    { numRuns: 8 },
  );
});

test('whatever comes in, nothing wraps around or is cut off at full scale, and the gain has no jump (property)', () => {
  // A constant as loud as may be shows the gain itself.
  const loudness = fc.array(fc.oneof(fc.constant(20_000), fc.integer({ min: -9_000_000, max: 9_000_000 })), {
    minLength: 4,
    maxLength: 24,
  });
  fc.assert(
    fc.property(loudness, (parts) => {
      const limiter = new Limiter(FRAME);
      const samples = parts.flatMap((value) => Array.from({ length: 240 }, () => value));
      const out: number[] = [];
      for (let at = 0; at + FRAME <= samples.length; at += FRAME) {
        const frame = new Int16Array(FRAME);
        limiter.process(Int32Array.from(samples.slice(at, at + FRAME)), frame);
        out.push(...frame);
      }
      let before: number | undefined;
      let steepest = 0;
      let isTurned = false;
      for (const [index, value] of out.slice(DELAY).entries()) {
        const into = samples[index] ?? 0;
        isTurned ||= into * value < 0;
        const gain = Math.abs(into) < 1_000 ? undefined : value / into;
        if (gain !== undefined && before !== undefined)
          steepest = Math.max(steepest, Math.abs(gain - before));
        before = gain;
      }
      // Samples that wrapped around would have another sign; those that were cut off, a gain that jumps.
      expect(isTurned).toBe(false);
      expect(steepest).toBeLessThan(1 / DELAY + 0.002);
      expect(Math.max(...out.map(Math.abs))).toBeLessThanOrEqual(32_767);
    }),
    { numRuns: 40 },
  );
});

test('a sine of three times full scale comes out as a sine, where clipping would make others of it', () => {
  const limiter = new Limiter(FRAME);
  const tone = toneSamples(
    { hertz: [997], durationMs: 400, level: 1 },
    { rateHz: 48_000, from: 0, count: 16 * FRAME },
  );
  const frames = Array.from({ length: 16 }, (_, index) => {
    const out = new Int16Array(FRAME);
    const sum = Int32Array.from(tone.subarray(index * FRAME, (index + 1) * FRAME), (value) => 3 * value);
    expect(limiter.process(sum, out)).toBe(true);
    return out;
  });
  const settled = Int16Array.from(frames.slice(4).flatMap((frame) => [...frame]));
  expect(shareOfTone(settled, { hertz: 997, rateHz: 48_000 })).toBeGreaterThan(0.999);
  expect(rms(settled)).toBeGreaterThan(0.9 * 32_767 * Math.SQRT1_2);
});

test('after a peak the gain comes back within 200 ms; silence is told as such', () => {
  const limiter = new Limiter(FRAME);
  const out = new Int16Array(FRAME);
  limiter.process(new Int32Array(FRAME).fill(3_000_000), out);
  for (let count = 0; count < 11; count++) limiter.process(new Int32Array(FRAME).fill(1_000), out);
  expect(out.at(-1)).toBe(1_000);
  expect(limiter.process(new Int32Array(FRAME), out)).toBe(true);
  expect(limiter.process(new Int32Array(FRAME), out)).toBe(false);
});

test('a limiter that goes on as another one has its sound and its gain', () => {
  const [first, second] = [new Limiter(FRAME), new Limiter(FRAME)];
  first.process(new Int32Array(FRAME).fill(90_000), new Int16Array(FRAME));
  second.copyFrom(first);
  const [one, other] = [new Int16Array(FRAME), new Int16Array(FRAME)];
  first.process(new Int32Array(FRAME).fill(5_000), one);
  second.process(new Int32Array(FRAME).fill(5_000), other);
  expect(other).toEqual(one);
});

test('a frame that has no eight parts is refused', () => expect(() => new Limiter(100)).toThrow(RangeError));
