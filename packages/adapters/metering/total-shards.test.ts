import { expect, test } from 'vitest';
import { TotalShards } from './total-shards.ts';

test('batches at one time add to rows of their own, and one alone always to the same', async () => {
  const shards = new TotalShards(() => 0.99);
  const seen: number[] = [];
  const ends: (() => void)[] = [];
  const begin = () =>
    shards.within(
      (shard) =>
        new Promise<void>((resolve) => {
          seen.push(shard);
          ends.push(resolve);
        }),
    );
  const all = Array.from({ length: 17 }, begin);
  expect(seen.slice(0, 3)).toEqual([15, 0, 1]);
  expect(new Set(seen).size).toBe(16);
  for (const end of ends) end();
  await Promise.all(all);
  await expect(shards.within(async () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  await shards.within(async (shard) => expect(shard).toBe(15));
});
