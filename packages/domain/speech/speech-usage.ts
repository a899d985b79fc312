import type { CountedUse } from '../metering/use-counter.ts';
import type { Passage } from './passage.ts';
import { type SoundFormat, soundFormatFacts } from './sound-format.ts';
import { voiceNamed } from './voices.ts';

export const voiceKinds = ['chosen', 'own'] as const;
export const voiceCounts = ['1', '2', '3-or-more'] as const;

/** What was made of a text. */
export interface SpokenWork {
  readonly passages: readonly Passage[];
  readonly format: SoundFormat;
  readonly sampleRateHz: number;
  /** Of each passage in their order. */
  readonly passageMs: readonly number[];
  readonly processMs: number;
  /** Nothing was made: it was there from before. */
  readonly isCacheHit: boolean;
  /** Where it was heard: 'none' where it is a file. */
  readonly sessionKind: 'none' | 'call';
}

/**
 * What speaking a text counts as (part C): a request, and of each voice its characters, words and time. What was there from before
 * counts as a request and a cache hit, and nothing of it is spoken again.
 */
export function usesOfSpeech(work: SpokenWork): readonly CountedUse[] {
  const { passages, passageMs, format, sampleRateHz, processMs, isCacheHit, sessionKind } = work;
  const voices = [
    ...new Set(passages.flatMap((passage) => (passage.kind === 'speech' ? [passage.voice] : []))),
  ];
  const common = {
    voiceCount: voiceCounts[Math.min(voices.length, voiceCounts.length) - 1] ?? '1',
    format,
    bitRateKbps: String(Math.round(soundFormatFacts(format).bitsPerSecond(sampleRateHz) / 1_000)),
    sessionKind,
  };
  const use = (
    meter: string,
    quantity: number,
    dimensions: Readonly<Record<string, string>>,
  ): CountedUse => ({
    meter: `text-to-speech.${meter}`,
    quantity,
    dimensions,
  });
  const [first = ''] = voices;
  const ofRequest = { ...voiceDimensions(first), ...common };
  if (isCacheHit) return [use('requests', 1, ofRequest), use('cacheHits', 1, ofRequest)];
  const perVoice = voices.flatMap((voice) => {
    const dimensions = { ...voiceDimensions(voice), ...common };
    const sums = { characters: 0, words: 0, speechMs: 0 };
    for (const [index, passage] of passages.entries()) {
      if (passage.kind !== 'speech' || passage.voice !== voice) continue;
      sums.characters += passage.characters;
      sums.words += passage.words;
      sums.speechMs += passageMs[index] ?? 0;
    }
    return Object.entries(sums).map(([meter, quantity]) => use(meter, quantity, dimensions));
  });
  return [use('requests', 1, ofRequest), ...perVoice, use('processMs', Math.ceil(processMs), ofRequest)];
}

const voiceDimensions = (voice: string) => ({
  voice,
  voiceKind: voiceNamed(voice)?.engine === 'provider' ? ('own' as const) : ('chosen' as const),
});
