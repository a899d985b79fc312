import { expect, test } from 'vitest';
import { isPlatform, seesOrganisation } from './account-standing.ts';

const at = (depth: number, ...above: readonly string[]) => ({
  id: 'acc_here',
  depth,
  isTest: false,
  ancestors: above.map((id) => ({ id })),
});
const me = (...topIds: readonly string[]) => ({
  organisations: topIds.map((accountId) => ({ id: 'org_1', name: 'Northwind', accountId })),
});

test('only the account at the top is the platform, not one whose parent is out of sight (PRD-8)', () => {
  expect(isPlatform(at(0))).toBe(true);
  for (const account of [at(1), at(3), undefined]) expect(isPlatform(account)).toBe(false);
});

test.each([
  ['somebody of the top account', at(1), me('acc_here'), true],
  ['somebody of the top account, further down', at(3, 'acc_top', 'acc_between'), me('acc_top'), true],
  ['the customer of a reseller', at(2), me(), false],
  ['a reseller’s customer who has an organisation elsewhere', at(2), me('acc_else'), false],
  ['a customer that the platform made without one', at(1), me(), false],
  ['whoever runs the platform, of a customer', at(2, 'acc_platform', 'acc_top'), me(), true],
  ['whoever runs the platform, of the platform', at(0), me('acc_here'), false],
  ['somebody who looks as the top account', at(1), { ...me(), view: {} }, true],
  ['the test account of the top account', { ...at(1), isTest: true }, me('acc_live'), true],
])('the organisation is offered to whom it is told: %s', (_, account, reader, isSeen) => {
  expect(seesOrganisation(account, reader)).toBe(isSeen);
});
