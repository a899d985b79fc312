import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('so many run at once, so many wait in their order, and the next is refused until one is done', async () => {
  const turns = new Turns({ atOnceMax: 2, waitingMax: 2 });
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const take = (index: number) =>
    turns.take(async () => {
      begun.push(index);
      await gates[index]?.promise;
      if (index === 0) throw new Error('a failure');
    });
  const taken = [take(0), take(1), take(2), take(3)];
  const failed = expect(taken[0]).rejects.toThrow('a failure');
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  await expect(take(4)).rejects.toMatchObject({
    fields: { code: 'platform.unavailable', retryAfterMs: 2_000 },
  });
  gates[0]?.resolve();
  await failed;
  expect(begun).toEqual([0, 1, 2]);
  for (const gate of gates) gate.resolve();
  await Promise.all(taken.slice(1));
  expect(begun).toEqual([0, 1, 2, 3]);
  await turns.take(async () => begun.push(5));
  expect(begun.at(-1)).toBe(5);
});
