/** A gain changes over so many samples: one jump of it would be heard as a click. */
const RAMP_SAMPLES = 240;
/** 12 dB: more is noise that is made louder. */
export const gainMax = 4;

/** Writes some samples times a gain, which goes from one value to another at the beginning. */
export function applyGain(
  samples: Int16Array,
  { from, to }: { readonly from: number; readonly to: number },
  out: Int32Array,
): void {
  const rampSamples = from === to ? 0 : Math.min(RAMP_SAMPLES, samples.length);
  for (let index = 0; index < rampSamples; index++) {
    const gain = from + ((to - from) * (index + 1)) / rampSamples;
    out[index] = Math.round((samples[index] ?? 0) * gain);
  }
  if (to === 1) {
    for (let index = rampSamples; index < samples.length; index++) out[index] = samples[index] ?? 0;
  } else {
    for (let index = rampSamples; index < samples.length; index++)
      out[index] = Math.round((samples[index] ?? 0) * to);
  }
}

/** Adds one sound to a sum. 16 bits of 32 are left for them: more than any room has talkers. */
export function addTo(sum: Int32Array, sound: Int32Array): void {
  for (let index = 0; index < sum.length; index++) sum[index] = (sum[index] ?? 0) + (sound[index] ?? 0);
}

/** What somebody hears who is in a sum: all of it but the own sound. */
export function withoutOwn(sum: Int32Array, own: Int32Array, out: Int32Array): void {
  for (let index = 0; index < sum.length; index++) out[index] = (sum[index] ?? 0) - (own[index] ?? 0);
}

/** Goes from one sound to another over all of both, into the second: two frames become one. */
export function crossfade(from: Int16Array, into: Int16Array): void {
  const length = into.length;
  for (let index = 0; index < length; index++) {
    const share = (index + 1) / length;
    into[index] = Math.round((from[index] ?? 0) * (1 - share) + (into[index] ?? 0) * share);
  }
}
