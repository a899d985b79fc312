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

/** What a level is of silence, and of what is 127 dB or more below full scale. */
export const silenceMinusDbov = 127;

/** How far some samples are below full scale, as RFC 6464 §3 writes it: 0, the loudest, to 127. */
export function minusDbovOf(samples: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index] ?? 0;
    sum += sample * sample;
  }
  if (sum === 0) return silenceMinusDbov;
  const minusDbov = -10 * Math.log10(sum / samples.length / 32_767 ** 2);
  return Math.max(0, Math.min(silenceMinusDbov, Math.round(minusDbov)));
}
