import { rms } from '@patchbay/dsp/level';
import { afterAll, expect, test } from 'vitest';
import { SpeechEngine } from './speech.ts';

const engine = new SpeechEngine();
afterAll(() => engine.stop());

test('texts are spoken one after the other, each to whoever asked; a voice that is none of ours is passed over', async () => {
  const [short, long] = await Promise.all([
    engine.speak({ text: 'Yes.', voice: 'alice' }),
    engine.speak({ text: 'For sales, press one. For everything else, please wait.', voice: 'kal' }),
  ]);
  if ('failure' in short || 'failure' in long) throw new Error('It did not speak.');
  expect([short.rateHz, long.rateHz]).toEqual([16_000, 8_000]);
  const secondsOf = ({ samples, rateHz }: typeof short) => samples.length / rateHz;
  expect(secondsOf(long)).toBeGreaterThan(2 * secondsOf(short));
  expect(rms(short.samples)).toBeGreaterThan(500);
});

test('a language that the engine does not speak fails by its name, and nothing is spoken in a wrong one', async () => {
  expect(await engine.speak({ text: 'Guten Tag', language: 'de-DE' })).toEqual({
    failure: 'verb_unavailable',
    detail: 'say cannot be carried out: the engine speaks English, not "de-DE".',
  });
});
