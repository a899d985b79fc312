import { eventCursorSchema } from '@patchbay/domain/hooks/envelope';
import { expect, test } from 'vitest';
import { eventCursors } from './event-cursors.ts';

const cursors = eventCursors(Buffer.alloc(32, 1));

test('C20: the cursor of an event opens to its place, is the same each time, and tells nothing of how many there are', () => {
  const sealed = [1n, 2n, 8_123n, 2n ** 53n].map((position) => cursors.seal(position));
  expect(sealed.map((cursor) => cursors.open(cursor))).toEqual([1n, 2n, 8_123n, 2n ** 53n]);
  expect(cursors.seal(2n)).toBe(sealed[1]);
  for (const cursor of sealed) expect(eventCursorSchema.parse(cursor)).toBe(cursor);
  // Of two that follow each other, half of all bits differ.
  const [one = Buffer.of(), other = Buffer.of()] = sealed.map((cursor) => Buffer.from(cursor, 'base64url'));
  const differing = one.reduce((sum, byte, index) => sum + bitCount(byte ^ (other[index] ?? 0)), 0);
  expect(differing).toBeGreaterThan(32);
});

const bitCount = (byte: number): number => byte.toString(2).replaceAll('0', '').length;

test('C20: the cursor of another platform, an altered and a made-up one open nowhere', () => {
  const sealed = cursors.seal(8_123n);
  expect(eventCursors(Buffer.alloc(32, 2)).open(sealed)).toBeUndefined();
  const bytes = Buffer.from(sealed, 'base64url');
  for (let index = 0; index < bytes.length; index += 1) {
    const altered = Buffer.from(bytes);
    altered[index] = (altered[index] ?? 0) ^ 1;
    expect(cursors.open(altered.toString('base64url')), String(index)).toBeUndefined();
  }
  for (const text of ['', '8124', 'AAAA', 'x'.repeat(22), 'x'.repeat(500)])
    expect(cursors.open(text), text).toBeUndefined();
});
