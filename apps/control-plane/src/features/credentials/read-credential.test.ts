import { createId } from '@patchbay/kit/ids';
import { bearerToken, mint, narrow } from '@patchbay/protocol/credential/credential';
import { expect, test } from 'vitest';
import { readCredential } from './read-credential.ts';

const keyId = createId('key');
const expiresAtMs = Date.UTC(2026, 11, 1);
const credential = mint({
  keyId,
  mintKey: new Uint8Array(32).fill(7),
  randomId: new Uint8Array(12).fill(1),
  caveats: [
    { type: 'account', accountId: createId('acc') },
    { type: 'notAfter', atMs: expiresAtMs },
    { type: 'services', services: ['network-discovery'] },
    { type: 'identity', identity: 'bob' },
    { type: 'bytes', max: 50_000_000, counts: 'total' },
    { type: 'seconds', max: 90, counts: 'session' },
    { type: 'uses', max: 3 },
    { type: 'bitRate', bitsPerSecond: 500_000, burstBytes: 15_000 },
  ],
});

test('a pasted username says whose key minted it and all that it allows', () => {
  expect(readCredential(`  ${credential.username}\n`)).toEqual({
    username: credential.username,
    keyId,
    prefixId: expect.any(String),
    narrowings: 0,
    expiresAtMs,
    facts: [
      ['Identity', 'bob'],
      ['Services', 'network-discovery'],
      ['Bit rate', '500.0 kbit/s'],
      ['Bytes', '50.00 MB in total'],
      ['Time', '1 min 30 s in each session'],
      ['Uses', '3 in total'],
    ],
  });
});

test('a pasted token is read by its username, and its password goes nowhere', () => {
  const read = readCredential(bearerToken(credential));
  expect(read?.username).toBe(credential.username);
  expect(JSON.stringify(read)).not.toContain(credential.password);
});

test('a narrowed copy is another one, with what it was narrowed to', () => {
  const copy = narrow({
    credential,
    caveats: [{ type: 'bytes', max: 1_000, counts: 'total' }],
    random: new Uint8Array(8),
  });
  const [whole, narrowed] = [readCredential(credential.username), readCredential(copy.username)];
  expect(narrowed).toMatchObject({ narrowings: 1, keyId });
  expect(narrowed?.prefixId).not.toBe(whole?.prefixId);
  expect(narrowed?.facts).toContainEqual(['Bytes', '1.000 kB in total']);
});

test.each(['', 'bob', 'pb_live_x', 'a.b.c', '1700000000:bob'])('%j is no credential', (text) => {
  expect(readCredential(text)).toBeUndefined();
});
