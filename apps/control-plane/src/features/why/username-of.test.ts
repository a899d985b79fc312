import { createId } from '@patchbay/kit/ids';
import { bearerToken, mint } from '@patchbay/protocol/credential/credential';
import { expect, test } from 'vitest';
import { usernameOf } from './username-of.ts';

const credential = mint({
  keyId: createId('key'),
  mintKey: new Uint8Array(32),
  caveats: [],
  randomId: new Uint8Array(12),
});

test('a token that was pasted whole leaves the browser without its password', () => {
  expect(usernameOf(` ${bearerToken(credential)} `)).toBe(credential.username);
});

test.each([createId('req'), createId('ses'), credential.username, `1800000000:${createId('key')}.bob`])(
  'what has no password is asked about as it is: %s',
  (text) => {
    expect(usernameOf(text)).toBe(text);
  },
);
