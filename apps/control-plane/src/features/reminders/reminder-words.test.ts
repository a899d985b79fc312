import { expect, test } from 'vitest';
import { offsetText, readDays } from './reminder-words.ts';

test('days are read as they are typed, and only where each is later than the one before', () => {
  expect(readDays('3, 10,20')).toEqual([3, 10, 20]);
  expect(readDays('')).toEqual([]);
  for (const wrong of ['3, 3', '10 3', '0', '-1', '1.5', 'three', '400', '1 2 3 4 5 6 7 8 9 10 11'])
    expect(readDays(wrong), wrong).toBeUndefined();
  expect([-3, 0, 1].map(offsetText)).toEqual(['3 days before', 'on the day', '1 day after']);
});
