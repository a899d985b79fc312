/** Full scale of a 16-bit sample. */
const FULL_SCALE = 32_767;
/** A tone does not begin or end with a click: it rises and falls in this time. */
const FADE_MS = 5;

export interface Tone {
  /** Sounded together, each with an equal part of the level. */
  readonly hertz: readonly number[];
  readonly durationMs: number;
  /** Peak of all of them together, of full scale: 0 to 1. */
  readonly level: number;
}

/** Some samples of a tone, from one of them on: of what lies behind its end, silence. */
export function toneSamples(
  { hertz, durationMs, level }: Tone,
  { rateHz, from, count }: { readonly rateHz: number; readonly from: number; readonly count: number },
): Int16Array {
  const total = Math.round((durationMs * rateHz) / 1_000);
  const fade = Math.max(1, Math.round((FADE_MS * rateHz) / 1_000));
  const samples = new Int16Array(count);
  for (let index = 0; index < count && from + index < total; index++) {
    const at = from + index;
    const shape = Math.min(1, (at + 1) / fade, (total - at) / fade);
    let sum = 0;
    for (const one of hertz) sum += Math.sin((2 * Math.PI * one * at) / rateHz);
    samples[index] = Math.round((sum / hertz.length) * level * shape * FULL_SCALE);
  }
  return samples;
}
