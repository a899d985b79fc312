import { goertzelCoefficient, goertzelPower } from './goertzel.ts';

/** Root mean square of 16-bit samples, 0 to 32768; of none, 0. */
export function rms(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

/** Which share of the energy of some samples one frequency has, 0 to 1. Of silence, 0. */
export function shareOfTone(
  samples: Int16Array,
  { hertz, rateHz }: { hertz: number; rateHz: number },
): number {
  const block = Float32Array.from(samples, (sample) => sample / 32_768);
  let energy = 0;
  for (const value of block) energy += value * value;
  if (energy === 0) return 0;
  const power = goertzelPower(block, goertzelCoefficient(hertz, rateHz));
  return Math.min(1, (power * 2) / block.length / energy);
}
