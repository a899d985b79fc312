import { expect, test } from 'vitest';
import { standingOf } from './listed-addresses.ts';

const strict = { PATCHBAY_ALLOW_LOOPBACK_PEERS: '0', PATCHBAY_PRIVATE_ADDRESSES_COUNT: '0' } as const;

test.each([
  ['81.2.69.142', 'public', 'public'],
  ['2a00::1', 'public', 'public'],
  ['127.0.0.9', 'forbidden', 'own'],
  ['::1', 'forbidden', 'own'],
  ['10.1.2.3', 'forbidden', 'own'],
  ['100.64.0.1', 'forbidden', 'own'],
  ['fd00::1', 'forbidden', 'own'],
  ['169.254.1.1', 'forbidden', 'forbidden'],
  ['224.0.0.1', 'forbidden', 'forbidden'],
  ['0.0.0.0', 'forbidden', 'forbidden'],
  ['fe80::1', 'forbidden', 'forbidden'],
  ['no address', 'forbidden', 'forbidden'],
])('%s is %s, and %s where the operator lets its own networks count (ACC-9)', (address, usually, let_) => {
  expect(standingOf(address, strict)).toBe(usually);
  const open = { PATCHBAY_ALLOW_LOOPBACK_PEERS: '1', PATCHBAY_PRIVATE_ADDRESSES_COUNT: '1' } as const;
  expect(standingOf(address, open)).toBe(let_);
});
