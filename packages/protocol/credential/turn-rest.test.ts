import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { mint } from './credential.ts';
import { isTurnRestUsername, parseTurnRestUsername, turnRestPassword, turnRestSecret } from './turn-rest.ts';

const keyId = 'key_00k0000000000000000000000000a';
const mintKey = new Uint8Array(32).fill(7);

test('the three forms are told apart', () => {
  expect(parseTurnRestUsername(`1800000000:${keyId}`)).toEqual({
    type: 'turn-rest',
    expiresAtMs: 1_800_000_000_000,
    keyId,
  });
  expect(parseTurnRestUsername(`1800000000:${keyId}.bob.b`)).toMatchObject({ keyId, name: 'bob.b' });
  expect(parseTurnRestUsername('1800000000:bob')).toEqual({
    type: 'turn-rest',
    expiresAtMs: 1_800_000_000_000,
    name: 'bob',
  });
});

test('what is not of the form is refused', () => {
  for (const text of ['', ':', '1', '1:', 'x:bob', '-1:bob', '1.5:bob', '1234567890123:bob', '1:a\nb']) {
    expect(parseTurnRestUsername(text)).toMatchObject({ code: 'credential.malformed' });
  }
  expect(parseTurnRestUsername(`1:${'x'.repeat(600)}`)).toMatchObject({ code: 'credential.too_long' });
});

test('no credential of ours is taken for one of this form, nor the other way round', () => {
  const { username } = mint({ keyId, mintKey, caveats: [], randomId: new Uint8Array(12) });
  expect(isTurnRestUsername(username)).toBe(false);
  expect(isTurnRestUsername('1800000000:bob')).toBe(true);
});

test('the password is what a coturn with the same static-auth-secret computes', () => {
  const username = `1800000000:${keyId}.bob`;
  const secretText = Buffer.from(mintKey).toString('base64url');
  expect(turnRestSecret(mintKey)).toBe(secretText);
  expect(turnRestPassword(mintKey, username)).toBe(
    createHmac('sha1', Buffer.from(secretText, 'utf8')).update(username).digest('base64'),
  );
});
