import { describe, expect, it } from 'vitest';
import { createConcurrencyLimit } from './concurrency-limit.ts';

/** Work that ends when the test says so. */
function createBench() {
  const limit = createConcurrencyLimit({ runningCountMax: 2, waitingCountMax: 3 });
  const running = new Map<string, { end: () => void; fail: () => void }>();
  const began: string[] = [];
  const start = (name: string) =>
    limit(
      () =>
        new Promise<string>((resolve, reject) => {
          began.push(name);
          running.set(name, { end: () => resolve(name), fail: () => reject(new Error(name)) });
        }),
    );
  return { start, running, began };
}

describe('a limit of concurrency', () => {
  it('runs so many at once, the others in their order, and refuses what is too much', async () => {
    const { start, running, began } = createBench();
    const results = ['a', 'b', 'c', 'd', 'e'].map(start);
    await expect(start('f')).rejects.toThrow('Too many');
    expect(began).toEqual(['a', 'b']);
    running.get('b')?.end();
    expect(await results[1]).toBe('b');
    expect(began).toEqual(['a', 'b', 'c']);
    running.get('a')?.fail();
    await expect(results[0]).rejects.toThrow('a');
    expect(began).toEqual(['a', 'b', 'c', 'd']);
    for (const name of ['c', 'd']) running.get(name)?.end();
    await Promise.all([results[2], results[3]]);
    running.get('e')?.end();
    await results[4];
    const after = start('g');
    running.get('g')?.end();
    expect(await after).toBe('g');
  });
});
