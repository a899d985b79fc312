import { expect, test } from 'vitest';
import { toDraft, toWord } from './policy-draft.ts';

const stored = {
  concurrentSessionsMax: 100,
  regions: ['eu', 'us'],
  times: ['sat,sun 10:00-12:00', 'mon 08:00-09:00'],
  locked: ['regions' as const],
  overridable: { concurrentSessionsMax: 200 },
};

test('what is stored reads back as it was, whatever nobody touched', () => {
  expect(toWord(toDraft(stored))).toEqual({ word: stored });
  expect(toDraft(stored).times.value).toBe('sat,sun 10:00-12:00; mon 08:00-09:00');
});

test('an empty field is not set, and a number out of bounds is refused by name', () => {
  const draft = toDraft(stored);
  const without = { ...draft, regions: { value: ' ', bound: '', isLocked: false } };
  expect(toWord(without)).toMatchObject({ word: { locked: [] } });
  expect(toWord(without)).not.toHaveProperty('word.regions');
  const wrong = { ...draft, sessionSecondsMax: { value: 'ten', bound: '', isLocked: false } };
  expect(toWord(wrong)).toEqual({ refused: 'sessionSecondsMax' });
});

test('a service or a kind of media that there is not is refused by name, and not sent to hold for nothing', () => {
  const typed = (name: 'services' | 'mediaKinds', value: string) =>
    toWord({ ...toDraft(stored), [name]: { value, bound: '', isLocked: false } });
  expect(typed('services', 'signaling, network-discovery')).toHaveProperty('word.services');
  expect(typed('services', 'signalling')).toEqual({ refused: 'services' });
  expect(typed('mediaKinds', 'audio, vidoe')).toEqual({ refused: 'mediaKinds' });
});
