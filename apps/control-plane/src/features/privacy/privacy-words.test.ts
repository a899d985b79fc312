import { expect, test } from 'vitest';
import { boundsText, keptText, levelText, rowCountOf } from './privacy-words.ts';

test('a class says in days how long it is kept, and in words where nobody sets it', () => {
  expect(keptText({ keepDays: 90 })).toBe('90 days');
  expect(keptText({ keepDays: 1 })).toBe('1 day');
  expect(keptText({ kept: 'As long as the account is there.' })).toBe('As long as the account is there.');
  expect(boundsText({ keepDaysMin: 7, keepDaysMax: 3_650 })).toBe('between 7 days and 3,650 days');
  expect(boundsText({})).toBe('');
});

test('whose word it is is a name, where the reader sees who it is', () => {
  const names = new Map([['acc_1', 'Acme']]);
  expect(['default', 'above', 'acc_1', 'acc_2'].map((level) => levelText(level, names))).toEqual([
    'by default',
    'set above',
    'set by Acme',
    'set by acc_2',
  ]);
});

test('rows of all classes are counted together', () => {
  expect(rowCountOf({ events: 2, mails: 3 })).toBe(5);
});
