import { expect, test } from 'vitest';
import { servicesMintedWith } from './minting-scopes.ts';

test('a key mints for the services whose minting operation its scopes cover, and for no other (ACC-4)', () => {
  expect(servicesMintedWith(['*'])).toEqual(['network-discovery', 'notification', 'signaling']);
  expect(servicesMintedWith(['signaling:*'])).toEqual(['signaling']);
  expect(servicesMintedWith(['network-discovery:createIceServers'])).toEqual(['network-discovery']);
  expect(servicesMintedWith(['usage:read', 'audit:read', 'network-discovery:read'])).toEqual([]);
  expect(servicesMintedWith([])).toEqual([]);
});
