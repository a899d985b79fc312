/** Any text may come as a username. The stored corpus holds the shapes that once were worth a thought. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { mint, parseBearerToken, parseUsername, passwordOf } from './credential.ts';
import { effectiveOf } from './effective.ts';
import { someRestrictions } from './restrictions.testing.ts';
import { parseSecret } from './secret.ts';
import { isTurnRestUsername, parseTurnRestUsername } from './turn-rest.ts';

const corpus: readonly string[] = JSON.parse(
  readFileSync(new URL('username.corpus.json', import.meta.url), 'utf8'),
);
const keyId = 'key_00k0000000000000000000000000a';
const mintKey = new Uint8Array(32).fill(7);

/** Reads the text in every way; returns what it was read as. Only a refusal or a result may come out, never a fault. */
function readAll(text: string): string {
  parseSecret(text);
  parseBearerToken(text);
  if (isTurnRestUsername(text)) parseTurnRestUsername(text);
  const parsed = parseUsername(text);
  if (parsed.type === 'refusal') return parsed.code;
  // What is accepted has one encoding, and its restrictions can be folded.
  expect(toBase64Url(parsed.bytes)).toBe(text);
  expect(parsed.blocks.at(-1)?.end).toBe(parsed.bytes.length);
  expect(passwordOf(mintKey, parsed)).toHaveLength(43);
  effectiveOf(parsed);
  return 'accepted';
}

test('every text of the corpus is refused, for a reason', () => {
  expect(corpus.length).toBeGreaterThan(15);
  for (const text of corpus)
    expect(readAll(text), text).toMatch(/^credential\.(malformed|too_long|caveat_unknown)$/);
});

test('random bytes behind a good header never fault', () => {
  const header = fromBase64Url(mint({ keyId, mintKey, caveats: [], randomId: new Uint8Array(12) }).username);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (tail) => {
      readAll(toBase64Url(Uint8Array.of(...(header ?? []), ...tail)));
    }),
    { numRuns: 3_000 },
  );
});

test('a good username with one byte changed, left out or doubled never faults', () => {
  fc.assert(
    fc.property(someRestrictions, fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), (caveats, change) => {
      const [position, byte, kind] = change;
      const { username } = mint({ keyId, mintKey, caveats, randomId: new Uint8Array(12) });
      const bytes = [...(fromBase64Url(username) ?? [])];
      const at = position % bytes.length;
      bytes.splice(at, kind === 2 ? 0 : 1, ...(kind === 1 ? [] : [byte]));
      readAll(toBase64Url(Uint8Array.from(bytes)));
    }),
    { numRuns: 3_000 },
  );
});

test('any text never faults', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String({ maxLength: 600 })), (text) => void readAll(text)),
  );
});
