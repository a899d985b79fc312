import { expect, test } from 'vitest';
import { GroupWriter } from './group-writer.ts';

const writerOf = (write: (items: readonly number[]) => Promise<readonly string[]>) =>
  new GroupWriter({ write, atOnceMax: 1, groupMax: 3 });

test('what comes while others are written is written together, as many at a time as may be, and each gets its own answer', async () => {
  const groups: (readonly number[])[] = [];
  const writer = writerOf(async (items) => {
    groups.push(items);
    return items.map((item) => `written ${item}`);
  });
  const results = await Promise.all([1, 2, 3, 4, 5, 6].map((item) => writer.write(item)));
  expect(results).toEqual([1, 2, 3, 4, 5, 6].map((item) => `written ${item}`));
  expect(groups).toEqual([[1], [2, 3, 4], [5, 6]]);
});

test('one that cannot be written fails alone, and what was with it and comes after it is written once', async () => {
  const written: number[] = [];
  const writer = writerOf(async (items) => {
    if (items.includes(3)) throw new Error('no 3');
    written.push(...items);
    return items.map(String);
  });
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => writer.write(item)));
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(written).toEqual([1, 2, 4, 5]);
});
