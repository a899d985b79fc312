import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Poll } from './poll.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function pollWith(restMs: number) {
  let lookCount = 0;
  const poll = new Poll({
    work: async () => {
      lookCount += 1;
      return false;
    },
    everyMs: 200,
    restMs,
    onFailure: () => {},
  });
  return { poll, lookCount: () => lookCount };
}

test('one that rests takes what it was asked meanwhile together, and forgets none of it', async () => {
  const { poll, lookCount } = pollWith(100);
  poll.ask();
  await vi.advanceTimersByTimeAsync(1);
  for (let count = 0; count < 20; count++) poll.ask();
  await vi.advanceTimersByTimeAsync(98);
  expect(lookCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(2);
  expect(lookCount()).toBe(2);
});

test('one that does not rest looks again at once', async () => {
  const { poll, lookCount } = pollWith(0);
  poll.ask();
  await vi.advanceTimersByTimeAsync(0);
  poll.ask();
  await vi.advanceTimersByTimeAsync(0);
  expect(lookCount()).toBe(2);
});

test('nobody has to ask, and one that is stopped looks no more, in the middle of its rest either', async () => {
  const { poll, lookCount } = pollWith(100);
  poll.ask();
  await vi.advanceTimersByTimeAsync(301);
  expect(lookCount()).toBe(2);
  poll.ask();
  await poll.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(lookCount()).toBe(2);
});
