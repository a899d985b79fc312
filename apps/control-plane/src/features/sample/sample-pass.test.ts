import { expect, test } from 'vitest';
import { passAddress } from './sample-pass.ts';

const pass = {
  token: 'AQ-_host.secret',
  invitation: 'AQ-_guest.secret',
  accountName: 'Müller & Söhne #1 = 100 %',
  expiresAt: '2026-11-29T12:30:00.000Z',
};

test('a pass stands behind the # alone, which no browser sends to a server', () => {
  const address = new URL(passAddress('http://127.0.0.1:3001', pass));
  expect(address.href.split('#')[0]).toBe('http://127.0.0.1:3001/');
  expect(address.search).toBe('');
});

test('whatever an account is called, the pass is read as it was written', () => {
  const { hash } = new URL(passAddress('http://127.0.0.1:3001', pass));
  expect(Object.fromEntries(new URLSearchParams(hash.slice(1)))).toEqual({
    pass: pass.token,
    invitation: pass.invitation,
    account: pass.accountName,
    until: pass.expiresAt,
  });
});
