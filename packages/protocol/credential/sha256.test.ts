import { createHash, createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hkdfSha256, hmacSha256, isEqualInConstantTime, sha256 } from './sha256.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('the vectors of FIPS 180-4 and RFC 4231 come out', () => {
  expect(hex(sha256(new TextEncoder().encode('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  expect(hex(hmacSha256(new Uint8Array(20).fill(0x0b), new TextEncoder().encode('Hi There')))).toBe(
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  );
});

test('digest, HMAC and HKDF are those of node:crypto for any input', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, fc.string(), (key, message, info) => {
      expect(hex(sha256(message))).toBe(createHash('sha256').update(message).digest('hex'));
      expect(hex(hmacSha256(key, message))).toBe(createHmac('sha256', key).update(message).digest('hex'));
      expect(hex(hkdfSha256(key, info))).toBe(
        hex(new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), new TextEncoder().encode(info), 32))),
      );
    }),
    { numRuns: 400 },
  );
});

test('every length around a block boundary is padded right', () => {
  for (let length = 0; length <= 200; length++) {
    const input = new Uint8Array(length).fill(length);
    expect(hex(sha256(input))).toBe(createHash('sha256').update(input).digest('hex'));
  }
});

test('texts are equal only when every character is', () => {
  expect(isEqualInConstantTime('abc', 'abc')).toBe(true);
  expect(isEqualInConstantTime('abc', 'abd')).toBe(false);
  expect(isEqualInConstantTime('abc', 'ab')).toBe(false);
});
