import { expect, test } from 'vitest';
import { ADDRESS_HEADER, noteAddress } from './request-address.ts';

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
