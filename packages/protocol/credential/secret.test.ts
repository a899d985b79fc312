import { createHash, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apiBranch, createSecret, hashApiBranch, mintBranch, parseSecret, SECRET_PATTERN } from './secret.ts';

const keyId = 'key_00k0000000000000000000000000a';
const random = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
const text = createSecret({ keyId, mode: 'live', random });

test('a secret comes back as it was made, whatever its bytes are (ACC-4)', () => {
  const mode = fc.constantFrom('live' as const, 'test' as const);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), mode, (bytes, secretMode) => {
      const parsed = parseSecret(createSecret({ keyId, mode: secretMode, random: bytes }));
      expect(parsed).toEqual({ type: 'secret', mode: secretMode, keyId, bytes });
    }),
  );
});

test('a typo anywhere is caught without a query, and the refusal does not repeat the secret', () => {
  for (let index = 0; index < text.length; index++) {
    for (const to of ['0', 'b', 'Z', '_']) {
      if (text.charAt(index) === to) continue;
      const parsed = parseSecret(text.slice(0, index) + to + text.slice(index + 1));
      if (parsed.type !== 'refusal') throw new Error(`accepted ${to} at ${index}`);
      expect(parsed.code).toBe('credential.malformed');
      expect(parsed.detail).not.toContain(text.slice(-20));
    }
  }
});

test('two swapped characters are caught', () => {
  for (let index = 8; index < text.length - 1; index++) {
    const [left, right] = [text.charAt(index), text.charAt(index + 1)];
    if (left === right) continue;
    expect(parseSecret(text.slice(0, index) + right + left + text.slice(index + 2)).type).toBe('refusal');
  }
});

test('the refusal says what is wrong', () => {
  expect(parseSecret('sk_live_1')).toMatchObject({ detail: expect.stringMatching(/begins with pb_live_/) });
  expect(parseSecret(text.slice(0, -3))).toMatchObject({ detail: expect.stringMatching(/cut off/) });
  expect(parseSecret(`${text.slice(0, -1)}!`)).toMatchObject({ detail: expect.stringMatching(/cut off/) });
  const mistyped = text.replace(/.(?=.{8}$)/, (character) => (character === 'a' ? 'b' : 'a'));
  expect(parseSecret(mistyped)).toMatchObject({ detail: expect.stringMatching(/checksum/) });
});

test('any text is read without a fault', () => {
  fc.assert(fc.property(fc.string(), (any) => parseSecret(`pb_live_${any}`).type === 'refusal'));
});

test('the documented pattern finds a secret in a file, and no secret where there is none', () => {
  expect(SECRET_PATTERN.exec(`PATCHBAY_KEY="${text}"\n`)?.[0]).toBe(text);
  expect(SECRET_PATTERN.test(`${text}a`)).toBe(false);
});

test('the branches are HKDF-SHA256 with their own info, and only a hash of the API branch is stored', () => {
  const branch = (info: string) =>
    new Uint8Array(hkdfSync('sha256', random, new Uint8Array(), new TextEncoder().encode(info), 32));
  expect(apiBranch({ bytes: random })).toEqual(branch('patchbay api branch v1'));
  expect(mintBranch({ bytes: random })).toEqual(branch('patchbay mint branch v1'));
  expect(hashApiBranch(apiBranch({ bytes: random }))).toBe(
    createHash('sha256').update(branch('patchbay api branch v1')).digest('base64url'),
  );
});

test('the first and the largest secret keep their length', () => {
  const smallest = createSecret({ keyId, mode: 'test', random: new Uint8Array(32) });
  const largest = createSecret({ keyId, mode: 'test', random: new Uint8Array(32).fill(255) });
  expect(smallest).toHaveLength(largest.length);
  expect(() => createSecret({ keyId: 'acc_1', mode: 'live', random })).toThrow(/not the id of a key/);
  expect(() => createSecret({ keyId, mode: 'live', random: new Uint8Array(16) })).toThrow(/32 bytes/);
});
