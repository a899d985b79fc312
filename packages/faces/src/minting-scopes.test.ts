import { createApiHarness, PARENT_ACCOUNT } from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';
import { servicesMintedWith } from './minting-scopes.ts';
import { mountedOperations } from './mounted.ts';

const mintingPaths = mountedOperations
  .filter(({ operation }) => operation.isMinting === true)
  .map(({ path }) => path.replace('{accountId}', PARENT_ACCOUNT));

test('a key mints for the services whose minting operation its scopes cover, and for no other (ACC-4)', () => {
  expect(servicesMintedWith(['*'])).toEqual(['network-discovery', 'signaling']);
  expect(servicesMintedWith(['signaling:*'])).toEqual(['signaling']);
  expect(servicesMintedWith(['network-discovery:createIceServers'])).toEqual(['network-discovery']);
  expect(servicesMintedWith(['usage:read', 'audit:read', 'network-discovery:read'])).toEqual([]);
  expect(servicesMintedWith([])).toEqual([]);
});

test.each(mintingPaths)('C11: a test key mints nothing by %s, and a live one does', async (path) => {
  const body = path.includes('signaling') ? { identity: 'bob' } : {};
  const ofAccount = { accountId: PARENT_ACCOUNT, scopes: ['*'] };
  const { call } = createApiHarness({ keys: { live: ofAccount, test: { ...ofAccount, mode: 'test' } } });
  expect(await call('POST', path, { body, as: 'test' })).toMatchObject({
    status: 403,
    body: { code: 'credential.mode_not_allowed' },
  });
  expect(await call('POST', path, { body, as: 'live' })).toMatchObject({ status: 200 });
});
