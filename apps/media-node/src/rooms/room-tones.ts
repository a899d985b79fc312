import { toneSamples } from '@patchbay/dsp/tone';

/** As rooms mix. */
const RATE_HZ = 48_000;
const NOTE_MS = 150;
/** Softer than whoever talks. */
const LEVEL = 0.12;

function notes(...hertz: readonly number[]): Int16Array {
  const count = (RATE_HZ * NOTE_MS) / 1_000;
  const samples = new Int16Array(hertz.length * count);
  for (const [index, note] of hertz.entries())
    samples.set(
      toneSamples({ hertz: [note], durationMs: NOTE_MS, level: LEVEL }, { rateHz: RATE_HZ, from: 0, count }),
      index * count,
    );
  return samples;
}

/** Somebody came: two notes up. */
export const entryTone = notes(523, 784);
/** Somebody went: the same two down. */
export const exitTone = notes(784, 523);
