/** Test signals and the check on them: speech-like noise that carries one identifying tone. */

/** When a flow talks: `onMs` of each `onMs` and `offMs`, from `phaseMs` on. */
export type Talk =
  | 'always'
  | 'off'
  | { readonly onMs: number; readonly offMs: number; readonly phaseMs: number };

/** Small and seeded, so that a flow's sound is the same in every run. */
function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Tones for `count` flows between 1000 and about 3100 Hz, above the voice's strong resonances. The spacing is uneven on purpose:
 * on an even grid, the products of a clipping mixer would fall exactly on other flows' tones.
 */
export function toneFor(index: number, count: number): number {
  const step = Math.min(90, Math.floor(2100 / count));
  return 1000 + index * step + ((index * index * 7) % Math.max(2, Math.floor(step / 2)));
}

export function isTalking(talk: Talk, ms: number): boolean {
  if (talk === 'always') return true;
  if (talk === 'off') return false;
  return (ms + talk.phaseMs) % (talk.onMs + talk.offMs) < talk.onMs;
}

interface Speech {
  readonly toneHz: number;
  readonly rateHz: number;
  readonly seconds: number;
  readonly talk: Talk;
  readonly seed: number;
}

/**
 * `seconds` of mono 16-bit sound: pulses at a wandering pitch through three resonators, cut into syllables, about -33 dBFS, with the
 * tone at the same level; near-silence while not talking. The tone is continuous over the loop when all are whole numbers.
 */
export function speechWithTone({ toneHz, rateHz, seconds, talk, seed }: Speech): Int16Array {
  const next = random(seed);
  const samples = new Int16Array(rateHz * seconds);
  const resonators = [
    { hertz: 380, width: 80 },
    { hertz: 680, width: 110 },
    { hertz: 3600, width: 160 },
  ].map(({ hertz, width }) => {
    const radius = Math.exp((-Math.PI * width) / rateHz);
    const angle = (2 * Math.PI * hertz * (0.9 + 0.2 * next())) / rateHz;
    return { a: 2 * radius * Math.cos(angle), b: -radius * radius, y1: 0, y2: 0 };
  });
  let pitchHz = 95 + 130 * next();
  let pulse = 0;
  const syllablesPerSecond = 3 + 2 * next();
  for (let index = 0; index < samples.length; index++) {
    const time = index / rateHz;
    const noise = 12 * (next() - 0.5);
    if (!isTalking(talk, time * 1000)) {
      samples[index] = noise;
      continue;
    }
    if (index % 480 === 0) pitchHz = Math.min(260, Math.max(80, pitchHz * (1 + 0.04 * (next() - 0.5))));
    pulse += pitchHz / rateHz;
    let excitation = 0.02 * (next() - 0.5);
    if (pulse >= 1) {
      pulse -= 1;
      excitation += 1;
    }
    let voice = 0;
    for (const each of resonators) {
      const y = excitation + each.a * each.y1 + each.b * each.y2;
      each.y2 = each.y1;
      each.y1 = y;
      voice += y;
    }
    const envelope = Math.max(0, Math.sin(2 * Math.PI * syllablesPerSecond * time) + 0.4);
    const tone = 700 * Math.sin((2 * Math.PI * toneHz * index) / rateHz);
    samples[index] = Math.max(-32767, Math.min(32767, 170 * envelope * voice + tone + noise));
  }
  return samples;
}

/** A Goertzel filter over so many samples, through a window that keeps a neighbour's tone out. */
export function powerOf(
  samples: Int16Array,
  { start, count, rateHz }: { start: number; count: number; rateHz: number },
  hertz: number,
): number {
  const angle = (2 * Math.PI * hertz) / rateHz;
  const c = 2 * Math.cos(angle);
  let s1 = 0;
  let s2 = 0;
  for (let index = 0; index < count; index++) {
    const x = (samples[start + index] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * index) / count));
    const s0 = x + c * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  return s1 * s1 + s2 * s2 - c * s1 * s2;
}

/**
 * How far a tone stands above the bins around it, in dB, in the best window of one second. The neighbours are 8 to 17 Hz away, clear
 * of the window's main lobe.
 */
export function toneProminenceDb(samples: Int16Array, rateHz: number, hertz: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let start = 0; start + rateHz <= samples.length; start += rateHz) {
    const at = { start, count: rateHz, rateHz };
    const around = [-17, -13, -11, -8, 8, 11, 13, 17]
      .map((away) => powerOf(samples, at, hertz + away))
      .sort((one, other) => one - other);
    best = Math.max(best, 10 * Math.log10((powerOf(samples, at, hertz) + 1) / ((around[4] ?? 0) + 1)));
  }
  return best;
}
