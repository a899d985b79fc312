import { expect, test } from 'vitest';
import { BeepDetector } from './beep-detector.ts';
import { toneSamples } from './tone.ts';

const RATE_HZ = 16_000;
const samplesOf = (ms: number) => Math.round((ms * RATE_HZ) / 1_000);
const tone = (hertz: number, durationMs: number) =>
  toneSamples(
    { hertz: [hertz], durationMs, level: 0.25 },
    { rateHz: RATE_HZ, from: 0, count: samplesOf(durationMs) },
  );
const joined = (...parts: readonly Int16Array[]) => Int16Array.from(parts.flatMap((part) => [...part]));
const silence = (ms: number) => new Int16Array(samplesOf(ms));

/** In pieces that are no blocks. */
function beepsIn(samples: Int16Array) {
  const detector = new BeepDetector(RATE_HZ);
  const beeps = [];
  for (let at = 0; at < samples.length; at += 331)
    beeps.push(...detector.push(samples.subarray(at, at + 331)));
  return beeps;
}

test.each([440, 850, 1_000, 1_400])('a beep of %i Hz is heard where it is', (hertz) => {
  const [beep, ...more] = beepsIn(joined(silence(700), tone(hertz, 300), silence(500)));
  expect(more).toEqual([]);
  expect(Math.abs((beep?.startMs ?? 0) - 700)).toBeLessThan(50);
  expect(Math.abs((beep?.durationMs ?? 0) - 300)).toBeLessThan(80);
  expect(Math.abs((beep?.hertz ?? 0) - hertz)).toBeLessThan(20);
});

test('a click, a tone that goes on, two tones at once, noise and silence are none', () => {
  let seed = 7;
  const noise = Int16Array.from({ length: RATE_HZ }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return (seed / 2_147_483_647 - 0.5) * 20_000;
  });
  const high = tone(1_209, 400);
  const two = tone(697, 400).map((sample, index) => sample / 2 + (high[index] ?? 0) / 2);
  for (const sound of [tone(1_000, 60), tone(1_000, 3_000), two, noise, silence(1_000)])
    expect(beepsIn(joined(silence(300), sound, silence(500)))).toEqual([]);
});
