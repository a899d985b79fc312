import { describe, expect, test } from 'vitest';
import { DtmfDetector, dtmfSamples, dtmfTone } from './dtmf.ts';
import { toneSamples } from './tone.ts';

const digits = '1234567890*#ABCD5550199';
/** Seeded: the same noise in each run (mulberry32, and Box and Muller's method). */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

describe('digits that are sounded (ITU-T Q.24)', () => {
  test.each([
    { rateHz: 8_000, toneMs: 100, pauseMs: 100 },
    { rateHz: 8_000, toneMs: 50, pauseMs: 50 },
    { rateHz: 8_000, toneMs: 40, pauseMs: 40 },
    { rateHz: 48_000, toneMs: 70, pauseMs: 50 },
  ])('at $rateHz Hz, $toneMs ms with pauses of $pauseMs ms, each is heard once', (timing) => {
    const clean = dtmfSamples(digits, timing);
    expect(new DtmfDetector(timing.rateHz).push(clean)).toBe(digits);
    const quiet = clean.map((sample) => sample * 0.06);
    expect(new DtmfDetector(timing.rateHz).push(quiet)).toBe(digits);
  });

  test('in frames of 10 ms as in one piece, a held key once, and the same key twice after a pause', () => {
    const samples = dtmfSamples('55', { rateHz: 8_000, toneMs: 400, pauseMs: 100 });
    const detector = new DtmfDetector(8_000);
    let heard = '';
    for (let at = 0; at < samples.length; at += 80) heard += detector.push(samples.subarray(at, at + 80));
    expect(heard).toBe('55');
  });

  test('at 15 dB over white noise all are heard, and the noise alone is none', () => {
    const noise = gaussian(1);
    const samples = dtmfSamples(digits, { rateHz: 8_000, toneMs: 50, pauseMs: 50 });
    // The tone of two halves of 0.35 has a mean square of 0.35² / 4.
    const level = Math.sqrt(0.35 ** 2 / 4 / 10 ** 1.5) * 32_768;
    expect(new DtmfDetector(8_000).push(samples.map((sample) => sample + noise() * level))).toBe(digits);
    const alone = Int16Array.from({ length: 80_000 }, () => noise() * 3_000);
    expect(new DtmfDetector(8_000).push(alone)).toBe('');
  });

  test('a single tone, a tone with much more in one group, and music of other pairs are no digit', () => {
    const heard = (hertz: readonly number[]) =>
      new DtmfDetector(8_000).push(
        toneSamples({ hertz, durationMs: 500, level: 0.5 }, { rateHz: 8_000, from: 0, count: 4_000 }),
      );
    for (const hertz of [[1_000], [697], [1_209], [440, 880], [350, 440], [480, 620]])
      expect(heard(hertz)).toBe('');
    expect(heard([770, 1_336])).toBe('5');
    expect(dtmfTone('x', 50)).toBeUndefined();
    expect(dtmfTone('', 50)).toBeUndefined();
  });
});
