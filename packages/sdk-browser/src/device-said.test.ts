import { expect, test } from 'vitest';
import { deviceSaid } from './device-said.ts';

test('a Macintosh that is touched is a tablet, and of everything else nothing is said', () => {
  const userAgent = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15';
  expect(deviceSaid({ userAgent, maxTouchPoints: 5 })).toBe('tablet');
  expect(deviceSaid({ userAgent, maxTouchPoints: 0 })).toBeUndefined();
  expect(deviceSaid({ userAgent: 'Mozilla/5.0 (Windows NT 10.0)', maxTouchPoints: 10 })).toBeUndefined();
});
