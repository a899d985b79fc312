import { createId } from '@patchbay/kit/ids';
import { expect, test } from 'vitest';
import { pageAccountOf } from './page-account.ts';

const id = createId('acc');

test.each([
  [`/accounts/${id}`, id],
  [`/accounts/${id}/policy`, id],
  // There is no such page, and what says so is in the brand of the account as well.
  [`/accounts/${id}/no/such/page`, id],
  ['/accounts/acc_none', undefined],
  ['/accounts', undefined],
  [`/docs/accounts/${id}`, undefined],
  ['/', undefined],
])('the page %s is of the account %s (PRD-2)', (pathname, accountId) => {
  expect(pageAccountOf(pathname)).toBe(accountId);
});
