import { expect, test } from 'vitest';
import { Repeats } from './repeats.ts';

const bounds = { windowMs: 10, countMax: 3, countPerOwnerMax: 2 };

test('of many that are alike one is told, and how often it came again when its time is over', () => {
  const repeats = new Repeats<string>(bounds);
  const told: string[] = [];
  const note = (key: string, nowMs: number) =>
    repeats.note(key, 'acc', { nowMs, first: () => (told.push(`${key} ${nowMs}`), key) });
  for (const nowMs of [0, 1, 2, 9]) note('a', nowMs);
  note('b', 5);
  expect(told).toEqual(['a 0', 'b 5']);
  expect(repeats.over(9)).toEqual([]);
  expect(repeats.over(10)).toMatchObject([{ kept: 'a', repeatCount: 3 }]);
  // What came once needs no second word.
  expect(repeats.over(15)).toEqual([]);
  note('a', 16);
  expect(told).toHaveLength(3);
});

test('one owner takes no more than its share, and all together no more than there is', () => {
  const repeats = new Repeats<string>(bounds);
  const told: string[] = [];
  for (const [key, owner] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'x'],
    ['d', 'y'],
    ['e', 'y'],
  ] as const)
    repeats.note(key, owner, { nowMs: 0, first: () => (told.push(key), key) });
  expect(told).toEqual(['a', 'b', 'd']);
  repeats.over(10);
  repeats.note('c', 'x', { nowMs: 10, first: () => (told.push('c'), 'c') });
  expect(told).toEqual(['a', 'b', 'd', 'c']);
});
