import { expect, test } from 'vitest';
import { alawSamples, mulawSamples } from './g711.ts';
import { rms, shareOfTone } from './level.ts';
import { Resampler } from './resample.ts';
import { toneSamples } from './tone.ts';
import { readWav } from './wav.ts';

const sine = (hertz: number, rateHz: number, count: number) =>
  toneSamples({ hertz: [hertz], durationMs: 60_000, level: 0.5 }, { rateHz, from: 0, count });

interface WavOptions {
  readonly code?: number;
  readonly rateHz?: number;
  readonly channels?: number;
  readonly bits?: number;
}
function wav(data: Uint8Array, { code = 1, rateHz = 8_000, channels = 1, bits = 16 }: WavOptions = {}) {
  const bytes = new Uint8Array(46 + data.length);
  const view = new DataView(bytes.buffer);
  const text = (at: number, name: string) => bytes.set(new TextEncoder().encode(name), at);
  text(0, 'RIFF');
  text(8, 'WAVE');
  text(12, 'fmt ');
  view.setUint32(16, 18, true);
  view.setUint16(20, code, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rateHz, true);
  view.setUint16(34, bits, true);
  text(38, 'data');
  view.setUint32(42, data.length, true);
  bytes.set(data, 46);
  return bytes;
}

test('a tone has the level that it is asked for, at its frequency, without a click at either end', () => {
  const tone = { hertz: [1_000], durationMs: 100, level: 0.5 };
  const samples = toneSamples(tone, { rateHz: 48_000, from: 0, count: 9_600 });
  const middle = samples.subarray(480, 4_320);
  expect(rms(middle) / (0.5 * 32_767 * Math.SQRT1_2)).toBeCloseTo(1, 2);
  expect(shareOfTone(middle, { hertz: 1_000, rateHz: 48_000 })).toBeGreaterThan(0.99);
  expect(shareOfTone(middle, { hertz: 1_500, rateHz: 48_000 })).toBeLessThan(0.01);
  expect(Math.abs(samples[4_799] ?? 0)).toBeLessThan(200);
  expect(rms(samples.subarray(4_800))).toBe(0);
  // In pieces as at once.
  const second = toneSamples(tone, { rateHz: 48_000, from: 480, count: 480 });
  expect(second).toEqual(samples.slice(480, 960));
  expect([rms(new Int16Array()), shareOfTone(new Int16Array(8), { hertz: 1, rateHz: 8 })]).toEqual([0, 0]);
});

test.each([8_000, 11_025, 16_000, 22_050, 44_100, 96_000])(
  'a sine of %i Hz samples is the same sine at 48 kHz, in frames of 10 ms',
  (fromHz) => {
    const resampler = new Resampler({ samples: sine(1_000, fromHz, fromHz / 5), fromHz, toHz: 48_000 });
    const frames: number[] = [];
    while (!resampler.isOver) frames.push(...resampler.next(480));
    expect(frames.length).toBe(9_600);
    const middle = Int16Array.from(frames.slice(2_400, 7_200));
    expect(shareOfTone(middle, { hertz: 1_000, rateHz: 48_000 })).toBeGreaterThan(0.999);
    expect(rms(middle) / (0.5 * 32_767 * Math.SQRT1_2)).toBeCloseTo(1, 1);
    expect(rms(resampler.next(480))).toBe(0);
  },
);

test('what a lower rate cannot hold is not folded down into it', () => {
  const samples = sine(15_000, 48_000, 9_600);
  const out = new Resampler({ samples, fromHz: 48_000, toHz: 8_000 }).next(1_600);
  expect(rms(out.subarray(200, 1_400)) / rms(samples)).toBeLessThan(0.01);
});

test('WAVE: 16, 8, 24 bits, two channels, both laws of G.711, a chunk in between, and one that is cut off', () => {
  const samples = Int16Array.of(0, 1_000, -1_000, 32_767, -32_768);
  const pcm = new Uint8Array(samples.buffer);
  expect(readWav(wav(pcm))).toEqual({ rateHz: 8_000, samples });
  expect(readWav(wav(Uint8Array.of(128, 255, 0), { bits: 8 }))).toMatchObject({
    samples: Int16Array.of(0, 32_512, -32_768),
  });
  expect(readWav(wav(Uint8Array.of(9, 0, 1, 9, 0, 255), { bits: 24 }))).toMatchObject({
    samples: Int16Array.of(256, -256),
  });
  const stereo = Int16Array.of(100, 300, -100, -300);
  expect(readWav(wav(new Uint8Array(stereo.buffer), { channels: 2 }))).toMatchObject({
    samples: Int16Array.of(200, -200),
  });
  // ITU-T G.711, tables 1a and 2a: the largest values, and silence.
  expect([mulawSamples[0x80], mulawSamples[0x00], mulawSamples[0xff]]).toEqual([32_124, -32_124, 0]);
  expect([alawSamples[0xaa], alawSamples[0x2a], alawSamples[0xd5]]).toEqual([32_256, -32_256, 8]);
  expect(readWav(wav(Uint8Array.of(0x80, 0xff), { code: 7, bits: 8 }))).toMatchObject({
    samples: Int16Array.of(32_124, 0),
  });
  expect(readWav(wav(Uint8Array.of(0xaa), { code: 6, bits: 8 }))).toMatchObject({
    samples: Int16Array.of(32_256),
  });
  expect(readWav(wav(pcm).subarray(0, 50))).toMatchObject({ samples: samples.subarray(0, 2) });
});

test.each([
  [new TextEncoder().encode('<html>no sound here</html>'), 'It is no WAVE file.'],
  [new Uint8Array(), 'It is no WAVE file.'],
  [wav(new Uint8Array(4), { code: 85 }), 'Its format 85 is not read: PCM, A-law and mu-law are.'],
  [wav(new Uint8Array(4), { bits: 12 }), 'Samples of 12 bits are not read.'],
  [wav(new Uint8Array(4), { channels: 0 }), 'It has 0 channels; 1 to 8 are read.'],
  [wav(new Uint8Array(4), { rateHz: 1 }), 'It has 1 samples a second; 8000 to 96000 are read.'],
  [wav(new Uint8Array(4)).subarray(0, 38), 'There is no sound in it.'],
  [wav(new Uint8Array(4)).subarray(0, 30), 'Its format is cut off.'],
])('what is no sound that is read is said in words: %#', (bytes, problem) => {
  expect(readWav(bytes)).toEqual({ problem });
});
