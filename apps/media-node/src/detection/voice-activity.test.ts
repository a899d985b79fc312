import { VOICE_FRAME_SAMPLES, VOICE_RATE_HZ } from '@patchbay/dsp/voice-network';
import { expect, test } from 'vitest';
import { openVoiceNetwork } from './voice-activity.ts';

/** Something like three syllables: harmonics of a falling voice through two formants, with pauses between. */
function syllables(rateHz: number): Int16Array {
  const samples = new Int16Array(rateHz * 1.5);
  let phase = 0;
  for (let index = 0; index < samples.length; index++) {
    const seconds = index / rateHz;
    const inSyllable = (seconds % 0.5) / 0.32;
    phase += (2 * Math.PI * (150 - 30 * seconds)) / rateHz;
    if (inSyllable >= 1) continue;
    let sum = 0;
    for (let harmonic = 1; harmonic <= 24; harmonic++) {
      const hertz = harmonic * (150 - 30 * seconds);
      const first = Math.exp(-(((hertz - 500 - 300 * inSyllable) / 180) ** 2));
      const second = 0.5 * Math.exp(-(((hertz - 1_700 + 400 * inSyllable) / 250) ** 2));
      sum += (first + second + 0.05) * Math.sin(harmonic * phase);
    }
    samples[index] = Math.round(5_000 * Math.sin(Math.PI * inSyllable) * sum);
  }
  return samples;
}

/** What the network of Silero VAD v5 says of each frame of it, as ONNX Runtime 1.30.0 carries it out. */
const expected = [
  0.627, 0.644, 0.557, 0.455, 0.333, 0.361, 0.351, 0.448, 0.742, 0.829, 0.694, 0.294, 0.131, 0.076, 0.041,
  0.119, 0.457, 0.466, 0.411, 0.358, 0.229, 0.204, 0.194, 0.246, 0.519, 0.68, 0.252, 0.078, 0.029, 0.013,
  0.007, 0.176, 0.404, 0.357, 0.257, 0.222, 0.121, 0.144, 0.278, 0.263, 0.402, 0.434, 0.178, 0.063, 0.023,
  0.01,
];

test('the voice network says of each frame what its authors’ model says (SPD)', async () => {
  const network = await openVoiceNetwork();
  const samples = syllables(VOICE_RATE_HZ);
  const said = expected.map((_, index) =>
    network.next(samples.subarray(index * VOICE_FRAME_SAMPLES, (index + 1) * VOICE_FRAME_SAMPLES)),
  );
  for (const [index, probability] of said.entries())
    expect(Math.abs(probability - (expected[index] ?? 0)), `frame ${index}`).toBeLessThan(0.004);
});

test('each sound is heard by itself: one leaves nothing in another, and a frame has one length', async () => {
  const [one, other] = [await openVoiceNetwork(), await openVoiceNetwork()];
  const frame = syllables(VOICE_RATE_HZ).subarray(0, VOICE_FRAME_SAMPLES);
  const first = one.next(frame);
  expect(one.next(frame)).not.toBe(first);
  expect(other.next(frame)).toBe(first);
  expect(() => one.next(frame.subarray(1))).toThrow(RangeError);
});
