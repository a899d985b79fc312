import { expect, test } from 'vitest';
import { KeyUse, REPORTED_EVERY_MS } from './key-use.ts';

const key = { keyId: 'key_1', accountId: 'acc_1' };

test('a key in use is reported at once and then once a minute, however much of it is used (ACC-4)', () => {
  const clock = { nowMs: 0 };
  const uses = new KeyUse(() => clock.nowMs);
  expect(uses.take()).toEqual([]);
  uses.resolved('crd_1', key);
  uses.resolved('crd_2', key);
  // A name proves nothing.
  expect(uses.take()).toEqual([]);
  uses.used('crd_1');
  expect(uses.take()).toEqual([key]);
  for (let round = 0; round < 100; round++) uses.used('crd_1');
  expect(uses.take()).toEqual([]);
  clock.nowMs = REPORTED_EVERY_MS;
  expect(uses.take()).toEqual([]);
  uses.used('crd_2');
  expect(uses.take()).toEqual([key]);
});

test('usage of a credential that was never resolved here names no key', () => {
  const uses = new KeyUse();
  uses.used('crd_1');
  expect(uses.take()).toEqual([]);
});
