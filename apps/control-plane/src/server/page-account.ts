import { isId } from '@patchbay/kit/ids';

/** Of the request for a page: the account in whose brand it is framed. What a client writes there is replaced. */
export const PAGE_ACCOUNT_HEADER = 'x-page-account';

/**
 * The account that the address of a page names, be there such a page or not, and of a page that is of no account, such as the
 * documentation, the one that was looked at last: what frames the page shows that one's brand from the first byte (PRD-2). It says
 * nothing of who may see the account.
 */
export function pageAccountOf(pathname: string, lastAccountId = ''): string | undefined {
  const [, accountId = lastAccountId] = /^\/accounts\/([^/]+)/.exec(pathname) ?? [];
  return isId('acc', accountId) ? accountId : undefined;
}

/** Where the icon of a page is that is framed in the brand of an account. */
export const iconPath = (accountId: string | undefined): string =>
  accountId === undefined ? '/brand/icon.svg' : `/brand/icon.svg?account=${accountId}`;

/** The account that the address of an icon names. */
export function iconAccountOf(url: string): string | undefined {
  const accountId = new URL(url).searchParams.get('account') ?? '';
  return isId('acc', accountId) ? accountId : undefined;
}
