import { expect, test } from 'vitest';
import { isPlatform, seesOrganisation } from './account-standing.ts';

const at = (topAccountId: string | undefined, ...above: readonly string[]) => ({
  id: 'acc_here',
  isPlatform: false,
  ...(topAccountId === undefined ? {} : { topAccountId }),
  isTest: false,
  ancestors: above.map((id) => ({ id })),
});
const platform = { ...at(undefined), isPlatform: true };
const me = (...topIds: readonly string[]) => ({
  organisations: topIds.map((accountId) => ({ id: 'org_1', name: 'Northwind', accountId })),
});

test('only the account at the top is the platform, not one whose parent is out of sight (PRD-8)', () => {
  expect(isPlatform(platform)).toBe(true);
  for (const account of [at('acc_here'), at(undefined), undefined]) expect(isPlatform(account)).toBe(false);
});

test.each([
  { who: 'somebody of the top account', account: at('acc_here'), reader: me('acc_here'), isSeen: true },
  {
    who: 'somebody of the top account, further down',
    account: at('acc_top', 'acc_top', 'acc_between'),
    reader: me('acc_top'),
    isSeen: true,
  },
  { who: 'the customer of a reseller', account: at(undefined), reader: me(), isSeen: false },
  {
    who: 'a reseller’s customer who has an organisation elsewhere',
    account: at(undefined),
    reader: me('acc_else'),
    isSeen: false,
  },
  {
    who: 'a customer that the platform made without one',
    account: at('acc_here'),
    reader: me(),
    isSeen: false,
  },
  {
    who: 'whoever runs the platform, of a customer',
    account: at('acc_top', 'acc_platform', 'acc_top'),
    reader: me(),
    isSeen: true,
  },
  {
    who: 'whoever runs the platform, of the platform',
    account: platform,
    reader: me('acc_here'),
    isSeen: false,
  },
  {
    who: 'somebody who looks as the top account',
    account: at('acc_here'),
    reader: { ...me(), view: {} },
    isSeen: true,
  },
  {
    who: 'the test account of the top account',
    account: { ...at('acc_here'), isTest: true },
    reader: me('acc_live'),
    isSeen: true,
  },
])('the organisation is offered to whom it is told: $who', ({ account, reader, isSeen }) => {
  expect(seesOrganisation(account, reader)).toBe(isSeen);
});
