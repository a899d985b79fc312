import { createId } from '@patchbay/kit/ids';
import { expect, test } from 'vitest';
import { iconAccountOf, iconPath, pageAccountOf } from './page-account.ts';

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

test('a page of no account is framed as the account that was looked at last, and its own goes before that (PRD-2)', () => {
  const last = createId('acc');
  for (const pathname of ['/docs/errors', '/', '/nowhere']) expect(pageAccountOf(pathname, last)).toBe(last);
  expect(pageAccountOf(`/accounts/${id}/policy`, last)).toBe(id);
  expect(pageAccountOf('/docs', 'acc_none')).toBeUndefined();
});

test('the icon of a page is that of the account in whose brand it is framed (PRD-2)', () => {
  const iconOf = (accountId: string | undefined) =>
    iconAccountOf(`https://patchbay.test${iconPath(accountId)}`);
  expect([iconOf(id), iconOf(undefined)]).toEqual([id, undefined]);
  expect(iconAccountOf('https://patchbay.test/brand/icon.svg?account=acc_none')).toBeUndefined();
});
