/** What the filter of a frequency multiplies by (Goertzel, 1958). */
export const goertzelCoefficient = (hertz: number, rateHz: number): number =>
  2 * Math.cos((2 * Math.PI * hertz) / rateHz);

/** The squared magnitude of one frequency in a block, not normalised: of a sine of amplitude a, (a · length / 2)². */
export function goertzelPower(block: Float32Array, coefficient: number): number {
  let s1 = 0;
  let s2 = 0;
  for (const value of block) {
    const s0 = value + coefficient * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  return s1 * s1 + s2 * s2 - coefficient * s1 * s2;
}
