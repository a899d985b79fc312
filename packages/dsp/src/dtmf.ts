import { goertzelCoefficient, goertzelPower } from './goertzel.ts';
import { type Tone, toneSamples } from './tone.ts';

// ITU-T Q.23: the frequencies. Q.24: what an exchange has to accept.
const rowsHz = [697, 770, 852, 941];
const columnsHz = [1_209, 1_336, 1_477, 1_633];
const keypad = ['123A', '456B', '789C', '*0#D'];

/** 25.6 ms: the eight tones fall close to the centres of bins. */
const BLOCK_SAMPLES_AT_8K = 205;
/** Column over row. */
const TWIST_DB_MAX = 6;
const TWIST_DB_MIN = -9;
/** Energy of the two tones over all energy in the block. */
const TONE_SHARE_MIN = 0.72;
/** 8 dB over every other tone of the same group. */
const NEIGHBOUR_RATIO_MIN = 6.3;
/** -57 dB of full scale. */
const MEAN_SQUARE_MIN = 2e-6;
const MISSES_TO_RELEASE = 2;

/**
 * Hears digits that are sounded: eight filters on blocks that overlap by half. A key counts when two blocks in a row agree,
 * which takes 40 ms of it, and again after two blocks without it.
 */
export class DtmfDetector {
  readonly #block: Float32Array;
  readonly #hop: number;
  readonly #coefficients: readonly number[];
  #filled = 0;
  #previousKey: string | undefined;
  #heldKey: string | undefined;
  #missCount = 0;

  /** @param rateHz of all samples that are pushed. */
  constructor(rateHz: number) {
    const size = Math.floor((BLOCK_SAMPLES_AT_8K * rateHz) / 8_000);
    this.#block = new Float32Array(size);
    this.#hop = size >> 1;
    this.#coefficients = [...rowsHz, ...columnsHz].map((hertz) => goertzelCoefficient(hertz, rateHz));
  }

  /** Takes mono samples in pieces of any length, and gives the digits that began in them. */
  push(samples: Int16Array): string {
    let digits = '';
    for (const sample of samples) {
      this.#block[this.#filled++] = sample / 32_768;
      if (this.#filled < this.#block.length) continue;
      digits += this.#advance(this.#keyInBlock());
      this.#block.copyWithin(0, this.#hop);
      this.#filled = this.#block.length - this.#hop;
    }
    return digits;
  }

  #advance(key: string | undefined): string {
    let started = '';
    if (key !== undefined && key === this.#previousKey) {
      if (this.#heldKey !== key) started = key;
      this.#heldKey = key;
      this.#missCount = 0;
    } else if (key === undefined || key !== this.#heldKey) {
      if (++this.#missCount >= MISSES_TO_RELEASE) this.#heldKey = undefined;
    }
    this.#previousKey = key;
    return started;
  }

  #keyInBlock(): string | undefined {
    const size = this.#block.length;
    let energy = 0;
    for (const value of this.#block) energy += value * value;
    if (energy / size <= MEAN_SQUARE_MIN) return undefined;

    const powers = this.#coefficients.map((coefficient) => goertzelPower(this.#block, coefficient));
    const row = strongest(powers.slice(0, 4));
    const column = strongest(powers.slice(4));
    const twistDb = 10 * Math.log10(column.power / row.power);
    if (twistDb >= TWIST_DB_MAX || twistDb <= TWIST_DB_MIN) return undefined;
    if (((row.power + column.power) * 2) / size / energy <= TONE_SHARE_MIN) return undefined;
    if (row.runnerUp * NEIGHBOUR_RATIO_MIN > row.power) return undefined;
    if (column.runnerUp * NEIGHBOUR_RATIO_MIN > column.power) return undefined;
    return keypad[row.index]?.[column.index];
  }
}

function strongest(powers: readonly number[]): { index: number; power: number; runnerUp: number } {
  let best = { index: 0, power: -1, runnerUp: -1 };
  for (const [index, power] of powers.entries()) {
    if (power > best.power) best = { index, power, runnerUp: best.power };
    else if (power > best.runnerUp) best.runnerUp = power;
  }
  return best;
}

/** The tone of a digit; undefined of what is none. */
export function dtmfTone(digit: string, durationMs: number): Tone | undefined {
  const row = keypad.findIndex((keys) => digit.length === 1 && keys.includes(digit));
  const [low, high] = [rowsHz[row], columnsHz[keypad[row]?.indexOf(digit) ?? -1]];
  if (low === undefined || high === undefined) return undefined;
  return { hertz: [low, high], durationMs, level: 0.35 };
}

/** Digits with a pause behind each, as a telephone sends them. What is no digit is passed over. */
export function dtmfSamples(
  digits: string,
  { rateHz, toneMs, pauseMs }: { readonly rateHz: number; readonly toneMs: number; readonly pauseMs: number },
): Int16Array {
  const count = Math.round(((toneMs + pauseMs) * rateHz) / 1_000);
  const parts = [...digits].flatMap((digit) => {
    const tone = dtmfTone(digit, toneMs);
    return tone === undefined ? [] : [toneSamples(tone, { rateHz, from: 0, count })];
  });
  const samples = new Int16Array(parts.length * count);
  for (const [index, part] of parts.entries()) samples.set(part, index * count);
  return samples;
}
