import { expect, test } from 'vitest';
import { relyingPartyAt, relyingPartyOf } from './relying-party.ts';

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

test('each host of a brand is a place of its own, over HTTPS alone, and tells nothing of the platform’s (PRD-2)', () => {
  const at = (baseUrl: string) =>
    relyingPartyAt({ kind: 'brand', baseUrl, within: 'acc_1' }, 'https://patchbay.example');
  expect(at('https://calls.acme.example:8443')).toEqual({
    id: 'calls.acme.example',
    origin: 'https://calls.acme.example:8443',
    host: 'calls.acme.example',
  });
  expect(at('http://calls.acme.example')).toBeUndefined();
  expect(at('http://acme.localhost:3000')).toMatchObject({ host: 'acme.localhost' });
  const platform = { kind: 'platform', baseUrl: 'https://patchbay.example' } as const;
  expect(relyingPartyAt(platform, 'https://patchbay.example')).toEqual(
    relyingPartyOf('https://patchbay.example'),
  );
  expect(relyingPartyAt({ kind: 'unknown' }, 'https://patchbay.example')).toBeUndefined();
});
