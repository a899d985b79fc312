import { expect, test } from 'vitest';
import { latencyText, outcomeText, waitingText } from './delivery.ts';

test.each([
  [{}, ''],
  [{ status: 204 }, '204'],
  [{ status: 500, error: 'status' }, '500'],
  [{ error: 'timeout' }, 'no whole answer within 15 s'],
  [{ status: 200, error: 'response_cut' }, '200, closed in the middle of its answer'],
])('%j reads “%s”', (attempt, text) => {
  expect(outcomeText(attempt)).toBe(text);
});

test.each([
  [undefined, ''],
  [41, '41 ms'],
  [15_000, '15.0 s'],
])('%s reads “%s”', (latencyMs, text) => {
  expect(latencyText(latencyMs)).toBe(text);
});

const nextAttemptAt = '2026-11-29T10:00:00.000Z';
test.each([
  [{ state: 'delivered', attempts: 1, status: 200 }, undefined],
  [{ state: 'waiting', attempts: 0 }, 'for an earlier event of its session'],
  [{ state: 'waiting', attempts: 0, nextAttemptAt }, 'for its turn'],
  [{ state: 'waiting', attempts: 1, nextAttemptAt }, 'for an answer'],
  [
    { state: 'waiting', attempts: 1, nextAttemptAt, error: 'timeout' },
    expect.stringMatching(/^again at .*\d\d:\d\d/),
  ],
] as const)('%j waits %s', (delivery, text) => {
  expect(waitingText(delivery)).toEqual(text);
});
