import { expect, test } from 'vitest';
import { linksOf } from './signed-link.ts';

const links = linksOf({ use: 'media', path: '/api/media/{objectId}' });
const link = { accountId: 'acc_1', id: 'obj_1', expiresMs: 5 };
const path = links.pathOf(link, 's-_');

test('a link is read as it was written, and its signature is over all that it leads to and what for', () => {
  expect(path).toBe('/api/media/obj_1?account=acc_1&expires=5&signature=s-_');
  expect(links.from(new URL(path, 'https://a.test'))).toEqual({ ...link, signature: 's-_' });
  const texts = [
    link,
    { ...link, accountId: 'acc_2' },
    { ...link, id: 'obj_2' },
    { ...link, expiresMs: 6 },
  ].map(links.textOf);
  const ofExports = linksOf({ use: 'export', path: '/api/exports/{exportId}' });
  const toPut = linksOf({ use: 'media', path: '/api/media/{objectId}', method: 'PUT' });
  expect(new Set([...texts, ofExports.textOf(link), toPut.textOf(link)]).size).toBe(6);
});

test('an address without a part of it, or with another time than milliseconds, is no link', () => {
  for (const without of ['account', 'expires', 'signature']) {
    const address = new URL(path, 'https://a.test');
    address.searchParams.delete(without);
    expect(links.from(address), without).toBeUndefined();
  }
  for (const expires of ['1e9', '-5', '', '9'.repeat(16)]) {
    const address = new URL(path, 'https://a.test');
    address.searchParams.set('expires', expires);
    expect(links.from(address), expires).toBeUndefined();
  }
});
