import { expect, test } from 'vitest';
import { retryAfterMsOf } from './retry-after.ts';

const nowMs = Date.UTC(1994, 10, 6, 8, 49, 0);

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
  ['Sun Nov  6 08:49:37 1994', 37_000],
  // It is past: at once.
  ['Sun, 06 Nov 1994 08:48:00 GMT', 0],
])('%s is read as RFC 9110 §10.2.3 says', (value, expected) => {
  expect(retryAfterMsOf(value, nowMs)).toBe(expected);
});

test.each(['', '-1', '1.5', '1e3', 'soon', '1994-11-06T08:49:37Z', 'Sun, 99 Nov 1994 08:49:37 GMT'])(
  '"%s" says nothing',
  (value) => {
    expect(retryAfterMsOf(value, nowMs)).toBeUndefined();
  },
);
