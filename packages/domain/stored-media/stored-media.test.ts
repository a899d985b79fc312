import { expect, test } from 'vitest';
import { byteRangeOf } from './byte-range.ts';
import { objectLinkFrom, objectLinkPath, objectLinkText } from './object-link.ts';

test.each([
  ['bytes=0-', { first: 0, last: 99 }],
  ['bytes=10-19', { first: 10, last: 19 }],
  ['bytes=90-500', { first: 90, last: 99 }],
  ['bytes=-10', { first: 90, last: 99 }],
  ['bytes=-500', { first: 0, last: 99 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=20-10', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,5-6', undefined],
  ['items=0-1', undefined],
  [null, undefined],
])('of a hundred bytes %s asks for %j (RFC 9110 §14.2)', (range, asked) => {
  expect(byteRangeOf(range, 100)).toEqual(asked);
});

test('nothing can be asked of a file that is empty but all of it', () => {
  expect(byteRangeOf('bytes=0-', 0)).toBe('unsatisfiable');
  expect(byteRangeOf('bytes=-5', 0)).toBe('unsatisfiable');
});

test('a link is read as it was written, and its signature is over all that it leads to', () => {
  const link = { accountId: 'acc_1', objectId: 'obj_1', expiresMs: 5 };
  const path = objectLinkPath(link, 's-_');
  expect(objectLinkFrom(new URL(path, 'https://a.test'))).toEqual({ ...link, signature: 's-_' });
  const texts = [
    link,
    { ...link, accountId: 'acc_2' },
    { ...link, objectId: 'obj_2' },
    { ...link, expiresMs: 6 },
  ];
  expect(new Set(texts.map(objectLinkText)).size).toBe(4);
  for (const without of ['account', 'expires', 'signature']) {
    const address = new URL(path, 'https://a.test');
    address.searchParams.delete(without);
    expect(objectLinkFrom(address)).toBeUndefined();
  }
  expect(objectLinkFrom(new URL(path.replace('expires=5', 'expires=1e9'), 'https://a.test'))).toBeUndefined();
});
