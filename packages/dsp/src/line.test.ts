import { expect, test } from 'vitest';
import { Concealer } from './concealment.ts';
import { alawSamples, decodeG711, encodeG711, mulawSamples } from './g711.ts';
import { minusDbovOf, rms, shareOfTone } from './level.ts';
import { Downsampler, Upsampler } from './rate-change.ts';
import { toneSamples } from './tone.ts';

const LINE_HZ = 8_000;
const FRAME = 160;
const sine = (hertz: number, rateHz: number, count: number) =>
  toneSamples({ hertz: [hertz], durationMs: 60_000, level: 0.5 }, { rateHz, from: 0, count });

test.each(['mulaw', 'alaw'] as const)('each code of %s is what its sample is encoded as', (law) => {
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
  const samples = new Int16Array(256);
  decodeG711(law, codes, samples);
  expect(samples).toEqual(law === 'mulaw' ? mulawSamples : alawSamples);
  const again = new Uint8Array(256);
  encodeG711(law, samples, again);
  const back = new Int16Array(256);
  decodeG711(law, again, back);
  // Two codes of mu-law are 0.
  expect(back).toEqual(samples);
});

test('sound on a line is 37 dB better than what it adds, and full scale stays full scale', () => {
  const samples = sine(1_004, LINE_HZ, 1_600);
  const codes = new Uint8Array(1_600);
  encodeG711('mulaw', samples, codes);
  const back = new Int16Array(1_600);
  decodeG711('mulaw', codes, back);
  const noise = Int16Array.from(back, (value, index) => value - (samples[index] ?? 0));
  expect(20 * Math.log10(rms(samples) / rms(noise))).toBeGreaterThan(37);
  encodeG711('alaw', Int16Array.of(32_767, -32_768), codes);
  decodeG711('alaw', codes.subarray(0, 2), back);
  expect([back[0], back[1]]).toEqual([32_256, -32_256]);
});

test.each([2, 6])('a tone goes to %i times the rate and back, frame by frame, and is the same', (factor) => {
  const [up, down] = [new Upsampler(factor), new Downsampler(factor)];
  const samples = sine(1_000, LINE_HZ, 20 * FRAME);
  const back: number[] = [];
  const high: number[] = [];
  for (let frame = 0; frame < 20; frame++) {
    const raised = new Int16Array(FRAME * factor);
    up.process(samples.subarray(frame * FRAME, (frame + 1) * FRAME), raised);
    const lowered = new Int16Array(FRAME);
    down.process(raised, lowered);
    high.push(...raised);
    back.push(...lowered);
  }
  const settled = Int16Array.from(back.slice(2 * FRAME));
  expect(shareOfTone(settled, { hertz: 1_000, rateHz: LINE_HZ })).toBeGreaterThan(0.9999);
  expect(rms(settled) / rms(samples)).toBeCloseTo(1, 1);
  const raised = Int16Array.from(high.slice(2 * FRAME * factor));
  expect(shareOfTone(raised, { hertz: 1_000, rateHz: LINE_HZ * factor })).toBeGreaterThan(0.9999);
});

test('what a line cannot hold is not folded down into it', () => {
  const down = new Downsampler(6);
  const out = new Int16Array(1_600);
  const samples = sine(6_000, 48_000, 9_600);
  down.process(samples, out);
  expect(20 * Math.log10(rms(out.subarray(200)) / rms(samples))).toBeLessThan(-50);
});

test('a voice that is lost for 20 ms goes on at its pitch, and there is no jump at either end', () => {
  const concealer = new Concealer(LINE_HZ);
  const voice = sine(125, LINE_HZ, 8 * FRAME);
  for (let frame = 0; frame < 4; frame++) concealer.keep(voice.slice(frame * FRAME, (frame + 1) * FRAME));
  const missing = new Int16Array(FRAME);
  concealer.conceal(missing);
  const next = voice.slice(5 * FRAME, 6 * FRAME);
  concealer.keep(next);
  const heard = [...voice.slice(3 * FRAME, 4 * FRAME), ...missing, ...next];
  const steepest = (2 * Math.PI * 125 * 16_384) / LINE_HZ;
  for (let index = 1; index < heard.length; index++)
    expect(Math.abs((heard[index] ?? 0) - (heard[index - 1] ?? 0))).toBeLessThan(2 * steepest);
  expect(rms(missing)).toBeGreaterThan(0.7 * rms(voice));
});

test('what stays away falls to silence within 60 ms, of nothing that came before too', () => {
  const concealer = new Concealer(LINE_HZ);
  const frame = new Int16Array(FRAME);
  concealer.conceal(frame);
  expect(rms(frame)).toBe(0);
  concealer.keep(sine(200, LINE_HZ, FRAME));
  const levels = Array.from({ length: 4 }, () => {
    concealer.conceal(frame);
    return rms(frame);
  });
  expect(levels).toEqual(levels.toSorted((one, other) => other - one));
  expect(levels[3]).toBe(0);
});

test('levels are those of RFC 6464: 0 is full scale, a sine of half of it 9, silence 127', () => {
  expect(minusDbovOf(new Int16Array(160).fill(32_767))).toBe(0);
  expect(minusDbovOf(sine(1_000, LINE_HZ, 800))).toBe(9);
  expect([minusDbovOf(new Int16Array(160)), minusDbovOf(new Int16Array())]).toEqual([127, 127]);
  expect(minusDbovOf(new Int16Array(160).fill(1))).toBe(90);
});
