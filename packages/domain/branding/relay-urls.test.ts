import { expect, test } from 'vitest';
import { hostOfTurnUrl, relayUrlsAt } from './relay-urls.ts';

const urls = [
  'turn:192.0.2.1:3478?transport=udp',
  'turn:192.0.2.1:3478?transport=tcp',
  'turns:relay.platform.example:5349?transport=tcp',
  'turn:[2001:db8::1]:3478',
  'turn:192.0.2.2:3478?transport=udp',
];
const addressesOf = new Map([
  ['192.0.2.1', ['192.0.2.1']],
  ['relay.platform.example', ['192.0.2.1']],
  ['2001:db8::1', ['2001:db8::1']],
  ['192.0.2.2', ['192.0.2.2']],
]);
const host = 'turn.northwind.example';

test('a host that leads to relays stands in their place, and of the others nothing is told', () => {
  expect(relayUrlsAt(urls, { host, addresses: ['192.0.2.1', '2001:db8::1'], addressesOf })).toEqual([
    'turn:turn.northwind.example:3478?transport=udp',
    'turn:turn.northwind.example:3478?transport=tcp',
    'turns:turn.northwind.example:5349?transport=tcp',
    'turn:turn.northwind.example:3478',
  ]);
});

test('a host that leads elsewhere, also in part, or nowhere, is not given out: calls go on', () => {
  for (const addresses of [[], ['198.51.100.9'], ['192.0.2.1', '198.51.100.9']])
    expect(relayUrlsAt(urls, { host, addresses, addressesOf })).toBe(urls);
});

test('the host of a URL is found with and without a port, and of IPv6 without brackets', () => {
  expect(urls.map(hostOfTurnUrl)).toEqual([
    '192.0.2.1',
    '192.0.2.1',
    'relay.platform.example',
    '2001:db8::1',
    '192.0.2.2',
  ]);
  expect(hostOfTurnUrl('stun:192.0.2.1')).toBe('');
});
