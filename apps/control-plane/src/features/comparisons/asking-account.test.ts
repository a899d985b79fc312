import { ownCollectingStates } from '@patchbay/domain/billing/own-collecting';
import { expect, test } from 'vitest';
import { asksItself, isTopCollector } from './asking-account.ts';

test('the platform asks its customers, and the top of test accounts its own; nobody else does by where they stand', () => {
  expect(isTopCollector({ depth: 0, isTest: false })).toBe(true);
  expect(isTopCollector({ depth: 1, isTest: false })).toBe(false);
  expect(isTopCollector({ depth: 1, isTest: true })).toBe(true);
  expect(isTopCollector({ depth: 2, isTest: true })).toBe(false);
});

test('a reseller asks from the month on in which it collects, to the end of the last', () => {
  expect(ownCollectingStates.filter(asksItself)).toEqual(['collecting', 'ending']);
});
