import { expect, test } from 'vitest';
import { type DeviceClaim, type DeviceKind, deviceKindOf } from './device-kind.ts';

const macintosh =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15';

test.each<[DeviceKind, DeviceClaim]>([
  ['desktop', { userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36' }],
  ['desktop', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }],
  ['desktop', { userAgent: macintosh }],
  ['mobile', { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148' }],
  ['mobile', { userAgent: 'Mozilla/5.0 (Linux; Android 10; K) Chrome/140.0.0.0 Mobile Safari/537.36' }],
  ['tablet', { userAgent: 'Mozilla/5.0 (Linux; Android 10; K) Chrome/140.0.0.0 Safari/537.36' }],
  ['tablet', { userAgent: 'Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) Mobile/15E148' }],
  ['mobile', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0', mobileHint: '?1' }],
  ['tablet', { userAgent: macintosh, said: 'tablet' }],
  ['server', { said: 'server' }],
  ['server', { userAgent: 'undici', said: 'server' }],
  ['other', {}],
  ['other', { said: 'constructor' }],
])('%s by %o', (kind, claim) => expect(deviceKindOf(claim)).toBe(kind));

test('what a browser shows is not talked away by the page in it', () => {
  expect(deviceKindOf({ userAgent: macintosh, said: 'server' })).toBe('desktop');
  expect(deviceKindOf({ userAgent: 'Mozilla/5.0 (Windows NT 10.0)', said: 'tablet' })).toBe('desktop');
});
