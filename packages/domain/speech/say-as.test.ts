import { expect, test } from 'vitest';
import { cardinalWords, type Interpretation, ordinalWords, sayAs } from './say-as.ts';

test.each([
  ['digits', '4071', 'four zero seven one'],
  ['characters', 'aB 3', 'a, B, three'],
  ['spell-out', 'VAT', 'V, A, T'],
  ['telephone', '+49 (30) 12', 'plus four nine, three zero, one two'],
  ['cardinal', '1,204', 'one thousand two hundred four'],
  ['number', '-7', 'minus seven'],
  ['ordinal', '22', 'twenty second'],
  [
    'cardinal',
    '1234567890123456',
    'one two three four five six seven eight nine zero one two three four five six',
  ],
] satisfies [Interpretation, string, string][])('say-as %s says %s as %s (TTS)', (as, text, said) => {
  expect(sayAs(text, as)).toBe(said);
});

test.each([
  ['2026-11-30', undefined, 'November thirtieth twenty twenty six'],
  ['12/5/1907', 'mdy', 'December fifth nineteen oh seven'],
  ['5.12.2007', 'dmy', 'December fifth two thousand seven'],
  ['1900', 'y', 'nineteen hundred'],
  ['3-1', 'md', 'March first'],
])('say-as date says %s of the format %s as %s', (text, format, said) => {
  expect(sayAs(text, 'date', format)).toBe(said);
});

test.each([
  ['12a', 'digits', undefined],
  ['1.5', 'cardinal', undefined],
  ['', 'ordinal', undefined],
  ['12-13-2026', 'date', 'dmy'],
  ['2026-11', 'date', 'ymd'],
  ['2026-11-30', 'date', 'constructor'],
] satisfies [string, Interpretation, string | undefined][])(
  '%s is no %s: nothing is guessed',
  (text, as, format) => {
    expect(sayAs(text, as, format)).toBeUndefined();
  },
);

test('numbers are whole words up to the last of fifteen digits', () => {
  expect(cardinalWords('0')).toBe('zero');
  expect(cardinalWords('1000000')).toBe('one million');
  expect(cardinalWords('999000000000012')).toBe('nine hundred ninety nine trillion twelve');
  expect(['1', '2', '3', '12', '20', '45', '100'].map(ordinalWords)).toEqual([
    ...['first', 'second', 'third', 'twelfth', 'twentieth', 'forty fifth', 'one hundredth'],
  ]);
});
