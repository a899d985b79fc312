import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

test('a burst is let through, then an even rate, and the refusal says how long (C18)', () => {
  const limiter = new RateLimiter(60);
  const burst = Array.from({ length: 30 }, () => limiter.count('a', 1_000)).filter(
    ({ isExceeded }) => !isExceeded,
  );
  expect(burst).toHaveLength(16);
  const refused = limiter.count('a', 1_000);
  expect(refused).toMatchObject({ isExceeded: true, limit: 60, remaining: 0, resetMs: 1_000 });
  expect(limiter.count('a', 2_000).isExceeded).toBe(false);
  expect(limiter.count('a', 2_000).isExceeded).toBe(true);
});

test('one caller’s rate is nothing to another', () => {
  const limiter = new RateLimiter(4);
  for (let count = 0; count < 10; count++) limiter.count('a', 0);
  expect(limiter.count('b', 0).isExceeded).toBe(false);
});
