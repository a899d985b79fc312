import { expect, test } from 'vitest';
import { z } from 'zod';
import { withOneWord } from './words-above.ts';

const services = [
  { name: 'signaling', config: z.object({ mode: z.string().optional() }), merge: { mode: 'nearest' } },
] as const;
const words = [
  { setById: 'acc_near', word: { mode: 'relay' } },
  { setById: 'acc_far', word: { mode: 'direct' } },
];
const told = (service: string) =>
  JSON.parse(
    withOneWord(
      JSON.stringify({ service, config: {} }),
      { column: 'config', kind: 'config' },
      { chain: ['acc_far', 'acc_near', 'acc_1'], words, services },
    ),
  );

test('of a field that the nearest says the nearest above has its way, in whatever order the words were read (decision 0021)', () => {
  expect(told('signaling')).toEqual({ service: 'signaling', config: { mode: 'relay' } });
});

test('of a service that is no more the nearest word stands for all', () => {
  expect(told('gone')).toEqual({ service: 'gone', config: { mode: 'relay' } });
});
