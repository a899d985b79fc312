import { expect, test } from 'vitest';
import { createId, ID_BYTES, idFromBytes, idSchema, idToBytes, isId } from './ids.ts';

test('an id survives the way to its bytes and back', () => {
  for (const fill of [0, 1, 127, 255]) {
    const bytes = new Uint8Array(ID_BYTES).fill(fill);
    expect(idToBytes('acc', idFromBytes('acc', bytes))).toEqual(bytes);
  }
  const id = createId('ses');
  expect(idFromBytes('ses', idToBytes('ses', id) ?? new Uint8Array())).toBe(id);
});

test('ids sort by the time of their making', () => {
  const ids = [1, 2, 2 ** 31, 2 ** 32, 1_800_000_000_000, 2 ** 48 - 1].map((ms) => createId('acc', ms));
  expect([...ids].sort()).toEqual(ids);
});

test('C2: an id carries 96 random bits behind 48 bits of time', () => {
  expect(new Set(Array.from({ length: 1_000 }, () => createId('key', 5))).size).toBe(1_000);
  expect(idToBytes('key', createId('key', 5))?.subarray(0, 6)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 5));
});

test('an id of another kind, too short, too long or with a foreign character is none', () => {
  const id = createId('acc');
  const wrong = [
    id.replace('acc', 'key'),
    id.slice(0, -1),
    `${id}0`,
    id.replace(/.$/, 'u'),
    id.toUpperCase(),
    'acc_g'.padEnd(33, '0'),
  ];
  for (const text of wrong) {
    expect(isId('acc', text)).toBe(false);
    expect(idToBytes('acc', text)).toBeUndefined();
    expect(idSchema('acc').safeParse(text).success).toBe(false);
  }
  expect(isId('acc', id)).toBe(true);
});
