import { expect, test } from 'vitest';
import { type Passage, plainManner } from './passage.ts';
import { usesOfSpeech } from './speech-usage.ts';

const said = (voice: string, characters: number): Passage => ({
  ...{ kind: 'speech', text: 'x', characters, words: 2, voice, manner: plainManner },
});
const passages = [
  said('slt', 10),
  { kind: 'pause', milliseconds: 500 },
  said('own:anna', 7),
  said('slt', 5),
] as const;
const work = {
  passages,
  format: 'wav',
  sampleRateHz: 16_000,
  passageMs: [1_000, 500, 700, 400],
  processMs: 12.2,
  isCacheHit: false,
  sessionKind: 'none',
} as const;

test('each voice counts its own characters, words and time, pauses left out; the request counts once (TTS)', () => {
  const common = { voiceCount: '2', format: 'wav', bitRateKbps: '256', sessionKind: 'none' };
  const slt = { voice: 'slt', voiceKind: 'chosen', ...common };
  const anna = { voice: 'own:anna', voiceKind: 'own', ...common };
  expect(usesOfSpeech(work)).toEqual([
    { meter: 'text-to-speech.requests', quantity: 1, dimensions: slt },
    { meter: 'text-to-speech.characters', quantity: 15, dimensions: slt },
    { meter: 'text-to-speech.words', quantity: 4, dimensions: slt },
    { meter: 'text-to-speech.speechMs', quantity: 1_400, dimensions: slt },
    { meter: 'text-to-speech.characters', quantity: 7, dimensions: anna },
    { meter: 'text-to-speech.words', quantity: 2, dimensions: anna },
    { meter: 'text-to-speech.speechMs', quantity: 700, dimensions: anna },
    { meter: 'text-to-speech.processMs', quantity: 13, dimensions: slt },
  ]);
});

test('what was there from before is a request and a cache hit, and nothing of it is spoken again', () => {
  const uses = usesOfSpeech({ ...work, isCacheHit: true });
  expect(uses.map(({ meter, quantity }) => [meter, quantity])).toEqual([
    ['text-to-speech.requests', 1],
    ['text-to-speech.cacheHits', 1],
  ]);
});
