import { ownCollectingStates } from '@patchbay/domain/billing/own-collecting';
import { expect, test } from 'vitest';
import { asksItself, isTopCollector } from './asking-account.ts';

test('the platform asks its customers, and the top of test accounts its own; nobody else does by where they stand', () => {
  const account = {
    id: 'acc_here',
    isPlatform: false,
    isTest: false,
    topAccountId: 'acc_here',
    ancestors: [],
  };
  expect(isTopCollector({ ...account, isPlatform: true })).toBe(true);
  expect(isTopCollector(account)).toBe(false);
  expect(isTopCollector({ ...account, isTest: true })).toBe(true);
  expect(isTopCollector({ ...account, isTest: true, topAccountId: 'acc_top' })).toBe(false);
});

test('a reseller asks from the month on in which it collects, to the end of the last', () => {
  expect(ownCollectingStates.filter(asksItself)).toEqual(['collecting', 'ending']);
});
