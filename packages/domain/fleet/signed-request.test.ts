import { expect, test } from 'vitest';
import {
  canonicalText,
  isTimely,
  NonceMemory,
  readClaim,
  SIGNATURE_SKEW_MS_MAX,
  signatureHeaders,
} from './signed-request.ts';

const claim = { nodeId: 'nod_1', timeMs: 1_000_000, nonce: 'n'.repeat(16), signature: 's' };

test('no two requests have the same text', () => {
  const parts = { method: 'POST', path: '/a', timeMs: 1, nonce: 'n', bodyHash: 'h' };
  const texts = [
    parts,
    { ...parts, method: 'PUT' },
    { ...parts, path: '/a?b' },
    { ...parts, timeMs: 2 },
    { ...parts, nonce: 'm' },
    { ...parts, bodyHash: 'i' },
  ].map(canonicalText);
  expect(new Set(texts).size).toBe(texts.length);
});

test('a claim of another time is refused in both directions', () => {
  expect(isTimely(claim, claim.timeMs + SIGNATURE_SKEW_MS_MAX)).toBe(true);
  expect(isTimely(claim, claim.timeMs + SIGNATURE_SKEW_MS_MAX + 1)).toBe(false);
  expect(isTimely(claim, claim.timeMs - SIGNATURE_SKEW_MS_MAX - 1)).toBe(false);
});

test('a nonce is admitted once while its claim is timely, and the memory is bounded', () => {
  const memory = new NonceMemory(3);
  expect(memory.admit('a', 0)).toBe(true);
  expect(memory.admit('a', 1)).toBe(false);
  for (const nonce of ['b', 'c', 'd']) expect(memory.admit(nonce, 2)).toBe(true);
  expect(memory.admit('b', 3)).toBe(false);
});

test('a malformed header is no claim', () => {
  const headers = new Map<string, string>([
    [signatureHeaders.node, claim.nodeId],
    [signatureHeaders.time, 'now'],
    [signatureHeaders.nonce, claim.nonce],
    [signatureHeaders.signature, claim.signature],
  ]);
  expect(readClaim({ get: (name) => headers.get(name) ?? null })).toBeUndefined();
  headers.set(signatureHeaders.time, '1000000');
  expect(readClaim({ get: (name) => headers.get(name) ?? null })).toEqual(claim);
});
