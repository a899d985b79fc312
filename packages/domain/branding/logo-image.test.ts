import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pngOf } from './logo-image.testing.ts';
import { LOGO_SIZE_BYTES_MAX, readLogo } from './logo-image.ts';

const webp = (chunkName: string, ...data: readonly number[]) => {
  const bytes = Buffer.alloc(40);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write(`WEBP${chunkName}`, 8);
  bytes.set(data, 20);
  return bytes;
};

test('a PNG and each kind of WebP say how large they are', () => {
  expect(readLogo(pngOf({ widthPixels: 120, heightPixels: 40 }))).toEqual({
    mediaType: 'image/png',
    widthPixels: 120,
    heightPixels: 40,
  });
  const sides = { mediaType: 'image/webp', widthPixels: 300, heightPixels: 100 };
  expect(readLogo(webp('VP8 ', 0, 0, 0, 0x9d, 0x01, 0x2a, 300 & 255, 300 >> 8, 100, 0))).toEqual(sides);
  const packed = 299 | (99 << 14);
  expect(readLogo(webp('VP8L', 0x2f, packed & 255, (packed >> 8) & 255, (packed >> 16) & 255))).toEqual(
    sides,
  );
  expect(readLogo(webp('VP8X', 0, 0, 0, 0, 299 & 255, 299 >> 8, 0, 99, 0, 0))).toEqual(sides);
});

test.each([
  [
    'a document with a script',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
  ],
  ['a page that begins like nothing', Buffer.from('<!doctype html><script>alert(1)</script>')],
  ['a page behind a picture', Buffer.concat([pngOf(), Buffer.from('<script>alert(1)</script>')])],
  ['half a picture', pngOf().subarray(0, 60)],
  ['nothing', new Uint8Array()],
  ['a moving picture', webp('VP8X', 0x02, 0, 0, 0, 43, 1, 0, 99, 0, 0)],
  ['a WebP that says another length', Buffer.concat([webp('VP8L', 0x2f), Buffer.alloc(1)])],
])('C49: %s is refused', (_name, bytes) => {
  expect(readLogo(bytes)).toMatchObject({ refusal: expect.stringContaining('neither') });
});

test('what is too large in bytes or pixels, or too small to be seen, is refused and told its size', () => {
  expect(readLogo(new Uint8Array(LOGO_SIZE_BYTES_MAX + 1))).toMatchObject({
    refusal: expect.stringContaining(String(LOGO_SIZE_BYTES_MAX + 1)),
  });
  for (const [widthPixels, heightPixels] of [
    [1_025, 64],
    [64, 8],
  ] as const)
    expect(readLogo(pngOf({ widthPixels, heightPixels }))).toMatchObject({
      refusal: expect.stringContaining(`${widthPixels} × ${heightPixels}`),
    });
});

test('no bytes make it fail', () => {
  const heads = [pngOf().subarray(0, 24), webp('VP8X').subarray(0, 16), new Uint8Array()];
  const bytes = fc
    .tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 200 }))
    .map(([head, rest]) => Buffer.concat([head, rest]));
  fc.assert(fc.property(bytes, (each) => typeof readLogo(each) === 'object'));
});
