import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

test('a burst is let through, then an even rate, and the refusal says how long', () => {
  const limiter = new RateLimiter({ perMinuteMax: 60, burstMax: 15 });
  const burst = Array.from({ length: 30 }, () => limiter.count('a', 1_000)).filter(
    ({ isExceeded }) => !isExceeded,
  );
  expect(burst).toHaveLength(15);
  const refused = limiter.count('a', 1_000);
  expect(refused).toMatchObject({ isExceeded: true, limit: 15, remaining: 0, retryAfterMs: 1_000 });
  expect(limiter.count('a', 2_000).isExceeded).toBe(false);
  expect(limiter.count('a', 2_000).isExceeded).toBe(true);
});

test('what is told adds up: the limit is what may come at once, less what came, and when all of it may again', () => {
  const limiter = new RateLimiter({ perMinuteMax: 1_200, burstMax: 300 });
  const first = limiter.count('a', 0);
  expect(first).toMatchObject({ limit: 300, remaining: 299, resetMs: 50, windowMs: 15_000, retryAfterMs: 0 });
  let told = first;
  for (let count = 2; count <= 300; count++) {
    told = limiter.count('a', 0);
    expect(told).toMatchObject({ isExceeded: false, limit: 300, remaining: 300 - count });
  }
  expect(told.resetMs).toBe(told.windowMs);
  expect(limiter.standing('a', 7_500)).toMatchObject({ remaining: 150, resetMs: 7_500 });
  expect(limiter.standing('a', 15_000)).toMatchObject({ remaining: 300, resetMs: 0 });
});

test('C18: a caller that asks all the time is let through the burst and the even rate in its first minute, then the rate', () => {
  const limiter = new RateLimiter({ perMinuteMax: 1_200, burstMax: 300 });
  const servedFrom = (fromMs: number) => {
    let served = 0;
    for (let nowMs = fromMs; nowMs < fromMs + 60_000; nowMs += 10)
      if (!limiter.count('a', nowMs).isExceeded) served++;
    return served;
  };
  const [first, second] = [servedFrom(0), servedFrom(60_000)];
  expect(first).toBeLessThanOrEqual(300 + 1_200);
  expect(first).toBeGreaterThan((300 + 1_200) * 0.95);
  expect(second).toBeLessThanOrEqual(1_200);
  expect(second).toBeGreaterThan(1_200 * 0.95);
});

test('one caller’s rate is nothing to another', () => {
  const limiter = new RateLimiter({ perMinuteMax: 4, burstMax: 1 });
  for (let count = 0; count < 10; count++) limiter.count('a', 0);
  expect(limiter.count('b', 0).isExceeded).toBe(false);
});
