import { Spectrum } from './spectrum.ts';

/** One steady, almost pure tone, as an answering machine gives before it records. */
export interface Beep {
  readonly startMs: number;
  readonly durationMs: number;
  readonly hertz: number;
}

/** 32 ms of which a new one begins every 20 ms, as far as a rate allows it with a power of two. */
const BLOCK_MS = 32;
const HOP_MS = 20;
const HERTZ_MIN = 350;
const HERTZ_MAX = 2_300;
/** What of the power of a block the tone has at least. Beside noise it is less than in silence. */
const TONE_SHARE_MIN = 0.8;
/** -47 dB of full scale. */
const MEAN_SQUARE_MIN = 2e-5;
/** Of one note: what changes its loudness by more between two blocks is sung or played. */
const CHANGE_RATIO_MAX = 2.5;
const DURATION_MS_MIN = 120;
const DURATION_MS_MAX = 1_500;
/** Behind a beep, the tone is gone for so long: a tune goes on with its next note. */
const GONE_HOPS_MIN = 3;

/**
 * Hears beeps of 350 to 2,300 Hz and 120 ms to 1.5 s. The ringing of a line that has one frequency is as pure, and is told
 * apart by who asks: after an answer nothing rings.
 */
export class BeepDetector {
  readonly #rateHz: number;
  readonly #spectrum: Spectrum;
  readonly #block: Float64Array;
  readonly #hopSamples: number;
  #filled = 0;
  #positionSamples = 0;
  #run: { readonly startMs: number; bin: number; hertz: number; power: number; hops: number } | undefined;
  #waiting: { readonly beep: Beep; goneHops: number } | undefined;

  /** @param rateHz of all samples that are pushed; 8,000 to 16,000 is enough. */
  constructor(rateHz: number) {
    this.#rateHz = rateHz;
    const blockSamples = 2 ** Math.round(Math.log2((BLOCK_MS * rateHz) / 1_000));
    this.#spectrum = new Spectrum(blockSamples);
    this.#block = new Float64Array(blockSamples);
    this.#hopSamples = Math.round((HOP_MS * rateHz) / 1_000);
  }

  /** A tone is heard now that may become a beep. */
  get isSounding(): boolean {
    return this.#run !== undefined && this.#run.hops * HOP_MS >= DURATION_MS_MIN / 2;
  }

  /** Takes mono samples in pieces of any length, and gives the beeps that were over in them. */
  push(samples: Int16Array): readonly Beep[] {
    const beeps: Beep[] = [];
    for (const sample of samples) {
      this.#block[this.#filled++] = sample / 32_768;
      if (this.#filled < this.#block.length) continue;
      const beep = this.#advance(this.#toneInBlock());
      if (beep !== undefined) beeps.push(beep);
      this.#block.copyWithin(0, this.#hopSamples);
      this.#filled = this.#block.length - this.#hopSamples;
      this.#positionSamples += this.#hopSamples;
    }
    return beeps;
  }

  #advance(tone: { bin: number; hertz: number; power: number } | undefined): Beep | undefined {
    const run = this.#run;
    if (tone !== undefined && run !== undefined && isSameNote(run, tone)) {
      run.hops += 1;
      run.power = tone.power;
      return undefined;
    }
    if (run !== undefined) {
      const durationMs = run.hops * HOP_MS;
      const isBeep = durationMs >= DURATION_MS_MIN && durationMs <= DURATION_MS_MAX;
      if (isBeep)
        this.#waiting = { beep: { startMs: run.startMs, durationMs, hertz: run.hertz }, goneHops: 0 };
    }
    this.#run =
      tone === undefined
        ? undefined
        : { ...tone, startMs: Math.round((this.#positionSamples * 1_000) / this.#rateHz), hops: 1 };
    return this.#afterwards(tone !== undefined);
  }

  #afterwards(isTone: boolean): Beep | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined) return undefined;
    if (isTone) {
      // The edge of a beep is a block of half a tone; a note that goes on is a tune.
      if (waiting.goneHops > 1) this.#waiting = undefined;
      return undefined;
    }
    waiting.goneHops += 1;
    if (waiting.goneHops < GONE_HOPS_MIN) return undefined;
    this.#waiting = undefined;
    return waiting.beep;
  }

  #toneInBlock(): { bin: number; hertz: number; power: number } | undefined {
    let energy = 0;
    for (const value of this.#block) energy += value * value;
    if (energy / this.#block.length < MEAN_SQUARE_MIN) return undefined;
    const powers = this.#spectrum.powersOf(this.#block);
    let total = 0;
    let peak = 1;
    for (let bin = 1; bin < powers.length; bin++) {
      total += powers[bin] ?? 0;
      if ((powers[bin] ?? 0) > (powers[peak] ?? 0)) peak = bin;
    }
    const below = powers[peak - 1] ?? 0;
    const above = powers[peak + 1] ?? 0;
    const power = below + (powers[peak] ?? 0) + above;
    if (power / total < TONE_SHARE_MIN) return undefined;
    // The middle of the three, by their powers.
    const hertz = ((peak + (above - below) / power) * this.#rateHz) / this.#spectrum.blockSamples;
    return hertz < HERTZ_MIN || hertz > HERTZ_MAX ? undefined : { bin: peak, hertz, power };
  }
}

function isSameNote(run: { bin: number; power: number }, tone: { bin: number; power: number }): boolean {
  const ratio = tone.power / run.power;
  return Math.abs(tone.bin - run.bin) <= 1 && ratio < CHANGE_RATIO_MAX && ratio > 1 / CHANGE_RATIO_MAX;
}
