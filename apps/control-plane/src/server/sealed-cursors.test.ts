import { expect, test } from 'vitest';
import { sealedCursors } from './sealed-cursors.ts';

const cursors = sealedCursors(Buffer.alloc(32, 1));
const place = 'keys:list acc_1';

test('C20: a cursor opens where it was given, tells nothing, and is the same for the same page', () => {
  const sealed = cursors.seal(place, 'key_7');
  expect(cursors.open(place, sealed)).toBe('key_7');
  expect(cursors.seal(place, 'key_7')).toBe(sealed);
  expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('key_7');
  expect(cursors.seal(place, 'key_8')).not.toBe(sealed);
});

test('C20: a cursor of another list, account or platform, an altered and a made-up one open nowhere', () => {
  const sealed = cursors.seal(place, 'key_7');
  expect(cursors.open('keys:list acc_2', sealed)).toBeUndefined();
  expect(cursors.open('team:list acc_1', sealed)).toBeUndefined();
  expect(sealedCursors(Buffer.alloc(32, 2)).open(place, sealed)).toBeUndefined();
  const bytes = Buffer.from(sealed, 'base64url');
  for (let index = 0; index < bytes.length; index += 1) {
    const altered = Buffer.from(bytes);
    altered[index] = (altered[index] ?? 0) ^ 1;
    expect(cursors.open(place, altered.toString('base64url')), String(index)).toBeUndefined();
  }
  for (const text of ['', 'key_7', '0', 'AAAA', 'x'.repeat(500)])
    expect(cursors.open(place, text)).toBeUndefined();
});
