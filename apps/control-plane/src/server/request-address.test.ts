import { METHOD_HEADER, UNREADABLE_PATH } from '@patchbay/faces/unreadable';
import { expect, test } from 'vitest';
import { ADDRESS_HEADER, noteAddress, noteUnreadable } from './request-address.ts';

const socket = { remoteAddress: '::ffff:192.0.2.7' };
const spoofed = () => ({
  'x-forwarded-for': '203.0.113.1, 198.51.100.2',
  'x-forwarded-host': 'evil.test',
  'x-middleware-subrequest': 'middleware',
  'x-real-ip': '203.0.113.1',
  [ADDRESS_HEADER]: '203.0.113.1',
  host: 'control.test',
});

test('C43: a client’s word about its own address is not believed', () => {
  const headers = spoofed();
  noteAddress({ headers, socket }, { trustedProxyCount: 0 });
  expect(headers).toEqual({ host: 'control.test', [ADDRESS_HEADER]: '192.0.2.7' });
});

test('behind one proxy of the operator, its word is believed, and not what the client wrote before it', () => {
  const headers = spoofed();
  noteAddress({ headers, socket }, { trustedProxyCount: 1 });
  expect(headers).toEqual({
    host: 'control.test',
    'x-forwarded-host': 'evil.test',
    [ADDRESS_HEADER]: '198.51.100.2',
  });
});

test.each(['/v1/%', '/v1/%zz?a=%', '/accounts/%ff', '/v1/accounts/%c3%28'])(
  'a path that cannot be decoded, as %s, comes to where that is said',
  (url) => {
    const request = { headers: {}, method: 'GET', url };
    noteUnreadable(request);
    expect(request.url).toBe(UNREADABLE_PATH);
  },
);

test('a path that can be decoded, and a method that requests may have, stay as they are', () => {
  const request = { headers: {}, method: 'PUT', url: '/v1/a%20b/%c3%a4?of=%zz' };
  noteUnreadable(request);
  expect(request).toEqual({ headers: {}, method: 'PUT', url: '/v1/a%20b/%c3%a4?of=%zz' });
});

test('a method that no Request may have comes in as one that is refused by its name, and nobody else gives it', () => {
  const request = { headers: { [METHOD_HEADER]: 'GET' }, method: 'TRACE', url: '/v1/me', socket };
  noteAddress(request, { trustedProxyCount: 0 });
  expect(request.headers).not.toHaveProperty(METHOD_HEADER);
  noteUnreadable(request);
  expect([request.method, request.headers[METHOD_HEADER]]).toEqual(['OPTIONS', 'TRACE']);
});
