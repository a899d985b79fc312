import { expect, test } from 'vitest';
import { relyingPartyOf } from './relying-party.ts';

test('a passkey is for the host of the platform, which browsers take over HTTPS alone, and by name', () => {
  expect(relyingPartyOf('https://patchbay.example:8443/')).toEqual({
    id: 'patchbay.example',
    origin: 'https://patchbay.example:8443',
  });
  for (const url of [
    'http://patchbay.example',
    'https://192.0.2.1',
    'https://[2001:db8::1]',
    'http://192.0.2.1:3000',
  ])
    expect(relyingPartyOf(url), url).toBeUndefined();
});

test('on this machine alone it is for localhost, which browsers trust without HTTPS', () => {
  for (const host of ['127.0.0.1', 'localhost', '[::1]'])
    expect(relyingPartyOf(`http://${host}:3000`), host).toEqual({
      id: 'localhost',
      origin: 'http://localhost:3000',
    });
});
