import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Passage, SpokenPassage } from '@patchbay/domain/speech/passage';
import { Resampler } from '@patchbay/dsp/resample';
import type { Sound } from '@patchbay/dsp/wav';
import type { EngineFailure, Pronounce } from './engines.ts';

/** Of all of a text: half an hour at 16,000 a second, 58 MB in memory. */
export const SPEECH_SAMPLES_MAX = 29_000_000;

export interface Rendered extends Sound {
  /** Of each passage, in their order. */
  readonly passageMs: readonly number[];
}

/** Speaks passages one after the other, into one sound of one rate. @returns what failed first, where something does. */
export async function renderPassages(
  passages: readonly Passage[],
  {
    pronounce,
    rateHz,
    providerUrl,
  }: {
    readonly pronounce: Pronounce;
    readonly rateHz: number;
    readonly providerUrl?: string | undefined;
  },
): Promise<Rendered | EngineFailure> {
  const pieces: Int16Array[] = [];
  let sampleCount = 0;
  for (const passage of passages) {
    const piece = await pieceOf(passage, { pronounce, rateHz, providerUrl });
    if ('failure' in piece) return piece;
    sampleCount += piece.length;
    if (sampleCount > SPEECH_SAMPLES_MAX)
      return {
        failure: 'failed',
        detail: `It lasts longer than ${Math.floor(SPEECH_SAMPLES_MAX / rateHz)} seconds.`,
      };
    pieces.push(piece);
  }
  const samples = new Int16Array(sampleCount);
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  return { rateHz, samples, passageMs: pieces.map(({ length }) => Math.round((length * 1_000) / rateHz)) };
}

async function pieceOf(
  passage: Passage,
  { pronounce, rateHz, providerUrl }: Parameters<typeof renderPassages>[1],
): Promise<Int16Array | EngineFailure> {
  switch (passage.kind) {
    case 'pause':
      return new Int16Array(Math.round((passage.milliseconds * rateHz) / 1_000));
    case 'speech': {
      const spoken = await pronounce(passage, { providerUrl });
      return 'failure' in spoken ? spoken : louder(await atRate(spoken, rateHz), passage);
    }
  }
}

/** Of a sound at once: a few milliseconds of work, after which others have their turn. */
const SAMPLES_AT_ONCE = 4_096;

async function atRate({ samples, rateHz: fromHz }: Sound, toHz: number): Promise<Int16Array> {
  if (fromHz === toHz) return samples;
  const resampler = new Resampler({ samples, fromHz, toHz });
  const made = new Int16Array(Math.round((samples.length * toHz) / fromHz));
  for (let at = 0; at < made.length; at += SAMPLES_AT_ONCE) {
    made.set(resampler.next(Math.min(SAMPLES_AT_ONCE, made.length - at)), at);
    await nextTurn();
  }
  return made;
}

/** What would be louder than there is room for is cut off. */
function louder(samples: Int16Array, { manner: { volumeDb } }: SpokenPassage): Int16Array {
  if (volumeDb === 0) return samples;
  const gain = 10 ** (volumeDb / 20);
  return samples.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * gain))));
}
