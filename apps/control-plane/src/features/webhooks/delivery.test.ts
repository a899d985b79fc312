import { expect, test } from 'vitest';
import { latencyText, outcomeText } from './delivery.ts';

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
